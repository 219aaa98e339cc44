"""What the desk hears of its own books in the course of a day: with all other checks listening, and over restarts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.monitor import Monitor
from streams.record import Record
from streams.simulate import Simulation, WorldConfig
from tests.ledger.books.desk import KINDS, Desk
from tests.ledger.wire import Event

BY_HAND: Event = {"op_type": "adjustment", "origin": "manual", "maker": "ann", "checker": "bob"}
DEPOSIT: Event = {"op_type": "deposit"}


def test_twenty_withdrawals_at_once_are_told_as_one_overdraft_that_ends_when_it_is_paid_back() -> None:
    desk = Desk(restarts=True).opened("100", "5000")
    said = [
        desk.book(("acme", "-50"), ("way", "50"), op_type="withdrawal", transfer_id=f"W{number}")
        for number in range(20)
    ]
    assert said[:2] == [set(), set()]
    assert said[2] == {"negative_balance P1 open"}
    assert len({alert.alert_id for alert in desk.alerts}) == 1
    assert desk.alerts[-1].observed == "-850", "told again when it has grown by a tenth"
    assert desk.book(("way", "900"), ("acme", "-900")) == {"negative_balance P1 open"}
    assert desk.book(("way", "-1800"), ("acme", "1800"), op_type="reversal") == {"negative_balance P1 resolved"}


def test_a_liability_that_is_hidden_on_an_account_of_nobody_breaches_its_line_and_is_unmapped() -> None:
    desk = Desk(restarts=True)
    for account in ("acme", "bolt", "cove"):
        desk.refer("account", account_id=account, account_class="client", client_id=account)
    said = [desk.book(("client:misc", "-300"), ("house", "300")) for _ in range(4)]
    assert said == [{"negative_balance P1 open"}] * 4
    assert desk.wait(61) == {"unmapped_account P2 open"}
    line = {"account_id": "client:misc", "account_class": "client", "client_id": "misc", "credit_line": {"USD": "1000"}}
    assert desk.refer("account", **line) == {
        "negative_balance P1 explained", "credit_line_breach P1 open", "unmapped_account P2 explained",
    }  # fmt: skip
    assert desk.refer("account", **{**line, "credit_line": {"USD": "2000"}}) == {"credit_line_breach P1 explained"}


def test_a_page_of_postings_that_is_lost_is_one_incident_and_its_backfill_ends_all_of_it() -> None:
    desk = Desk(restarts=True)
    page: list[Any] = []
    for number in range(30):
        legs = desk.legs((f"client:{number % 3}", "10"), ("house", "-10"))
        for topic, leg in legs:
            numbered = (topic, {**leg, "source_seq": str(2 * number + leg["leg_no"])})
            if 15 <= number < 21:
                page.append(numbered)
            else:
                desk.hear(numbered)
    desk.wait(6)
    assert desk.standing == {"balance_chain_broken"}
    assert len({alert.incident_id for alert in desk.alerts}) == 1
    assert len({alert.alert_id for alert in desk.alerts}) == 4
    for sent in reversed(page):
        desk.hear(sent)
    assert desk.standing == set()
    assert desk.wait(600) == set()


def test_a_deposit_that_reverts_after_its_credit_and_is_reversed() -> None:
    desk = Desk(restarts=True).opened("1000", "1000")
    assert desk.move("D1", "broadcast", "external>bank", "90") == set()
    assert desk.book(("out", "-90"), ("acme", "90"), transfer_id="D1", **DEPOSIT) == set()
    assert desk.wait(300) == set()
    assert desk.move("D1", "reversed", "external>bank", "90") == {"liabilities_exceed_holdings P1 open"}
    reversal = (("acme", "-90"), ("out", "90"))
    assert desk.book(*reversal, transfer_id="D1", reverses="j2", **DEPOSIT) == {
        "liabilities_exceed_holdings P1 resolved"
    }


def test_a_batch_in_the_wrong_unit_is_one_alert_that_grows() -> None:
    desk = Desk(restarts=True).opened("10", "12", asset="BTC")
    for number in range(12):
        desk.book(("house", "-1000"), (f"client:{number}", "1000"), asset="BTC", **{**BY_HAND, "op_type": "reward"})
    alerts = desk.of("liabilities_exceed_holdings")
    assert len({alert.alert_id for alert in alerts}) == 1
    assert 1 < len(alerts) < 9
    assert {alert.severity for alert in alerts} == {"P1"}


def test_an_outflow_that_nobody_asked_for_leaves_clients_uncovered_within_the_incident_of_the_outflow() -> None:
    desk = Desk(restarts=True).opened("1000", "1000")
    desk.monitor.state.reconciliation.context.heard.note(("requests", "desk"), "desk")
    desk.move("X1", "completed", "bank>external", "600")
    desk.wait(61)
    (alert,) = desk.of("liabilities_exceed_holdings")
    assert alert.difference == "600"
    assert alert.evidence[0] == f"e{desk.told - 1}"


@pytest.mark.parametrize("seed", [5, 17])
def test_a_clean_day_of_the_simulated_broker_is_quiet(seed: int) -> None:
    monitor = Monitor()
    world = Simulation(WorldConfig(seed=seed, transfers_per_day=3_000, duration_s=8 * 3_600, clients=30))
    told = [
        output.value
        for event in world.events()
        for output in monitor.step(Record(event.topic, json.dumps(event.value).encode()))
        if output.topic == "alerts" and output.value.type in KINDS
    ]
    assert told == []
