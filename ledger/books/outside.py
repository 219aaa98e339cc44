"""Books against holdings, as an equality: the firm's own accounts change against the outside only with a movement.

All internal accounts together stand for what the places hold, so a booking between one of them and the outside that
belongs to no movement breaks the equality, whatever cushion there is. Bookings on clients are judged by others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.amounts import to_decimal
from ledger.books.places import positions, tellers
from ledger.check import Change, Check, Entry, Timer
from ledger.findings import EVIDENCE_MAX, Breach
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "control_total_broken"
NAMED_LEAST = 20  # so many bookings that name their movement say that this ledger names them
NAMED_SHARE = 20  # and of so many at most one may not
WORSE_US = 3_600 * SECOND_US
UNMOVED_MAX = 4_096


class Unmoved(Struct, gc=False, array_like=True):
    """What a journal has booked from the outside to internal accounts, in units, for no movement that is known.

    `counted`: it is part of the difference of its group; its movement may still come.
    """

    group: str
    units: int
    transfer_id: str
    heard_us: int
    counted: bool = False


class Broken(Struct, gc=False, array_like=True):
    """The difference of a group and asset in units, the journals' latest events, and since when it is told."""

    units: int
    event_ids: list[str]
    told_us: int = 0


class Outside(Check):
    """Bookings against the outside. `named` counts by group those that belong to a movement, and those that do not."""

    everywhere = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.unmoved: Table[tuple[str, str], Unmoved] = Table(Unmoved)
        self._by_transfer: dict[str, list[tuple[str, str]]] = {}
        self.broken: Table[tuple[str, str], Broken] = Table(Broken)
        self.named: Table[str, list[int]] = Table(list[int])

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"outside_unmoved": self.unmoved, "outside": self.broken, "outside_named": self.named}

    def timers(self) -> Mapping[str, Timer]:
        return {"outside": self._due, "outside_worse": self._worse_due}

    def loaded(self) -> None:
        self._by_transfer = {}
        for key in sorted(self.unmoved.rows):
            self._by_transfer.setdefault(self.unmoved.rows[key].transfer_id, []).append(key)

    def posted(self, entry: Entry) -> None:
        event = entry.event
        if event.account_class != "external" or event.op_type == "opening" or not entry.units:
            return
        if self._has_moved(event.transfer_id or ""):
            self._count(entry.group, 0)
            return
        key = (event.journal_id, entry.asset)
        known = self.unmoved.edit(key)
        if known is not None and not known.counted:
            known.units -= entry.units
        elif known is None and len(self.unmoved) < UNMOVED_MAX:
            transfer_id, now_us = event.transfer_id or "", self.context.now_us
            self.unmoved.put(key, Unmoved(entry.group, -entry.units, transfer_id, now_us))
            self._by_transfer.setdefault(transfer_id, []).append(key)
            self._expect(key, entry.group)

    def _expect(self, key: tuple[str, str], group: str) -> None:
        due_us = self.context.now_us + round(self.context.limits.control_total_s * SECOND_US)
        self.context.absences.expect(f"outside|{key[0]}|{key[1]}", due_us, tellers(self.context, group))

    def moved(self, change: Change) -> None:
        """A movement is heard of for the first time: what was booked for it is no difference any more."""
        if not change.first or change.dossier.in_books_only:
            return
        for key in sorted(self._by_transfer.pop(change.dossier.transfer_id, ())):
            row = self.unmoved.drop(key)
            assert row is not None, key
            self.context.absences.met(f"outside|{key[0]}|{key[1]}")
            if row.counted:
                self._add(row.group, key[1], -row.units, change.dossier.events)

    def _has_moved(self, transfer_id: str) -> bool:
        """Tell whether a movement is known that changes holdings."""
        dossier = self.context.dossiers.get(transfer_id)
        return dossier is not None and not dossier.in_books_only

    def _count(self, group: str, place: int) -> None:
        counts = self.named.edit(group) or self.named.put(group, [0, 0])
        counts[place] += 1

    def _due(self, rest: str, due_us: int) -> None:
        journal_id, _, asset = rest.rpartition("|")
        row = self.unmoved.edit((journal_id, asset))
        journal = self.context.journals.journals.get(journal_id)
        if row is None or journal is None:
            return
        drifting = any(position.judgement.streak for position in positions(self.context, (row.group, asset)))
        if drifting:  # a place shows what no movement has told yet: that is one cause, and it is told there
            self._expect((journal_id, asset), row.group)
            return
        self._count(row.group, 1)
        row.counted = not any(leg.account_class == "client" for leg in journal.legs.values())
        if row.counted:
            events = [leg.event_id for leg in journal.legs.values() if leg.account_class != "external"]
            self._add(row.group, asset, row.units, events)

    def _add(self, group: str, asset: str, units: int, events: list[str]) -> None:
        broken = self.broken.edit((group, asset)) or self.broken.put((group, asset), Broken(0, []))
        broken.units += units
        broken.event_ids = [*events, *broken.event_ids][:EVIDENCE_MAX]
        self._judge((group, asset), broken)

    def swept(self, before_us: int) -> None:
        for key in sorted(key for key, row in self.unmoved.rows.items() if row.heard_us < before_us):
            row = self.unmoved.drop(key)
            assert row is not None, key
            names = self._by_transfer[row.transfer_id]
            names.remove(key)
            if not names:
                del self._by_transfer[row.transfer_id]

    def _judge(self, key: tuple[str, str], broken: Broken) -> None:
        named, unnamed = self.named.get(key[0]) or [0, 0]
        timer = f"outside_worse|{key[0]}|{key[1]}"
        if abs(broken.units) <= self.context.assets.by_code[key[1]].dust:
            sentence = f"What was booked against the outside in {key[1]} for no movement adds up to nothing now."
            self.context.mend(KIND, "|".join(key), sentence, tuple(broken.event_ids), explained=True)
            self.context.deadlines.cancel(timer)
            self.broken.drop(key)
        elif named >= NAMED_LEAST and (unnamed - 1) * NAMED_SHARE <= named:
            again = self.context.stands(KIND, "|".join(key))
            self._tell(key, broken, worse=False, again=again)
            if not again:
                broken.told_us = self.context.now_us
                self.context.deadlines.set(timer, self.context.now_us + WORSE_US)

    def _worse_due(self, rest: str, due_us: int) -> None:
        group, _, asset = rest.rpartition("|")
        broken = self.broken.get((group, asset))
        if broken is not None:
            cents = self.context.cents(asset, broken.units)
            if cents is not None and cents >= self.context.limits.material_usd * 100:
                self._tell((group, asset), broken, worse=True, again=False)

    def _tell(self, key: tuple[str, str], broken: Broken, *, worse: bool, again: bool) -> None:
        group, asset = key
        direction = "more" if broken.units > 0 else "less"
        self.context.tell(
            Breach(
                kind=KIND,
                key="|".join(key),
                scope={"asset": asset},
                sentence=f"The books{' of ' + group if group else ''} say {to_decimal(abs(broken.units))} {asset} {direction} "
                "than the places account for: so much was booked between own accounts and the outside, and no movement "
                "tells of it.",
                evidence=tuple(broken.event_ids),
                rule="books_follow_movements",
                asset=asset,
                expected=0,
                observed=broken.units,
                difference=broken.units,
                worse=worse,
                told=again,
                links=(f"total|{group}|{asset}",),
            )
        )
