"""Maintenance windows: announced times in which a place, a network or a source is expected to be silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from ledger.check import Check
from ledger.events import ControlEvent, Maintenance
from ledger.table import Table
from ledger.times import to_us

KEPT_US = 40 * 86_400 * 1_000_000


class Window(Struct, frozen=True, gc=False):
    """From when until when (microseconds), what pauses, and where: what is "" does not narrow it."""

    from_us: int
    until_us: int
    what: str
    location: str
    network: str
    source: str


class Maintenances(Check):
    """The windows on record, by their event."""

    windows: Table[str, Window]

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.windows = Table(Window)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"maintenance": self.windows}

    def controlled(self, event: ControlEvent) -> None:
        if isinstance(event, Maintenance):
            window = Window(
                to_us(event.from_), to_us(event.until), event.what, event.location or "", event.network or "",
                event.of_source or "",
            )  # fmt: skip
            # The latest record of a scope replaces the one before: a window may be prolonged or called off.
            self.windows.put(event.scope or event.event_id, window)

    def swept(self, before_us: int) -> None:
        for key in [key for key, window in self.windows.rows.items() if window.until_us < before_us]:
            self.windows.drop(key)

    def is_active(self, at_us: int, locations: Iterable[str], network: str, sources: Iterable[str]) -> bool:
        """Tell whether anything is paused at a moment that reaches one of these."""
        places, tellers = set(locations), set(sources)
        return any(
            window.from_us <= at_us <= window.until_us and _reaches(window, places, network, tellers)
            for window in self.windows.rows.values()
        )

    def paused_us(
        self, what: str, from_us: int, until_us: int, *, locations: Iterable[str] = (), network: str = "",
        sources: Iterable[str] = (),
    ) -> int:  # fmt: skip
        """Return for how long, between two moments, `what` (snapshots, transfers) was paused there; overlaps count once."""
        if not self.windows.rows or until_us <= from_us:
            return 0
        places, tellers = set(locations), set(sources)
        spans = sorted(
            (max(window.from_us, from_us), min(window.until_us, until_us))
            for window in self.windows.rows.values()
            if window.what in (what, "all") and _reaches(window, places, network, tellers)
        )
        paused, covered_us = 0, from_us
        for start_us, end_us in spans:
            start_us = max(start_us, covered_us)
            if end_us > start_us:
                paused += end_us - start_us
                covered_us = end_us
        return paused


def _reaches(window: Window, locations: set[str], network: str, sources: set[str]) -> bool:
    """Tell whether a window reaches any of these; one that names nothing reaches everything."""
    if not (window.location or window.network or window.source):
        return True
    return (
        (bool(window.location) and window.location in locations)
        or (bool(window.network) and window.network == network)
        or (bool(window.source) and window.source in sources)
    )
