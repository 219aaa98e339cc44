"""Worlds with legitimate patterns, each made once, and what may be said against them: nothing that is not on record."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from streams.simulate import SimEvent, Simulation, WorldConfig
from tests.simulate.tally import Place, code, deviations, moment, tally

Json = dict[str, Any]
NOTHING = Fraction(0)
COUNTED_AT = "T05:00:00.000Z"  # when banks count what has that day's value date
PASSED = ("approved", "queued", "signing", "broadcast", "confirming", "completed")
REBASE_MOST = Fraction(1, 1_000)


class World:
    """A small world with patterns, run to its end."""

    def __init__(self, *names: str, seed: int = 1, days: float = 0.4, transfers_per_day: int = 2_000) -> None:
        self.config = WorldConfig(
            seed=seed, duration_s=days * 86_400, transfers_per_day=transfers_per_day, clients=20, patterns=names
        )
        self.events: tuple[SimEvent, ...] = tuple(Simulation(self.config).events())
        self.tally = tally(self.events)
        self.values: list[Json] = [event.value for event in self.events]

    def of(self, topic: str, kind: str = "") -> list[Json]:
        """Return the events of a topic, or of one kind of it, each once."""
        found: dict[str, Json] = {}
        for event in self.events:
            if event.topic == topic and kind in ("", event.value.get("kind")):
                found.setdefault(event.value["event_id"], event.value)
        return list(found.values())

    def movements(self, op_type: str = "", *, of_pattern: bool | None = True) -> list[list[Json]]:
        """Return the stages of movements, in order of time: of patterns (whose ids say so), of the rest, or all (None)."""
        return [
            stages
            for transfer_id, stages in self.tally.transfers.items()
            if op_type in ("", stages[0]["op_type"]) and of_pattern in (None, "-p" in transfer_id)
        ]

    def plans(self) -> dict[str, Json]:
        return {plan["plan_id"]: plan for plan in self.of("control", "plan")}


@cache
def world(name: str, seed: int = 1) -> World:
    """Return a small world with one pattern."""
    return World(name, seed=seed)


@cache
def everything(seed: int, days: float = 0.5) -> World:
    """Return a world with all patterns."""
    return World("all", seed=seed, days=days, transfers_per_day=5_000)


def unexplained(of: World) -> list[tuple[str, Place, Fraction]]:
    """Return what places report otherwise than the events amount to, and neither value dates nor rebasing explain."""
    rebasing = {value["asset"] for value in of.of("reference", "asset") if value["rebasing"]}
    pending = value_dated(of)
    held: dict[Place, Fraction] = {}
    for snapshot in of.tally.snapshots:
        for row in snapshot["rows"]:
            place = (snapshot["location"], code(row["asset"]))
            held[place] = max(held.get(place, NOTHING), Fraction(row["total"]))
    found = []
    for as_of, place, gap in deviations(of.tally):
        if place[1] in rebasing and abs(gap) <= held[place] * REBASE_MOST:
            continue
        if gap != -sum(units for booked, counted, units in pending[place] if booked <= as_of < counted):
            found.append((as_of, place, gap))
    return found


def value_dated(of: World) -> dict[Place, list[tuple[str, str, Fraction]]]:
    """Return, by bank, what has been booked for a later day: when, from when on it is counted, and how much."""
    later = {
        leg["transfer_id"]: leg["value_date"]
        for leg in of.tally.postings
        if "transfer_id" in leg and leg["value_date"] > leg["booked_at"][:10]
    }
    pending: dict[Place, list[tuple[str, str, Fraction]]] = defaultdict(list)
    for at, transfer_id, place, change in of.tally.effects:
        if transfer_id in later and place[0].startswith("bank:"):
            pending[place].append((at, later[transfer_id] + COUNTED_AT, change))
    return pending


def faults_of_the_books(of: World) -> list[str]:
    """Return what is wrong in the books: journals that do not add up, broken chains, balances below zero."""
    wrong: list[str] = []
    sums: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    legs: Counter[str] = Counter()
    balances: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    postings = [leg for leg in of.tally.postings if not leg["revision"]]
    for leg in sorted(postings, key=lambda leg: int(leg["source_seq"])):
        amount, chain = Fraction(leg["amount"]), (leg["account_id"], leg["asset"])
        sums[leg["journal_id"], leg["asset"]] += amount
        legs[leg["journal_id"]] += 1
        balances[chain] += amount
        if Fraction(leg["balance_after"]) != balances[chain]:
            wrong.append(f"the chain of {chain} is broken at {leg['posting_id']}")
        if balances[chain] < 0 and leg["account_class"] not in ("external", "pnl"):
            wrong.append(f"{chain} is at {float(balances[chain])} after {leg['posting_id']}")
    totals = {leg["journal_id"]: leg["legs_total"] for leg in postings}
    wrong += [f"{journal} is not whole" for journal in sorted(totals) if legs[journal] != totals[journal]]
    return wrong + [f"{journal} does not add up" for journal, total in sums.items() if total]


def faults_of_the_policy(of: World) -> list[str]:
    """Return what a strict reader of the policy would object to."""
    wrong: list[str] = []
    added = {
        (value["address"], value["network"]): value
        for value in of.of("reference", "address")
        if "location" not in value
    }
    refs: Counter[str] = Counter()
    for stages in of.movements(of_pattern=None):
        first = stages[0]
        control = first.get("control", {})
        if control.get("initiator") in control.get("approvers", ()):
            wrong.append(f"{first['transfer_id']} is approved by who asked for it")
        passed = [stage for stage in stages if stage["status"] in PASSED]
        if control.get("origin") == "manual" and passed and not passed[-1]["control"]["approvers"]:
            wrong.append(f"{first['transfer_id']} is manual and approved by nobody")
        if "client_ref" in first.get("ids", {}):
            refs[first["ids"]["client_ref"]] += 1
        if first["op_type"] == "withdrawal":
            wrong += _faults_of_the_address(first, added)
    return wrong + [f"{ref} is used twice" for ref, count in refs.items() if count > 1]


def _faults_of_the_address(first: Json, added: dict[tuple[str, str], Json]) -> list[str]:
    target = first["to"]
    known = added.get((target["address"], target["network"]))
    if known is None or known["owner"] != first["from"]["client_id"]:
        return [f"{first['transfer_id']} goes to an address that is not its client's"]
    if seconds(first["event_time"]) - seconds(known["added_at"]) < 86_400:
        return [f"{first['transfer_id']} goes to an address that is younger than a day"]
    return []


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def later(text: str, span_s: float) -> str:
    """Return the moment that many seconds after another."""
    at = datetime.fromisoformat(text) + timedelta(seconds=span_s)
    return moment(at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


def assert_met_in_time(plans: dict[str, Json], movements: list[list[Json]]) -> None:
    paid: dict[str, Fraction] = defaultdict(Fraction)
    assert movements
    for stages in movements:
        plan = plans[stages[0]["plan_id"]]
        assert stages[-1]["status"] == "completed"
        assert stages[-1]["event_time"] < plan["not_after"]
        paid[plan["plan_id"]] += Fraction(stages[0]["amount"])
    assert all(amount == Fraction(plans[plan_id]["amount"]) for plan_id, amount in paid.items())
