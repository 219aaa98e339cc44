"""An excess of liabilities over holdings in the desk's words: the numbers, and the latest credits as evidence."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, NamedTuple

from ledger.amounts import to_decimal
from ledger.books.accounts import CLIENT
from ledger.books.band import Band
from ledger.books.cover import Cover, Key
from ledger.books.order import Order, order_of
from ledger.findings import EVIDENCE_MAX, Breach

if TYPE_CHECKING:
    from ledger.context import Context

SHOWN_MAX = 3


class Credit(NamedTuple):
    """A posting that raised what a client is owed, in units; the latest sorts last."""

    heard_us: int
    order: Order
    posting_id: str
    account_id: str
    units: int


def excess_breach(
    context: Context, cover: Cover, key: Key, excess: int, band: Band, *, rule: str, again: bool
) -> Breach:
    """Return what there is to say of an excess that nothing accounts for."""
    group, asset = key
    held, moving, out = (sums.get(key, 0) for sums in (cover.held, cover.moving, cover.uncontrolled))
    latest = _latest(context, key)
    left_out = f", of which {to_decimal(out)} at addresses not proved to be ours cover nothing" if out else ""
    shown = ", ".join(f"{to_decimal(credit.units)} to {credit.account_id}" for credit in latest[:SHOWN_MAX])
    listed = f" The latest credits: {shown}." if latest else ""
    raced = f" Races between feeds have made up to {to_decimal(band.units)} before." if band.units else ""
    events = (band.event_id, *(_event_of(context, credit.posting_id) for credit in latest))
    owed = excess + cover.units(key)
    return Breach(
        kind="liabilities_exceed_holdings",
        key="|".join(key),
        scope={"asset": asset},
        sentence=f"Clients{' of ' + group if group else ''} are owed {to_decimal(owed)} {asset}, and "
        f"{to_decimal(held)} are held and {to_decimal(moving)} between own places{left_out}: {to_decimal(excess)} {asset} "
        f"have nothing behind them.{listed}{raced}",
        evidence=tuple(dict.fromkeys(name for name in events if name))[:EVIDENCE_MAX],
        rule=rule,
        asset=asset,
        expected=owed - excess,
        observed=owed,
        difference=excess,
        told=again,
        links=(f"total|{group}|{asset}", *band.links),
    )


def over_text(cover: Cover, key: Key, excess: int) -> str:
    """Return that liabilities are covered again, with the numbers."""
    covered = cover.units(key)
    return f"{to_decimal(covered)} {key[1]} are held against {to_decimal(covered + excess)} that clients are owed."


def _latest(context: Context, key: Key) -> list[Credit]:
    group, asset = key
    found = (
        Credit(item.heard_us, order_of(item.seq), item.posting_id, account_id, item.units)
        for (account_id, of_asset), account in context.books.table.rows.items()
        if of_asset == asset and account.account_class == CLIENT and account.group == group
        for item in account.tail
        if item.units > 0
    )
    return nlargest(EVIDENCE_MAX, found)


def _event_of(context: Context, posting_id: str) -> str:
    journal = context.journals.of_posting(posting_id)
    return posting_id if journal is None else journal.legs[posting_id].event_id
