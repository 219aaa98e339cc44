"""What people at the desk say of an alert, and what the records of alerts look like."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.firm import Firm
from tests.contract.verdicts import Story, Verdict, examine
from tests.contract.ways import seconds, stamp


def phantom(firm: Firm) -> Firm:
    legs = (("client:alice", "ETH", "3"), ("world:w", "ETH", "-3"))
    firm.journal(400, "deposit", *legs, origin="auto")
    firm.until(500)
    return firm


def said(command: str, until: float = 700, **more: Any) -> tuple[Story, Verdict]:
    """Return a phantom credit, and what became of it when somebody said a thing of it at 550 s."""
    alert_id = examine(phantom(Firm().told())).one("phantom_credit").records[0]["alert_id"]
    firm = phantom(Firm().told())
    firm.steer(command, 550, alert_id=alert_id, actor="dora", **more)
    firm.until(until)
    verdict = examine(firm)
    return verdict.one("phantom_credit"), verdict


def test_an_acknowledged_alert_says_so() -> None:
    story, _ = said("acknowledge")
    assert story.records[-1]["state"] == "acknowledged"
    assert seconds(story.records[-1]["updated_at"]) == 550


@pytest.mark.parametrize("verdict", ["true_positive", "false_positive", "expected", "data_error"])
def test_a_closed_alert_is_over(verdict: str) -> None:
    story, _ = said("close", verdict=verdict, reason="seen")
    assert story.over
    assert (story.records[-1]["state"] == "false_positive") is (verdict == "false_positive")


def test_a_verdict_never_silences_what_comes_next() -> None:
    alert_id = examine(phantom(Firm().told())).one("phantom_credit").records[0]["alert_id"]
    firm = phantom(Firm().told())
    firm.steer("close", 550, alert_id=alert_id, actor="dora", verdict="false_positive")
    firm.journal(600, "deposit", ("client:bob", "ETH", "4"), ("world:w", "ETH", "-4"), origin="auto")
    firm.until(700)
    assert len(examine(firm).all("phantom_credit")) == 2


def test_a_snooze_ends_nothing() -> None:
    story, _ = said("snooze", until=700, reason="lunch")
    assert not story.over


def test_a_command_for_an_alert_that_is_not_there_disturbs_nobody() -> None:
    firm = Firm().told()
    for command in ("acknowledge", "snooze", "close"):
        firm.steer(command, 300, alert_id="al-unknown", actor="dora", until=stamp(900))
    firm.until(1_000)
    examine(firm).quiet()


def test_records_come_in_order_of_their_cause() -> None:
    firm = phantom(Firm().told())
    firm.journal(430, "fee", ("client:carol", "BTC", "-11"), ("fee:main", "BTC", "11"))
    firm.journal(450, "deposit", ("client:bob", "ETH", "4"), ("world:w", "ETH", "-4"), origin="auto")
    firm.until(900)
    moments = [seconds(record["updated_at"]) for record in examine(firm).records]
    assert moments == sorted(moments)
    assert len(moments) >= 3


def test_a_deadline_fires_at_its_own_time_and_not_when_the_next_event_comes() -> None:
    firm = Firm().told()
    firm.journal(400, "deposit", ("client:alice", "ETH", "3"), ("world:w", "ETH", "-3"), origin="auto")
    firm.until(5_000)
    story = examine(firm).one("phantom_credit")
    assert (story.opened, seconds(story.records[0]["updated_at"])) == (460, 460)


def test_the_clock_stops_at_the_last_line() -> None:
    firm = Firm().told()
    firm.journal(400, "deposit", ("client:alice", "ETH", "3"), ("world:w", "ETH", "-3"), origin="auto")
    firm.until(459.9)
    examine(firm).quiet()


def test_value_is_told_in_dollars_where_a_price_is_known() -> None:
    assert float(examine(phantom(Firm().told())).one("phantom_credit").records[0]["usd"]) == 9_000
