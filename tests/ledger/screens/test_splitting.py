"""One large withdrawal made into several just under a limit."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.screens import splitting
from tests.ledger.screens.desk import Desk
from tests.ledger.wire import DAY, HOUR, reference

SPLIT = "flow_anomaly P2"
LIMIT = reference("limit", "limit-1", limit_id="L-1", scope={"op_type": "withdrawal"}, single="5")


def asked(desk: Desk, amounts: list[str], *, every: float = 600, client: str = "acme", tag: str = "") -> list[bool]:
    """Hear of withdrawals, one after the other; return after which a splitting is told."""
    ends: dict[str, Any] = {"from": {"location": "hot", "client_id": client}}
    return [
        SPLIT in desk.move(f"W-{tag}{desk.told}", amount=f"{amount}{desk.told:04}", after=every, **ends)
        for amount in amounts
    ]


def desk(**more: Any) -> Desk:
    made = Desk(**more)
    made.hear(LIMIT)
    return made


def test_the_fourth_just_under_the_limit_is_told() -> None:
    made = desk(restarts=True)
    assert asked(made, ["4.9"] * 6) == [False] * 3 + [True] * 3
    assert len({alert.alert_id for alert in made.alerts("flow_anomaly")}) == 1


@pytest.mark.parametrize("amounts", [
    ["4.9"] * 3, ["3.4"] * 8, ["5.1"] * 8, ["4.9", "1.0", "1.0"] * 6,
])  # fmt: skip
def test_fewer_smaller_larger_or_mixed_ones_are_not(amounts: list[str]) -> None:
    assert not any(asked(desk(), amounts))


def test_far_apart_they_are_not() -> None:
    assert not any(asked(desk(), ["4.9"] * 12, every=HOUR))


def test_of_several_clients_they_are_not() -> None:
    made = desk()
    assert not any(told for number in range(8) for told in asked(made, ["4.9"], client=f"client-{number}"))


def test_without_a_limit_there_is_nothing_to_stay_under() -> None:
    assert not any(asked(Desk(), ["4.9"] * 8))


def test_who_did_so_on_an_earlier_day_does_so_usually() -> None:
    made = desk(restarts=True)
    assert any(asked(made, ["4.9"] * 4))
    made.wait(DAY)
    assert not any(asked(made, ["4.9"] * 8))


def test_what_is_kept_is_bounded_and_forgotten() -> None:
    made = desk()
    for day in range(splitting.DAYS_KEPT + 4):
        asked(made, ["4.9"] * 8, every=60, tag=f"{day}-")
        made.wait(DAY)
    (row,) = made.story.monitor.state.reconciliation.tables["withdrawal_habit"].rows.values()
    assert len(row.days) == splitting.DAYS_KEPT
    assert len(row.recent) == splitting.RECENT_MAX
    made.wait(40 * DAY)
    made.wait(DAY)
    assert not made.story.monitor.state.reconciliation.tables["withdrawal_habit"].rows
