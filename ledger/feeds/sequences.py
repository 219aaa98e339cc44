"""Sequences: numbers that a source gives to its events, and which of them are missing.

A source may number all that it says, or each account or place by itself; whichever has proved to be without holes is
watched. A number that is missing is told once it can be: the source has delivered beyond it, or sends no heartbeats and
`gap_wait_s` have passed. The alert closes when all that were missing have come.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Check, Timer
from ledger.events import Posting, Snapshot, Transfer
from ledger.findings import Breach
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

STEPS_PROVING = 10  # steps of one, before a hole means anything
STEPS_PROVING_CLEAN = 3  # and so many where nothing else was ever seen
JUMPS_SHARE = 10  # of a sequence that is watched, at most one step in ten is a jump never filled, but for the latest
STEPS_IN_ORDER = 50  # after so many steps and nothing late, the feed is in order
HOLES_MAX = 2_048  # of a busy feed with some that are minutes late, hundreds are open at any moment
HOLES_OF_A_PART_MAX = 64  # of an account or a place whose numbers have not proved to be its own
SPAN_MAX = 100_000  # a leap of more is another numbering, not a hole
RESTARTS_MAX = 20  # so many low numbers in a row, each one more than the last, are a numbering begun anew
HOPELESS_JUMPS = 100
_first = attrgetter("first")


class Hole(Struct, gc=False):
    """Numbers that are missing: from `first` to `last`, found by the event `after_id`, concluded at `due_us`.

    `told` says that people know of it.
    """

    first: int
    last: int
    after_id: str
    due_us: int
    told: bool = False


class Sequence(Struct, gc=False):
    """One numbering: the highest and the lowest number seen, how often it went up by one, how often by more and stayed so, and how
    many numbers came after a higher one; `odd` counts numbers that were neither next nor missing. `holes` are in their order.
    """

    top: int
    base: int
    steps: int = 0
    jumps: int = 0
    fills: int = 0
    behind: int = 0
    behind_top: int = 0
    odd: int = 0
    holes: list[Hole] = []

    def hole_up_to(self, number: int) -> int:
        """Return the place of the last hole that begins at a number or before it; -1 where none does."""
        return bisect_right(self.holes, number, key=_first) - 1

    @property
    def proven(self) -> bool:
        if not self.odd and self.jumps <= 1:
            return self.steps >= STEPS_PROVING_CLEAN
        return self.steps >= STEPS_PROVING and (self.jumps + self.odd - 1) * JUMPS_SHARE <= self.steps

    @property
    def hopeless(self) -> bool:
        """Whether these are no numbers without holes, and never will be."""
        return self.jumps + self.odd >= HOPELESS_JUMPS and (self.jumps + self.odd) * 2 > self.steps


class Sequences(Check):
    """All numberings: by source, and by source and what the event is about."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.sequences = self
        self.table: Table[tuple[str | int, ...], Sequence] = Table(Sequence)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"sequence": self.table}

    def timers(self) -> Mapping[str, Timer]:
        return {"gap": self._gap_due}

    def heard(self, event: Transfer | Posting | Snapshot) -> None:
        if event.source_seq is None:
            return
        number = number_of(event.source_seq)
        if number is None:
            return
        if self.context.territory.has_source(event.source):  # else other shards may have the numbers between
            self._take((event.source, ""), number, event)
            if self.table.rows[event.source, ""].proven:
                return  # its parts need no watch of their own
        if type(event) is Posting:
            self._take((event.source, event.account_id), number, event)
        elif type(event) is Snapshot:
            self._take((event.source, event.location), number, event)

    def has_all_between(self, source: str, part: str, first_seq: str, last_seq: str) -> bool:
        """Tell whether every number between two of a source, or of a part of it, has come: nothing can be late there."""
        first, last = number_of(first_seq), number_of(last_seq)
        if first is None or last is None or first > last:
            return False
        for key in ((source, ""), (source, part)):
            sequence = self.table.get(key)
            if sequence is not None and sequence.proven and len(sequence.holes) < HOLES_MAX and last <= sequence.top:
                place = sequence.hole_up_to(last - 1)
                return place < 0 or sequence.holes[place].last <= first
        return False

    def _take(self, key: tuple[str, str], number: int, event: Transfer | Posting | Snapshot) -> None:
        sequence = self.table.rows.get(key)
        if sequence is None:
            self.table.put(key, Sequence(number, number, holes=[]))
            return
        if sequence.hopeless:
            return
        self.table.touched.add(key)
        step = number - sequence.top
        if step == 1:
            sequence.top, sequence.behind = number, 0
            sequence.steps += 1
        elif step > SPAN_MAX:
            self._restart(key, sequence, number)
        elif step > 1:
            self._leap(key, sequence, number, event)
        else:
            self._late(key, sequence, number, event)

    def _leap(
        self, key: tuple[str, str], sequence: Sequence, number: int, event: Transfer | Posting | Snapshot
    ) -> None:
        """Numbers have been passed over: perhaps they are only late."""
        due_us = self.context.now_us + round(self.context.limits.gap_wait_s * SECOND_US)
        sequence.holes.append(Hole(sequence.top + 1, number - 1, event.event_id, due_us))
        sequence.top, sequence.behind = number, 0
        sequence.jumps += 1
        most = HOLES_MAX if key[1] == "" or sequence.proven else HOLES_OF_A_PART_MAX
        if len(sequence.holes) > most:
            del sequence.holes[:-most]
        if sequence.proven:
            if key[1] == "":
                self.context.sources.has_hole(key[0])
            if not self.context.absences.expects(_timer(key)):
                self._expect(key, sequence, due_us)

    def _expect(self, key: tuple[str, str], sequence: Sequence, due_us: int) -> None:
        # A feed that was never out of order is not given the benefit of the doubt.
        tellers = (key[0],) if sequence.fills or sequence.steps < STEPS_IN_ORDER else ()
        self.context.absences.expect(_timer(key), due_us, tellers, despite_holes=True)

    def _late(
        self, key: tuple[str, str], sequence: Sequence, number: int, event: Transfer | Posting | Snapshot
    ) -> None:
        """A lower number: it fills a hole, is told again, or the numbering began anew."""
        place = sequence.hole_up_to(number)
        if place >= 0 and number <= sequence.holes[place].last:
            self._fill(key, sequence, place, number, event)
            return
        if event.revision:
            return  # a restatement may keep the number of what it restates
        if number == sequence.base - 1:  # the first ones came in another order
            sequence.base = number
            sequence.steps += 1
            return
        sequence.behind = sequence.behind + 1 if number == sequence.behind_top + 1 else 1
        sequence.behind_top = number
        sequence.odd += 1
        if sequence.behind >= RESTARTS_MAX and sequence.top - number > SPAN_MAX // 100:
            self._restart(key, sequence, number)

    def _fill(
        self, key: tuple[str, str], sequence: Sequence, index: int, number: int,
        event: Transfer | Posting | Snapshot,
    ) -> None:  # fmt: skip
        hole = sequence.holes[index]
        parts = [
            Hole(first, last, hole.after_id, hole.due_us, hole.told)
            for first, last in ((hole.first, number - 1), (number + 1, hole.last))
            if first <= last
        ]
        sequence.holes[index : index + 1] = parts
        sequence.steps += 1
        sequence.fills += 1
        if not parts:
            sequence.jumps = max(sequence.jumps - 1, 0)
        if not sequence.holes:
            self._whole(key, event.event_id)

    def _whole(self, key: tuple[str, str], event_id: str) -> None:
        """Nothing is missing any more."""
        self.context.absences.met(_timer(key))
        sentence = f"All that was missing from the sequence of {_named(key)} has come, the last of it with {event_id}."
        self.context.mend("source_gap", "|".join(key), sentence, (event_id,), explained=True)
        if key[1] == "":
            self.context.sources.hole_filled(key[0])

    def _restart(self, key: tuple[str, str], sequence: Sequence, number: int) -> None:
        """Another numbering begins; of the old one nothing is missed any more."""
        had_holes = bool(sequence.holes)
        self.table.put(key, Sequence(number, number, holes=[]))
        if had_holes:
            self.context.absences.met(_timer(key))
            sentence = f"{_named(key)} numbers anew from {number}; what was missing before cannot be told any more."
            self.context.mend("source_gap", "|".join(key), sentence, explained=False)
            if key[1] == "":
                self.context.sources.hole_filled(key[0])

    def _gap_due(self, rest: str, due_us: int) -> None:
        source, _, scope = rest.partition("|")
        key = (source, scope)
        sequence = self.table.edit(key)
        if sequence is None or not sequence.holes:
            return
        if not sequence.proven:
            if sequence.hopeless and scope == "":
                self.context.sources.hole_filled(source)
            elif not sequence.hopeless:  # a late number may still show that it is one without holes
                self._expect(key, sequence, due_us + round(self.context.limits.gap_wait_s * SECOND_US))
            return
        later = [hole.due_us for hole in sequence.holes if not hole.told and hole.due_us > due_us]
        if later:
            self._expect(key, sequence, min(later))
        ripe = [hole for hole in sequence.holes if hole.due_us <= due_us]
        if ripe and not all(hole.told for hole in ripe):
            if scope == "":
                self.context.sources.hole_told(source)
            told = any(hole.told for hole in ripe)
            for hole in ripe:
                hole.told = True
            self._tell(key, ripe, told=told)

    def _tell(self, key: tuple[str, str], holes: list[Hole], *, told: bool) -> None:
        missing = sum(hole.last - hole.first + 1 for hole in holes)
        runs = ", ".join(
            str(hole.first) if hole.first == hole.last else f"{hole.first} to {hole.last}" for hole in holes[:5]
        )
        more = f" and {len(holes) - 5} more runs" if len(holes) > 5 else ""
        scope = {"source": key[0]} | ({"account_id": key[1]} if key[1] else {})
        self.context.tell(
            Breach(
                kind="source_gap",
                key="|".join(key),
                scope=scope,
                sentence=f"{missing} events are missing from the sequence of {_named(key)}: {runs}{more}. Breaks that "
                "may come of it are held back until they are delivered.",
                evidence=tuple(dict.fromkeys(hole.after_id for hole in holes))[:20],
                rule="missing_numbers",
                told=told,
                links=(f"source|{key[0]}",),
            )
        )


def number_of(text: str) -> int | None:
    """Return the number at the end of a sequence's text; None where there is none.

    >>> number_of("000017"), number_of("LDG-42"), number_of("x")
    (17, 42, None)
    """
    digits = text[len(text.rstrip("0123456789")) :]
    return int(digits) if 0 < len(digits) <= 30 else None


def _timer(key: tuple[str, str]) -> str:
    return f"gap|{key[0]}|{key[1]}"


def _named(key: tuple[str, str]) -> str:
    return f"{key[0]} for {key[1]}" if key[1] else key[0]
