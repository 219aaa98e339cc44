"""A trade of which one leg is settled and the other is not: what is known of it, and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from ledger.dossiers import Dossier
from ledger.findings import Breach
from ledger.fold import EXTERNAL
from ledger.pace.dues import KIND
from ledger.pace.routes import Allowance
from ledger.pace.words import pause_text, seconds_text, value_text
from ledger.screens.words import scope_of
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context


class Parent(Struct, gc=False):
    """The legs of one parent, at one of our places, and since when exactly one of them is settled (0: none, or a pair).

    `told`: 0 nothing, 1 late, 2 late by twice. `alone`, `paired`: whether it counts as the one or the other. `gone`: a leg
    is forgotten, and nothing can be said of it any more.
    """

    location: str
    legs: list[str]
    since_us: int = 0
    told: int = 0
    alone: bool = False
    paired: bool = False
    gone: bool = False


class Custom(Struct, gc=False):
    """How many parents of a place were settled in pairs, and how many stayed alone for their time."""

    pairs: int = 0
    alone: int = 0


class Half(NamedTuple):
    """A parent of which one leg is `settled`, the `open_legs` that may still be, and its clock."""

    parent_id: str
    parent: Parent
    settled: Dossier
    open_legs: list[Dossier]
    allowance: Allowance
    paused_us: int


def alone(context: Context, half: Half, custom: Custom) -> Breach:
    """Return the breach of a leg that has stayed alone for too long, at a place of this custom."""
    parent, settled, allowance = half.parent, half.settled, half.allowance
    side = "came into" if settled.origin == EXTERNAL else "left"
    lacking = " and ".join(
        f"{leg.transfer_id} of {value_text(context, leg.asset, leg.instructed_units)} is not settled"
        for leg in half.open_legs
    )
    sentence = (
        f"Trade {half.parent_id}: {value_text(context, settled.asset, settled.arrived_units)} {side} {parent.location} by "
        f"its leg {settled.transfer_id} {seconds_text(context.now_us - parent.since_us)} s ago, but "
        f"{lacking or 'no second leg is settled'}; {allowance.why}.{pause_text(half.paused_us)} Of the last "
        f"{custom.pairs + custom.alone} trades there {custom.pairs} had both legs."
    )
    return Breach(
        kind=KIND,
        key=f"parent|{half.parent_id}",
        scope={**scope_of(settled), "location": parent.location},
        sentence=sentence,
        evidence=(settled.events[-1], *(leg.events[-1] for leg in half.open_legs)),
        rule="second_leg",
        asset=settled.asset,
        value_units=settled.arrived_units,
        worse=parent.told == 2,
        told=True,
        threshold=allowance.us / SECOND_US,
        links=(f"parent|{half.parent_id}", f"transfer|{settled.transfer_id}"),
    )
