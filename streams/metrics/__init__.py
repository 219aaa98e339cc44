"""What Prometheus may ask a running monitor: declared in one place, read off its state when it is asked."""

from __future__ import annotations

from streams.metrics.collector import MonitorCollector
from streams.metrics.engine import EngineCollector, WitnessCollector
from streams.metrics.server import MetricsError, serving

__all__ = ["EngineCollector", "MetricsError", "MonitorCollector", "WitnessCollector", "serving"]
