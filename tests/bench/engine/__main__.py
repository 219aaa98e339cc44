"""`python -m tests.bench.engine`: Driftline's engine beside others on one real broker, in turns, and what remains to be met."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from streams.engine.settings import EngineSettings
from tests.bench.engine import accounts, burst, full, latency, light, recovery, shards
from tests.bench.engine.contest import Contestant, Tried, own_python, run, table
from tests.bench.engine.core import events
from tests.bench.engine.fill import Filler
from tests.bench.engine.result import Task
from tests.bench.engine.rivals import NoRivalsError, rivals_python
from tests.kafka.broker import KafkaBroker
from tests.kafka.jars import NoKafkaError

PARTS = ("light", "keys", "accounts", "full", "latency", "intake", "shards", "recovery", "burst")
INTAKE = Contestant("intake", "on_intake", "intake alone, confirmed in the log")
MANY_KEYS = 1_000_000


def main(argv: list[str] | None = None) -> int:
    """Run the parts that `argv` names, all by default; return 2 where there is no broker, else 0: noise is no failure."""
    wanted = _parser().parse_args(argv)
    parts = wanted.parts or PARTS
    if not set(parts) <= set(PARTS):
        _parser().error(f"there are {', '.join(PARTS)}")
    rivals = _rivals() if "light" in parts and _wants_rivals(wanted.only) else None
    try:
        with tempfile.TemporaryDirectory() as folder, KafkaBroker(Path(folder) / "kafka") as broker:
            _head()
            for part in parts:
                print(f"\n{_part(part, broker.address, wanted, rivals)}", flush=True)
            print(f"\nLoad at the end: {_load()}")
    except NoKafkaError as problem:
        print(f"bench-engine: {problem}")
        return 2
    return 0


def _part(part: str, broker: str, wanted: argparse.Namespace, rivals: Path | None) -> str:
    settings = EngineSettings(broker=broker, compression=wanted.compression)
    few = light.Load(wanted.events, wanted.keys)
    if part == "light":
        names = set(wanted.only or [one.name for one in light.CONTESTANTS])
        [tried] = light.measure(settings, [few], names, wanted.rounds, rivals)
        return light.report(tried, few)
    if part == "keys":
        many = light.Load(wanted.events, MANY_KEYS, is_known=True)
        loads = [few, many, replace(many, skewed=True), replace(many, is_known=False)]
        tries = light.measure(settings, loads, {"driftline", "bare"}, wanted.rounds, None)
        reports = [light.report(tried, load) for tried, load in zip(tries, loads, strict=True)]
        reports += [light.report_keys(tries[0], tries[number], loads[number]) for number in (1, 2, 3)]
        return "\n\n".join(reports)
    if part == "accounts":
        sizes = (wanted.keys, MANY_KEYS)
        return accounts.report(sizes, accounts.measure(broker, sizes, wanted.events // 10, wanted.rounds))
    if part == "full":
        return full.report(full.measure(broker, wanted.rounds))
    if part == "latency":
        return latency.main(broker, wanted.rounds, wanted.latency_seconds)
    if part == "shards":
        return shards.main(broker, wanted.rounds)
    if part == "recovery":
        return recovery.main(broker, wanted.rounds)
    if part == "burst":
        plan = burst.Plan(
            usual_rate=wanted.usual_rate, burst_rate=wanted.burst_rate, burst_seconds=wanted.burst_minutes * 60
        )
        return burst.main(broker, plan)
    return _intake(broker, wanted)


def _intake(broker: str, wanted: argparse.Namespace) -> str:
    settings, tried = EngineSettings(broker=broker, compression=wanted.compression), Tried(INTAKE)
    filler, pairs = Filler(settings), list(events(wanted.events // 2, wanted.keys))
    for number in range(wanted.rounds):
        name = f"intake-{number}-"
        mine = msgspec.structs.replace(settings, topic_prefix=name)
        filler.log(mine, [], {})
        filler.events(mine.topic("transfers"), pairs)
        task = Task(broker=broker, source=name, outputs="", events=len(pairs), folder="", group=f"{name}group")
        tried.results.append(run(INTAKE, task, own_python()))
        filler.drop(name)
    return f"Intake alone\n{table([tried])}"


def _rivals() -> Path | None:
    try:
        return rivals_python()
    except NoRivalsError as problem:
        print(f"bench-engine leaves Bytewax and Quix Streams out: {problem}")
        return None


def _wants_rivals(only: list[str]) -> bool:
    return any(one.is_rival and (not only or one.name in only) for one in light.CONTESTANTS)


def _head() -> None:
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {_load()}"
    )
    print("Events per second from the first event applied to the last output confirmed; least and most of all rounds;")
    print("microseconds of processor time an event; seconds until the first event, which do not count.")


def _load() -> str:
    return " ".join(f"{one:.1f}" for one in os.getloadavg())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engine", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all)")
    parser.add_argument("--events", type=int, default=1_500_000, help="for the fast ones (1,500,000)")
    parser.add_argument(
        "--keys", type=int, default=1_000, help="accounts (1,000); the parts `keys` and `accounts` add 1,000,000"
    )
    parser.add_argument("--rounds", type=int, default=3, help="each one runs so often, in turns (3)")
    parser.add_argument("--only", action="append", default=[], choices=[one.name for one in light.CONTESTANTS])
    parser.add_argument(
        "--compression", choices=["gzip", "none"], default="gzip", help="of the events and the log (gzip)"
    )
    parser.add_argument("--latency-seconds", type=float, default=60.0, help="of each round of `latency` (60)")
    parser.add_argument("--usual-rate", type=int, default=1_000, help="events/s before and after a burst (1,000)")
    parser.add_argument("--burst-rate", type=int, default=10_000, help="events/s of the burst (10,000)")
    parser.add_argument("--burst-minutes", type=float, default=10.0, help="of the burst (10)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
