"""Journals that name no movement: what they bring in or take out, kept until a movement is found for them.

Only what faces the outside, or takes from a client for a payment, is kept: a move between accounts of the firm needs no
movement. One that undoes another takes it away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.books.journals import Journal
from ledger.matching.claims import KEPT, Leg, side_of
from ledger.matching.parties import party_of
from ledger.matching.search import Index
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

LOOSE_MAX = 50_000
"""For each group; beyond it those heard first are forgotten."""
_STALE_KEPT = 64
Key = tuple[str, str]  # journal, asset


class Loose(Struct, frozen=True, gc=False):
    """What a journal brings (positive) or takes, in units of an asset. `party` is "" where it is for several.

    `credited_units` is what of it clients were credited with from outside.
    """

    group: str
    party: str
    account_id: str
    account_class: str
    units: int
    credited_units: int
    heard_us: int
    booked_us: int
    event_ids: list[str]


class LooseJournals:
    """All of them, found by amount or by party."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.table: Table[tuple[str | int, ...], Loose] = Table(Loose)
        self.clients: Table[str, str] = Table(str)  # accounts that no reference names, to the client of their postings
        self._by_units: Index[tuple[str, str, int], Key] = Index()
        self._by_party: Index[tuple[str, str, str], Key] = Index()
        self._oldest: dict[str, list[tuple[int, Key]]] = {}  # heaps by group, of rows that may be gone
        self._count: Counter[str] = Counter()

    def loaded(self) -> None:
        for key, row in self.table.rows.items():
            self._index((str(key[0]), str(key[1])), row)

    def _index(self, key: Key, row: Loose) -> None:
        self._by_units.add((row.group, key[1], row.units), key)
        self._by_party.add((row.group, key[1], row.party), key)
        heappush(self._oldest.setdefault(row.group, []), (row.heard_us, key))
        self._count[row.group] += 1

    def learn(self, account_id: str, client_id: str | None) -> None:
        """Note whose an account is, where only its postings say so."""
        if client_id and party_of(self.context, account_id) == account_id and self.clients.get(account_id) != client_id:
            self.clients.put(account_id, client_id)

    def legs_of(self, journal_id: str, journal: Journal, asset: str, by: str) -> dict[str, Leg]:
        """Return the legs of a journal in an asset as they are given to a movement by a rule, by posting."""
        outside = side_of(journal, asset, as_is=bool(by))
        return {
            posting_id: Leg(
                journal_id, leg.account_id, self._party(leg.account_id), leg.account_class, asset, leg.units,
                journal.heard_us, leg.event_id, outside, by,
            )
            for posting_id, leg in journal.legs.items()
            if leg.asset == asset and leg.account_class in KEPT
        }  # fmt: skip

    def _party(self, account_id: str) -> str:
        return party_of(self.context, account_id, self.clients.get(account_id))

    def take(self, journal_id: str, journal: Journal, group: str, *, undoes: bool) -> tuple[list[Key], list[Key]]:
        """Take a journal that names no movement, with all its legs; return what of it needs one, and what is gone for it.

        `undoes`: it says that it reverses another.
        """
        taken: list[Key] = []
        gone: list[Key] = []
        for asset in dict.fromkeys(leg.asset for leg in journal.legs.values()):
            row = self._row(journal_id, journal, asset, group)
            if row is None:
                continue
            key, inside = (journal_id, asset), side_of(journal, asset, as_is=True) is False
            gives_back = inside and row.units > 0
            opposite = self._opposite(row, key) if undoes or gives_back else None
            if opposite is not None:
                self.drop(opposite)
                gone.append(opposite)
            elif not gives_back:
                gone += self.put(key, row)
                taken.append(key)
        return taken, gone

    def put(self, key: Key, row: Loose) -> list[Key]:
        """Keep a journal; return what had to go for it."""
        self.table.put(key, row)
        self._index(key, row)
        return self._keep_within(row.group)

    def _row(self, journal_id: str, journal: Journal, asset: str, group: str) -> Loose | None:
        """Return what a journal brings or takes in an asset; None where that concerns nobody outside."""
        outside = bool(side_of(journal, asset, as_is=True))
        legs = [leg for leg in journal.legs.values() if leg.asset == asset and leg.account_class in KEPT]
        through = any(leg.account_class == "in_transit" and leg.asset == asset for leg in journal.legs.values())
        if not legs or not (outside or through):
            return None
        units = sum(leg.units for leg in legs)
        clients = [leg for leg in legs if leg.account_class == "client"]
        first = (clients or legs)[0]
        parties = {self._party(leg.account_id) for leg in clients or legs}
        credited = sum(leg.units for leg in clients) if outside else 0
        return Loose(
            group, parties.pop() if len(parties) == 1 else "", first.account_id, first.account_class, units,
            max(credited, 0), journal.heard_us, journal.booked_us, [leg.event_id for leg in legs][:5],
        )  # fmt: skip

    def _opposite(self, row: Loose, key: Key) -> Key | None:
        """Return the journal that this one undoes: of the same account and amount, the other way; the latest."""
        found = [
            (other.heard_us, other_key)
            for other_key, other in self.by_units(row.group, key[1], -row.units)
            if other.account_id == row.account_id and other.account_class == row.account_class
        ]
        return max(found)[1] if found else None

    def drop(self, key: Key) -> Loose | None:
        """Forget a journal: a movement was found for it, or it was undone."""
        row = self.table.drop(key)
        if row is not None:
            self._by_units.remove((row.group, key[1], row.units), key)
            self._by_party.remove((row.group, key[1], row.party), key)
            self._count[row.group] -= 1
        return row

    def _keep_within(self, group: str) -> list[Key]:
        """Forget the oldest journals of a group beyond the bound; return them."""
        heap, gone = self._oldest[group], list[Key]()
        while self._count[group] > LOOSE_MAX:
            gone += self._drop_oldest(heap)
        if len(heap) > 2 * self._count[group] + _STALE_KEPT:
            heap[:] = [(heard_us, key) for heard_us, key in heap if key in self.table]
            heapify(heap)
        return gone

    def _drop_oldest(self, heap: list[tuple[int, Key]]) -> list[Key]:
        _, key = heappop(heap)
        return [key] if self.drop(key) is not None else []

    def swept(self, before_us: int) -> list[Key]:
        """Forget what is older than the horizon; return it."""
        gone: list[Key] = []
        for heap in self._oldest.values():
            while heap and heap[0][0] < before_us:
                gone += self._drop_oldest(heap)
        return sorted(gone)

    # --- what others ask -------------------------------------------------------------------------------------
    def by_units(self, group: str, asset: str, units: int) -> Iterator[tuple[Key, Loose]]:
        """Yield the journals of an amount."""
        return self._rows(self._by_units.get((group, asset, units)))

    def by_party(self, group: str, asset: str, party: str) -> Iterator[tuple[Key, Loose]]:
        """Yield the journals of a party."""
        return self._rows(self._by_party.get((group, asset, party)))

    def _rows(self, keys: Iterable[Key]) -> Iterator[tuple[Key, Loose]]:
        for key in keys:
            yield key, self.table.rows[key]
