"""What prometheus_client asks when it is scraped: the declared metrics with the figures of the moment."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.metrics.declared import LIVE, METRICS, Metric
from streams.metrics.figures import WatchedShard
from streams.metrics.reading import Sample, samples

TRIES = 50
Family = CounterMetricFamily | GaugeMetricFamily


class MonitorCollector(Collector):
    """Reads the monitors of a worker's shards in the thread of the scrape, beside the worker's thread, which goes on.

    A monitor that has yet to come as far as its shard's `from_position`, or as it was seen before, says nothing:
    counters would seem to begin anew. The shard is a label of every metric.
    """

    def __init__(self, shards: Sequence[WatchedShard]) -> None:
        self._shards = shards
        self._seen = {shard.number: shard.from_position for shard in shards}

    def collect(self) -> Iterator[Family]:
        """Yield every declared metric, those that have nothing to say yet without samples."""
        families = {metric: _family(metric) for metric in METRICS}
        for shard in self._shards:
            position, label = shard.position(), (str(shard.number),)
            is_live = position is not None and position >= self._seen[shard.number]
            families[LIVE].add_metric(label, int(is_live))
            if position is not None and is_live:
                self._seen[shard.number] = position
                for metric, labels, value in self._read(shard):
                    families[metric].add_metric((*label, *labels), value)
        yield from families.values()

    def _read(self, shard: WatchedShard) -> list[Sample]:
        """Return the samples; tried again when something was added or went while it was read."""
        for _ in range(TRIES):
            try:
                return list(samples(shard.machine.state))
            except RuntimeError:  # a dictionary changed its size
                time.sleep(0.001)
        return list(samples(shard.machine.state))


def _family(metric: Metric) -> Family:
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    return kind(metric.name, metric.says, labels=("shard", *metric.labels))
