"""What an engine and a witness must tell for the metrics that are declared of them, and the samples that it gives.

They stand above this package and know nothing of it: these are the shapes of their plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import Any, Protocol

from streams.metrics import declared_engine as declared
from streams.metrics.declared import Metric

Sample = tuple[Metric, tuple[str, ...], int | float]
SECOND_US = 1_000_000


class Durations(Protocol):
    """Counts of durations up to each bound, the last one for those beyond all."""

    @property
    def bounds_s(self) -> tuple[float, ...]: ...
    @property
    def counts(self) -> list[int]: ...
    @property
    def sum_s(self) -> float: ...


class ShardFigures(Protocol):
    """What a worker's engine tells of one shard; see `streams.engine.gauges`."""

    number: int
    is_open: bool
    checkpoints: int
    checkpoint_rows: int
    checkpoint_us: int | None
    recovery_s: float | None
    recovery_records: int

    @property
    def lag_records(self) -> int: ...
    @property
    def checkpoint_s(self) -> Durations: ...


class EngineFigures(Protocol):
    """What a worker's engine tells."""

    applied: int
    expired: int

    @property
    def shards(self) -> Mapping[int, ShardFigures]: ...
    @property
    def latency_s(self) -> Durations: ...


class WatchedShard(Protocol):
    """A shard with its monitor; `position` gives None where another worker has it."""

    @property
    def number(self) -> int: ...
    @property
    def machine(self) -> Any: ...
    @property
    def position(self) -> Callable[[], int | None]: ...
    @property
    def from_position(self) -> int: ...


class WitnessFigures(Protocol):
    """What a witness tells; see `streams.engine.testimony`."""

    shard: int
    agrees: bool | None
    compared: int
    disagreed: int
    rows_differing: int
    position: int
    checkpoint_us: int | None


def engine_samples(figures: EngineFigures, now_us: int) -> Iterator[Sample]:
    """Yield what an engine tells, but for its durations."""
    yield declared.APPLIED, (), figures.applied
    yield declared.EXPIRED, (), figures.expired
    for shard in figures.shards.values():
        yield from _shard_samples(shard, (str(shard.number),), now_us)


def _shard_samples(figures: ShardFigures, shard: tuple[str], now_us: int) -> Iterator[Sample]:
    yield declared.OPEN, shard, int(figures.is_open)
    yield declared.LOG_LAG, shard, figures.lag_records
    yield declared.CHECKPOINTS, shard, figures.checkpoints
    yield declared.CHECKPOINT_ROWS, shard, figures.checkpoint_rows
    if figures.checkpoint_us is not None:
        yield declared.CHECKPOINT_AGE, shard, _age_s(figures.checkpoint_us, now_us)
    if figures.recovery_s is not None:
        yield declared.RECOVERY, shard, figures.recovery_s
        yield declared.RECOVERY_READ, shard, figures.recovery_records


Buckets = list[tuple[str, float]]


def engine_durations(figures: EngineFigures) -> Iterator[tuple[Metric, tuple[str, ...], Buckets, float]]:
    """Yield each histogram: its labels, its buckets, added up as Prometheus has them, and the sum."""
    yield declared.LATENCY, (), _buckets(figures.latency_s), figures.latency_s.sum_s
    for shard in figures.shards.values():
        durations = shard.checkpoint_s
        yield declared.CHECKPOINT_TIME, (str(shard.number),), _buckets(durations), durations.sum_s


def _buckets(durations: Durations) -> Buckets:
    bounds = (*map(repr, durations.bounds_s), "+Inf")
    return list(zip(bounds, accumulate(map(float, list(durations.counts))), strict=True))


def witness_samples(figures: WitnessFigures, now_us: int) -> Iterator[Sample]:
    """Yield what a witness tells; before its first comparison that is little."""
    shard = (str(figures.shard),)
    yield declared.WITNESS_COMPARED, shard, figures.compared
    yield declared.WITNESS_DISAGREED, shard, figures.disagreed
    if figures.agrees is not None:
        yield declared.WITNESS_AGREES, shard, int(figures.agrees)
        yield declared.WITNESS_ROWS, shard, figures.rows_differing
        yield declared.WITNESS_POSITION, shard, figures.position
    if figures.checkpoint_us is not None:
        yield declared.WITNESS_AGE, shard, _age_s(figures.checkpoint_us, now_us)


def _age_s(then_us: int, now_us: int) -> float:
    return max(now_us - then_us, 0) / SECOND_US
