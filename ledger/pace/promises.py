"""What was promised: a movement that was asked for and has neither left nor ended, in words.

Where it settles something, or is collateral, somebody outside waits for it: then it is the settlement that is overdue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.dossiers import REQUESTED, Dossier
from ledger.findings import Breach
from ledger.fold import EXTERNAL, Fact
from ledger.pace import dues
from ledger.pace.late import Late, after_text
from ledger.pace.words import pause_text, place_links, seconds_text, stage_text, value_text
from ledger.screens.words import links_of, scope_of
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "sla_breach"


def kind_of(dossier: Dossier) -> str:
    """Return the type of alert of a movement that is not over when it should be."""
    return dues.KIND if dossier.op_type in dues.OPERATIONS else KIND


def stuck(context: Context, late: Late, facts: list[Fact]) -> Breach:
    """Return the breach of a movement that was promised to be over by now; its facts are in order of their moments."""
    dossier = late.dossier
    sentence = (
        f"{_named(context, late)} {_begun(late)} {seconds_text(context.now_us - late.since_us)} s ago and "
        f"{_lacking(late)}; {late.allowance.why}.{pause_text(late.paused_us)} It is stuck: {stage_text(facts)}."
    )
    return Breach(
        kind=kind_of(dossier),
        key=dossier.transfer_id,
        scope=scope_of(dossier),
        sentence=sentence,
        evidence=dossier.evidence,
        rule="route_promise",
        asset=late.ends.asset,
        value_units=late.units,
        worse=late.worse,
        told=True,
        threshold=late.allowance.us / SECOND_US,
        links=links_of(dossier, *place_links(dossier.origin, late.ends.asset)),
    )


def ended(context: Context, late: Late, how: str) -> str:
    """Return the sentence that ends it: the movement left, was completed or came to nothing at `late.at_us`."""
    where = {"left": f"left {late.ends.origin}", "completed": "was completed"}.get(how, f"ended as {how}")
    return f"{_named(context, late)} {where} {after_text(late, f'it {_begun(late)}')}"


def _named(context: Context, late: Late) -> str:
    dossier = late.dossier
    return f"{dossier.op_type.capitalize()} {dossier.transfer_id} of {value_text(context, late.ends.asset, late.units)}"


def _begun(late: Late) -> str:
    return "was asked for" if late.dossier.stages & REQUESTED else "was first seen"


def _lacking(late: Late) -> str:
    ends = late.ends
    if ends.origin == EXTERNAL:
        return f"has not reached {ends.destination}"
    return "is not booked" if ends.origin == ends.destination else f"has not left {ends.origin}"
