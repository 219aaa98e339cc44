"""Who let it pass, and whether they might."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.screens.desk import PAYOUT, Desk, address
from tests.ledger.wire import HOUR, reference, stamp

EYES, POLICY = "four_eyes_violation P2", "policy_violation P2"
LIMIT = reference("limit", "limit-1", limit_id="L-1", scope={"op_type": "withdrawal", "asset": "ETH"}, single="5",
                  address_hold_s=86_400, kyt_max=0.7)  # fmt: skip
AUTO: dict[str, Any] = {"origin": "auto", "declared_class": "risk_free", "initiator": "user:1", "approvers": [],
                        "kyt_score": 0.1}  # fmt: skip
MANUAL: dict[str, Any] = {**AUTO, "origin": "manual", "declared_class": "risky", "approvers": ["ops-1", "ops-2"]}


def desk(**more: Any) -> Desk:
    made = Desk(**more)
    made.hear(LIMIT)
    return made


@pytest.mark.parametrize("control", [AUTO, MANUAL, None])
@pytest.mark.parametrize("status", ["requested", "approved", "broadcast", "completed"])
def test_what_keeps_to_the_rules_is_quiet(control: dict[str, Any] | None, status: str) -> None:
    assert desk().move(status=status, control=control) == set()


@pytest.mark.parametrize(
    "wrong",
    [
        {"control": {**AUTO, "kyt_score": 0.8}},
        {"amount": "5.1", "control": AUTO},
        {"amount": "5.1", "control": {**MANUAL, "declared_class": "risk_free"}},
        {"op_type": "mint", "control": AUTO},
        {"op_type": "reversal", "control": AUTO},
    ],
)
def test_each_rule_that_is_broken_is_told_once_it_has_passed(wrong: dict[str, Any]) -> None:
    made = desk(restarts=True)
    assert made.move(**wrong) & {POLICY} == set()
    assert made.move(status="approved", **wrong) & {POLICY} == {POLICY}
    assert made.move(status="broadcast", **wrong) & {POLICY} == set()
    made.move(status="rejected", **wrong)
    assert made.ended["policy_violation"] == "resolved"


@pytest.mark.parametrize(
    "right",
    [
        {"amount": "5", "control": AUTO},  # inclusive
        {"amount": "5.1", "control": MANUAL},
        {"control": {**AUTO, "kyt_score": 0.7}},
        {"control": {**MANUAL, "kyt_score": 0.8}},
        {"op_type": "adjustment", "control": MANUAL},
        {"amount": "5.1", "asset": "USDC", "control": AUTO},  # the limit is for another asset
        {"amount": "5.1", "op_type": "internal", "control": AUTO},
    ],
)
def test_what_a_person_decided_or_no_limit_forbids_is_quiet(right: dict[str, Any]) -> None:
    assert desk().move(status="approved", **right) == set()


@pytest.mark.parametrize(("hours", "said"), [(2, {POLICY}), (23.9, {POLICY}), (24.1, set())])
@pytest.mark.parametrize("by_record", [True, False])
def test_a_young_address_is_for_people(hours: float, said: set[str], *, by_record: bool) -> None:
    made = desk()
    added = stamp(3_600 + 30 * HOUR - hours * HOUR)
    made.hear(address(PAYOUT, added_at=added if by_record else None))
    made.wait(30 * HOUR)
    stated = {} if by_record else {"address_added_at": added}
    assert made.move("W-1", "approved", control={**AUTO, **stated}) == said
    assert made.move("W-2", "approved", amount="2", control={**MANUAL, **stated}) == set()


def test_nobody_approves_what_they_asked_for() -> None:
    made = desk(restarts=True)
    own = {**MANUAL, "approvers": ["ops-2", "user:1"]}
    assert made.move(control=own) == set(), "so far they only may"
    assert made.move(status="approved", control=own) == {EYES}
    assert made.move(status="broadcast", control=own) == set()
    made.move(status="failed", control=own)
    assert made.ended == {"four_eyes_violation": "resolved"}


def test_the_initiator_may_be_told_before() -> None:
    made = desk()
    made.move(control={"initiator": "ann"})
    assert made.move(status="approved", control={"approvers": ["ann"]}) == {EYES}


def test_nobody_checks_what_they_made() -> None:
    made = desk()
    assert made.post(maker="ann", checker="ann") == {EYES}
    assert made.post(maker="ann", checker="bob") == set()
    assert made.post(maker="system", checker="system", origin="auto") == set()
