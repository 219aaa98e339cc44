"""Live, the topics race each other and nobody but Driftline moves time; and what is unusual is told, never hidden."""

from __future__ import annotations

import json

from ledger.times import to_text
from streams.monitor import Monitor
from streams.record import OWN_ORIGIN, Output, Record
from tests.ledger.wire import Sent, control, received, reference, snapshot, transfer
from tests.monitor.story import Story

SECOND_US = 1_000_000


def live_monitor() -> Monitor:
    """Return a monitor whose log says that ticks move the clock, with a price and an opening of 100 BTC at second 0."""
    monitor = Monitor()
    config = control("config", "config-1", clock="ticks", settings={})
    for sent in (
        reference("asset", "ref-BTC", asset="BTC", decimals=8, dust="0.01"),
        reference("price", "ref-price", asset="BTC", usd="50000", as_of="2026-01-05T00:00:00Z"),
    ):
        tell(monitor, sent, 0)
    own = received(config, 0)
    monitor.step(Record(own.topic, own.value, OWN_ORIGIN, own.logged_at_us))
    tell(monitor, snapshot("snap-0", "hot", 0, {"BTC": "100"}), 0)
    return monitor


def tell(monitor: Monitor, sent: Sent, at_s: int) -> list[Output]:
    return monitor.step(received(sent, at_s))


def tick(monitor: Monitor, at_s: int) -> list[Output]:
    sent = control("tick", f"tick-{at_s}")
    record = received(sent, at_s)
    return monitor.step(Record(record.topic, record.value, OWN_ORIGIN, None))
