"""The verdict on a run, from the topics alone: the monitor serves as the reference machine, the engine is not asked.

Every input record is in the log, unchanged, in order; each checkpoint is what a fresh monitor over the whole log has at
its position, row for row; and the outputs are what that monitor says, each at least once, nothing else, in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from zlib import crc32

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from streams.engine.settings import EngineSettings
from streams.monitor import Monitor, Settings, encode
from streams.record import INPUT_TOPICS, OUTPUT_TOPICS, Output, Record

OWN = "control/driftline"
HEAD = b'["head"]'
SHOWN = 5  # of the findings of one kind
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode


@dataclass
class Verdict:
    """What was found; `wrong` has a sentence for each fault, by kind at most a few."""

    counts: dict[str, int] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        return not self.counts

    def wrong(self, kind: str, sentence: str) -> None:
        """Note a fault."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= SHOWN:
            self.sentences.append(f"{kind}: {sentence}")

    def __str__(self) -> str:
        figures = ", ".join(f"{name} {number:,}" for name, number in self.figures.items())
        if self.is_exact:
            return f"EXACT: {figures}"
        counts = ", ".join(f"{kind} {number:,}" for kind, number in self.counts.items())
        return "\n".join((f"WRONG: {counts} ({figures})", *(f"  {line}" for line in self.sentences)))


def check(settings: EngineSettings) -> Verdict:
    """Read the topics of a run that has come to rest and return the verdict."""
    verdict = Verdict()
    broker = settings.broker
    log = list(read(broker, settings.log_topic, 0))
    _check_log(verdict, settings, log)
    run = _Reference(verdict, read(broker, settings.state_topic, 0))
    run.go(_entry(message) for message in log)
    for topic in OUTPUT_TOPICS:
        _check_outputs(verdict, topic, run.said[topic], list(read(broker, settings.topic(topic), 0)))
    return verdict


# ------------------------------------------------------------------------------------------------------------ the log


def _check_log(verdict: Verdict, settings: EngineSettings, log: list[Message]) -> None:
    """Hold the log against the inputs: at least once, in order of each partition, unchanged, nothing invented."""
    inputs: dict[tuple[str, int], list[bytes]] = {
        (topic, number): [message.value() or b"" for message in read(settings.broker, settings.topic(topic), number)]
        for topic in INPUT_TOPICS
        for number in range(settings.input_partitions)
    }
    due = dict.fromkeys(inputs, 0)
    repeats = 0
    for message in log:
        source, _, place = _origin(message).partition("/")
        if _origin(message) == OWN:
            if _kind(message) not in ("tick", "config"):
                verdict.wrong("log invented", f"offset {message.offset()} claims to be Driftline's own")
            continue
        part, _, at = place.partition("/")
        partition = (source, int(part) if part.isdecimal() else -1)
        offset = int(at) if at.isdecimal() else -1
        values = inputs.get(partition, [])
        if not 0 <= offset < len(values):
            verdict.wrong("log invented", f"offset {message.offset()} has no input {_origin(message)}")
            continue
        if (message.value() or b"") != values[offset]:
            verdict.wrong("log changed", f"offset {message.offset()} is not the bytes of {_origin(message)}")
        first = due[partition]
        if offset > first:
            verdict.wrong("log out of order", f"{_origin(message)} comes before {source}/{part}/{first}")
        repeats += offset < first
        due[partition] = max(first, offset + 1)
    # What comes later than its successor is out of order, not lost.
    seen = {_origin(message) for message in log}
    for (topic, number), values in inputs.items():
        for offset in range(len(values)):
            if f"{topic}/{number}/{offset}" not in seen:
                verdict.wrong("input lost", f"{topic}/{number}/{offset} is not in the log")
    verdict.figures |= {"inputs": sum(map(len, inputs.values())), "log": len(log), "repeated": repeats}


def _entry(message: Message) -> Record:
    origin = _origin(message)
    return Record(origin.partition("/")[0], message.value() or b"", origin, int(_headers(message)["logged_at"]))


