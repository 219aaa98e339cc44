"""Faults on a real broker: short here, long with ``make chaos``; what is left is judged by a checker of its own."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.chaos.checker import check
from tests.chaos.defects import DEFECTS
from tests.chaos.directed import FROZEN_AT, SESSION_SECONDS, advance, play, until
from tests.chaos.feeder import Feeder
from tests.chaos.fleet import Fleet, is_stopped
from tests.chaos.rest import rest
from tests.chaos.run import Plan, chaos_settings, run
from tests.chaos.schedule import schedule
from tests.chaos.spool import Heads
from tests.chaos.topics import create_topics
from tests.chaos.trial_runs import FENCED
from tests.chaos.worker import FREEZE, MODULE
from tests.kafka.broker import KafkaBroker

FAULTS, EVENTS = 12, 3_000
RESTARTS = 5
RECOVERY_SECONDS_MAX = 30.0


def test_a_schedule_is_the_seeds_alone_and_names_every_point() -> None:
    assert schedule(7, 100) == schedule(7, 100) != schedule(8, 100)
    named = [arm for fault in schedule(7, 100) for arm in fault.arms]
    assert sum(fault.weight for fault in schedule(7, 100)) >= 100
    assert len({arm.partition(":")[0] for arm in named}) == 15


def test_nothing_is_lost_changed_or_counted_twice_whatever_happens(kafka: KafkaBroker, tmp_path: Path) -> None:
    result = run(kafka, tmp_path, Plan(seed=12, faults=FAULTS, events=EVENTS))
    print(result)
    assert result.is_good, str(result)
    assert any(kind.startswith("kill at") for kind in result.faults), "no crash point was reached"
    assert result.verdict.figures["ticks judged"] > 0


def test_a_clean_restart_counts_nothing_twice_and_takes_nothing_in_again(kafka: KafkaBroker, tmp_path: Path) -> None:
    settings = chaos_settings(kafka.address, "chaos-clean.", session_timeout_seconds=SESSION_SECONDS)
    create_topics(settings)
    with (
        Fleet(settings, tmp_path, 1) as fleet,
        Heads(settings) as heads,
        Feeder(settings, 2, 1_500, 80.0) as feeder,
    ):
        for _ in range(RESTARTS):
            advance(heads, 2)
            fleet.stop(fleet.workers[0])
        feeder.hurry()
        rest(settings, feeder, fleet, heads)
        fleet.stop_all()
        assert fleet.findings == []
    verdict = check(settings)
    assert verdict.is_exact, str(verdict)
    assert verdict.figures["repeated"] == 0
    assert [verdict.figures[f"{topic} repeated"] for topic in ("alerts", "decisions", "quarantine")] == [0, 0, 0]


def test_a_worker_that_wakes_after_its_shard_went_writes_no_state_and_ends(kafka: KafkaBroker, tmp_path: Path) -> None:
    settings = chaos_settings(kafka.address, "chaos-zombie.", session_timeout_seconds=SESSION_SECONDS)
    create_topics(settings)
    with (
        Fleet(settings, tmp_path, 0, MODULE) as fleet,
        Heads(settings) as heads,
        Feeder(settings, 3, 3_000, 100.0) as feeder,
    ):
        fleet.next_environments[0] = {FREEZE: FROZEN_AT}  # it wakes with a checkpoint to be written
        sleeper = fleet.add()
        until(lambda: is_stopped(sleeper.process.pid), "it does not freeze")
        fleet.add()
        advance(heads, 2)
        sleeper.process.send_signal(signal.SIGCONT)
        until(lambda: bool(fleet.findings), "it does not end")
        advance(heads, 2)
        feeder.hurry()
        rest(settings, feeder, fleet, heads)
        fleet.stop_all()
        findings = fleet.findings
    assert [finding for finding in findings if FENCED.search(finding)], f"nobody was shut out: {findings}"
    assert [finding for finding in findings if not FENCED.search(finding)] == []
    verdict = check(settings)
    assert verdict.is_exact, str(verdict)


def test_a_killed_holder_is_replaced_within_half_a_minute(kafka: KafkaBroker, tmp_path: Path) -> None:
    settings = chaos_settings(kafka.address, "chaos-recovery.", session_timeout_seconds=SESSION_SECONDS)
    create_topics(settings)
    with Fleet(settings, tmp_path, 2) as fleet, Heads(settings) as heads, Feeder(settings, 4, 2_000, 50.0) as feeder:
        advance(heads, 3)
        for worker in fleet.alive():  # one of them holds the log
            fleet.kill(worker)
            heads.position()
            before, killed_at = heads.count, time.monotonic()
            advance(heads, 1)
            print(f"from kill -9 to the next checkpoint: {time.monotonic() - killed_at:.1f} s ({before} before it)")
            assert time.monotonic() - killed_at < RECOVERY_SECONDS_MAX
        feeder.hurry()
        rest(settings, feeder, fleet, heads)
        fleet.stop_all()
    verdict = check(settings)
    assert verdict.is_exact, str(verdict)


@pytest.mark.parametrize("name", ["read_uncommitted"])  # the others: python -m tests.chaos.directed
def test_a_planted_defect_is_reported(kafka: KafkaBroker, tmp_path: Path, name: str) -> None:
    verdict = play(kafka.address, tmp_path, f"chaos-{name}.", DEFECTS[name].scenario, name)
    assert not verdict.is_exact
    assert "no crash" not in verdict.counts
