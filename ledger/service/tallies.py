"""All movements, counted by the day of their request, their kind and their client; and the rules that sent them to people.

Each movement has a mark, which says what it counts for. When something is heard of it, its old mark is taken out of the
tallies and its new one put in, so that nothing counts twice, and nothing is missed, however it was told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ledger.check import Change, Check, Entry
from ledger.dossiers import Dossier
from ledger.findings import Breach, Verdict
from ledger.service.blame import RuleTally, recount_rule
from ledger.service.gravity import is_error
from ledger.service.marks import CORRECTIONS, Mark, is_same, judged, marked, released, told_of
from ledger.service.tally import Tally, apply, count_correction, count_name, shift
from ledger.table import Table
from ledger.times import DAY_US, to_us

if TYPE_CHECKING:
    from ledger.context import Context

KEPT_DAYS = 40
"""So many days are kept apart, the present one included."""
ALWAYS = -1_000_000
"""The day, before all days, of the rows that count since the beginning; they know no client."""
Key = tuple[int, str, str]  # day, op_type and client; of a rule: day, rule and op_type
R = TypeVar("R")


class Tallies(Check):
    """The service rendered. Rows of the day `ALWAYS` are kept for good."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.tallies = self
        self.tally: Table[Key, Tally] = Table(Tally)
        self.rules: Table[Key, RuleTally] = Table(RuleTally)
        self.marks: Table[str, Mark] = Table(Mark)
        self.on_hold: dict[str, Mark] = {}  # by transfer_id; follows from the marks

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"tally": self.tally, "tally_rule": self.rules, "tally_mark": self.marks}

    def loaded(self) -> None:
        held = sorted(transfer_id for transfer_id, mark in self.marks.rows.items() if mark.held_since_us)
        self.on_hold = {transfer_id: self.marks.rows[transfer_id] for transfer_id in held}

    # --- what is heard ---------------------------------------------------------------------------------------
    def moved(self, change: Change) -> None:
        dossier = change.dossier
        before = self.marks.rows.get(dossier.transfer_id)
        if before is None or not is_same(before, dossier):
            self._put(dossier.transfer_id, before, marked(self.context, dossier, before))

    def decided(self, verdict: Verdict, dossier: Dossier) -> None:
        before, mark = self._mark(dossier)
        said = f"{'risk_free' if verdict.risk_free else 'risky'}|{verdict.action}"
        count_name(_edited(self.tally, (ALWAYS, mark.op_type, "")).verdicts, said, 1)
        for failure in verdict.failed:
            _edited(self.rules, (ALWAYS, failure.rule, mark.op_type)).verdicts += 1
        self._put(dossier.transfer_id, before, judged(mark, verdict))

    def told(self, breach: Breach) -> None:
        if not is_error(breach):
            return
        dossier = self.context.dossiers.get(breach.scope.get("transfer_id", ""))
        if dossier is not None and not self.context.territory.leads(dossier):
            return  # it counts where it is led
        if dossier is not None:
            before, mark = self._mark(dossier)
            self._put(dossier.transfer_id, before, told_of(mark, breach))
            return
        client = breach.scope.get("client_id", "")
        if client and not self.context.stands(breach.kind, breach.key):
            for tally in self._rows((self.context.now_us // DAY_US, "", client)):
                count_name(tally.errors, breach.kind, 1)

    def posted(self, entry: Entry) -> None:
        """A correction that is a booking only: by hand, of a client's account, and of no movement that is one itself."""
        event = entry.event
        if event.op_type not in CORRECTIONS or event.origin != "manual" or event.account_class != "client":
            return
        dossier = self.context.dossiers.get(event.transfer_id or "")
        if event.transfer_id and (dossier is None or dossier.op_type in CORRECTIONS):
            return
        cents = self.context.cents(entry.asset, entry.whole_units)
        before = self.context.cents(entry.asset, entry.whole_units - entry.units) if entry.restated else 0
        for tally in self._rows((to_us(event.booked_at) // DAY_US, event.op_type, event.client_id or "")):
            if not entry.restated:
                count_correction(tally, cents, 1)
            elif cents is not None and before is not None:
                tally.cents += cents - before

    def forgot(self, dossier: Dossier) -> None:
        """What it counts for stands from now on."""
        mark = self.marks.get(dossier.transfer_id)
        if mark is not None:
            self._put(dossier.transfer_id, mark, released(mark, self.context.now_us))
            self.marks.drop(dossier.transfer_id)

    def swept(self, before_us: int) -> None:
        first_day = self._first_day()
        for table in (self.tally, self.rules):
            for key in [key for key in table.rows if ALWAYS != key[0] < first_day]:
                table.drop(key)

    # --- counting --------------------------------------------------------------------------------------------
    def _mark(self, dossier: Dossier) -> tuple[Mark | None, Mark]:
        """Return what a movement counts for so far, and what it should count for as it stands now."""
        before = self.marks.rows.get(dossier.transfer_id)
        return before, marked(self.context, dossier, before)

    def _put(self, transfer_id: str, before: Mark | None, mark: Mark) -> None:
        if mark == before:
            return
        self.marks.put(transfer_id, mark)
        if mark.held_since_us:
            self.on_hold[transfer_id] = mark
        elif before is not None and before.held_since_us:
            self.on_hold.pop(transfer_id, None)
        self._recount(before, mark)
        if mark.failed or (before is not None and before.failed):
            self._recount_rules(before, mark)

    def _recount(self, before: Mark | None, mark: Mark) -> None:
        change = shift(before, mark)
        apply(_edited(self.tally, (ALWAYS, mark.op_type, "")), change)
        now, was = _key(mark), None if before is None else _key(before)
        if was is not None and was != now:
            change = shift(None, mark)
            if (row := self._row(was)) is not None:
                apply(row, shift(before, None))
        if (row := self._row(now)) is not None:
            apply(row, change)

    def _recount_rules(self, before: Mark | None, mark: Mark) -> None:
        failed = mark.failed if before is None else tuple(dict.fromkeys((*before.failed, *mark.failed)))
        same_day = before is None or before.day == mark.day
        for name in failed:
            recount_rule(_edited(self.rules, (ALWAYS, name, mark.op_type)), name, before, mark)
            if before is not None and not same_day and (row := self._rule(before.day, name, mark.op_type)) is not None:
                recount_rule(row, name, before, None)
            if (row := self._rule(mark.day, name, mark.op_type)) is not None:
                recount_rule(row, name, before if same_day else None, mark)

    # --- rows ------------------------------------------------------------------------------------------------
    def _first_day(self) -> int:
        return self.context.now_us // DAY_US - KEPT_DAYS + 1

    def _rows(self, key: Key) -> Iterator[Tally]:
        """Yield the rows that something of a day counts in: that since the beginning, and that of the day if it is kept."""
        yield _edited(self.tally, (ALWAYS, key[1], ""))
        row = self._row(key)
        if row is not None:
            yield row

    def _row(self, key: Key) -> Tally | None:
        """Return the row of a day; None where that day is kept no more."""
        return _edited(self.tally, key) if key in self.tally or key[0] >= self._first_day() else None

    def _rule(self, day: int, rule: str, op_type: str) -> RuleTally | None:
        key = (day, rule, op_type)
        return _edited(self.rules, key) if key in self.rules or day >= self._first_day() else None


def _key(mark: Mark) -> Key:
    return mark.day, mark.op_type, mark.client


def _edited(table: Table[Key, R], key: Key) -> R:
    row = table.edit(key)
    return table.put(key, table.row_type()) if row is None else row
