"""What is set aside for good can be shown and sent again: the bytes, where they came from, and why."""

from __future__ import annotations

import base64
import json
from hashlib import blake2b

from streams.monitor import Monitor, encode
from streams.record import Record
from tests.monitor.story import play


def test_quarantine_keeps_the_bytes_and_says_why() -> None:
    raw = b'{"schema_version": 1, "event_id": \xff'
    (said,) = Monitor().step(Record("transfers", raw, "transfers/0/17"))
    kept = json.loads(encode(said.value))
    assert said.topic == "quarantine"
    assert base64.b64decode(kept["raw_b64"]) == raw
    assert (kept["topic"], kept["origin"], kept["size_bytes"]) == ("transfers", "transfers/0/17", len(raw))
    assert kept["blake2b"] == blake2b(raw, digest_size=16).hexdigest()
    assert kept["code"]
    assert kept["reason"]


def test_a_record_of_megabytes_is_kept_in_part() -> None:
    (said,) = Monitor().step(Record("transfers", b"x" * 10_000_000))
    written = encode(said.value)
    assert json.loads(written)["size_bytes"] == 10_000_000
    assert len(written) < 70_000


def test_broken_lines_are_counted_and_the_good_ones_applied() -> None:
    story = play("""
        09:00  raw transfers {"schema_version":             | quarantined not_json
        09:00  move T1 completed hot>venue 1 BTC            |
        09:01  raw nowhere {}                               | quarantined unknown_topic
        09:01  raw transfers {}                             | quarantined invalid_field
        09:02  move T2 completed hot>venue 1 BTC            |
    """)
    assert story.position("hot")["expected"] == "-2"
    counts = story.monitor.state.counts
    assert [counts[f"quarantined {code}"] for code in ("not_json", "unknown_topic", "invalid_field")] == [1, 1, 1]
