"""Feeds that are untidy and right: balances late, twice, in part; old events told again; restatements of the same."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import PLACES, SOURCES
from streams.simulate.emit import Gate, Json, Letter
from streams.simulate.patterns.moments import first_us, hours_us
from streams.simulate.patterns.registry import pattern
from streams.simulate.units import DAY_S, moment_us, span_us

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_POLL_S = 360.0
_LATE_S = (30.0, 600.0)
_REMEMBERED, _SAMPLED = 1_500, 0.15  # letters of a source that may be told again, and the share that is noted
_AGAIN = (40, 120)
_HEAD = ("schema_version", "event_id", "source", "event_time", "observed_at", "revision")
_FINAL = ("deposit", "sweep")  # what nothing undoes once it is completed
_SMALL_TALK = ("screening", "signing", "confirming")  # stages that decide nothing


@pattern(
    7, "untidy_snapshots", "a place is polled every 6 minutes; its balances come late, twice, out of order or in part",
    every_s=1.2 * DAY_S,
)  # fmt: skip
def untidy_snapshots(desk: Corner) -> Process:
    """Let two places be polled seldom and told of badly for some hours."""
    places = desk.rng.sample(sorted(PLACES), 2)
    gates = {location: _untidy(desk, location) for location in places}
    for location, gate in gates.items():
        desk.polls[location] = _POLL_S * desk.config.snapshot_every_s / 300.0
        desk.outbox.gates[PLACES[location].source].append(gate)
    yield hours_us(desk, 2.0, 6.0)
    for location, gate in gates.items():
        desk.polls.pop(location, None)
        desk.outbox.gates[PLACES[location].source].remove(gate)


def _untidy(desk: Corner, location: str) -> Gate:
    """Return a gate that delays, repeats and cuts what is reported of a place."""
    rng, lateness = desk.rng, desk.config.lateness

    def gate(letter: Letter) -> bool:
        if letter.topic != "balances" or letter.key != location or letter.value["holding_kind"] != "actual":
            return False
        wait_us = moment_us(letter.value["observed_at"]) - desk.now_us
        value = letter.value
        if rng.random() < 0.3 and len(value["rows"]) > 1:
            rows = [row for row in value["rows"] if rng.random() < 0.6] or value["rows"][:1]
            value = {**value, "complete": False, "rows": rows}
        if rng.random() < 0.4 and wait_us < span_us(_LATE_S[0] * lateness):  # what is late is not made later still
            wait_us += span_us(rng.uniform(*_LATE_S) * lateness)
        desk.outbox.forward(letter._replace(value=value), wait_us=wait_us)
        if rng.random() < 0.3:
            desk.outbox.repeat(letter.topic, letter.key, value, after_us=wait_us)
        return True

    return gate


@pattern(18, "replays", "old events are delivered again, small talk is filled in late, facts are restated as they were")
def replays(desk: Corner) -> Process:
    """Remember some of what every source tells, and about every day tell of it again."""
    memory = {source: deque[Letter](maxlen=_REMEMBERED) for source in SOURCES}
    for source in SOURCES:
        desk.outbox.gates[source].append(_remembering(desk, memory[source]))
    yield first_us(desk, DAY_S)
    while True:
        yield from _backfill(desk)
        for source in SOURCES:
            _tell_again(desk, memory[source])
            yield desk.wait(60.0, 600.0)
        _restate(desk, memory["fireblocks"])
        _restate(desk, memory["ledger"])
        yield span_us(desk.rng.uniform(0.3, 1.2) * DAY_S)


def _remembering(desk: Corner, memory: deque[Letter]) -> Gate:
    """Return a gate that keeps nothing back and notes a part of what passes; balances may be cut after it."""

    def gate(letter: Letter) -> bool:
        if letter.topic in ("transfers", "ledger") and desk.rng.random() < _SAMPLED:
            memory.append(letter)
        return False

    return gate


def _tell_again(desk: Corner, memory: deque[Letter]) -> None:
    for letter in desk.rng.sample(list(memory), min(desk.rng.randint(*_AGAIN), len(memory))):
        after_us = span_us(desk.rng.uniform(0.0, 120.0))
        desk.outbox.repeat(letter.topic, letter.key, letter.value, after_us=after_us)


def _restate(desk: Corner, memory: deque[Letter]) -> None:
    """Say some facts again under a revision, with nothing changed; none of them twice."""
    facts = [letter for letter in memory if _is_final(letter.value)]
    for letter in desk.rng.sample(facts, min(5, len(facts))):
        memory.remove(letter)
        value = letter.value
        # A venue numbers what it tells; the books number the fact.
        dropped = (*_HEAD, "source_seq") if letter.topic == "transfers" else _HEAD
        body: Json = {name: told for name, told in value.items() if name not in dropped}
        event_id, revision = f"{value['event_id']}/r1", value["revision"] + 1
        desk.outbox.post(letter.topic, letter.key, letter.source, event_id, body, revision=revision)


def _is_final(value: Json) -> bool:
    return "posting_id" in value or (value["op_type"] in _FINAL and value["status"] == "completed")


def _backfill(desk: Corner) -> Process:
    """Lose what decides nothing for a while, and bring it an hour later: its source had believed it delivered."""
    kept: list[Letter] = []

    def gate(letter: Letter) -> bool:
        is_small_talk = letter.topic == "transfers" and letter.value["status"] in _SMALL_TALK
        if is_small_talk:
            kept.append(letter)
        return is_small_talk

    gates = desk.outbox.gates["fireblocks"]
    gates.append(gate)
    yield hours_us(desk, 0.2, 0.5)
    gates.remove(gate)
    yield hours_us(desk, 0.5, 1.0)
    for letter in kept:
        desk.outbox.forward(letter, wait_us=span_us(desk.rng.uniform(0.0, 60.0)), tracked=False)
