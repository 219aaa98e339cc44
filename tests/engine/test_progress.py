"""How far the workers are is asked again of a broker that does not know it yet, and told to be unknown where it never does."""

from __future__ import annotations

from unittest import mock

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.engine import progress as module
from streams.engine.errors import UnavailableError
from streams.engine.progress import Progress, ProgressReader
from streams.engine.settings import EngineSettings


def reader(*answers: Progress | KafkaException) -> ProgressReader:
    made = ProgressReader(EngineSettings(broker="127.0.0.1:1"))
    made._read = mock.Mock(side_effect=answers)  # type: ignore[method-assign]  # in the place of the broker
    return made


def failing(code: int) -> KafkaException:
    return KafkaException(KafkaError(code))


def test_a_broker_that_has_just_started_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    not_yet = failing(KafkaError.NOT_COORDINATOR)
    assert reader(not_yet, not_yet, Progress((3,), (2,))).read() == Progress((3,), (2,))


def test_what_does_not_pass_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnavailableError, match="does not say how far"):
        reader(failing(KafkaError.GROUP_AUTHORIZATION_FAILED), Progress((3,), (2,))).read()
    monkeypatch.setattr(module, "REQUEST_SECONDS", -1.0)
    with pytest.raises(UnavailableError, match="does not say how far"):
        reader(failing(KafkaError.NOT_COORDINATOR), Progress((3,), (2,))).read()


def test_each_shard_must_have_come_to_its_own_end() -> None:
    ends = (5, 7)
    assert Progress((9, 9), (5, 7)).has_applied(ends)
    assert not Progress((9, 9), (9, 6)).has_applied(ends), "one that is further makes up for no other"
    assert (Progress((9, 9), (9, 6)).waiting, Progress((9, 9), (9, 6)).logged) == (3, 18)
