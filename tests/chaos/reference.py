"""A fresh monitor over the log of one shard, held against each checkpoint of it as its position is reached.

Nothing is kept but the machine, its rows and the rows of the topic: log and checkpoints are read side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any
from zlib import crc32

import msgspec

from streams.monitor import Monitor, encode
from streams.record import OUTPUT_TOPICS, Output, Record
from tests.chaos.outputs import Pair
from tests.chaos.reading import HEAD, short
from tests.chaos.spool import Kept
from tests.chaos.verdict import Verdict

WHOLE_EVERY = 40_000  # records of the log between two checkpoints that are compared with every row
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode
Rows = dict[bytes, bytes | None]


class Reference:
    """The machine that says what must be. `said`: what it has said so far, by topic."""

    def __init__(self, verdict: Verdict, make: Callable[[], Monitor], shard: int) -> None:
        self._verdict, self._make, self._shard = verdict, make, shard
        self._monitor = make()
        self._expected: dict[bytes, bytes] = {}  # the reference's rows, by the rows that it says have changed
        self._held: dict[bytes, bytes] = {}  # the rows of the topic so far
        self._in = self._out = self._begins = self._outputs = 0
        self._position = self._compared = self._checkpoints = 0
        self.said: dict[str, list[Pair]] = {topic: [] for topic in OUTPUT_TOPICS}

    def go(self, log: Iterator[Record], state: Iterable[Kept]) -> None:
        """Run to the end of the log beside the checkpoints."""
        for head, rows in _checkpoints(state):
            self._checkpoints += 1
            if head["position"] < self._position:
                sentence = f"{self._here()}: a checkpoint of {head['position']} after one of {self._position}"
                self._verdict.wrong("state went back", sentence)
                self._put_all(rows)
                continue
            self._step_to(log, head["position"])
            self._compare_head(head)
            self._compare_rows(rows)
            if self._position - self._compared >= WHOLE_EVERY:
                self._compare_all()
        self._compare_all()
        self._go_on(log)
        figures = self._verdict.figures
        figures |= {"checkpoints": self._checkpoints, "rows": len(self._held), "log to the end": self._position}
        if not self._checkpoints:
            self._verdict.wrong("no checkpoint", f"the state topic holds none of {self._here()}")

    def compare_kept(self, state: Iterable[Kept]) -> None:
        """Hold what the topic has in the end, after its compaction, against what was kept of it."""
        now: dict[bytes, bytes] = {}
        for key, value in state:
            _put(now, key, value)
        now.pop(HEAD, None)
        for key in sorted(now.keys() | self._held.keys()):
            if now.get(key) != self._held.get(key):
                self._verdict.wrong(
                    "state changed", f"{self._here()}: {key.decode()} is {short(now.get(key))} in the end"
                )

    # ---------------------------------------------------------------------------------------------------- stepping

    def _step_to(self, log: Iterator[Record], end: int) -> None:
        while self._position < end:
            record = next(log, None)
            if record is None:
                self._verdict.wrong("state ahead of the log", f"{self._here()}: {end} and the log has {self._position}")
                return
            self._take(record)

    def _take(self, record: Record) -> list[tuple[str, str, bytes]]:
        self._position += 1
        self._in = crc32(record.value, crc32(record.origin.encode(), self._in))
        self._begins = self._begins or self._in
        outputs = _said(self._monitor.step(record))
        for topic, key, value in outputs:
            self._outputs += 1
            self._out = crc32(value, crc32(key.encode(), crc32(topic.encode(), self._out)))
            self.said[topic].append((key.encode(), value))
        return outputs

    def _go_on(self, log: Iterator[Record]) -> None:
        """Let a monitor made of the last checkpoint go on to the end of the log beside the reference."""
        restored = self._make()
        try:
            restored.restore(self._held)
            self._go_on_beside(restored, log)
        except Exception as problem:  # noqa: BLE001  # whatever a wrong state makes of it is the finding
            self._verdict.wrong("restored fails", f"{self._here()}: {problem!r}")

    def _go_on_beside(self, restored: Monitor, log: Iterator[Record]) -> None:
        for record in log:
            expected = self._take(record)
            outputs = _said(restored.step(record))
            if outputs != expected:
                sentence = f"{self._here()}: of {record.origin}: {outputs} not {expected}"
                self._verdict.wrong("restored says another thing", sentence)
        if _decode(_encode(restored.rows())) != _decode(_encode(self._monitor.rows())):
            sentence = f"{self._here()}: its rows at the end of the log are not the reference's"
            self._verdict.wrong("restored ends elsewhere", sentence)

    # --------------------------------------------------------------------------------------------------- comparing

    def _compare_head(self, head: dict[str, Any]) -> None:
        ours = {
            "inputs": self._position, "input_hash": self._in, "output_hash": self._out, "log_begins": self._begins,
            "outputs": self._outputs,
        }  # fmt: skip
        for name, value in ours.items():
            if head[name] != value:
                self._verdict.wrong("head wrong", f"{self._here()}: {name} is {head[name]} and must be {value}")

    def _compare_rows(self, rows: Rows) -> None:
        """Compare the rows that were written for this checkpoint, and those that have changed for the reference."""
        changed = {key.encode(): row for key, row in self._monitor.changed_rows().items()}
        for key, row in changed.items():
            _put(self._expected, key, None if row is None else _encode(row))
        self._put_all(rows)
        for key in chain(changed, rows.keys() - changed.keys()):
            self._compare_row(key, self._expected.get(key))
        figures = self._verdict.figures
        figures["rows compared"] = figures.get("rows compared", 0) + len(rows)

    def _compare_all(self) -> None:
        """Compare the last checkpoint with every row of the reference, whatever it says has changed."""
        self._compared = self._position
        rows = {key.encode(): _encode(row) for key, row in self._monitor.rows().items()} if self._position else {}
        for key in sorted(rows.keys() | self._held.keys()):
            self._compare_row(key, rows.get(key))

    def _compare_row(self, key: bytes, expected: bytes | None) -> None:
        held = self._held.get(key)
        if held != expected and (held is None or expected is None or _decode(held) != _decode(expected)):
            sentence = f"{self._here()}: {key.decode()} is {short(held)}, not {short(expected)}"
            self._verdict.wrong("row wrong", sentence)

    def _put_all(self, rows: Rows) -> None:
        for key, value in rows.items():
            _put(self._held, key, value)

    def _here(self) -> str:
        return f"shard {self._shard} at {self._position}"


def _said(outputs: list[Output]) -> list[tuple[str, str, bytes]]:
    return [(output.topic, output.key, encode(output.value)) for output in outputs]


def _checkpoints(state: Iterable[Kept]) -> Iterator[tuple[dict[str, Any], Rows]]:
    rows: Rows = {}
    for key, value in state:
        if key == HEAD:
            yield _decode(value or b"{}"), rows
            rows = {}
        else:
            rows[key] = value


def _put(rows: dict[bytes, bytes], key: bytes, value: bytes | None) -> None:
    if value is None:
        rows.pop(key, None)
    else:
        rows[key] = value
