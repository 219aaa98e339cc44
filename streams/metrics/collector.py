"""What prometheus_client asks when it is scraped: the declared metrics with the figures of the moment."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.metrics.declared import METRICS, Metric
from streams.metrics.reading import Sample, samples
from streams.monitor import Monitor

TRIES = 50
Family = CounterMetricFamily | GaugeMetricFamily


class MonitorCollector(Collector):
    """Reads a monitor in the thread of the scrape, beside the worker's thread, which goes on."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    def collect(self) -> Iterator[Family]:
        """Yield every declared metric, those that have nothing to say yet without samples."""
        families = {metric: _family(metric) for metric in METRICS}
        for metric, labels, value in self._read():
            families[metric].add_metric(labels, value)
        yield from families.values()

    def _read(self) -> list[Sample]:
        """Return the samples; tried again when something was added or went while it was read."""
        for _ in range(TRIES):
            try:
                return list(samples(self._monitor.state))
            except RuntimeError:  # a dictionary changed its size
                time.sleep(0.001)
        return list(samples(self._monitor.state))


def _family(metric: Metric) -> Family:
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    return kind(metric.name, metric.says, labels=metric.labels)