def _origin(message: Message) -> str:
    return _headers(message).get("input", b"").decode()


def _headers(message: Message) -> dict[str, bytes]:
    found = message.headers()
    pairs = found if isinstance(found, list) else []
    return {name: value for name, value in pairs if isinstance(value, bytes)}


def _kind(message: Message) -> object:
    try:
        return _decode(message.value() or b"{}").get("kind")
    except (msgspec.DecodeError, AttributeError):
        return None


# ----------------------------------------------------------------------------------------------- the state, the outputs


class _Reference:
    """A fresh monitor over the whole log, held against each checkpoint as its position is reached."""

    def __init__(self, verdict: Verdict, state: Iterator[Message]) -> None:
        self._verdict = verdict
        self._heads = _checkpoints(state)
        self._monitor = Monitor(Settings())
        self._expected: dict[bytes, bytes] = {}  # the reference's rows, by the rows that it says have changed
        self._held: dict[bytes, bytes] = {}  # the rows of the topic so far
        self._in = self._out = self._begins = 0
        self.said: dict[str, list[tuple[bytes, bytes]]] = {topic: [] for topic in OUTPUT_TOPICS}

    def go(self, records: Iterator[Record]) -> None:
        """Run to the end of the log."""
        log = list(records)
        heads = list(self._heads)
        checkpoints, position = 0, 0
        for head, rows in heads:
            if head["position"] < position or head["position"] > len(log):
                self._verdict.wrong("state went back", f"a checkpoint of {head['position']} after one of {position}")
                self._held.update({key: value for key, value in rows.items() if value is not None})
                continue
            position = self._step_to(log, position, head["position"])
            self._compare_head(head, position)
            self._compare_rows(rows, position)
            checkpoints += 1
        self._compare_all(position)
        self._go_on(log, position)
        self._verdict.figures |= {"checkpoints": checkpoints, "rows": len(self._held)}
        if not checkpoints:
            self._verdict.wrong("no checkpoint", "the state topic holds none")

    def _step_to(self, log: list[Record], start: int, end: int) -> int:
        for record in log[start:end]:
            self._take(record)
        return end

    def _take(self, record: Record) -> list[tuple[str, str, bytes]]:
        self._in = crc32(record.value, crc32(record.origin.encode(), self._in))
        self._begins = self._begins or self._in
        outputs = _said(self._monitor.step(record))
        for topic, key, value in outputs:
            self._out = crc32(value, crc32(key.encode(), crc32(topic.encode(), self._out)))
            self.said[topic].append((key.encode(), value))
        return outputs

    def _compare_head(self, head: dict[str, Any], position: int) -> None:
        ours = {
            "inputs": position, "input_hash": self._in, "output_hash": self._out, "log_begins": self._begins,
            "outputs": sum(map(len, self.said.values())),
        }  # fmt: skip
        for name, value in ours.items():
            if head[name] != value:
                self._verdict.wrong("head wrong", f"{name} at {position} is {head[name]} and must be {value}")

    def _compare_rows(self, written: dict[bytes, bytes | None], position: int) -> None:
        """Compare the rows that were written for this checkpoint, and those that have changed for the reference."""
        changed = {key.encode(): row for key, row in self._monitor.changed_rows().items()}
        for key, row in changed.items():
            _put(self._expected, key, None if row is None else _encode(row))
        for key, value in written.items():
            _put(self._held, key, value)
        for key in chain(changed, written.keys() - changed.keys()):
            self._compare_row(key, position)

    def _compare_row(self, key: bytes, position: int) -> None:
        held, expected = self._held.get(key), self._expected.get(key)
        if held != expected and (held is None or expected is None or _decode(held) != _decode(expected)):
            self._verdict.wrong("row wrong", f"{key.decode()} at {position} is {_short(held)}, not {_short(expected)}")

    def _compare_all(self, position: int) -> None:
        """Compare the last checkpoint with every row of the reference, whatever it says has changed."""
        rows = {key.encode(): _encode(row) for key, row in self._monitor.rows().items()} if position else {}
        for key in sorted(rows.keys() | self._held.keys()):
            held, expected = self._held.get(key), rows.get(key)
            if held != expected and (held is None or expected is None or _decode(held) != _decode(expected)):
                sentence = f"{key.decode()} at the end is {_short(held)}, not {_short(expected)}"
                self._verdict.wrong("row wrong", sentence)

    def _go_on(self, log: list[Record], position: int) -> None:
        """Let a monitor made of the last checkpoint go on to the end of the log beside the reference."""
        restored = Monitor(Settings())
        try:
            restored.restore({key.decode(): _decode(value) for key, value in self._held.items()})
            self._go_on_beside(restored, log[position:])
        except Exception as problem:  # noqa: BLE001  # whatever a wrong state makes of it is the finding
            self._verdict.wrong("restored fails", repr(problem))

    def _go_on_beside(self, restored: Monitor, log: list[Record]) -> None:
        for record in log:
            expected = self._take(record)
            outputs = _said(restored.step(record))
            if outputs != expected:
                self._verdict.wrong("restored says another thing", f"of {record.origin}: {outputs} not {expected}")
        if _decode(_encode(restored.rows())) != _decode(_encode(self._monitor.rows())):
            self._verdict.wrong("restored ends elsewhere", "its rows at the end of the log are not the reference's")


