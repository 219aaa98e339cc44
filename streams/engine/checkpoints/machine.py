"""The machine that is checkpointed, as this package sees it: records in, outputs out, and rows of plain data."""

from __future__ import annotations

from typing import Any, Protocol

from streams.record import Output, Record


class Machine(Protocol):
    """A deterministic machine; `changed_rows` gives each row changed since the last call, None for one that is gone."""

    def step(self, record: Record) -> list[Output]: ...
    def changed_rows(self) -> dict[str, Any]: ...
