"""The whole monitor in Driftline's worker against a bare loop that runs the same monitor and persists nothing."""

from __future__ import annotations

from collections import Counter
from statistics import median

import msgspec

from streams.engine.settings import EngineSettings
from streams.engine.worker import plain
from streams.lines import parse_line
from streams.monitor import Settings
from tests.bench.engine.contest import Contestant, Tried, agree, own_python, ratio_of, run, table
from tests.bench.engine.fill import Entry, Filler
from tests.bench.engine.result import Task
from tests.bench.speed import SIMULATED_TRANSFERS_PER_DAY, simulated_days

PREFIX = "full-"
TARGET = 0.9
DAYS = 4  # which take a worker long enough for several checkpoints
CONTESTANTS = (
    Contestant("driftline", "on_driftline", "Driftline: confirmed, checkpoints", option="full"),
    Contestant("bare", "bare", "bare loop: the same monitor", option="full"),
)


def entries_of(days: int) -> list[Entry]:
    """Return simulated days as the entries of a log."""
    counts: Counter[str] = Counter()
    entries: list[Entry] = []
    for line in simulated_days(days):
        record = parse_line(line)
        entries.append((f"{record.topic}/0/{counts[record.topic]}", record.value))
        counts[record.topic] += 1
    return entries


def measure(broker: str, rounds: int) -> list[Tried]:
    """Run both in turns, each over a log of its own, and return what they said."""
    settings = EngineSettings(broker=broker, clock="events")
    filler, entries = Filler(settings), entries_of(DAYS)
    tried = [Tried(one) for one in CONTESTANTS]
    for number in range(rounds):
        for one in tried:
            name = f"{PREFIX}{number}-{one.contestant.name}-"
            mine = msgspec.structs.replace(settings, topic_prefix=name)
            filler.log(mine, entries, plain(Settings()))
            is_bare = one.contestant.name == "bare"
            task = Task(
                broker=broker, source=mine.log_topic if is_bare else name, outputs=mine.topic("alerts"),
                events=len(entries) + 1, folder="", group=f"{name}group",
            )  # fmt: skip
            one.results.append(run(one.contestant, task, own_python()))
            filler.drop(name)
    return tried


def report(tried: list[Tried]) -> str:
    """Return the figures and their ratio beside the target."""
    driftline, bare = tried
    saved = median(driftline.rates(lambda result: result.saved_seconds or result.seconds))
    return "\n".join(
        [
            f"{DAYS} simulated days of {SIMULATED_TRANSFERS_PER_DAY:,} transfers each, the whole monitor",
            table(tried),
            *(f"  WRONG: {line}" for line in agree(tried)),
            f"  Driftline, to the checkpoint that covers the last event: {saved:,.0f} events/s",
            ratio_of(driftline, bare, TARGET),
        ]
    )
