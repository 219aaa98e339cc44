"""Claims: which postings belong to which movement, kept with the movement for as long as it is remembered.

A posting that names a movement belongs to it. One that names none may be given to one by a weaker rule (`fuzzy`), and
is taken back when a posting that names the movement comes. Legs of classes `external` and `in_transit` are the other
side of a journal and are not kept (but for charges, of which any leg is a match): what matters is for whom, and whether
the journal faces the outside.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.books.journals import Journal
from ledger.check import Entry
from ledger.matching.parties import party_of
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

KEPT = frozenset(("client", "house", "suspense", "fee", "pnl"))
LEGS_MAX = 50
"""Of one movement; what is booked beyond is kept in one leg for each account and asset."""


class Leg(Struct, gc=False):
    """One posting for a movement: signed units of an asset on an account.

    `party` is the client whose account it is, else the account itself. `outside`: whether its journal faces the outside
    in this asset, None while that is not known; `as_is`: it is only taken to, since legs are missing. `by` is the rule
    that gave it to the movement, "" for its own id.
    """

    journal_id: str
    account_id: str
    party: str
    account_class: str
    asset: str
    units: int
    heard_us: int
    event_id: str
    outside: bool | None = None
    by: str = ""
    as_is: bool = False


class Claim(Struct, gc=False):
    """What the books say of one movement: its legs by posting, and which questions about it are open (`open`).

    `partner` is the movement that it is taken to be one with, where amount, place and time alone say so. `marks`: the
    highest number that each source had told when a question began that waits for the next.
    """

    group: str
    heard_us: int
    legs: dict[str, Leg] = {}
    open: list[str] = []
    partner: str = ""
    marks: dict[str, int] = {}


def side_of(journal: Journal, asset: str, *, as_is: bool = False) -> bool | None:
    """Tell whether a journal faces the outside in an asset; None while legs are missing, unless it is taken `as_is`.

    Value that enters the books, or leaves them, with no other account is taken to come from outside, or to go there.
    """
    if is_short(journal) and not as_is:
        return None
    signs: set[bool] = set()
    for leg in journal.legs.values():
        if leg.asset == asset:
            if leg.account_class == "external":
                return True
            signs.add(leg.units > 0)
    return len(signs) < 2


def is_short(journal: Journal) -> bool:
    """Tell whether legs of a journal are missing."""
    return len(journal.legs) + journal.more_legs < journal.legs_total


class Claims:
    """The claims by movement, also of movements that nobody has reported yet."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.table: Table[str, Claim] = Table(Claim)
        self._unresolved: dict[str, dict[str, None]] = {}  # journals of unknown side, to the movements they are for

    def loaded(self) -> None:
        self._unresolved = {}
        for transfer_id, claim in self.table.rows.items():
            for leg in claim.legs.values():
                if leg.outside is None or leg.as_is:
                    self._unresolved.setdefault(leg.journal_id, {})[transfer_id] = None

    def row(self, transfer_id: str, group: str) -> Claim:
        """Return the claim of a movement to change; make one where there is none."""
        claim = self.table.edit(transfer_id)
        return claim or self.table.put(transfer_id, Claim(group, self.context.now_us))

    def take(self, transfer_id: str, entry: Entry, journal: Journal) -> None:
        """Take a posting that names its movement."""
        event = entry.event
        claim = self.row(transfer_id, entry.group)
        known = claim.legs.get(event.posting_id)
        leg = Leg(
            event.journal_id, event.account_id, party_of(self.context, event.account_id, event.client_id),
            event.account_class, entry.asset, entry.whole_units, self.context.now_us, event.event_id,
            side_of(journal, entry.asset),
        )  # fmt: skip
        if known is not None:  # restated, maybe on another account
            leg.heard_us = known.heard_us
            claim.legs[event.posting_id] = leg
        else:
            self._add(claim, transfer_id, event.posting_id, leg, entry.units)

    def give(self, transfer_id: str, group: str, legs: dict[str, Leg]) -> None:
        """Give postings that name no movement to one, by a weaker rule."""
        claim = self.row(transfer_id, group)
        for posting_id, leg in legs.items():
            self._add(claim, transfer_id, posting_id, leg, leg.units)

    def take_back(self, transfer_id: str) -> list[str]:
        """Take from a movement what weaker rules gave it; return the journals, in the order in which they came."""
        claim = self.table.get(transfer_id)
        given = [] if claim is None else [posting_id for posting_id, leg in claim.legs.items() if leg.by]
        if claim is None or not given:
            return []
        self.table.edit(transfer_id)
        return list(dict.fromkeys(claim.legs.pop(posting_id).journal_id for posting_id in given))

    def _add(self, claim: Claim, transfer_id: str, posting_id: str, leg: Leg, change_units: int) -> None:
        if len(claim.legs) >= LEGS_MAX:
            rest = f"more|{leg.account_id}|{leg.asset}"
            whole = claim.legs.get(rest)
            if whole is not None:
                whole.units += change_units
                return
            posting_id, leg.journal_id, leg.outside = rest, rest, leg.outside is not False
        claim.legs[posting_id] = leg
        if leg.outside is None:
            self._unresolved.setdefault(leg.journal_id, {})[transfer_id] = None

    def is_unresolved(self, journal_id: str) -> bool:
        """Tell whether the missing legs of a journal are waited for, to know what it faces."""
        return journal_id in self._unresolved

    def resolve(self, journal_id: str, journal: Journal) -> list[str]:
        """Note what a journal faces, now that its legs are there; return the movements that it is for."""
        waiting = self._unresolved.pop(journal_id, None)
        if waiting is None:
            return []
        self._set_side(waiting, journal_id, journal, as_is=False)
        return list(waiting)

    def conclude(self, journal_id: str, journal: Journal) -> list[str]:
        """Take a journal whose missing legs nobody waits for any more as it stands; return the movements it is for."""
        waiting = self._unresolved.get(journal_id, {})
        self._set_side(waiting, journal_id, journal, as_is=True)
        return list(waiting)

    def _set_side(self, waiting: Iterable[str], journal_id: str, journal: Journal, *, as_is: bool) -> None:
        sides = {asset: side_of(journal, asset, as_is=as_is) for asset in {leg.asset for leg in journal.legs.values()}}
        for transfer_id in waiting:
            claim = self.table.edit(transfer_id)
            for leg in () if claim is None else claim.legs.values():
                if leg.journal_id == journal_id and (leg.outside is None or leg.as_is):
                    leg.outside, leg.as_is = sides.get(leg.asset), as_is

    def drop(self, transfer_id: str) -> None:
        """Forget what the books say of a movement."""
        claim = self.table.drop(transfer_id)
        for leg in () if claim is None else claim.legs.values():
            waiting = self._unresolved.get(leg.journal_id)
            if waiting is not None:
                waiting.pop(transfer_id, None)
                if not waiting:
                    del self._unresolved[leg.journal_id]
