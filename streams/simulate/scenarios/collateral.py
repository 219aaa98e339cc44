"""S26: collateral that a venue calls for: not posted in time, or posted twice."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate.catalogue import BINANCE, HOT, KRAKEN
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.scenarios.dues import CONCLUDED_S, CYCLE_S, Due, announce, draw_due, leave_unmet, pay, watch
from streams.simulate.scenarios.told import telling
from streams.simulate.units import span_us

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_SOON_S, _LATER_S = (120.0, 600.0), (240.0, 480.0)


@scenario(
    "S26", "margin_call_unmet", "collateral that a venue called for is not posted in time", ["settlement_overdue"],
    severity="P2", deadline_s=CONCLUDED_S, awaits=True,
)  # fmt: skip
def margin_call_unmet(desk: Desk, label: Label, rng: Random) -> None:
    """Post what was called for 20 minutes after it was due."""
    desk.start(leave_unmet(desk, label, _call(desk, rng)))


@lookalike("margin_call_unmet", "collateral is posted before the call's own beginning")
def margin_call_unmet_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Announce a call for later, and post for it soon."""
    due = _call(desk, rng, begins_s=1_200.0, ends_s=1_200.0 + CYCLE_S)
    label.note = f"{due.text()} is posted before it can be called for"
    posting = pay(desk, due, [due.units], tap=watch(label, due))
    desk.agenda.start(posting, wait_us=span_us(rng.uniform(*_SOON_S)))


@scenario(
    "S26", "collateral_twice", "collateral is posted twice for one call", ["settlement_overdue", "duplicate_payment"],
    severity="P2", deadline_s=5.0,
)  # fmt: skip
def collateral_twice(desk: Desk, label: Label, rng: Random) -> None:
    """Post what was called for, and some minutes later the same again."""
    due = _call(desk, rng)
    label.note = f"{due.text()} is posted twice"
    tap, gap_s = watch(label, due), rng.uniform(*_LATER_S)
    posting = pay(desk, due, [due.units, due.units], gap_s=gap_s, tap=tap, last=telling(desk, label))
    desk.agenda.start(posting, wait_us=span_us(rng.uniform(*_SOON_S)))


@lookalike("collateral_twice", "collateral of the same amount is posted twice, for two calls")
def collateral_twice_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Announce two calls of one amount, and post for each."""
    first = _call(desk, rng)
    second = announce(
        desk, first.op_type, first.origin, first.target, first.asset, first.units, begins_s=0.0, ends_s=CYCLE_S
    )
    label.note = f"{first.text()} and as much by {second.plan_id} are posted"
    for due in (first, second):
        posting = pay(desk, due, [due.units], tap=watch(label, due))
        desk.agenda.start(posting, wait_us=span_us(rng.uniform(*_SOON_S)))


def _call(desk: Desk, rng: Random, *, begins_s: float = 0.0, ends_s: float = CYCLE_S) -> Due:
    venue = rng.choice((BINANCE, KRAKEN))
    return draw_due(desk, rng, "collateral", HOT, venue, begins_s=begins_s, ends_s=ends_s)
