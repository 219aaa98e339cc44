from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.lines import format_line, parse_line
from streams.record import Record

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
MOMENTS = st.none() | st.integers(0, 253_402_300_799_999_999)


def test_a_plain_envelope_keeps_the_bytes_of_its_value() -> None:
    value = b'{ "amount" : "1.50",  "note":"\\u00e9 \xc3\xa9" }'
    record = parse_line(b'{"topic": "transfers", "value": ' + value + b" }\n", "day.jsonl:1")
    assert record == Record("transfers", value, "day.jsonl:1", None)


def test_an_exported_line_says_where_it_came_from_and_when() -> None:
    line = b'{"topic":"ledger","value":{},"input":"ledger/2/7","logged_at":"1970-01-01T00:00:01.000002Z","shard":0}'
    assert parse_line(line, "log.jsonl:1") == Record("ledger", b"{}", "ledger/2/7", 1_000_002)


def test_unreadable_bytes_come_back_from_their_base64() -> None:
    line = b'{"topic":"ledger","raw_b64":"%s","input":"ledger/0/1"}' % base64.b64encode(b"\xff\x00{")
    assert parse_line(line) == Record("ledger", b"\xff\x00{", "ledger/0/1", None)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[1]",
        b"{",
        b'{"value":{}}',
        b'{"topic":"transfers"}',
        b'{"topic":1,"value":{}}',
        b'{"topic":"transfers","value":NaN}',
        b'{"topic":"transfers","value":{}} {}',
        b'{"topic":"transfers","raw_b64":"!"}',
        b'{"topic":"transfers","value":{},"logged_at":"yesterday"}',
        b'{"topic":"transfers","value":{},"logged_at":"2026-01-01T00:00:00"}',
        b'{"topic":"\xff","value":{}}',
        b'{"topic":"transfers","value":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_envelope_comes_back_whole_with_an_empty_topic(line: bytes) -> None:
    assert parse_line(line + b"\r\n", "f:9") == Record("", line, "f:9", None)


@given(st.binary())
def test_no_bytes_make_it_raise(line: bytes) -> None:
    assert parse_line(line, "f:1").origin == "f:1"


@given(topic=st.text(), value=st.binary(), origin=st.text(), logged_at_us=MOMENTS)
def test_any_record_survives_the_export_on_one_line(
    topic: str, value: bytes, origin: str, logged_at_us: int | None
) -> None:
    record = Record(topic, value, origin, logged_at_us)
    line = format_line(record)
    assert b"\n" not in line
    assert parse_line(line) == record


@given(content=JSON, indent=st.sampled_from([None, 2]), margin=st.sampled_from(["", " ", "\n", "\t"]))
def test_json_of_any_layout_survives_and_one_line_of_it_stays_readable(
    content: object, indent: int | None, margin: str
) -> None:
    value = (margin + json.dumps(content, indent=indent, ensure_ascii=False) + margin).encode("utf-8", "replace")
    line = format_line(Record("balances", value, "balances/0/1", 5))
    assert parse_line(line).value == value
    if not margin and b"\n" not in value:
        assert json.loads(line)["value"] == json.loads(value)
