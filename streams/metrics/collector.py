"""What prometheus_client asks when it is scraped: the declared metrics with the figures of the moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.metrics.declared import LIVE, METRICS, Metric
from streams.metrics.reading import Sample, samples
from streams.monitor import Monitor

TRIES = 50
Family = CounterMetricFamily | GaugeMetricFamily


class MonitorCollector(Collector):
    """Reads a monitor in the thread of the scrape, beside the worker's thread, which goes on.

    `position` says how far in the log the monitor stands, None where another worker has it. A monitor that has yet to
    come as far as `from_position`, or as it was seen before, says nothing: counters would seem to begin anew.
    """

    def __init__(self, monitor: Monitor, position: Callable[[], int | None], from_position: int = 0) -> None:
        self._monitor = monitor
        self._position = position
        self._seen = from_position

    def collect(self) -> Iterator[Family]:
        """Yield every declared metric, those that have nothing to say yet without samples."""
        families = {metric: _family(metric) for metric in METRICS}
        position = self._position()
        is_live = position is not None and position >= self._seen
        families[LIVE].add_metric((), int(is_live))
        if position is not None and is_live:
            self._seen = position
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
