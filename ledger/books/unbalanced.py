"""Journals that are open: legs are missing, or do not add up to zero; after `journal_s` that is told."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ledger.amounts import to_decimal
from ledger.books.legs import Journal, imbalance, is_whole
from ledger.check import Check, Timer
from ledger.findings import EVIDENCE_MAX, Breach
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "unbalanced_journal"
TIMER = "journals|"


class OpenJournals(Check):
    """The journals, and which of them do not add up. `Journals` puts the postings into them."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.journals: Table[str, Journal] = Table(Journal)
        self.on_turned: Callable[[str], None] = _nobody  # hears which journal is complete now, or not any more
        self._queue: deque[tuple[int, str]] = deque()  # since when open, and which: what follows from the rows

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"journal": self.journals}

    def timers(self) -> Mapping[str, Timer]:
        return {"journals": self._queue_due, "unbalanced": self._unbalanced_due}

    def loaded(self) -> None:
        expects, stands = self.context.absences.expects, self.context.stands
        self._queue = deque(
            sorted(
                (journal.open_us, name)
                for name, journal in self.journals.rows.items()
                if journal.open_us and not expects(f"unbalanced|{name}") and not stands(KIND, name)
            )
        )

    def is_open(self, journal_id: str) -> bool:
        """Tell whether legs of a journal are missing, or do not add up to zero."""
        journal = self.journals.rows.get(journal_id)
        return journal is not None and bool(journal.open_us)

    def judge(self, name: str, journal: Journal) -> None:
        """Note whether a journal is complete; one that is not gets `journal_s` from now, or from its first leg."""
        if not is_whole(journal):
            if not journal.open_us:
                journal.open_us = self.context.now_us
                self.on_turned(name)
                insort(self._queue, (journal.open_us, name))  # causes do not come in the order of their times
                self._set_timer()
            return
        if not journal.open_us:
            return
        waited = self.context.now_us - journal.open_us >= self._wait_us
        journal.open_us = 0
        self.on_turned(name)
        if waited:
            self.context.absences.met(f"unbalanced|{name}")
            legs = len(journal.legs) + journal.more_legs
            sentence = f"All {legs} legs of journal {name} are there now and add up to zero."
            self.context.mend(KIND, name, sentence, (self.context.cause_id,), explained=True)

    def watch_no_more(self, name: str, journal: Journal) -> None:
        """A journal is forgotten: what was told of it is over."""
        if journal.open_us:
            self.context.absences.met(f"unbalanced|{name}")
            sentence = f"Journal {name} is older than the horizon and is watched no more; it never added up."
            self.context.mend(KIND, name, sentence, explained=False)

    @property
    def _wait_us(self) -> int:
        return round(self.context.limits.journal_s * SECOND_US)

    def _set_timer(self) -> None:
        """Look again when the oldest open journal has had its time: one deadline for all of them."""
        if TIMER not in self.context.deadlines.due_us:
            self.context.deadlines.set(TIMER, self._queue[0][0] + self._wait_us)

    def _queue_due(self, rest: str, due_us: int) -> None:
        queue, rows, wait_us = self._queue, self.journals.rows, self._wait_us
        while queue:
            open_us, name = queue[0]
            journal = rows.get(name)
            is_open = journal is not None and journal.open_us == open_us
            if is_open and open_us + wait_us > due_us:
                break
            queue.popleft()
            if journal is not None and is_open:
                self.context.absences.expect(f"unbalanced|{name}", due_us, (journal.source,), self._cents(journal))
        if queue:
            self._set_timer()

    def _cents(self, journal: Journal) -> int | None:
        worth = [self.context.cents(asset, units) for asset, units in imbalance(journal).items()]
        return max((cents for cents in worth if cents is not None), default=None)

    def _unbalanced_due(self, name: str, due_us: int) -> None:
        journal = self.journals.rows.get(name)
        if journal is None or not journal.open_us:
            return
        off = sorted(imbalance(journal).items())
        asset, units = off[0] if off else (None, None)
        sums = ", ".join(f"{to_decimal(sum_units)} {code}" for code, sum_units in off) or "nothing"
        here = len({leg.leg_no for leg in journal.legs.values()}) + journal.more_legs
        scope = {"source": journal.source, "asset": asset or "", "transfer_id": journal.transfer_id}
        transfer = (f"transfer|{journal.transfer_id}",) if journal.transfer_id else ()
        self.context.tell(
            Breach(
                kind=KIND,
                key=name,
                scope={field: value for field, value in scope.items() if value},
                sentence=f"Journal {name} ({journal.op_type}) has {here} of {journal.legs_total} legs "
                f"{(due_us - journal.open_us) // SECOND_US} s after the first, and they add up to {sums}.",
                evidence=tuple(leg.event_id for leg in reversed(journal.legs.values()))[:EVIDENCE_MAX],
                rule="legs_add_up",
                asset=asset,
                expected=None if units is None else 0,
                observed=units,
                difference=units,
                links=(f"journal|{name}", *transfer),
            )
        )


def _nobody(journal_id: str) -> None:
    """Tell nobody."""
