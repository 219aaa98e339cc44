"""What is this shard's: places, books, movements to decide on, sources to watch. All else is away, like the outside.

A movement between two shards is in the logs of both. The shard that it leaves leads it: it decides, and tells what there
is to tell of the movement itself. The other hears of it as of money from outside: its own place and its own books alone
are its concern. With the default map nothing is away but the outside, and there is one shard, which leads everything.
"""

from __future__ import annotations

from collections.abc import Container

from msgspec.structs import replace

from ledger.dossiers import Dossier
from ledger.events import AnyEvent, Posting, Snapshot, Transfer
from ledger.fold import EXTERNAL, Fact
from ledger.shards import ShardMap

_OUTSIDE = frozenset((EXTERNAL,))


class _Away(Container[str]):
    """The outside, and the places of all other shards."""

    def __init__(self, shards: ShardMap, shard: int) -> None:
        self._of_location, self._shard = shards.of_location, shard

    def __contains__(self, location: object) -> bool:
        return location == EXTERNAL or self._of_location(str(location)) != self._shard


class Territory:
    """The part of the map that is one shard's. `sole`: there is no other shard, so that nobody need ask.

    `away`: the places that are not this shard's.
    """

    away: Container[str]

    def __init__(self, shard: int = 0, shards: ShardMap | None = None) -> None:
        self.shard = shard
        self.take(shards or ShardMap())

    def take(self, shards: ShardMap) -> None:
        """Let another map hold from now on."""
        self.shards = shards
        self.sole = shards.count == 1 and self.shard == 0
        self.away = _OUTSIDE if self.sole else _Away(shards, self.shard)

    @property
    def is_first(self) -> bool:
        """Whether this shard tells of what all shards hear."""
        return self.shard == 0

    # --- movements -------------------------------------------------------------------------------------------
    def leads(self, dossier: Dossier) -> bool:
        """Tell whether this shard decides on a movement and tells of it."""
        return self.sole or self.shard == self.shards.lead_of_ends(
            dossier.origin, dossier.origin_account, dossier.destination, dossier.account
        )

    def leads_between(self, origin: str, destination: str) -> bool:
        """Tell whether this shard would lead a movement between two places."""
        return self.sole or self.shard == self.shards.lead_of_ends(origin, "", destination or EXTERNAL, "")

    def crosses(self, dossier: Dossier) -> bool:
        """Tell whether a movement goes over the border: of the firm, or of this shard."""
        return dossier.origin in self.away or dossier.destination in self.away

    def enters(self, dossier: Dossier) -> bool:
        """Tell whether a movement brings value to a place of this shard from elsewhere."""
        return dossier.origin in self.away and dossier.destination not in self.away

    def leaves(self, dossier: Dossier) -> bool:
        """Tell whether a movement takes value from a place of this shard to elsewhere."""
        return dossier.destination in self.away and dossier.origin not in self.away

    def credits(self, dossier: Dossier) -> bool:
        """Tell whether what a movement brings is to be booked here: in the books of its account, else of its place."""
        if self.sole:
            return dossier.destination != EXTERNAL
        return self.shards.books_of(dossier.destination, dossier.account) == self.shard

    def debits(self, dossier: Dossier) -> bool:
        """Tell whether what a movement takes is to be booked here."""
        if self.sole:
            return dossier.origin != EXTERNAL
        return self.shards.books_of(dossier.origin, dossier.origin_account) == self.shard

    def seen(self, fact: Fact) -> Fact:
        """Return a report as the places of this shard see it: what is away is outside, and holds nothing of theirs."""
        origin = EXTERNAL if fact.origin in self.away else fact.origin
        destination = EXTERNAL if fact.destination in self.away else fact.destination
        if (origin, destination) == (fact.origin, fact.destination):
            return fact
        return replace(fact, origin=origin, destination=destination)

    # --- events and sources ----------------------------------------------------------------------------------
    def tells_of(self, event: AnyEvent) -> bool:
        """Tell whether this shard is the one to tell what there is to tell of an event itself, as of its clock."""
        if type(event) is Transfer:
            return self.shard == self.shards.lead_of_ends(*_ends(event))
        return self.is_first or isinstance(event, (Posting, Snapshot))

    def is_concerned(self, event: AnyEvent) -> bool:
        """Tell whether an event belongs in the log of this shard."""
        if type(event) is Transfer:
            return self.shard in (self.shards.of_ends(*_ends(event)) or (0,))
        if type(event) is Posting:
            return self.shards.of_account(event.account_id) == self.shard
        return type(event) is not Snapshot or self.shards.of_location(event.location) == self.shard

    def has_source(self, name: str) -> bool | None:
        """Tell whether a source tells of this shard only (True), of another only (False), or of nobody knows which."""
        if self.sole:
            return True
        home = self.shards.of_source(name)
        return None if home is None else home == self.shard


def _ends(event: Transfer) -> tuple[str, str, str, str]:
    origin, target = event.from_, event.to
    return origin.location, origin.account_id or "", target.location, target.account_id or ""
