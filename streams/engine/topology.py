"""The topics that Driftline lives on, declared once: partitions, copies, what is kept and for how long.

Pure: `declared` says what must be, `differences` what is not so. `streams.engine.topics` asks the broker and makes what
is missing; the command `driftline topics` and every start of a worker go by the same declaration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from streams.engine.publisher import RECORD_BYTES_MAX
from streams.engine.settings import HORIZON_DAYS, EngineSettings

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
FOR_EVER = "-1"
INPUT_DAYS = 7  # no outage of intake may be longer
CLEANUP, RETENTION, MESSAGE_BYTES = "cleanup.policy", "retention.ms", "max.message.bytes"
COMPACTION_LAG = "min.compaction.lag.ms"

Rule = Literal["is", "at_least", "at_most"]


@dataclass(frozen=True, slots=True)
class Demand:
    """One setting of a topic: `value` is what it is made with, `bound` (where it is another) what is good enough."""

    name: str
    value: str
    rule: Rule = "is"
    bound: str = ""

    def holds(self, found: str) -> bool:
        bound = self.bound or self.value
        if self.rule == "is" or found == bound:
            return found == bound
        low, high = (bound, found) if self.rule == "at_least" else (found, bound)
        return high == FOR_EVER or (low != FOR_EVER and float(low) <= float(high))

    def __str__(self) -> str:
        bound = self.bound or self.value
        return bound if self.rule == "is" or bound == FOR_EVER else f"{self.rule.replace('_', ' ')} {bound}"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a topic must be. `vital` names what a worker refuses to start without; `fixed`: exactly these partitions."""

    topic: str
    partitions: int
    replicas: int
    demands: tuple[Demand, ...]
    fixed: bool = False
    vital: frozenset[str] = frozenset()

    def configuration(self) -> dict[str, str]:
        """Return the settings that the topic is made with."""
        return {demand.name: demand.value for demand in self.demands}


