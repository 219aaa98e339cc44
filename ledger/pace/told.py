"""A promise to a client in words: that it is likely to be broken, that it is broken, and how the stage ended."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ledger.dossiers import Dossier
from ledger.findings import Breach
from ledger.pace.measures import Overrun
from ledger.pace.odds import Odds
from ledger.pace.words import pause_text, place_links, seconds_text, stage_text, value_text
from ledger.policy.document import Stage
from ledger.screens.words import client_of, links_of, scope_of
from ledger.times import SECOND_US, to_text

if TYPE_CHECKING:
    from ledger.context import Context

KIND: Final = "sla_breach"
ENDS: Final[Mapping[Stage, str]] = MappingProxyType(
    {"decide": "was let pass", "send": "left {origin}", "settle": "was completed", "whole": "was completed"}
)
_WHERE: Final[Mapping[Stage, str]] = MappingProxyType(
    {"decide": "in stage `decide`", "send": "in stage `send`", "settle": "in stage `settle`", "whole": "in all"}
)


def key_of(dossier: Dossier, stage: Stage) -> str:
    """Return the condition of a stage's promise; that of the route is the movement alone."""
    return f"{dossier.transfer_id}|{stage}"


def overrun(context: Context, overrun: Overrun, *, broken: bool) -> Breach:
    """Return the breach of a promise that is broken, or will be."""
    dossier = overrun.dossier
    return Breach(
        kind=KIND,
        key=key_of(dossier, overrun.stage),
        scope=scope_of(dossier),
        sentence=_sentence(context, overrun, broken=broken),
        evidence=dossier.evidence,
        rule="promise_broken" if broken else "promise_foreseen",
        asset=dossier.asset,
        value_units=dossier.instructed_units,
        worse=broken,
        told=True,
        threshold=overrun.target_us / SECOND_US,
        links=links_of(dossier, *place_links(dossier.origin, dossier.asset)),
    )


def ended(context: Context, overrun: Overrun, how: str) -> str:
    """Return the sentence that ends it: the stage was over, or the movement came to nothing, at `overrun.at_us`."""
    return (
        f"{_named(context, overrun.dossier)} {how} at {to_text(overrun.at_us)}, after {seconds_text(overrun.ran_us)} of "
        f"the {seconds_text(overrun.target_us)} s that were promised {_WHERE[overrun.stage]}.{pause_text(overrun.paused_us)}"
    )


def _sentence(context: Context, overrun: Overrun, *, broken: bool) -> str:
    facts = context.holdings.movements.by_id[overrun.dossier.transfer_id].facts
    what = "has broken its promise" if broken else "is likely to break its promise"
    client = client_of(overrun.dossier)
    to_whom = f" to {client}" if client else ""
    return (
        f"{_named(context, overrun.dossier)} {what}{to_whom}: {seconds_text(overrun.ran_us)} of {seconds_text(overrun.target_us)} s "
        f"have passed {_WHERE[overrun.stage]}{_odds_text(overrun.odds, broken=broken)}.{pause_text(overrun.paused_us)} "
        f"The latest report says {stage_text(facts)}."
    )


def _odds_text(odds: Odds | None, *, broken: bool) -> str:
    """Return what became of others that took so long, as the sentence goes on; "" where that says nothing."""
    if odds is None or broken:
        return ""
    if not odds.so_late:
        return f", and none of the last {odds.known} took so long"
    return (
        f", and {odds.in_time} of the {odds.so_late} among the last {odds.known} that took so long were still in time"
    )


def _named(context: Context, dossier: Dossier) -> str:
    value = value_text(context, dossier.asset, dossier.instructed_units)
    return f"{dossier.op_type.capitalize()} {dossier.transfer_id} of {value}"
