"""What goes into the monitor and what comes out of it: records of the log, and outputs with their topic and key.

A record is one message of `log`, or one line of a file. The monitor is a function of the records in their order
and of nothing else, so everything that it may look at is here.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

InputTopic = Literal["transfers", "ledger", "balances", "reference", "control"]
INPUT_TOPICS: tuple[InputTopic, ...] = ("transfers", "ledger", "balances", "reference", "control")
OWN_ORIGIN = "control/driftline"
"""The origin of ticks and config records: of the topic `control`, of no partition, so that nobody else can write one."""
OutputTopic = Literal["alerts", "decisions", "quarantine"]
OUTPUT_TOPICS: tuple[OutputTopic, ...] = ("alerts", "decisions", "quarantine")


class Record(Struct, frozen=True, gc=False):
    """One record of the log, as bytes.

    `logged_at_us` is when intake appended it (microseconds since 1970, UTC), None for a plain file. `origin` names the
    input topic, partition and offset (``transfers/0/17``), or the file and line.
    """

    topic: str
    value: bytes
    origin: str = ""
    logged_at_us: int | None = None


class Output(Struct, frozen=True, gc=False):
    """One record that the monitor says: `value` is a msgspec Struct that `encode` turns into the bytes of the topic."""

    topic: OutputTopic
    key: str
    value: Any
