"""Whether a source can be relied on now, and what must wait for it: the questions that judgements ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from ledger.check import Check
from ledger.feeds.cadence import Cadence
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

MUTE_US = 30 * SECOND_US
CATCHING_UP_US = 3_600 * SECOND_US  # so long it may take a source that speaks again to deliver what it owes

NOTHING, ALL = -1, 1 << 62  # a moment before, and one after, all that there are


class Source(Struct, gc=False):
    """What is known of a source; moments in microseconds, 0 for never.

    `told_us`: when it last told of a movement or posting, or sent a heartbeat. `watermark_us`: up to when it has
    delivered everything, by its heartbeats, and `advanced_us` when that last moved on. `trouble_us`: since when its
    silence is told. `speaks_us`: since when it has been speaking again, and is catching up. `hole_us`: since when its
    sequence has a hole. `held_back`: conclusions that wait for it.
    """

    first_us: int
    heard_us: int
    told_us: int = 0
    event_id: str = ""
    beats: bool = False
    beat_us: int = 0
    watermark_us: int = 0
    advanced_us: int = 0
    trouble_us: int = 0
    speaks_us: int = 0
    hole_us: int = 0
    held_back: int = 0
    locations: list[str] = []
    cadence: Cadence = field(default_factory=Cadence)


class Reliance(Check):
    """The sources, and what may be concluded from what they have not said. `Sources` keeps them up to date."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.table: Table[str, Source] = Table(Source)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"source": self.table}

    def is_held_up(self, names: Iterable[str], due_us: int, cents: int | None, *, holes: bool = True) -> bool:
        """Tell whether one of these sources may still tell of something that happened by `due_us`.

        `cents` is what is at stake, in US cents; None where nobody knows. `holes`: numbers missing from their sequences
        may be of it.
        """
        return self.complete_us(names, cents, holes=holes) < due_us

    def complete_us(self, names: Iterable[str], cents: int | None, *, holes: bool = True) -> int:
        """Return up to when all of these sources have told what happened, as far as anybody can wait for them."""
        rows = self.table.rows
        return min((self._complete_us(rows[name], cents, holes=holes) for name in names if name in rows), default=ALL)

    def is_troubled(self, name: str, cents: int | None = None) -> bool:
        """Tell whether what depends on a source is held back now, whatever it has delivered."""
        source = self.table.rows.get(name)
        return source is not None and self._is_excused(source, cents)

    def holds_back(self, location: str, names: Iterable[str], cents: int | None) -> bool:
        """Tell whether a break at a place, told by these sources, is held back for bad data."""
        if self._is_within(self.context.staleness.stale_since_us(location), cents):
            return True
        if self._is_too_much(cents):
            return False
        return any(self.is_troubled(name, cents) or self.is_mute(name) for name in names)

    def is_mute(self, name: str) -> bool:
        """Tell whether a source that sends heartbeats has missed one, and told nothing else since: it may be down."""
        source = self.table.rows.get(name)
        if source is None or not source.beats or not source.cadence.usual_us or source.trouble_us:
            return False
        return self.context.now_us - source.told_us > source.cadence.usual_us * 5 // 4 + MUTE_US

    def tellers(self, location: str) -> tuple[str, ...]:
        """Return the sources that tell of a place."""
        return self.context.heard.sources(("movements", location))

    def delivered_us(self, name: str) -> int | None:
        """Return up to when a source has delivered everything; None where it never says so."""
        source = self.table.rows.get(name)
        return source.watermark_us if source is not None and source.beats else None

    def clock_us(self) -> int:
        """Return the time of what is being applied."""
        return self.context.now_us

    def repeats(self, location: str) -> bool:
        """Tell whether the latest report of a place is, to the last figure, the one before."""
        return self.context.staleness.repeats(location)

    def _complete_us(self, source: Source, cents: int | None, *, holes: bool) -> int:
        if source.trouble_us:
            return NOTHING if self._is_excused(source, cents) else ALL
        if holes and source.hole_us and self._is_excused(source, cents):
            return NOTHING
        return source.watermark_us if source.beats else ALL

    def _is_excused(self, source: Source, cents: int | None) -> bool:
        """Tell whether the trouble of a source still excuses a break of this worth: also while it is catching up."""
        if source.speaks_us and self._is_within(source.speaks_us, cents, CATCHING_UP_US):
            return True
        return self._is_within(source.trouble_us or source.hole_us, cents)

    def _is_within(self, since_us: int, cents: int | None, for_us: int | None = None) -> bool:
        """Tell whether data that are bad since then (0: they are not) still excuse a break of this worth."""
        if not since_us or self._is_too_much(cents):
            return False
        allowed_us = round(self.context.limits.suppress_s * SECOND_US) if for_us is None else for_us
        return self.context.now_us < since_us + allowed_us

    def _is_too_much(self, cents: int | None) -> bool:
        """Tell whether so much is at stake that no bad data excuse it."""
        return cents is not None and cents >= self.context.limits.suppress_usd * 100
