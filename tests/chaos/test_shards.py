"""Several shards on a real broker, through doors that can be shut: short here, long with ``python -m tests.chaos``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from tests.chaos import light, wire
from tests.chaos.plain_faust import Plan as LightPlan
from tests.chaos.plain_faust import balances_of_driftline, expected_balances, play, score
from tests.chaos.proxy import Proxy
from tests.chaos.reading import read
from tests.chaos.run import BROKER_PROPERTIES, Plan, run
from tests.chaos.trial_runs import failover, restarts, zombies
from tests.chaos.trials import Asked, Trial
from tests.kafka.broker import KafkaBroker
from tests.kafka.needed import broker_or_skip

BETWEEN = frozenset(("cut", "cut off", "lost answers", "transaction errors", "produce errors", "clock step"))


@pytest.fixture(scope="module")
def behind_doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker whose clients come through a proxy."""
    with broker_or_skip(tmp_path_factory.mktemp("doors"), BROKER_PROPERTIES, doors=2) as broker:
        yield broker


def test_what_goes_wrong_at_a_door_is_what_it_was_told(behind_doors: KafkaBroker) -> None:
    said: list[str] = []
    with Proxy(behind_doors.doors) as proxy:
        options = {"bootstrap.servers": proxy.addresses[0], "enable.idempotence": True, "log_level": 0, "linger.ms": 0}
        producer = Producer({**options, "topic.metadata.refresh.interval.ms": -1})
        admin = AdminClient({"bootstrap.servers": behind_doors.address})
        admin.create_topics([NewTopic("doors", 1, 1)])["doors"].result()
        faults: list[Callable[[], object]] = [
            proxy.hold, proxy.mute, proxy.cut, lambda: proxy.delay(0.3), lambda: proxy.spoil(wire.PRODUCE, 7, 0.9),
        ]  # fmt: skip
        for number, break_it in enumerate(faults):
            producer.produce("doors", b"before", partition=0)
            assert producer.flush(20) == 0
            break_it()
            time.sleep(0.1)
            producer.produce("doors", b"%d" % number, partition=0, on_delivery=lambda error, _: said.append(str(error)))
            left = producer.flush(0.6)
            assert left == 1 or number >= 2, f"fault {number} let it through"
            proxy.heal()
            assert producer.flush(20) == 0
    assert said == ["None"] * 5
    values = [message.value() for message in read(behind_doors.address, "doors", 0)]
    assert values == [one for number in range(5) for one in (b"before", b"%d" % number)], "each once, in order"


def test_two_shards_are_exact_whatever_lies_between_them_and_the_broker(
    behind_doors: KafkaBroker, tmp_path: Path
) -> None:
    result = run(behind_doors, tmp_path, Plan(seed=4, faults=8, events=2_000, shards=2, kinds=BETWEEN, named_share=0.0))
    print(result)
    assert result.is_good, str(result)
    assert result.faults.keys() & BETWEEN


@pytest.mark.parametrize(("trial", "times"), [(restarts, 2), (zombies, 1)])
def test_a_clean_restart_counts_nothing_twice_and_a_zombie_writes_nothing(
    behind_doors: KafkaBroker, tmp_path: Path, trial: Callable[[Asked], Trial], times: int
) -> None:
    result = trial(Asked(behind_doors, tmp_path, times, prefix=f"{trial.__name__}."))
    print(result)
    assert result.is_good, str(result)


def test_a_killed_worker_is_followed_in_time(behind_doors: KafkaBroker, tmp_path: Path) -> None:
    result = failover(Asked(behind_doors, tmp_path, 1, keys=500, session_seconds=4.0))
    print(result)
    assert not result.wrong
    assert result.verdict.is_exact, str(result)
    assert all(measure.seconds for measure in result.measures)


def test_the_engine_counts_each_booking_once_with_a_machine_that_is_not_the_monitor(
    behind_doors: KafkaBroker, tmp_path: Path
) -> None:
    settings = play(
        behind_doors, tmp_path, "driftline", light.MODULE, LightPlan(seed=2, faults=3, events=2_000, keys=50)
    )
    result = score("Driftline", expected_balances(settings), balances_of_driftline(settings))
    assert (result.keys, result.wrong) == (50, 0)
