"""Which limits apply to a movement: all whose scope fits it."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.amounts import to_units
from ledger.screens.allowances import Allowances
from tests.ledger.screens.desk import Desk
from tests.ledger.wire import reference


def limit(limit_id: str, single: str | None = "5", **scope: Any) -> Any:
    return reference("limit", f"{limit_id}-{single}", limit_id=limit_id, scope=scope, single=single)


def single_of(desk: Desk, **movement: Any) -> int | None:
    desk.move(f"W-{desk.told}", **movement)
    context = desk.story.monitor.state.reconciliation.context
    allowances: Allowances = context.allowances
    return allowances.single_units(list(context.dossiers.rows.values())[-1])


@pytest.mark.parametrize(
    ("scope", "applies"),
    [
        ({}, True), ({"op_type": "withdrawal"}, True), ({"op_type": "sweep"}, False), ({"asset": "ETH"}, True),
        ({"asset": "BTC"}, False), ({"client_id": "acme"}, True), ({"client_id": "other"}, False),
        ({"location": "hot"}, True), ({"location": "cold"}, False), ({"location": "hot", "asset": "BTC"}, False),
    ],
)  # fmt: skip
def test_what_a_scope_leaves_out_fits_all(scope: dict[str, str], applies: bool) -> None:
    desk = Desk()
    desk.hear(limit("L-1", **scope))
    assert single_of(desk) == (to_units("5") if applies else None)


def test_the_smallest_counts_and_the_latest_record_of_a_limit() -> None:
    desk = Desk(restarts=True)
    desk.hear(limit("L-1", "5"))
    desk.hear(limit("L-2", "3", asset="ETH"))
    desk.hear(limit("L-3", None))
    assert single_of(desk) == to_units("3")
    desk.hear(limit("L-2", "7", asset="ETH"))
    assert single_of(desk) == to_units("5")


def test_an_asset_may_be_named_by_an_alias() -> None:
    desk = Desk()
    desk.hear(limit("L-1", asset="XBT"))
    assert single_of(desk, asset="BTC") == to_units("5")
    assert single_of(desk, asset="XBT") == to_units("5")
