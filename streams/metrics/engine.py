"""What is read off an engine, and off a witness, when Prometheus asks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as PrometheusMetric
from prometheus_client.registry import Collector

from streams.metrics.declared import Metric
from streams.metrics.declared_engine import ENGINE_METRICS, EVENT_LAG, WITNESS_METRICS
from streams.metrics.figures import (
    SECOND_US,
    EngineFigures,
    Sample,
    WatchedShard,
    WitnessFigures,
    engine_durations,
    engine_samples,
    witness_samples,
)

Families = dict[Metric, Any]  # of prometheus_client's three kinds, each of which is filled in its own way


class EngineCollector(Collector):
    """Reads the figures of an engine, and how far its monitors are behind the wall clock."""

    def __init__(self, figures: EngineFigures, shards: Sequence[WatchedShard]) -> None:
        self._figures, self._shards = figures, shards

    def collect(self) -> Iterator[PrometheusMetric]:
        """Yield every metric declared of an engine, those that have nothing to say yet without samples."""
        now_us = _now_us()
        families = _filled(ENGINE_METRICS, engine_samples(self._figures, now_us))
        for shard in self._shards:
            clock_us = shard.machine.clock_us
            if clock_us and shard.position() is not None:
                families[EVENT_LAG].add_metric((str(shard.number),), (now_us - clock_us) / SECOND_US)
        for metric, labels, buckets, total_s in engine_durations(self._figures):
            families[metric].add_metric(labels, buckets, total_s)
        yield from families.values()


class WitnessCollector(Collector):
    """Reads the figures of a witness."""

    def __init__(self, figures: WitnessFigures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[PrometheusMetric]:
        """Yield every metric declared of a witness."""
        yield from _filled(WITNESS_METRICS, witness_samples(self._figures, _now_us())).values()


def _filled(metrics: Iterable[Metric], found: Iterable[Sample]) -> Families:
    families: Families = {metric: _family(metric) for metric in metrics}
    for metric, labels, value in found:
        families[metric].add_metric(labels, value)
    return families


def _family(metric: Metric) -> Any:
    kinds: dict[str, Any] = {
        "counter": CounterMetricFamily,
        "gauge": GaugeMetricFamily,
        "histogram": HistogramMetricFamily,
    }
    return kinds[metric.kind](metric.name, metric.says, labels=metric.labels)


def _now_us() -> int:
    return time.time_ns() // 1_000
