"""Driftline against the rivals with the light core: the same events, the same work, on one broker, in turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

import msgspec

from streams.engine.settings import EngineSettings
from tests.bench.engine.contest import Contestant, Tried, agree, many_over_few, own_python, ratio_of, run, table
from tests.bench.engine.core import events, openings
from tests.bench.engine.fill import Filler, Pair, as_entries
from tests.bench.engine.known import log_in_two_parts
from tests.bench.engine.result import Result, Task

CONTESTANTS = (
    Contestant("driftline", "on_driftline", "Driftline: confirmed, checkpoints"),
    Contestant("bare", "bare", "bare loop: nothing persisted"),
    Contestant("bytewax", "on_bytewax", "Bytewax: no recovery", is_rival=True),
    Contestant("quix", "on_quix", "Quix Streams: with changelog", share=0.25, is_rival=True),
    Contestant("faust", "on_faust", "plain Faust: no table", share=0.06),
    Contestant("faust-table", "on_faust", "plain Faust: with a table", share=0.02, option="table"),
)
TARGETS = {"bare": 0.9, "bytewax": 1.5, "quix": 2.5, "faust-table": 30.0}  # Driftline's events/s over theirs
PREFIX = "light-"
TURNS = count(1)  # for the names of topics


@dataclass(frozen=True)
class Load:
    """What all contestants are given: `count` events over `keys` accounts, of which all are known beforehand or none."""

    count: int
    keys: int
    skewed: bool = False
    is_known: bool = False

    @property
    def known(self) -> int:
        """How many events make the accounts known."""
        return self.keys if self.is_known else 0

    def pairs(self) -> list[Pair]:
        """Return all events, those that make the accounts known first."""
        return [*openings(self.known), *events(self.count, self.keys, skewed=self.skewed)]

    def __str__(self) -> str:
        busy = "few of them busy" if self.skewed else "equally busy"
        return (
            f"{self.count:,} events over {self.keys:,} accounts, {busy}{', all of them known' if self.is_known else ''}"
        )


def measure(
    settings: EngineSettings, loads: Sequence[Load], names: set[str], rounds: int, rivals: Path | None
) -> list[list[Tried]]:
    """Run the contestants in turns, each time on topics of its own; return what they said, for each load."""
    filler = Filler(settings)
    chosen = [one for one in CONTESTANTS if one.name in names and (rivals is not None or not one.is_rival)]
    pairs = [load.pairs() for load in loads]
    tried = [[Tried(one) for one in chosen] for _ in loads]
    for _ in range(rounds):
        for number, contestants in enumerate(tried):
            for one in contestants:
                one.results.append(_turn(filler, settings, one.contestant, pairs[number], loads[number].known, rivals))
    return tried


def _turn(
    filler: Filler, settings: EngineSettings, contestant: Contestant, pairs: list[Pair], known: int, rivals: Path | None
) -> Result:
    mine = pairs[: known + int((len(pairs) - known) * contestant.share)]
    name = f"{PREFIX}{next(TURNS)}-{contestant.name}-"
    source = name if contestant.name == "driftline" else f"{name}events"
    task = Task(
        broker=settings.broker, source=source, outputs=f"{name}outputs", events=len(mine), group=f"{name}group", folder="",
        known=known,
    )  # fmt: skip
    python = rivals if contestant.is_rival and rivals is not None else own_python()
    if contestant.name == "driftline":
        entries = list(as_entries([value for _, value in mine]))
        settings = msgspec.structs.replace(settings, topic_prefix=source)
        task = log_in_two_parts(filler, settings, contestant, task, (entries[:known], entries[known:]), {})
    else:
        filler.make(source, f"{name}outputs")
        filler.events(source, mine)
    result = run(contestant, task, python)
    filler.drop(name)
    return result


def report(tried: list[Tried], load: Load) -> str:
    """Return the figures, and Driftline's ratio to each beside its target."""
    lines = [f"Light core, {load} (the slow ones are given fewer events)", table(tried)]
    lines += [f"  WRONG: {line}" for line in agree(tried)]
    driftline = next((one for one in tried if one.contestant.name == "driftline"), None)
    if driftline is not None:
        saved = median(driftline.rates(lambda result: result.saved_seconds or result.seconds))
        lines.append(f"  Driftline, to the checkpoint that covers the last event: {saved:,.0f} events/s")
        rivals = [one for one in tried if one is not driftline]
        lines += [ratio_of(driftline, one, TARGETS.get(one.contestant.name)) for one in rivals]
    return "\n".join(lines)


def report_keys(few: list[Tried], many: list[Tried], load: Load) -> str:
    """Return what many accounts cost each contestant, beside the target."""
    return "\n".join([f"{load}, over few accounts, events/s", *many_over_few(few, many)])
