"""Value that has left one place and has not reached the other: overdue, or refused by the receiver (S25), in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.events import Transfer
from ledger.findings import Breach
from ledger.fold import EXTERNAL, Fact
from ledger.pace.late import Late, after_text
from ledger.pace.words import pause_text, place_links, receiver_text, seconds_text, sender_text, stage_text, value_text
from ledger.screens.words import links_of, scope_of
from ledger.times import SECOND_US, to_text

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "in_transit_overdue"


def overdue(context: Context, late: Late, facts: list[Fact]) -> Breach:
    """Return the breach of a movement that has been under way for too long; its facts are in order of their moments."""
    origin, destination = sender_text(late.ends.origin), receiver_text(late.ends.destination)
    sentence = (
        f"{_named(context, late)} left {origin} {seconds_text(context.now_us - late.since_us)} s ago and has not reached "
        f"{destination}; {late.allowance.why}.{pause_text(late.paused_us)} The latest report says {stage_text(facts)}."
    )
    return _breach(late, sentence, rule=late.allowance.rule, worse=late.worse)


def refused(context: Context, late: Late, event: Transfer) -> Breach:
    """Return the breach of a movement that is completed and yet, as `event` says, did not arrive."""
    took_s = seconds_text(max(late.at_us - late.since_us, 0))
    sentence = (
        f"{_named(context, late)} left {sender_text(late.ends.origin)} and was completed {took_s} s later, at {to_text(late.at_us)}, "
        f"but did not reach {receiver_text(late.ends.destination)}: {event.source} says {event.sub_status}. "
        "The value is with neither side until it is credited or comes back."
    )
    return _breach(late, sentence, rule="third_party", worse=True)


def ended(context: Context, late: Late, how: str) -> str:
    """Return the sentence that ends it: the movement arrived, or came back, at `late.at_us`."""
    where = f"reached {receiver_text(late.ends.destination)}" if how == "completed" else f"ended as {how}"
    return f"{_named(context, late)} {where} {after_text(late, f'it left {sender_text(late.ends.origin)}')}"


def _named(context: Context, late: Late) -> str:
    return f"Movement {late.dossier.transfer_id} of {value_text(context, late.ends.asset, late.units)}"


def _breach(late: Late, sentence: str, *, rule: str, worse: bool) -> Breach:
    dossier, destination = late.dossier, late.ends.destination
    place = {} if destination == EXTERNAL else {"location": destination}
    return Breach(
        kind=KIND,
        key=dossier.transfer_id,
        scope={**scope_of(dossier), **place},
        sentence=sentence,
        evidence=dossier.evidence,
        rule=rule,
        asset=late.ends.asset,
        value_units=late.units,
        worse=worse,
        told=True,
        threshold=late.allowance.us / SECOND_US or None,
        links=links_of(dossier, *place_links(destination, late.ends.asset)),
    )
