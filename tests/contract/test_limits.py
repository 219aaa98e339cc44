"""A limit on single movements binds what a machine may pass; limits that hold, or do not fit, are quiet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.machines import LIMIT, MACHINE, passed, ready
from tests.contract.names import HOT
from tests.contract.verdicts import examine


@pytest.mark.parametrize(
    "limit",
    [
        {"scope": {"client_id": "alice", "asset": "ETH"}, "single": "1"},
        {"scope": {"location": HOT}, "single": "1"},
    ],
    ids=repr,
)
def test_a_single_limit_binds_a_machine(limit: dict[str, Any]) -> None:
    firm = ready()
    firm.know("limit", 6, **{**LIMIT, "limit_id": "extra", **limit})
    passed(firm, MACHINE)
    assert 900 <= examine(firm).one("policy_violation").opened <= 907


@pytest.mark.parametrize(
    "limit",
    [
        {"hours": "08:00-18:00"},
        {"share_of_balance": "0.01"},
        {"window_s": 3_600, "window_sum": "2.75"},
        {"window_s": 3_600, "window_count": 3},
        {"scope": {"client_id": "bob", "asset": "ETH"}, "single": "1"},
        {"scope": {"op_type": "rebalance"}, "single": "1"},
    ],
    ids=repr,
)
def test_a_limit_that_holds_or_does_not_fit_is_quiet(limit: dict[str, Any]) -> None:
    firm = ready()
    firm.know("limit", 6, **{**LIMIT, "limit_id": "extra", **limit})
    passed(firm, MACHINE)
    examine(firm).quiet()
