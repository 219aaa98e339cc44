"""What an engine and a witness must tell for the metrics that are declared of them, and the samples that it gives.

They stand above this package and know nothing of it: these are the shapes of their plain numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

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


class EngineFigures(Protocol):
    """What a worker's engine tells; see `streams.engine.gauges`."""

    shard: int
    is_open: bool
    applied: int
    checkpoints: int
    checkpoint_rows: int
    checkpoint_us: int | None
    recovery_s: float | None
    recovery_records: int

    @property
    def lag_records(self) -> int: ...
    @property
    def checkpoint_s(self) -> Durations: ...
    @property
    def latency_s(self) -> Durations: ...


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
    shard = (str(figures.shard),)
    yield declared.OPEN, shard, int(figures.is_open)
    yield declared.LOG_LAG, shard, figures.lag_records
    yield declared.APPLIED, (), figures.applied
    yield declared.CHECKPOINTS, shard, figures.checkpoints
    yield declared.CHECKPOINT_ROWS, shard, figures.checkpoint_rows
    if figures.checkpoint_us is not None:
        yield declared.CHECKPOINT_AGE, shard, _age_s(figures.checkpoint_us, now_us)
    if figures.recovery_s is not None:
        yield declared.RECOVERY, shard, figures.recovery_s
        yield declared.RECOVERY_READ, shard, figures.recovery_records


def engine_durations(figures: EngineFigures) -> Iterator[tuple[Metric, list[tuple[str, float]], float]]:
    """Yield each histogram: its buckets, added up as Prometheus has them, and the sum."""
    for metric, durations in (
        (declared.LATENCY, figures.latency_s), (declared.CHECKPOINT_TIME, figures.checkpoint_s),
    ):  # fmt: skip
        total, buckets = 0.0, list[tuple[str, float]]()
        bounds = (*map(repr, durations.bounds_s), "+Inf")
        for bound, count in zip(bounds, list(durations.counts), strict=True):
            total += count
            buckets.append((bound, total))
        yield metric, buckets, durations.sum_s


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
