"""The judge of one shard: its log, its state and what it says, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from streams.engine.bookmarks import Partition
from streams.engine.checkpoints.head import HEAD_KEY, Head, read_head
from streams.engine.control import read_config
from streams.engine.entries import entry_record
from streams.engine.survey import Survey, survey_log
from streams.record import OUTPUT_TOPICS, OWN_ORIGIN, Record
from streams.rowdata import encoded_rows
from tests.simulation.broker import Broker, Stored
from tests.simulation.reference import Facts, Reference
from tests.simulation.transactions import Rows


class WrongError(AssertionError):
    """Something that must not be; the text says what."""


@dataclass(slots=True)
class Findings:
    """What was found: the first that is wrong, for whoever is at work then may catch what is raised; and how often what."""

    found: WrongError | None = None
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("repeated inputs", "repeated outputs", "checkpoints", "own records"), 0)
    )

    def wrong(self, what: str) -> WrongError:
        self.found = self.found or WrongError(what)
        return self.found


class ShardJudge:
    """Holds one shard against the machine over its log from the beginning; raises `WrongError`."""

    def __init__(
        self, number: int, new_machine: Callable[[int], Any], clock: str, broker: Broker, facts: Facts, all_: Findings
    ) -> None:
        self.number, self._clock, self._broker, self._facts, self._all = number, clock, broker, facts, all_
        self._ahead, self._behind = Reference(new_machine(number)), Reference(new_machine(number))
        self._records: list[Record] = []
        self._configs: list[tuple[int, dict[str, Any]]] = []  # by offset: what has been in force
        self._due: dict[Partition, int] = dict.fromkeys(broker.inputs, 0)  # first offset that may be missing in the log
        self._newest_us = 0  # of the clock of events
        self._expected: dict[str, list[tuple[bytes, bytes]]] = {topic: [] for topic in OUTPUT_TOPICS}
        self._known: dict[str, dict[tuple[bytes, bytes], int]] = {topic: {} for topic in OUTPUT_TOPICS}
        self._covered: dict[str, int] = dict.fromkeys(OUTPUT_TOPICS, 0)  # outputs that the last checkpoint covers
        self._written: dict[str, int] = dict.fromkeys(OUTPUT_TOPICS, 0)  # first occurrences in the topic
        self.visible: dict[bytes, bytes] = {}
        self.heads: list[Head] = []  # of all checkpoints

    def _wrong(self, what: str) -> WrongError:
        return self._all.wrong(f"shard {self.number}: {what}")

    @property
    def position(self) -> int:
        """Return that of the last checkpoint."""
        return self.heads[-1].position if self.heads else 0

    # ------------------------------------------------------------------------------------------------------- the log

    def logged(self, record: Stored) -> None:
        entry = entry_record(record.key, record.value)
        if entry.origin != OWN_ORIGIN:
            self._check_entry(entry)
        elif (config := read_config(entry.value)) is not None:
            self._configs.append((record.offset, config.settings))
        if not self._configs:
            raise self._wrong(f"the log begins with {entry} and not with what is in force")
        self._records.append(entry)
        for topic, key, value in self._ahead.take(entry):
            self._known[topic].setdefault((key, value), len(self._expected[topic]))
            self._expected[topic].append((key, value))
        if entry.origin == OWN_ORIGIN:
            self._all.counts["own records"] += 1
            self._check_clock()

    def _check_entry(self, entry: Record) -> None:
        topic, number, offset = entry.origin.split("/")
        place, at = (topic, int(number)), int(offset)
        moment, shards = self._facts.of(place)[at]
        if (self._broker.partitions[place][at].value or b"") != entry.value:
            raise self._wrong(f"{entry.origin} is in the log with other bytes")
        if self.number not in shards:
            raise self._wrong(f"{entry.origin} is in the log and belongs to {shards}")
        due = self.due(place, at)
        if due < at:
            raise self._wrong(f"{entry.origin} is in the log before {topic}/{number}/{due}")
        if due > at:
            self._all.counts["repeated inputs"] += 1
            return
        self._due[place] = at + 1
        if self._clock == "events" and moment is not None:
            if moment < max(self._newest_us, self._ahead.machine.clock_us):
                raise self._wrong(f"{entry.origin} of {moment} is in the log after one of {self._newest_us}")
            self._newest_us = moment

    def due(self, place: Partition, limit: int) -> int:
        """Return the first offset below a limit that belongs here and is not in the log; else the limit, or beyond."""
        due, facts = self._due[place], self._facts.of(place)
        while due < limit and self.number not in facts[due][1]:
            due += 1
        self._due[place] = due
        return due

    def _check_clock(self) -> None:
        """No tick takes the clock past a record that is to come; the ones from the far future tell nothing."""
        clock = self._ahead.machine.clock_us
        for place in self._broker.inputs:
            for moment, shards in self._facts.of(place)[self._due[place] :]:
                if moment is not None and moment < clock and self.number in shards:
                    raise self._wrong(f"the clock is at {clock} and one of {moment} in {place} is not in the log")

    # ------------------------------------------------------------------------------------------- how a worker starts

    def looked(self, found: Head | None, known: int) -> None:
        """A start looked for the last head, of which so many were `known` before it did."""
        allowed: list[Head | None] = [*self.heads[max(known - 1, 0) :]]
        if found not in (allowed if known else [None, *allowed]):
            raise self._wrong(f"the last head was {self.heads[known - 1 : known]} and {found} was found")

    def surveyed(self, found: Survey) -> None:
        """A start found the log so: with what is known of a checkpoint, as one that reads it all would."""
        log = enumerate(self._records[: found.end_offset])
        if found != (whole := survey_log(log, None, self.number)):
            raise self._wrong(f"the log was found as {found} and is {whole}")

    def started(self, settings: dict[str, Any], end_before: int) -> None:
        """A worker goes on, which found the log not before `end_before`: its settings must be in force, or have been."""
        since = [said for at, said in self._configs if at >= end_before]
        since += [said for at, said in self._configs if at < end_before][-1:]
        if settings not in since:
            raise self._wrong(f"a worker started with {settings} and in force are {since}")

    def end(self) -> int:
        return len(self._records)

    # --------------------------------------------------------------------------------------------- outputs and state

    def said(self, topic: str, one: tuple[bytes, bytes]) -> None:
        written = self._written[topic]
        if written < len(self._expected[topic]) and self._expected[topic][written] == one:
            self._written[topic] += 1
        elif self._known[topic].get(one, written) < written:
            self._all.counts["repeated outputs"] += 1
        else:
            raise self._wrong(f"{topic} has {one} where {self._expected[topic][written : written + 1]} is due")

    def saved(self, written: Rows) -> None:
        self._all.counts["checkpoints"] += 1
        rows = dict(written)
        head = read_head(rows.pop(HEAD_KEY, b"") or b"", "state", self.number)
        for key, value in rows.items():
            if value is None:
                self.visible.pop(key, None)
            else:
                self.visible[key] = value
        if head.position < self.position:
            raise self._wrong(f"a checkpoint of {head.position} after one of {self.position}")
        if head.position > len(self._records):
            raise self._wrong(f"a checkpoint of {head.position} and the log ends at {len(self._records)}")
        self.heads.append(head)
        for record in self._records[self._behind.position : head.position]:
            for topic, _, _ in self._behind.take(record):
                self._covered[topic] += 1
        self._compare(head)

    def _compare(self, head: Head) -> None:
        expected = self._behind.head(head)
        if head != expected:
            raise self._wrong(f"the head is {head} and must be {expected}")
        rows = self._behind.now()
        for key in sorted(rows.keys() | self.visible.keys()) if rows != self.visible else ():
            if rows.get(key) != self.visible.get(key):
                raise self._wrong(
                    f"{key!r} is {self.visible.get(key)!r} at {head.position} and must be {rows.get(key)!r}"
                )
        for topic, covered in self._covered.items():
            if self._written[topic] < covered:
                raise self._wrong(
                    f"the checkpoint of {head.position} covers {covered} of {topic}, {self._written[topic]} are there"
                )

    # ---------------------------------------------------------------------------------------------------- once quiet

    def unfinished(self, now_us: int) -> list[str]:
        """Return what has not come about yet, once nothing more happens and time has stopped."""
        ends = {place: self._broker.end(place) for place in self._broker.inputs}
        found = [f"{place} is in the log up to {due} of {end}" for place, end in ends.items()
                 if (due := self.due(place, end)) < end]  # fmt: skip
        found += [
            f"{topic}: {self._written[topic]} of {len(said)} said"
            for topic, said in self._expected.items()
            if self._written[topic] < len(said)
        ]
        if self.position < self.end():
            found.append(f"the checkpoint is of {self.position} and the log ends at {self.end()}")
        due_us = now_us if self._clock == "ticks" else self._facts.newest_us()
        if self._ahead.machine.clock_us < due_us:
            found.append(f"the clock stands at {self._ahead.machine.clock_us} and it is {due_us}")
        return [f"shard {self.number}: {what}" for what in found]

    def check_whole(self) -> None:
        """Compare every row, whatever the reference says has changed."""
        rows = encoded_rows(self._behind.machine.rows())
        if self.position and rows != self.visible:
            raise self._wrong(f"{sorted(set(rows.items()) ^ set(self.visible.items()))} differ")
