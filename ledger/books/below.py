"""Places below zero: a place that reports less than nothing, or from which more has gone than it ever had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ledger.amounts import to_decimal
from ledger.books.lines import NEGATIVE, TOLD_AGAIN_SHARE
from ledger.check import Change, Check, Timer
from ledger.events import Snapshot
from ledger.findings import Breach
from ledger.fold import Place
from ledger.positions import Position
from ledger.table import Table
from ledger.times import SECOND_US, to_text, to_us

if TYPE_CHECKING:
    from ledger.context import Context

ARRIVING_US = 60 * SECOND_US  # so often it is seen whether what is on its way has arrived
MOVEMENTS_SHOWN = 10


class BelowZero(Check):
    """The places told to be below zero: by place and asset, by how many units people have heard."""

    everywhere = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.table: Table[Place, int] = Table(int)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"place_below": self.table}

    def timers(self) -> Mapping[str, Timer]:
        return {"place_below": self._due}

    def moved(self, change: Change) -> None:
        for location, asset in self.context.holdings.affected:
            position = self.context.holdings.places.by_name[location].positions[asset]
            key = f"place_below|{location}|{asset}"
            if (location, asset) in self.table:
                self._judge(position)
            elif not position.opened or position.expected >= -position.dust or self._lends(location):
                self.context.absences.met(key)
            elif not self.context.absences.expects(key):  # what follows does not put off what is waited for
                self._weigh(position, to_us(change.event.event_time))

    def _lends(self, location: str) -> bool:
        """Tell whether a place below zero proves nothing: a bank may lend, and of a firm whose books were never heard
        nobody has said how much.
        """
        context = self.context
        group = context.groups.of_location(location)
        return context.references.role(location) == "bank" and not context.heard.any(("ledger", group))

    def _weigh(self, position: Position, event_us: int) -> None:
        """Judge what is expected below zero, if nothing that came before is still to be told or to arrive."""
        key = f"place_below|{position.location}|{position.asset}"
        tellers = dict.fromkeys((*self.context.sources.tellers(position.location), position.reporter))
        sources = tuple(name for name in tellers if name)
        cents = self.context.cents(position.asset, position.expected)
        if position.expected + position.in_transit >= -position.dust:  # what is on its way there covers it
            self.context.absences.expect(key, self.context.now_us + ARRIVING_US, sources, cents)
        elif self.context.sources.is_held_up(sources, event_us, cents):
            self.context.absences.expect(key, event_us, sources, cents)
        else:
            self._judge(position)

    def _due(self, rest: str, due_us: int) -> None:
        location, _, asset = rest.rpartition("|")
        position = self.context.holdings.places.by_name[location].positions[asset]
        if position.expected < -position.dust:
            self._weigh(position, due_us)

    def reported(self, event: Snapshot) -> None:
        if event.holding_kind != "actual":
            return
        told = self.table.rows and [asset for location, asset in self.table.rows if location == event.location]
        names = [row.asset for row in event.rows if row.total[0] == "-"]
        if not told and (not names or self._lends(event.location)):
            return
        codes = self.context.assets.codes
        found = (codes[name] for name in names if name in codes)
        for asset in sorted({*(told or ()), *found}):
            self._judge(self.context.holdings.places.by_name[event.location].positions[asset])

    def _judge(self, position: Position) -> None:
        """Tell, or end, that a place is below zero: by its own word, or by all that is known of it."""
        place = (position.location, position.asset)
        # A report that shows more than is expected says that something that came is not known here: no overdraft.
        below = shown_units(position)
        told = self.table.get(place)
        if below < -position.dust:
            if told is None or -below * TOLD_AGAIN_SHARE >= told * (TOLD_AGAIN_SHARE + 1):
                self._tell(position, below, again=told is not None)
                self.table.put(place, -below)
        elif self.table.drop(place) is not None:
            sentence = f"{position.location} holds {to_decimal(below)} {position.asset}, and is below zero no more."
            key = f"place|{position.location}|{position.asset}"
            by_report = position.latest is not None and position.latest.event_id == self.context.cause_id
            self.context.mend(NEGATIVE, key, sentence, (self.context.cause_id,), explained=not by_report)

    def _tell(self, position: Position, below: int, *, again: bool) -> None:
        location, asset = position.location, position.asset
        latest = position.latest
        events: list[str] = []
        if latest is not None and latest.reported < 0:
            sentence = f"{location} itself reports {to_decimal(latest.reported)} {asset} at {to_text(latest.as_of_us)}."
            events.append(latest.event_id)
        else:
            sentence = (
                f"{location} should hold {to_decimal(below)} {asset}: more has left than it held and received, and "
                "nothing that is on its way there covers it."
            )
        recent = position.timeline.latest(0, self.context.now_us, MOVEMENTS_SHOWN)
        known = self.context.holdings.movements.by_id
        events += [known[ref].facts[-1].event_id for _, _, ref in reversed(recent) if ref in known]
        self.context.tell(
            Breach(
                kind=NEGATIVE,
                key=f"place|{location}|{asset}",
                scope={"location": location, "asset": asset},
                sentence=sentence,
                evidence=tuple(dict.fromkeys(events)),
                rule="never_below_zero",
                asset=asset,
                expected=0,
                observed=below,
                difference=below,
                told=again,
                links=(f"place|{location}|{asset}",),
            )
        )


def shown_units(position: Position) -> int:
    """Return what the latest report and the movements since then say that a place holds, in units."""
    latest = position.latest
    if latest is None:
        return position.expected
    return latest.reported + position.timeline.after(latest.as_of_us)
