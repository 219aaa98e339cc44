"""A broker for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.engine.embedded import EmbeddedBroker


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as embedded:
        yield embedded
