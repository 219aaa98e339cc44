"""R5 to R8: within the limits for one movement and for many, covered by what is there, and not asked for already."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.amounts import ONE, to_units
from ledger.events import LimitRef
from ledger.policy.asked import Answer, Asked, Known, proved, unknown
from ledger.policy.document import Amount, Coverage, Unique, Velocity
from ledger.screens.words import amount_text
from ledger.times import SECOND_US

CLIENTS_MONEY = frozenset(("withdrawal",))
"""Kinds that always move a client's money: without one nobody knows whose."""


def amount(known: Known, rule: Amount, asked: Asked) -> Answer:
    """R5: at most what every limit allows for one movement, and of the balance of the place that it leaves."""
    dossier = asked.dossier
    if rule.single_usd is not None:
        cents = known.context.cents(dossier.asset, asked.units)
        if cents is None:
            return unknown(f"nobody has told what {dossier.asset} is worth")
        if cents > rule.single_usd * 100:
            return proved(f"it is worth {cents // 100:,} USD, more than {rule.single_usd:,}")
    return next((answer for limit in asked.limits if (answer := _within(known, limit, asked)) is not None), None)


def _within(known: Known, limit: LimitRef, asked: Asked) -> Answer:
    asset = asked.dossier.asset
    if limit.single is not None and asked.units > to_units(limit.single):
        return proved(f"{amount_text(asked.units, asset)} are more than {limit.single} ({limit.limit_id})")
    if limit.share_of_balance is None:
        return None
    balance = known.expected_units(asked, asset)
    if balance is None:
        return unknown(f"nobody has told the balance of {asked.dossier.origin} ({limit.limit_id})")
    if asked.units * ONE <= to_units(limit.share_of_balance) * balance:
        return None
    return proved(
        f"{amount_text(asked.units, asset)} are more than a share of {limit.share_of_balance} of the "
        f"{amount_text(balance, asset)} at {asked.dossier.origin} ({limit.limit_id})"
    )


def velocity(known: Known, rule: Velocity, asked: Asked) -> Answer:
    """R6: with what was asked for before within a time, at most what every limit allows."""
    return next((proved(why) for limit in asked.limits for why in _too_much(known, limit, asked)), None)


def _too_much(known: Known, limit: LimitRef, asked: Asked) -> Iterator[str]:
    if limit.window_sum is not None:
        units = asked.units + known.history.before(asked, limit, asked.dossier.asset).units
        if units > to_units(limit.window_sum):
            total = amount_text(units, asked.dossier.asset)
            yield f"it makes {total} within {limit.window_s or 0:g} s, more than {limit.window_sum} ({limit.limit_id})"
    if limit.window_count is not None:
        asset = None if limit.scope.asset is None else asked.dossier.asset
        count = 1 + known.history.before(asked, limit, asset).requests
        if count > limit.window_count:
            yield f"it is number {count} within {limit.window_s or 0:g} s, of {limit.window_count} ({limit.limit_id})"


def coverage(known: Known, rule: Coverage, asked: Asked) -> Answer:
    """R7: the client's money, less what earlier requests are to take, and the place cover the amount and its fee."""
    if asked.client or asked.dossier.op_type in CLIENTS_MONEY:
        answer = _covered_by_client(known, asked)
        if answer is not None:
            return answer
    return _covered_by_place(known, asked)


def _covered_by_client(known: Known, asked: Asked) -> Answer:
    asset = asked.dossier.asset
    available = known.accounts.available_units(asked) if asked.client or asked.dossier.origin_account else None
    if available is None:
        return unknown(f"nobody has told what {asked.client or 'the client'} has of {asset}")
    promised, needed = known.accounts.promised_units(asked), asked.units + asked.fee_in(asset)
    if needed <= available - promised:
        return None
    open_ones = f", of which {amount_text(promised, asset)} are asked for already" if promised else ""
    why = f"{amount_text(needed, asset)} are needed, and {asked.client} has {amount_text(available, asset)}{open_ones}"
    # What is asked for may have been debited by a posting that is not here yet, and then counts twice.
    is_certain = needed > available - max(promised - known.accounts.untold_units(asked), 0)
    return proved(why) if is_certain else unknown(why)


def _covered_by_place(known: Known, asked: Asked) -> Answer:
    origin, asset = asked.dossier.origin, asked.dossier.asset
    needs = {asset: asked.units + asked.fee_in(asset)}
    if asked.fee_units and asked.fee_asset != asset:
        needs[asked.fee_asset] = asked.fee_units
    for name, units in needs.items():
        there = known.expected_units(asked, name)
        if there is None:
            return unknown(f"nobody has told the balance of {origin}")
        if units > there:
            return proved(f"{amount_text(units, name)} are needed, and {origin} has {amount_text(there, name)}")
    return None


def unique(known: Known, rule: Unique, asked: Asked) -> Answer:
    """R8: nobody asked for the same before within a time, unless both have references and they differ."""
    if not asked.client:
        if asked.dossier.op_type in CLIENTS_MONEY:
            return unknown("nobody has told whose money it is")
        return None
    own, rows, found = asked.dossier.client_ref, known.context.dossiers.rows, ""
    for transfer_id in known.history.alike(asked, round(rule.within_s * SECOND_US)):
        other = rows[transfer_id]
        if not known.is_earlier(other, asked) or (own and other.client_ref and own != other.client_ref):
            continue
        why = f"{transfer_id} asks for the same, to the same destination, for the same client"
        if not other.undone:
            return proved(why)
        found = found or why
    return unknown(found) if found else None  # what came to nothing may well be asked for again
