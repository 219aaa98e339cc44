"""The judge: what must hold at every step, and what must have come about once all is quiet.

It knows the broker's records and nothing of the engine. Its reference is the same machine over the log from the
beginning; whatever the workers say, write and commit is held against that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from streams.engine.bookmarks import Partition
from streams.engine.checkpoints.head import HEAD_KEY, Head, Running, read_head
from streams.engine.entries import entry_record
from streams.engine.keeper import encoded_rows
from streams.engine.watermarks import observed_us
from streams.monitor import encode
from streams.record import OUTPUT_TOPICS, OWN_ORIGIN, Output, Record
from tests.simulation.broker import LOG, Broker, Stored, Transaction

_encode = msgspec.json.Encoder().encode


class WrongError(AssertionError):
    """Something that must not be; the text says what."""


class Reference:
    """The machine over the log from its beginning, with the running counts that a head has."""

    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.running = Running()
        self.position = 0
        self.rows: dict[bytes, bytes] = {}

    def take(self, record: Record) -> list[tuple[str, bytes, bytes]]:
        """Apply the next record of the log and return what is to be said."""
        self.running.take([record])
        self.position += 1
        return [self._say(output) for output in self.machine.step(record)]

    def _say(self, output: Output) -> tuple[str, bytes, bytes]:
        value = encode(output.value)
        self.running.say(output.topic, output.key, value)
        return output.topic, output.key.encode(), value

    def now(self) -> dict[bytes, bytes]:
        """Return the rows as a checkpoint has them."""
        for name, row in self.machine.changed_rows().items():
            if row is None:
                self.rows.pop(name.encode(), None)
            else:
                self.rows[name.encode()] = _encode(row)
        return self.rows

    def head(self, of: Head) -> Head:
        """Return the head that must stand here; the wall clock is taken from the one that does."""
        version = self.machine.state_version
        return self.running.head(
            position=self.position, state_version=version, clock=of.clock, written_us=of.written_us
        )


class Oracle:
    """Listens to a broker and raises `WrongError`."""

    def __init__(self, new_machine: Callable[[], Any], clock: str) -> None:
        self.broker: Broker  # set by the world
        self._clock = clock
        self._ahead, self._behind = Reference(new_machine()), Reference(new_machine())
        self._records: list[Record] = []
        self._due: dict[Partition, int] = {}  # of each input, the first offset that is not in the log
        self._newest_us = 0  # of the clock of events
        self._expected: dict[str, list[tuple[bytes, bytes]]] = {topic: [] for topic in OUTPUT_TOPICS}
        self._known: dict[str, dict[tuple[bytes, bytes], int]] = {topic: {} for topic in OUTPUT_TOPICS}
        self._covered: dict[str, int] = dict.fromkeys(OUTPUT_TOPICS, 0)  # outputs that the last checkpoint covers
        self._written: dict[str, int] = dict.fromkeys(OUTPUT_TOPICS, 0)  # first occurrences in the topic
        self.visible: dict[bytes, bytes] = {}
        self.position = 0  # of the last checkpoint
        self.found: WrongError | None = None
        self.counts = {"repeated inputs": 0, "repeated outputs": 0, "checkpoints": 0, "ticks": 0}

    def _wrong(self, what: str) -> WrongError:
        """Keep the first that is wrong: whoever is at work then may catch what is raised."""
        self.found = self.found or WrongError(what)
        return self.found

    # ------------------------------------------------------------------------------------------------------- the log

    def logged(self, record: Stored) -> None:
        entry = entry_record(record.value, record.headers)
        if entry.origin != OWN_ORIGIN:
            self._check_entry(entry)
        self._records.append(entry)
        for topic, key, value in self._ahead.take(entry):
            self._known[topic].setdefault((key, value), len(self._expected[topic]))
            self._expected[topic].append((key, value))
        if entry.origin == OWN_ORIGIN:
            self.counts["ticks"] += 1
            self._check_clock()

    def _check_entry(self, entry: Record) -> None:
        topic, number, offset = entry.origin.split("/")
        place, at = (topic, int(number)), int(offset)
        due = self._due.setdefault(place, 0)
        if at > due:
            raise self._wrong(f"{entry.origin} is in the log before {topic}/{number}/{due}")
        if (self.broker.partitions[place][at].value or b"") != entry.value:
            raise self._wrong(f"{entry.origin} is in the log with other bytes")
        if at < due:
            self.counts["repeated inputs"] += 1
            return
        self._due[place] = due + 1
        if self._clock == "events" and (moment := observed_us(entry.value)) is not None:
            if moment < self._newest_us:
                raise self._wrong(f"{entry.origin} of {moment} is in the log after one of {self._newest_us}")
            self._newest_us = moment

    def _check_clock(self) -> None:
        """No tick takes the clock past a record that is not in the log yet; the ones from the far future tell nothing."""
        clock = self._ahead.machine.clock_us
        for place in self.broker.inputs:
            for record in self.broker.partitions[place][self._due.get(place, 0) :]:
                moment = observed_us(record.value or b"")
                if moment is not None and moment < clock:
                    raise self._wrong(
                        f"the clock is at {clock} and {place} {record.offset} of {moment} is not in the log"
                    )

    def noted(self, place: Partition, offset: int) -> None:
        if place != LOG and offset > self._due.get(place, 0):
            raise self._wrong(f"{offset} of {place} is committed and the log has it up to {self._due.get(place, 0)}")

    # --------------------------------------------------------------------------------------------- outputs and state

    def said(self, record: Stored) -> None:
        topic, one = record.topic, (record.key or b"", record.value or b"")
        written = self._written[topic]
        if written < len(self._expected[topic]) and self._expected[topic][written] == one:
            self._written[topic] += 1
        elif self._known[topic].get(one, written) < written:
            self.counts["repeated outputs"] += 1
        else:
            raise self._wrong(f"{topic} has {one} where {self._expected[topic][written : written + 1]} is due")

    def saved(self, transaction: Transaction) -> None:
        self.counts["checkpoints"] += 1
        rows = dict(transaction.rows)
        head = read_head(rows.pop(HEAD_KEY, b"") or b"", "state", 0)
        for key, value in rows.items():
            if value is None:
                self.visible.pop(key, None)
            else:
                self.visible[key] = value
        if head.position < self.position:
            raise self._wrong(f"a checkpoint of {head.position} after one of {self.position}")
        if head.position > len(self._records):
            raise self._wrong(f"a checkpoint of {head.position} and the log ends at {len(self._records)}")
        self.position = head.position
        self._go_to(head.position)
        self._compare(head)

    def _go_to(self, position: int) -> None:
        for record in self._records[self._behind.position : position]:
            for topic, _, _ in self._behind.take(record):
                self._covered[topic] += 1

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
        """Return what has not come about yet, once nothing more happens; time has stopped at `now_us`."""
        end = len(self._records)
        found = [f"{place}: {self._due.get(place, 0)} of {self.broker.end(place)} in the log" for place in
                 self.broker.inputs if self._due.get(place, 0) < self.broker.end(place)]  # fmt: skip
        found += [
            f"{place}: {self.broker.committed.get(place)} of {self.broker.end(place)} committed"
            for place in self.broker.inputs
            if self.broker.committed.get(place, 0) < self.broker.end(place)
        ]
        found += [
            f"{topic}: {self._written[topic]} of {len(self._expected[topic])} said"
            for topic in OUTPUT_TOPICS
            if self._written[topic] < len(self._expected[topic])
        ]
        if self.position < end:
            found.append(f"the checkpoint is of {self.position} and the log ends at {end}")
        if self._clock == "ticks" and self._ahead.machine.clock_us < now_us:
            found.append(f"the clock stands at {self._ahead.machine.clock_us} and it is {now_us}")
        return found

    def check_whole(self) -> None:
        """Compare every row, whatever the reference says has changed."""
        rows = encoded_rows(self._behind.machine.rows())
        if self.position and rows != self.visible:
            raise self._wrong(f"{sorted(set(rows.items()) ^ set(self.visible.items()))} differ")
