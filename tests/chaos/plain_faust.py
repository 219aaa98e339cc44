"""The same feed and the same faults for Driftline's engine and for plain Faust with a table: whose balances are right?

Each reads a topic of its own that holds the same events, each once. In the end every account's balance, as its own
topic has it, is held against that input. Exit 1 where one of Driftline's is wrong, or where Faust has none wrong: then
the faults did not bite, and prove nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from confluent_kafka.admin import AdminClient

from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from tests.chaos import light, on_faust
from tests.chaos.feeder import Feeder
from tests.chaos.fleet import Fleet
from tests.chaos.light import TOPIC, Balance, bookings, read_booking
from tests.chaos.nemesis import Field, Nemesis
from tests.chaos.proxy import Proxy
from tests.chaos.reading import read
from tests.chaos.rest import all_taken_in
from tests.chaos.run import SECONDS_A_FAULT, chaos_settings
from tests.chaos.schedule import schedule
from tests.chaos.spool import Kept
from tests.kafka.broker import KafkaBroker

KINDS = frozenset((
    "kill", "term", "rolling restart", "zombie", "third worker", "broker kill", "broker pause", "cut off", "lost answers",
))  # fmt: skip
REST_SECONDS = 60.0  # an offset that is never committed must not be waited for
SETTLE_SECONDS = 3.0
WARM_SECONDS = 6.0
_decode = msgspec.json.decode


@dataclass(frozen=True)
class Plan:
    """What both are given."""

    seed: int
    faults: int
    events: int
    keys: int
    workers: int = 2


@dataclass
class Score:
    """What the balances of one of them came to."""

    name: str
    keys: int = 0
    wrong: int = 0
    over: int = 0  # events counted more than once
    under: int = 0  # events not counted

    def line(self) -> str:
        """Return a row of the table."""
        return f"{self.name:<14}{self.keys:>10,}{self.wrong:>12,}{self.over:>14,}{self.under:>14,}"


def score(name: str, expected: dict[str, Balance], found: dict[str, Balance]) -> Score:
    """Hold balances against what they must be."""
    result = Score(name, len(expected))
    for account in expected.keys() | found.keys():
        due, has = expected.get(account, (0, 0)), found.get(account, (0, 0))
        result.wrong += due != has
        result.over += max(0, has[0] - due[0])
        result.under += max(0, due[0] - has[0])
    return result


def play(broker: KafkaBroker, folder: Path, name: str, module: tuple[str, ...], plan: Plan) -> EngineSettings:
    """Let one of them work on the feed under the faults, and come to rest; return its settings."""
    settings = chaos_settings(broker.address, f"{name}-{plan.seed}.")
    Topics(settings).create()
    per_second = plan.events / (SECONDS_A_FAULT * plan.faults + 2)
    feed = bookings(plan.seed, plan.events, plan.keys, time.time_ns() // 1_000)
    environment = {on_faust.FOLDER: str(folder / name)}
    with (
        Proxy(broker.doors) as proxy,
        Fleet(settings, folder / name, plan.workers, module, proxy.addresses, environment) as fleet,
    ):
        time.sleep(WARM_SECONDS)
        with Feeder(settings, plan.seed, plan.events, per_second, feed) as feeder:
            nemesis = Nemesis(Field(broker, settings, fleet, proxy=proxy), _say)
            for fault in schedule(plan.seed, plan.faults, KINDS, named_share=0.0):
                nemesis.do(fault)
            nemesis.end()
            feeder.hurry()
            _rest(settings, feeder)
            fleet.stop_all()
    return settings


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _rest(settings: EngineSettings, feeder: Feeder) -> None:
    admin = AdminClient({"bootstrap.servers": settings.broker, "log_level": 0})
    deadline = time.monotonic() + REST_SECONDS
    while time.monotonic() < deadline and not (feeder.is_done and all_taken_in(settings, admin)):
        time.sleep(0.2)
    time.sleep(SETTLE_SECONDS)


# ------------------------------------------------------------------------------------------------------- the balances


def expected_balances(settings: EngineSettings) -> dict[str, Balance]:
    """Return what the input says, each of its records once."""
    balances: dict[str, Balance] = {}
    for number in range(settings.input_partitions):
        for message in read(settings.broker, settings.topic(TOPIC), number):
            booking = read_booking(message.value() or b"")
            count, units = balances.get(booking.account, (0, 0))
            balances[booking.account] = (count + 1, units + booking.units)
    return balances


def balances_of_driftline(settings: EngineSettings) -> dict[str, Balance]:
    """Return the balances that the state topic holds."""
    rows = _last(_kept(settings.broker, settings.state_topic, 1))
    named = ((_decode(key), value) for key, value in rows.items() if key != b'["head"]')
    return {name: tuple(_decode(value)) for (kind, name), value in named if kind == "balance"}


def balances_of_faust(settings: EngineSettings) -> dict[str, Balance]:
    """Return the balances that the table's changelog holds."""
    rows = _last(_kept(settings.broker, on_faust.changelog(settings), settings.input_partitions))
    return {_decode(key): tuple(_decode(value)) for key, value in rows.items()}


def _kept(broker: str, topic: str, partitions: int) -> Iterable[Kept]:
    for number in range(partitions):
        for message in read(broker, topic, number):
            yield message.key() or b"", message.value()


def _last(kept: Iterable[Kept]) -> dict[bytes, bytes]:
    return {key: value for key, value in dict(kept).items() if value is not None}


def compare(broker: KafkaBroker, folder: Path, plan: Plan) -> list[Score]:
    """Let both work under the same faults, one after the other; return Driftline's score and Faust's."""
    ours = play(broker, folder, "driftline", light.MODULE, plan)
    driftline = score("Driftline", expected_balances(ours), balances_of_driftline(ours))
    _say(driftline.line())
    theirs = play(broker, folder, "faust", on_faust.MODULE, plan)
    return [driftline, score("plain Faust", expected_balances(theirs), balances_of_faust(theirs))]


def main() -> int:
    """Compare what the arguments ask for, and print both."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.plain_faust", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=30)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=5_000)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    plan = Plan(asked.seed, asked.faults, asked.events, asked.keys)
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        with KafkaBroker(folder / "broker", doors=plan.workers) as broker:
            driftline, faust = compare(broker, folder, plan)
    print(f"{plan.faults} faults, {plan.events:,} events over {plan.keys:,} accounts, {plan.workers} workers")
    print(f"{'':<14}{'accounts':>10}{'wrong':>12}{'counted more':>14}{'not counted':>14}")
    print(driftline.line())
    print(faust.line())
    if not faust.wrong:
        print("the faults did not bite: nothing is shown")
    return 1 if driftline.wrong or not faust.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
