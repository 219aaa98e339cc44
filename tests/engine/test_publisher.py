from __future__ import annotations

from types import SimpleNamespace

import pytest

from streams.engine import publisher as module
from streams.engine.bookmarks import Ticket
from streams.engine.errors import DeliveryError
from streams.engine.publisher import Publisher, producer_options
from streams.engine.settings import EngineSettings

NOBODY = EngineSettings(broker="127.0.0.1:1", delivery_timeout_seconds=5)


def test_no_record_is_given_up_before_the_next() -> None:
    assert producer_options(NOBODY)["delivery.timeout.ms"] == 0


def test_a_broker_that_confirms_nothing_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now_s))
    publisher = Publisher(NOBODY)
    now_s = 200.0
    publisher.poll()  # nothing waits
    publisher.send("log", b"x", publisher.delivered(Ticket(1, 1)), partition=0)
    publisher.poll()
    now_s = 204.0
    publisher.poll()
    now_s = 206.0
    with pytest.raises(DeliveryError, match=r"no record was confirmed for 5 s, and \d wait"):
        publisher.poll()
