"""Driftline against the rivals with the light core: the same events, the same work, on one broker, in turns."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import msgspec

from streams.engine.settings import EngineSettings
from tests.bench.engine.contest import Contestant, Tried, agree, own_python, ratio_of, run, table
from tests.bench.engine.core import events
from tests.bench.engine.fill import Filler, Pair, as_entries
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
KEYS_TARGET = 0.8
PREFIX = "light-"


def measure(
    broker: str, names: set[str], count: int, keys: int, rounds: int, rivals: Path | None, compression: str
) -> list[Tried]:
    """Run the contestants in turns, each round on topics of its own, and return what they said."""
    settings = EngineSettings(broker=broker, compression=compression)  # type: ignore[arg-type]
    filler, pairs = Filler(settings), list(events(count, keys))
    tried = [Tried(one) for one in CONTESTANTS if one.name in names and (rivals is not None or not one.is_rival)]
    for number in range(rounds):
        for one in tried:
            one.results.append(_turn(filler, settings, one.contestant, pairs, f"{PREFIX}{keys}-{number}-", rivals))
        filler.drop(PREFIX)
    return tried


def _turn(
    filler: Filler,
    settings: EngineSettings,
    contestant: Contestant,
    pairs: list[Pair],
    prefix: str,
    rivals: Path | None,
) -> Result:
    mine, name = pairs[: int(len(pairs) * contestant.share)], f"{prefix}{contestant.name}-"
    if contestant.name == "driftline":
        source = name
        values = [value for _, value in mine]
        filler.log(msgspec.structs.replace(settings, topic_prefix=name), as_entries(values), {})
    else:
        source = f"{name}events"
        filler.make(source, f"{name}outputs")
        filler.events(source, mine)
    task = Task(
        broker=settings.broker,
        source=source,
        outputs=f"{name}outputs",
        events=len(mine),
        group=f"{name}group",
        folder="",
    )
    python = rivals if contestant.is_rival and rivals is not None else own_python()
    result = run(contestant, task, python)
    filler.drop(name)
    return result


def report(tried: list[Tried], keys: int) -> str:
    """Return the figures, and Driftline's ratio to each beside its target."""
    most = max((result.events for one in tried for result in one.results), default=0)
    lines = [f"Light core, {most:,} events over {keys:,} keys (the slow ones have fewer events)", table(tried)]
    lines += [f"  WRONG: {line}" for line in agree(tried)]
    driftline = next((one for one in tried if one.contestant.name == "driftline"), None)
    if driftline is not None:
        saved = median(driftline.rates(lambda result: result.saved_seconds or result.seconds))
        lines.append(f"  Driftline, to the checkpoint that covers the last event: {saved:,.0f} events/s")
        rivals = [one for one in tried if one is not driftline]
        lines += [ratio_of(driftline, one, TARGETS.get(one.contestant.name)) for one in rivals]
    return "\n".join(lines)


def report_keys(few: list[Tried], many: list[Tried]) -> str:
    """Return what many keys cost each contestant."""
    lines = ["Many keys over few keys, events/s"]
    for one, other in zip(few, many, strict=True):
        ratio = other.rate / one.rate
        said = ""
        if one.contestant.name == "driftline":
            said = f"  target {KEYS_TARGET:g}: {'met' if ratio >= KEYS_TARGET else 'NOT met'}"
        lines.append(f"  {one.contestant.title:46}{ratio:8.2f} {said}")
    return "\n".join(lines)
