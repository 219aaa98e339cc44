"""Faults to inject into a bank's file: where one can be revealed, what it changes, and the difference it leaves.

All arithmetic here is in cents and independent of the code under test: the benchmark's truth must not be its own
subject.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from tests.bench.stream import Event

EXTERNAL = "external"
REPORTS_NEEDED = 2
STEP_CENTS = 100
UNBOOKED_CENTS = 3000


@dataclass(frozen=True, slots=True)
class Fault:
    """One injected fault. `difference_cents`: by how much later reports differ from what is expected, signed."""

    kind: str
    location: str
    at: str
    difference_cents: int


@dataclass(frozen=True, slots=True)
class Place:
    """A movement that may be spoilt: where it stands in the file, its account, its moment, what the account gains."""

    index: int
    location: str
    at: str
    op_type: str
    gain_cents: int


Edit = tuple[list[Event], int]  # what stands in place of the movement, and the difference that it leaves, in cents


def cents(amount: str) -> int:
    """Return a decimal of two places as whole cents."""
    exact = Decimal(amount) * 100
    assert exact == int(exact), f"{amount} is no sum in cents"
    return int(exact)


def to_amount(in_cents: int) -> str:
    return f"{Decimal(in_cents) / 100:.2f}"


def movement_at(index: int, event: Event) -> Place:
    """Return the place of a movement between the outside and one account."""
    value = event.value
    arriving = value["from"]["location"] == EXTERNAL
    assert arriving != (value["to"]["location"] == EXTERNAL), "a movement of one account with the outside"
    location = value["to" if arriving else "from"]["location"]
    amount = cents(value["amount"])
    return Place(index, location, value["event_time"], value["op_type"], amount if arriving else -amount)


def places(events: list[Event]) -> list[Place]:
    """Return the movements whose loss a later report can reveal, in order of the file.

    The opening, by the contract the earliest report, already contains what happened before it; and a break opens at
    the second report that shows it. So a place lies after the opening and has two reports to come.
    """
    reports: dict[str, list[str]] = defaultdict(list)
    for event in events:
        if event.topic == "balances":
            reports[event.value["location"]].append(event.value["as_of"])
    moves = [movement_at(index, event) for index, event in enumerate(events) if event.topic == "transfers"]
    return [move for move in moves if _is_revealed(move.at, reports[move.location])]


def _is_revealed(at: str, reports: list[str]) -> bool:
    return at > min(reports) and sum(as_of >= at for as_of in set(reports)) >= REPORTS_NEEDED


def inject(
    events: list[Event], kind: str, candidates: list[Place], wanted: int, rng: Random
) -> tuple[list[Event], list[Fault]]:
    """Return the events with `wanted` faults of one kind at random places, one to an account, and the faults."""
    suits, edit = KINDS[kind]
    chosen: dict[str, Place] = {}
    for place in rng.sample(candidates, len(candidates)):
        if len(chosen) < wanted and suits(place) and place.location not in chosen:
            chosen[place.location] = place
    spoilt = {place.index: edit(events[place.index], place, rng) for place in chosen.values()}
    faults = [Fault(kind, place.location, place.at, spoilt[place.index][1]) for place in chosen.values()]
    unbooked = {fault.location: fault for fault in faults} if kind == "debit_unbooked" else {}
    return list(_spoilt(events, {index: instead for index, (instead, _) in spoilt.items()}, unbooked)), faults


def _spoilt(events: list[Event], instead: dict[int, list[Event]], unbooked: dict[str, Fault]) -> Iterator[Event]:
    for index, event in enumerate(events):
        if index in instead:
            yield from instead[index]
        elif event.topic == "balances" and event.value["location"] in unbooked:
            yield _after_debit(event, unbooked[event.value["location"]])
        else:
            yield event


def _after_debit(event: Event, fault: Fault) -> Event:
    """Return a report as it reads once a real debit has gone that nobody booked."""
    value = event.value
    if value["as_of"] < fault.at:
        return event
    rows = [{**row, "total": to_amount(cents(row["total"]) + fault.difference_cents)} for row in value["rows"]]
    return _with(event, rows=rows)


def _with(event: Event, **changes: Any) -> Event:
    return Event(event.topic, {**event.value, **changes}, event.arrives)


def _dropped(event: Event, place: Place, rng: Random) -> Edit:
    return [], place.gain_cents


def _duplicated(event: Event, place: Place, rng: Random) -> Edit:
    value = event.value
    again = _with(event, event_id=f"{value['event_id']}-again", transfer_id=f"{value['transfer_id']}-again")
    return [event, again], -place.gain_cents


def _flipped(event: Event, place: Place, rng: Random) -> Edit:
    value = event.value
    other = {"deposit": "withdrawal", "withdrawal": "deposit"}.get(place.op_type, place.op_type)
    return [_with(event, **{"from": value["to"], "to": value["from"], "op_type": other})], 2 * place.gain_cents


def _off_by_one(event: Event, place: Place, rng: Random) -> Edit:
    amount = abs(place.gain_cents)
    step = STEP_CENTS if amount < STEP_CENTS else rng.choice((-STEP_CENTS, STEP_CENTS))
    return [_with(event, amount=to_amount(amount + step))], -step if place.gain_cents > 0 else step


def _unbooked(event: Event, place: Place, rng: Random) -> Edit:
    return [event], -UNBOOKED_CENTS


def _anywhere(place: Place) -> bool:
    return True


def _at_a_fee(place: Place) -> bool:
    return place.op_type == "fee"


KINDS: dict[str, tuple[Callable[[Place], bool], Callable[[Event, Place, Random], Edit]]] = {
    "dropped": (_anywhere, _dropped),
    "duplicated": (_anywhere, _duplicated),
    "sign_flipped": (_anywhere, _flipped),
    "off_by_1.00": (_anywhere, _off_by_one),
    "fee_not_booked": (_at_a_fee, _dropped),
    "debit_unbooked": (_anywhere, _unbooked),
}
