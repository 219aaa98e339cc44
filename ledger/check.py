"""What every check is: it hears what happened, keeps rows of its own, and says what must not be.

A check is synchronous and deterministic. It speaks through `Context.found`, sets deadlines through `Context.deadlines`
and `Context.absences`, and keeps all its state in tables, so that a restart changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from ledger.dossiers import Dossier
from ledger.events import ControlEvent, Posting, Reference, Snapshot, Transfer
from ledger.findings import Breach, Verdict
from ledger.table import Table
from ledger.times import to_us

if TYPE_CHECKING:
    from ledger.context import Context

Timer = Callable[[str, int], None]
"""Called with the rest of a deadline's key (`kind|rest`) and the moment that was due, in microseconds."""


class Change(Struct, kw_only=True, gc=False):
    """One report of a movement, applied: `dossier` stands as it is now, the other fields say what was before."""

    event: Transfer
    dossier: Dossier
    first: bool
    was_stages: int
    was_left: bool
    was_arrived: bool
    was_undone: bool
    was_arrived_units: int
    was_fee_units: int
    people_spoke: bool = False  # who approved it, or its score, is told by this report

    @property
    def at_us(self) -> int:
        """The event time of the report."""
        return to_us(self.event.event_time)

    @property
    def has_arrived(self) -> bool:
        """Whether it has arrived with this report."""
        return self.dossier.arrived and not self.was_arrived

    @property
    def has_left(self) -> bool:
        return self.dossier.left and not self.was_left

    @property
    def is_undone(self) -> bool:
        """Whether this report undoes it."""
        return self.dossier.undone and not self.was_undone


class Entry(Struct, kw_only=True, gc=False):
    """One change of an account by a posting: `units` signed, of `asset` (a code of the books).

    Of a restated posting it is the difference (`restated`). `whole_units` is what the posting says in all.
    """

    event: Posting
    asset: str
    units: int
    whole_units: int
    group: str
    restated: bool = False


class Check:
    """One kind of judgement. The hooks of this class do nothing; a check has those that it needs."""

    everywhere: ClassVar[bool] = False
    """Whether it hears of movements that another shard leads, too: places and books, and what joins them."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        """Return the tables of this check by the name of their rows; names are unique over all checks."""
        return {}

    def timers(self) -> Mapping[str, Timer]:
        """Return what to call when a deadline passes, by the kind of its key."""
        return {}

    def loaded(self) -> None:
        """Make what follows from the rows, after they were put back."""

    def heard(self, event: Transfer | Posting | Snapshot) -> None:
        """A source told something; whether it can be applied is not known yet."""

    def moved(self, change: Change) -> None:
        """A movement was reported of."""

    def posted(self, entry: Entry) -> None:
        """A posting changed an account."""

    def reported(self, event: Snapshot) -> None:
        """A place reported its balances; the positions have been judged."""

    def referred(self, event: Reference) -> None:
        """A record of the firm holds from now."""

    def introduced(self, asset: str) -> None:
        """An asset is on record, and what had waited for that has been applied."""

    def controlled(self, event: ControlEvent) -> None:
        """Somebody, or Driftline itself, told something by a control event."""

    def recovered(self, source: str) -> None:
        """The data of a source can be relied on again."""

    def decided(self, verdict: Verdict, dossier: Dossier) -> None:
        """The policy has judged a movement, for the first time or again."""

    def told(self, breach: Breach) -> None:
        """Some check has said that something must not be, or has said it again."""

    def forgot(self, dossier: Dossier) -> None:
        """A movement is older than the horizon and is forgotten."""

    def swept(self, before_us: int) -> None:
        """A day is over: what nothing after `before_us` can touch may be forgotten."""
