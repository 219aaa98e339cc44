"""What a report of balances says in all, and which report is the opening."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ledger.amounts import to_decimal
from ledger.assets import Assets
from ledger.events import AssetRef, Snapshot
from ledger.parser import parse
from ledger.snapshots import opening_precedes, totals
from tests.ledger.wire import asset, received, snapshot

ASSETS = Assets()
for known in (asset("BTC", aliases=["XBT"]), asset("ETH")):
    told = received(known, 0)
    introduced = parse(told.topic, told.value)
    assert isinstance(introduced, AssetRef)
    ASSETS.define(introduced)


@pytest.mark.parametrize(
    ("rows", "complete", "said"),
    [
        ("BTC 1, ETH 2", True, {"BTC": "1", "ETH": "2"}),
        ("BTC 1, XBT 2", True, {"BTC": "3"}),
        ("BTC 1, DOGE 2", True, {"BTC": "1"}),
        ("BTC 3, BTC/a 1, BTC/b 2", True, {"BTC": "3"}),
        ("BTC/a 1, BTC 3, BTC/b 2", False, {"BTC": "3"}),
        ("BTC/a 1, BTC/b 2", True, {"BTC": "3"}),
        ("BTC/a 1, BTC/b 2", False, {}),
        ("BTC/a 1, ETH 2", True, {"BTC": "1", "ETH": "2"}),
        ("BTC -1", False, {"BTC": "-1"}),
        ("", True, {}),
    ],
)
def test_parts_make_a_total_only_where_none_is_given(rows: str, *, complete: bool, said: dict[str, str]) -> None:
    written = []
    for row in filter(None, rows.split(", ")):
        name, total = row.split()
        code, _, account_id = name.partition("/")
        written.append({"asset": code, "total": total} | ({"account_id": account_id} if account_id else {}))
    record = received(snapshot("s", 0, "hot", {}, rows=written, complete=complete), 0)
    event = parse(record.topic, record.value)
    assert isinstance(event, Snapshot)
    assert {code: to_decimal(units) for code, units in totals(event, ASSETS).items()} == said


@dataclass(frozen=True)
class Opening:
    as_of_us: int
    event_id: str = "m"
    snapshot_id: str = "S"
    revision: int = 0


@pytest.mark.parametrize(
    ("new", "precedes"),
    [
        (Opening(9, snapshot_id="R"), True),
        (Opening(11, snapshot_id="R"), False),
        (Opening(10, "a", "R"), True),  # of one moment, the first by name
        (Opening(10, "z", "R"), False),
        (Opening(10, "z", "S", 1), True),  # its restatement
        (Opening(10, "a", "S", 0), False),
    ],
)
def test_the_earliest_complete_report_is_the_opening(new: Opening, *, precedes: bool) -> None:
    assert opening_precedes(new, Opening(10)) is precedes
    assert opening_precedes(new, None)
