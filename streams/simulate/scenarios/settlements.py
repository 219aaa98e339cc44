"""S24: settlement cycles between the custodian and a venue, each due by a plan: unmet, or met by another net."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import BINANCE, HOT
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.movement import Tap
from streams.simulate.scenarios.dues import (
    CONCLUDED_S,
    CYCLE_S,
    LARGE_CENTS,
    USUAL_CENTS,
    Due,
    draw_due,
    leave_unmet,
    pay,
    watch,
)
from streams.simulate.scenarios.told import telling
from streams.simulate.units import US, span_us

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_CYCLES, _ODD = 4, 2  # the third cycle is the one that the label is about
_SHORTLY_US = 120 * US
_EARLY = (0.2, 0.3)


@scenario(
    "S24", "settlement_overdue", "a settlement cycle with a venue passes its deadline unmet", ["settlement_overdue"],
    severity="P2", deadline_s=CONCLUDED_S, awaits=True, window=_EARLY,
)  # fmt: skip
def settlement_overdue(desk: Desk, label: Label, rng: Random) -> None:
    """Settle two cycles in time, and the third 20 minutes after it was due."""
    desk.start(_cycles(desk, rng, lambda due: leave_unmet(desk, label, due)))


@lookalike("settlement_overdue", "settlement cycles net large amounts and are met just in time")
def settlement_overdue_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Settle all cycles, the third one shortly before it is due."""
    desk.start(_cycles(desk, rng, lambda due: _shortly_before(desk, label, due, [due.units]), LARGE_CENTS))


@scenario(
    "S24", "settlement_net", "a settlement cycle with a venue settles another net than was planned",
    ["settlement_overdue"], severity="P2", deadline_s=_SHORTLY_US / US + CONCLUDED_S, awaits=True, window=_EARLY,
)  # fmt: skip
def settlement_net(desk: Desk, label: Label, rng: Random) -> None:
    """Settle, shortly before it is due, less or more than the net of the third cycle."""
    percent = rng.choice((70, 85, 120))
    tap = telling(desk, label)
    desk.start(_cycles(desk, rng, lambda due: _shortly_before(desk, label, due, [due.units * percent // 100], tap)))


@lookalike("settlement_net", "a settlement cycle is met in two parts that add up to its net")
def settlement_net_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Settle the third cycle in two parts."""
    percent = rng.randint(30, 70)

    def odd(due: Due) -> Process:
        part = due.units * percent // 100
        return _shortly_before(desk, label, due, [part, due.units - part])

    desk.start(_cycles(desk, rng, odd))


def _cycles(desk: Desk, rng: Random, odd: Callable[[Due], Process], cents: tuple[int, int] = USUAL_CENTS) -> Process:
    """Announce and settle cycle after cycle, to the one side or the other."""
    for number in range(_CYCLES):
        origin, target = rng.choice(((HOT, BINANCE), (BINANCE, HOT)))
        due = draw_due(desk, rng, "settlement", origin, target, cents=cents)
        if number == _ODD:
            desk.start(odd(due))
        else:
            desk.agenda.start(pay(desk, due, [due.units]), wait_us=span_us(rng.uniform(300.0, CYCLE_S / 2)))
        yield span_us(CYCLE_S)


def _shortly_before(desk: Desk, label: Label, due: Due, parts: list[int], tap: Tap | None = None) -> Process:
    """Pay a due in parts that begin two minutes before its end."""
    watching = watch(label, due)
    shares = " and ".join(f"{round(part * 100 / due.units)} %" for part in parts)
    label.note = f"{due.op_type} of {due.text()} is met by {shares} two minutes before its end"
    yield due.ends_us - _SHORTLY_US - desk.now_us
    yield from pay(desk, due, parts, tap=tap or watching)
