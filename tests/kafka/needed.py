"""A real broker for a fixture; where this machine cannot run one the test says so, loudly, and is skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kafka.broker import KafkaBroker
from tests.kafka.jars import NoKafkaError


def broker_or_skip(folder: Path, properties: tuple[str, ...] = (), doors: int = 0) -> KafkaBroker:
    """Return a `KafkaBroker` with these properties and doors."""
    try:
        return KafkaBroker(folder, properties, doors=doors)
    except NoKafkaError as missing:
        pytest.skip(f"NO REAL KAFKA, so nothing that is claimed about it is proved here: {missing}")