def _said(outputs: list[Output]) -> list[tuple[str, str, bytes]]:
    return [(output.topic, output.key, encode(output.value)) for output in outputs]


def _checkpoints(state: Iterator[Message]) -> Iterator[tuple[dict[str, Any], dict[bytes, bytes | None]]]:
    rows: dict[bytes, bytes | None] = {}
    for message in state:
        key = message.key()
        assert isinstance(key, bytes)
        if key == HEAD:
            yield _decode(message.value() or b"{}"), rows
            rows = {}
        else:
            rows[key] = message.value()


def _put(rows: dict[bytes, bytes], key: bytes, value: bytes | None) -> None:
    if value is None:
        rows.pop(key, None)
    else:
        rows[key] = value


def _short(value: bytes | None) -> str:
    return "not there" if value is None else value[:120].decode("utf-8", "replace")


def _check_outputs(verdict: Verdict, topic: str, said: list[tuple[bytes, bytes]], found: list[Message]) -> None:
    """Hold an output topic against what the reference says: first occurrences in its order, and nothing else."""
    known, before, reached = set(said), set[tuple[bytes, bytes]](), 0
    for message in found:
        record = (message.key() or b"", message.value() or b"")
        if reached < len(said) and record == said[reached]:
            before.add(record)
            reached += 1
        elif record not in known:
            verdict.wrong("output invented", f"{topic} {message.offset()}: {_short(record[1])}")
        elif record not in before:
            verdict.wrong("output out of order", f"{topic} {message.offset()} comes before {said[reached]}")
    lost = known - {(message.key() or b"", message.value() or b"") for message in found}
    for _, value in sorted(lost):
        verdict.wrong("output lost", f"{topic}: {_short(value)}")
    verdict.figures[topic] = len(said)
    verdict.figures[f"{topic} repeated"] = len(found) - len(said)


# --------------------------------------------------------------------------------------------------------- the topics


def read(broker: str, topic: str, number: int) -> Iterator[Message]:
    """Yield all that is committed in a partition, to where it ends now."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker, "group.id": "chaos-checker", "enable.auto.commit": False, "log_level": 0,
            "auto.offset.reset": "earliest", "isolation.level": "read_committed", "enable.partition.eof": True,
        }
    )  # fmt: skip
    try:
        consumer.assign([TopicPartition(topic, number, 0)])
        while True:
            for message in consumer.consume(5_000, 0.05):
                problem = message.error()
                if problem is None:
                    yield message
                elif problem.code() == KafkaError._PARTITION_EOF:
                    return
                else:
                    raise AssertionError(f"{topic} cannot be read: {problem.str()}")
    finally:
        consumer.close()
