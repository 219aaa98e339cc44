"""What every client of the broker is told: where it is, and where to put its own log lines."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

# Otherwise librdkafka writes to standard error itself, also each time an embedded broker goes away as it should.
KAFKA_LOGGER = logging.getLogger("driftline.kafka")


def client_options(broker: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of a confluent-kafka client of `broker` with these `options`."""
    return {"bootstrap.servers": broker, "logger": KAFKA_LOGGER, **options}
