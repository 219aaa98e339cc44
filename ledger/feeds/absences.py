"""When the absence of something proves anything: not before its deadline, and not before all who could tell have.

A source that sends heartbeats says how far it has delivered; until its mark has passed the deadline nothing is
concluded. One that sends none is judged by the clock. One that has fallen silent, or whose sequence has a hole, holds
back what depends on it until it has caught up, or for `suppress_s` at most, unless it is worth `suppress_usd`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Check, Timer
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context


class Absence(Struct, kw_only=True, gc=False):
    """Something that is to be heard of by `due_us` from one of `sources`; `cents` is what it is worth, if known.

    `despite_holes`: a hole in their sequence is no excuse, since it is the hole that is to be concluded.
    """

    due_us: int
    sources: list[str]
    cents: int | None = None
    held: bool = False
    despite_holes: bool = False


class Absences(Check):
    """Deadlines of things not heard yet. The kind of a key (`kind|rest`) names the timer that concludes it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.waiting: Table[str, Absence] = Table(Absence)
        self._held: set[str] = set()

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"absence": self.waiting}

    def loaded(self) -> None:
        self._held = {key for key, absence in self.waiting.rows.items() if absence.held}

    def expect(
        self, key: str, due_us: int, sources: tuple[str, ...], cents: int | None = None, *, despite_holes: bool = False
    ) -> None:
        """Conclude `key` at `due_us`, or as soon after as all of `sources` have delivered up to then."""
        absence = Absence(due_us=due_us, sources=list(sources), cents=cents, despite_holes=despite_holes)
        self.waiting.put(key, absence)
        self._held.discard(key)
        self.context.deadlines.set(key, due_us)

    def expects(self, key: str) -> bool:
        """Tell whether `key` is waited for."""
        return key in self.waiting

    def met(self, key: str) -> None:
        """What was waited for has come, or does not matter any more."""
        if self.waiting.drop(key) is not None:
            self._held.discard(key)
            self.context.deadlines.cancel(key)

    def is_due(self, key: str) -> bool:
        """Tell whether a deadline that has passed is to be concluded now; what is not is held."""
        absence = self.waiting.get(key)
        if absence is None:
            return True  # a plain deadline: it waits for nobody
        sources = self.context.sources
        if not sources.is_held_up(absence.sources, absence.due_us, absence.cents, holes=not absence.despite_holes):
            self.waiting.drop(key)
            self._held.discard(key)
            return True
        if not absence.held:
            absence.held = True
            sources.count_held(absence.sources)
            self._held.add(key)
            self.waiting.touched.add(key)
        return False

    def retry(self, timers: Mapping[str, Timer], source: str | None = None) -> None:
        """Conclude what was held, now that a source (any, where None) has delivered more or has been given up."""
        rows = self.waiting.rows
        ready = sorted((rows[key].due_us, key) for key in self._held if source is None or source in rows[key].sources)
        for due_us, key in ready:
            if key in self._held and self.is_due(key):
                kind, _, rest = key.partition("|")
                timers[kind](rest, due_us)
