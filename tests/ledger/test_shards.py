"""Which shards a record belongs in: a function of its bytes and the map, whatever the bytes are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.parser import Rejected, parse
from ledger.shards import READ_BYTES_MAX, ShardMap, ShardRule
from ledger.territory import Territory
from tests.ledger.wire import posting, received, snapshot, transfer

MAP = ShardMap((ShardRule(1, ("b.*",), ("b.*",)), ShardRule(2, ("b.*", "c?"), ("c?",)), ShardRule(2, ("[xy]z",))))


def test_the_first_rule_that_matches_counts_and_else_it_is_shard_0() -> None:
    names = ("b.x", "b", "c1", "c12", "xz", "zz", "B.x", "a")
    assert [MAP.of_location(name) for name in names] == [1, 0, 2, 0, 2, 0, 0, 0]
    assert [MAP.of_account(name) for name in names] == [1, 0, 2, 0, 0, 0, 0, 0]
    assert MAP.count == 3
    assert ShardMap().count == 1


def movement(origin: str, target: str, origin_account: str = "", account: str = "") -> bytes:
    ends = [
        {"location": place} | ({"account_id": name} if name else {})
        for place, name in ((origin, origin_account), (target, account))
    ]
    return json.dumps({"from": ends[0], "to": ends[1]}).encode()


@pytest.mark.parametrize(
    ("value", "shards", "lead"),
    [
        (movement("a", "a2"), (0,), 0),
        (movement("b.1", "c1"), (1, 2), 1),
        (movement("c1", "b.1"), (1, 2), 2),
        (movement("external", "c1"), (2,), 2),
        (movement("c1", "external"), (2,), 2),
        (movement("external", "external"), (0,), 0),
        (movement("external", "external", account="c1"), (2,), 2),
        (movement("a", "external", origin_account="b.9"), (0, 1), 0),
        (movement("b.1", "external", account="IBAN-of-somebody"), (1,), 1),
        (movement("b.1", "c1", origin_account="not-of-the-books"), (1, 2), 1),
        (b'{"from": {"location": "b.1"}}', (0,), 0),
        (b'{"from": {"location": 7}, "to": {"location": "b.1"}}', (0,), 0),
        (b"\xff", (0,), 0),
        (b"[" * 100_000, (0,), 0),
        (movement("b.1", "c1") + b" " * READ_BYTES_MAX, (0,), 0),
    ],
)  # fmt: skip
def test_a_movement_goes_to_the_shards_of_its_ends_and_the_first_leads(
    value: bytes, shards: tuple[int, ...], lead: int
) -> None:
    assert (MAP.shards_of("transfers", value), MAP.lead_of("transfers", value)) == (shards, lead)
    assert (ShardMap().shards_of("transfers", value), ShardMap().lead_of("transfers", value)) == ((0,), 0)


def test_the_other_topics_go_to_whom_they_name_or_to_all() -> None:
    assert MAP.shards_of("ledger", b'{"account_id": "c1"}') == (2,)
    assert MAP.shards_of("balances", b'{"location": "b.1"}') == (1,)
    for topic in ("reference", "control"):
        assert MAP.shards_of(topic, b"anything") == (0, 1, 2)
    assert MAP.shards_of("rumours", b"{}") == MAP.shards_of("balances", b"{}") == (0,)


PLACES = st.sampled_from(("a", "b.1", "b.2", "c1", "external"))
ACCOUNTS = st.sampled_from((None, "a", "b.1", "c1", "nobody"))


@given(origin=PLACES, target=PLACES, origin_account=ACCOUNTS, account=ACCOUNTS)
def test_a_record_is_of_a_shard_by_its_bytes_as_by_what_it_says(
    origin: str, target: str, origin_account: str | None, account: str | None
) -> None:
    def end(location: str, name: str | None) -> dict[str, Any]:
        return {"location": location} | ({"account_id": name} if name else {})

    ends: dict[str, Any] = {"from": end(origin, origin_account), "to": end(target, account)}
    for sent in (
        transfer("e", 0, "T", "completed", origin, target, "1", **ends),
        posting("p", 0, account_id=account or "x"),
        snapshot("s", 0, target, {}),
    ):
        record = received(sent, 0)
        event = parse(record.topic, record.value)
        assert not isinstance(event, Rejected)
        territories = [Territory(shard, MAP) for shard in MAP.all]
        concerned = tuple(territory.shard for territory in territories if territory.is_concerned(event))
        telling = [
            territory.shard for territory in territories if territory.is_concerned(event) and territory.tells_of(event)
        ]
        assert concerned == MAP.shards_of(record.topic, record.value)
        assert telling == [MAP.lead_of(record.topic, record.value)]


@given(topic=st.sampled_from(("transfers", "ledger", "balances")), value=st.binary())
def test_no_bytes_are_without_a_shard(topic: str, value: bytes) -> None:
    shards = MAP.shards_of(topic, value)
    assert shards
    assert MAP.lead_of(topic, value) in shards
