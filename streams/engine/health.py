"""Whether a worker lives, and whether it can be relied on now: what a supervisor and a load balancer ask for.

`health` is about the process: one that fails is to be started anew. `readiness` is about its work: a worker that is
not ready yet is left alone, and nothing is to be concluded from what it shows. A witness is asked the same two things.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from streams.engine.gauges import Gauges, ShardGauges
from streams.engine.testimony import WitnessFigures

TURN_SECONDS_MAX = 15.0
WITNESS_TURN_SECONDS_MAX = 120.0  # a comparison of all rows is one turn
BROKER_SECONDS_MAX = 15.0


class Condition(msgspec.Struct, frozen=True):
    """What is said of a worker: `problems` is empty where all is well; `facts` are for whoever reads it."""

    problems: list[str]
    facts: dict[str, Any]

    @property
    def holds(self) -> bool:
        return not self.problems

    def page(self) -> tuple[bool, bytes]:
        """Return whether all is well, and the JSON that says why not."""
        body = {"ok": self.holds, "problems": self.problems, **self.facts}
        return self.holds, msgspec.json.encode(body) + b"\n"


def health(gauges: Gauges, now_s: float) -> Condition:
    """Say whether the process does its work at all; `now_s` is the monotonic clock."""
    problems = []
    if gauges.failure is not None:
        problems.append(f"the engine has failed: {gauges.failure}")
    if gauges.turned_s is not None and now_s - gauges.turned_s > TURN_SECONDS_MAX:
        problems.append(f"the event loop has not turned for {now_s - gauges.turned_s:.0f} s")
    return Condition(problems, {"stage": gauges.stage})


def readiness(gauges: Gauges, now_s: float, lag_records_max: int) -> Condition:
    """Say whether the worker does what it is there for: it holds its shards, or stands by, and is not behind."""
    problems = list(health(gauges, now_s).problems)
    if not gauges.is_in_group:
        problems.append("the worker is not in its group yet")
    if gauges.missing_topics:
        problems.append(f"topics are missing: {', '.join(gauges.missing_topics)}")
    if gauges.read_elsewhere:
        names = ", ".join(gauges.read_elsewhere)
        problems.append(
            f"nothing is taken in: under the clock of events one worker reads all inputs, and another has {names}"
        )
    if gauges.answered_s is not None and now_s - gauges.answered_s > BROKER_SECONDS_MAX:
        problems.append(f"the broker has not answered for {now_s - gauges.answered_s:.0f} s")
    for shard in gauges.shards.values():
        problems += _problems(shard, lag_records_max)
    shards = {str(shard.number): _stands(gauges, shard) for shard in gauges.shards.values()}
    lag = sum(shard.lag_records for shard in gauges.shards.values())
    return Condition(problems, {"stage": gauges.stage, "shards": shards, "lag_records": lag})


def witness_health(figures: WitnessFigures, now_s: float) -> Condition:
    """Say whether a witness gets on at all: it asks for the next checkpoint, reads or compares."""
    problems = []
    if figures.turned_s is not None and now_s - figures.turned_s > WITNESS_TURN_SECONDS_MAX:
        problems.append(f"the witness has not got on for {now_s - figures.turned_s:.0f} s")
    return Condition(problems, _compared(figures))


def witness_readiness(figures: WitnessFigures, now_s: float) -> Condition:
    """Say whether a witness has something to say; that state and log disagree is said beside it, and is no fault of its own."""
    problems = list(witness_health(figures, now_s).problems)
    if figures.agrees is None:
        problems.append("no checkpoint is compared yet")
    return Condition(problems, _compared(figures))


def _compared(figures: WitnessFigures) -> dict[str, Any]:
    return {
        "shard": figures.shard, "compared": figures.compared, "position": figures.position, "agrees": figures.agrees,
    }  # fmt: skip


def _problems(shard: ShardGauges, lag_records_max: int) -> Iterator[str]:
    if shard.is_assigned and not shard.is_open:
        yield f"the state of shard {shard.number} is not put back yet"
    if shard.is_assigned and shard.lag_records > lag_records_max:
        yield (
            f"{shard.lag_records:,} records of the log of shard {shard.number} are not applied; "
            f"{lag_records_max:,} are allowed"
        )


def _stands(gauges: Gauges, shard: ShardGauges) -> str:
    if shard.is_open:
        return "open"
    return "standby" if gauges.is_in_group and not shard.is_assigned else "closed"