@dataclass(frozen=True, slots=True)
class Found:
    """What a topic is; `settings` is None where the broker does not tell."""

    partitions: int
    replicas: int
    settings: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a topic is not what is declared, as a sentence that says what to do."""

    topic: str
    text: str
    vital: bool

    def __str__(self) -> str:
        return f"{self.topic} {self.text}"


def declared(settings: EngineSettings) -> tuple[Declared, ...]:
    """Return every topic, in the order in which records flow."""
    copies, topic = settings.replication_factor, settings.topic
    kept = str(settings.log_retention_days * DAY_MS) if settings.log_retention_days else FOR_EVER
    inputs = {topic(name): _delivered() for name in ("transfers", "ledger", "balances")}
    inputs |= {topic("reference"): (*_compacted(INPUT_DAYS * DAY_MS), _INPUT_BYTES), topic("control"): _delivered()}
    own = _safe(copies)
    return (
        *(Declared(name, settings.input_partitions, copies, demands) for name, demands in inputs.items()),
        Declared(
            settings.log_topic, settings.shards, copies, (*_log(kept), *own), fixed=True,
            vital=frozenset({CLEANUP, RETENTION}),
        ),
        Declared(
            settings.state_topic, settings.shards, copies, (*_state(), *own), fixed=True, vital=frozenset({CLEANUP})
        ),
        *(Declared(name, 1, copies, (*_said(), *own)) for name in settings.output_topics),
    )  # fmt: skip


ROW_BYTES_MAX = 16 * 1024 * 1024  # of a row of the state: usually under 1 kB, some of busy feeds hundreds

# The log takes what its inputs take, and its keys besides.
_INPUT_BYTES = Demand(MESSAGE_BYTES, str(1024 * 1024), "at_most", str(RECORD_BYTES_MAX - 64 * 1024))


def _delivered() -> tuple[Demand, ...]:
    return (Demand(CLEANUP, "delete"), Demand(RETENTION, str(INPUT_DAYS * DAY_MS), "at_least"), _INPUT_BYTES)


def _compacted(lag_ms: int) -> tuple[Demand, ...]:
    # The lag keeps every version until it must have been read: compaction would take what came in between.
    return (Demand(CLEANUP, "compact"), Demand(COMPACTION_LAG, str(lag_ms), "at_least"))


def _log(kept: str) -> tuple[Demand, ...]:
    return (
        Demand(CLEANUP, "delete"),
        Demand(RETENTION, kept, "at_least"),
        Demand("retention.bytes", FOR_EVER),
        Demand(MESSAGE_BYTES, str(RECORD_BYTES_MAX), "at_least"),
    )


def _state() -> tuple[Demand, ...]:
    return (
        *_compacted(MINUTE_MS),
        # The newest segment is never compacted: a small one, soon closed, keeps a start short.
        Demand("segment.bytes", str(32 * 1024 * 1024), "at_most"),
        Demand("segment.ms", str(10 * MINUTE_MS), "at_most"),
        Demand("min.cleanable.dirty.ratio", "0.1", "at_most"),
        # A reader that began before a row was deleted must still meet the deletion.
        Demand("delete.retention.ms", str(DAY_MS), "at_least"),
        Demand(MESSAGE_BYTES, str(ROW_BYTES_MAX), "at_least"),
    )


def _said() -> tuple[Demand, ...]:
    # Never compacted: each record of an alert or a decision is one that somebody may have acted on.
    return (
        Demand(CLEANUP, "delete"),
        Demand(RETENTION, FOR_EVER, "at_least", str(HORIZON_DAYS * DAY_MS)),
        Demand("retention.bytes", FOR_EVER),
        Demand(MESSAGE_BYTES, str(1024 * 1024), "at_least"),
    )


def _safe(copies: int) -> tuple[Demand, ...]:
    # What is confirmed must survive the loss of one broker, where there are several copies.
    return (
        Demand("min.insync.replicas", str(max(1, copies - 1)), "at_least"),
        Demand("unclean.leader.election.enable", "false"),
    )


# ---------------------------------------------------------------------------------------------------------- comparing


def differences(wanted: Iterable[Declared], found: Mapping[str, Found]) -> list[Difference]:
    """Return what is not as declared, topic by topic; of a broker that tells no settings, what it does tell."""
    return [line for one in wanted for line in _compare(one, found.get(one.topic))]


def _compare(wanted: Declared, found: Found | None) -> Iterator[Difference]:
    if found is None:
        yield Difference(wanted.topic, "is missing: make it with driftline topics create", vital=True)
        return
    if wanted.fixed and found.partitions != wanted.partitions:
        yield Difference(wanted.topic, _partitions(wanted.partitions, found.partitions), vital=True)
    if found.replicas < wanted.replicas:
        copies = count(found.replicas, "copy", "copies")
        text = f"has {copies}, and must have {wanted.replicas}: give it more with kafka-reassign-partitions.sh"
        yield Difference(wanted.topic, text, vital=False)
    for demand in wanted.demands:
        value = (found.settings or {}).get(demand.name, demand.value)
        if not demand.holds(value):
            yield _setting(wanted.topic, demand, value, vital=demand.name in wanted.vital)


def _partitions(wanted: int, found: int) -> str:
    return (
        f"has {count(found, 'partition', 'partitions')}, and must have {wanted}, one for each shard: "
        f"start with DRIFTLINE_SHARDS={found}, or make the topic new"
    )


def _setting(topic: str, demand: Demand, found: str, vital: bool) -> Difference:
    how = f"kafka-configs.sh --alter --topic {topic} --add-config {demand.name}={demand.value}"
    return Difference(topic, f"has {demand.name} {found}, and must have {demand}: set it with {how}", vital)


def count(number: int, one: str, many: str) -> str:
    """Return a number with the noun that goes with it."""
    return f"{number} {one if number == 1 else many}"
