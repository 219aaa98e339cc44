"""A concern: one question about a movement, asked for as long as its condition holds, and answered in one of three ways.

What it is about ends before its time, and nothing is said; its time comes and a weaker rule finds the answer; or it
is told, and mended when the condition ends. The state is the name of the question in the movement's claim (`name+`
once it was told in its aggravated form), its deadline, and whether its alert stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from ledger.dossiers import Dossier
from ledger.findings import Breach
from ledger.fold import EXTERNAL
from ledger.matching.cases import Case
from ledger.screens.words import scope_of
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.matching.join import Join


class Ask(NamedTuple):
    """When a question is to be answered (None: at once), who could still tell, and what is at stake, in units."""

    due_us: int | None
    sources: tuple[str, ...] = ()
    units: int = 0
    worse: bool = False


class Concern:
    """The frame. `kinds` are the types of alert that it raises, of which one stands at a time."""

    name: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    of_legs: ClassVar[bool] = False
    """Whether it is a question about postings, which cannot arise where there are none."""
    of_lead: ClassVar[bool] = False
    """Whether it is a question about the movement alone, which only the shard that leads it asks."""

    def __init__(self, join: Join) -> None:
        self.join = join
        self.context = join.context

    # --- what a concern says ---------------------------------------------------------------------------------
    def wanted(self, case: Case) -> Ask | None:
        """Return when the question is due if its condition holds; None if it does not."""
        raise NotImplementedError

    def breach(self, case: Case, ask: Ask) -> Breach:
        """Return what to say."""
        raise NotImplementedError

    def ending(self, case: Case) -> str:
        """Return the sentence that ends what was said."""
        raise NotImplementedError

    def found(self, case: Case) -> bool:
        """Try the weaker rules, at the last moment; True when they have answered it."""
        return False

    def put_off_us(self, case: Case, due_us: int) -> int:
        """Return by how long what was due is put off, since clocks stood still; 0 for not at all."""
        return 0

    def told(self, case: Case) -> None:
        """Do what there is to do after it was told."""

    # --- the frame -------------------------------------------------------------------------------------------
    def key(self, case: Case) -> str:
        """Return the key of its alerts: the movement, unless two concerns raise the same type."""
        return case.transfer_id

    def ask(self, case: Case, ask: Ask) -> None:
        """The condition holds: open the question, or leave it open, or bring it forward."""
        is_open = self.name in case.open
        timer = f"{self.name}|{case.transfer_id}"
        if not is_open:
            case.row().open.append(self.name)
        elif not self.context.absences.expects(timer):
            if ask.worse and f"{self.name}+" not in case.open:
                self._tell(case, ask)
            return
        if ask.due_us is None:
            self.context.absences.met(timer)
            self._tell(case, ask)
        elif not is_open or ask.due_us < self.context.absences.waiting.rows[timer].due_us:
            self._expect(timer, ask, case)

    def due(self, transfer_id: str, due_us: int) -> None:
        """The time of the question has come."""
        case = self.join.case(transfer_id, late=False)
        if self.name not in case.open:
            return
        ask = self.wanted(case)
        if ask is None:
            self.end(case)
            self.join.weigh(transfer_id, late=False)  # what has become of it may be another question
            return
        more_us = self.put_off_us(case, due_us)
        if more_us:
            self._expect(f"{self.name}|{transfer_id}", ask._replace(due_us=due_us + more_us), case)
        elif not self._is_found(case):
            self._tell(case, ask)

    def _is_found(self, case: Case) -> bool:
        """Tell whether a weaker rule has answered the question, so that its condition holds no more."""
        if not self.found(case):
            return False
        self.join.weigh(case.transfer_id, late=False)
        return self.name not in self.join.case(case.transfer_id, late=False).open

    def end(self, case: Case) -> None:
        """The condition holds no more."""
        claim = case.row()
        claim.open = [name for name in claim.open if name not in (self.name, f"{self.name}+")]
        self.context.absences.met(f"{self.name}|{case.transfer_id}")
        key = self.key(case)
        for kind in self.kinds:
            if self.context.stands(kind, key):
                evidence = evidence_of(case, books_first=not case.late)[:1]
                self.context.mend(kind, key, self.ending(case), evidence, explained=case.late)

    def drop(self, case: Case) -> None:
        """The movement is older than the horizon."""
        self.context.absences.met(f"{self.name}|{case.transfer_id}")
        for kind in self.kinds:
            sentence = f"{case.transfer_id} is older than the horizon and is watched no more."
            self.context.mend(kind, self.key(case), sentence, explained=False)

    def _expect(self, timer: str, ask: Ask, case: Case) -> None:
        assert ask.due_us is not None, f"{timer} is due at once"
        self.context.absences.expect(timer, ask.due_us, ask.sources, self.context.cents(case.asset, ask.units))

    def _tell(self, case: Case, ask: Ask) -> None:
        if ask.worse:
            case.row().open.append(f"{self.name}+")
        self.context.tell(self.breach(case, ask))
        self.told(case)

    def after_us(self, seconds: float) -> int:
        """Return the moment so many seconds from now, in microseconds."""
        return self.context.now_us + round(seconds * SECOND_US)


def scope_of_case(case: Case) -> dict[str, str]:
    """Return what an alert about a case is about: movement, client, account, place, asset."""
    credit = next((leg for leg in case.legs() if leg.account_class == "client"), None)
    if case.dossier is not None:
        scope = scope_of(case.dossier)
        if case.direction == "in" and case.dossier.origin != EXTERNAL:  # from another shard: it is the receiver's
            scope["location"] = case.dossier.destination
            if case.dossier.client:
                scope["client_id"] = case.dossier.client
    else:
        scope = {"transfer_id": case.transfer_id, "asset": case.asset}
    if credit is not None:
        scope["account_id"] = credit.account_id
        if credit.party != credit.account_id:
            scope.setdefault("client_id", credit.party)
    return scope


def evidence_of(case: Case, *, books_first: bool = False) -> tuple[str, ...]:
    """Return the events that tell of a case: of the movement, the latest first, and the postings, or the other way."""
    moves = [event_id for member in case.family for event_id in member.evidence]
    legs = [leg.event_id for leg in reversed(case.legs())]
    return tuple(dict.fromkeys(legs + moves if books_first else moves + legs))[:20]


def links_of_case(case: Case, *more: str) -> tuple[str, ...]:
    """Return what ties the alerts of a case to others: the movement under all its ids."""
    ids = dict.fromkeys((case.transfer_id, *(member.transfer_id for member in case.kin)))
    return (*(f"transfer|{transfer_id}" for transfer_id in ids), *more)


def state_of(dossier: Dossier) -> str:
    """Return how a movement stands, as a sentence says it: `has arrived`, `was undone`, `is under way`."""
    if dossier.undone:
        return "was undone"
    if dossier.arrived:
        return "has arrived"
    return "is under way" if dossier.left else "is asked for"
