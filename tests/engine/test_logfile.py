from __future__ import annotations

import threading
from pathlib import Path

import pytest
from confluent_kafka import Producer

from streams.engine.embedded import EmbeddedBroker
from streams.engine.entries import entry_key
from streams.engine.errors import LogError
from streams.engine.logfile import export_log, read_log, read_records
from streams.lines import parse_line
from streams.record import Record


def append(broker: EmbeddedBroker, records: list[Record]) -> None:
    producer = Producer({"bootstrap.servers": broker.address, "log_level": 0})
    for record in records:
        producer.produce("log", record.value, entry_key(record.origin, record.logged_at_us or 0), partition=0)
    assert producer.flush(10) == 0


def record(number: int, value: bytes = b"{}") -> Record:
    return Record("balances", value, f"balances/0/{number}", 1_000_000 + number)


ODD = [record(0), record(1, b""), record(2, b'{"a":\n1}'), record(3, b"\xff\xfe"), record(4, b'{"deep": [1, 2]}')]


def test_an_empty_log_gives_nothing(broker: EmbeddedBroker) -> None:
    assert list(read_log(broker.address, "log")) == []


def test_every_line_gives_back_its_record(broker: EmbeddedBroker) -> None:
    append(broker, ODD)
    assert [parse_line(line) for line in read_log(broker.address, "log")] == ODD
    assert list(read_records(broker.address, "log")) == list(enumerate(ODD))


def test_the_file_holds_a_line_for_each_record(broker: EmbeddedBroker, tmp_path: Path) -> None:
    append(broker, ODD)
    path = tmp_path / "log.jsonl"
    assert export_log(broker.address, path) == len(ODD)
    assert [parse_line(line) for line in path.read_bytes().splitlines(keepends=True)] == ODD


def test_following_the_log_ends_where_it_ends_when_told_to(broker: EmbeddedBroker) -> None:
    enough = threading.Event()
    append(broker, ODD)
    following = read_records(broker.address, "log", follow=enough)
    first = [next(following)[1] for _ in ODD]
    append(broker, [record(5)])
    enough.set()
    assert first + [entry for _, entry in following] == [*ODD, record(5)]


def test_a_log_whose_beginning_is_gone_is_refused(broker: EmbeddedBroker) -> None:
    noise = bytes(range(256)) * 2_000
    append(broker, [record(number, noise) for number in range(20)])  # the embedded broker keeps 5 MB
    with pytest.raises(LogError, match="offset 0 was due and"):
        list(read_records(broker.address, "log"))
