"""A replica is the same machine over the same log, and what a worker does not write as it is, is found by it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.engine.comparison import Mirror, compare_heads
from streams.engine.control import config_record
from streams.engine.errors import LogError
from streams.engine.replica import Replica
from streams.engine.worker import plain
from streams.monitor import Monitor, Settings
from streams.record import OWN_ORIGIN, Record
from streams.simulate import Simulation, WorldConfig

Entries = list[tuple[int, Record]]


@pytest.fixture(scope="module")
def entries() -> Entries:
    """A log of a few hours of a small world, as intake writes it."""
    config = WorldConfig(seed=5, start_us=1_767_571_200_000_000, duration_s=10_800.0, transfers_per_day=1_500)
    first = Record("control", config_record("events", plain(Settings()), 0, 0), OWN_ORIGIN, 1)
    world = Simulation(config, faults=["wrong_amount"]).events()
    others = (
        Record(event.topic, json.dumps(event.value).encode(), f"{event.topic}/0/{number}", 1)
        for number, event in enumerate(world)
    )
    return list(enumerate([first, *others]))


def differing(live: Replica, entries: Entries) -> list[bytes]:
    """Return the rows that a witness finds different at the checkpoints of a live machine, one every 300 records."""
    witness, mirror = Replica(Monitor(), iter(entries)), Mirror()
    found: list[bytes] = []
    for position in range(300, len(entries), 300):
        live.advance(position)
        witness.advance(position)
        found += mirror.compare(live.changes(), witness.changes())
        assert compare_heads(live.head(), witness.head()) == []
    assert sorted(mirror.differing) == mirror.compare_all(witness.rows()), "following says what comparing all says"
    return found


def test_a_replica_agrees_at_every_checkpoint(entries: Entries) -> None:
    live = Replica(Monitor(), iter(entries))
    assert differing(live, entries) == []
    assert live.head().clock == "events"
    assert live.head().outputs > 10


def test_a_change_that_is_not_written_is_found(entries: Entries) -> None:
    class Forgetful(Monitor):
        def changed_rows(self) -> dict[str, Any]:
            changed = super().changed_rows()
            return {key: row for key, row in changed.items() if not key.startswith('["effects"')}

    found = differing(Replica(Forgetful(), iter(entries)), entries)
    assert found
    assert all(key.startswith(b'["effects"') for key in found)


def test_a_machine_that_is_not_deterministic_is_found_by_what_it_says(entries: Entries) -> None:
    live, witness = (Replica(Monitor(), iter(entries)) for _ in range(2))
    live.machine.state.counts["redelivered"] += 1  # type: ignore[attr-defined]  # a monitor's
    for replica in (live, witness):
        replica.advance(300)
    mirror = Mirror()
    assert mirror.compare(live.changes(), witness.changes()) == [b'["monitor"]']


def test_a_log_that_ends_too_early_is_refused_and_progress_is_heard(entries: Entries) -> None:
    replica, heard = Replica(Monitor(), iter(entries[:1_500])), list[int]()
    replica.advance(1_200, heard.append)
    assert heard == [1_000, 1_200]
    with pytest.raises(LogError, match="the log ends at 1500 and its state is of 1501"):
        replica.advance(1_501)
