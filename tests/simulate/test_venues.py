from __future__ import annotations

import pytest

from streams.simulate.venues import Vaults
from tests.simulate.worlds import day


def test_what_is_promised_is_not_free_and_nothing_is_held_below_zero() -> None:
    vaults = Vaults()
    vaults.add("binance:main", "BTC", 10)
    vaults.promise("binance:main", "BTC", 7)
    assert vaults.free("binance:main", "BTC") == 3
    with pytest.raises(AssertionError, match="4"):
        vaults.promise("binance:main", "BTC", 4)
    with pytest.raises(AssertionError, match="-1"):
        vaults.add("binance:main", "BTC", -11)


def test_what_is_outside_the_firm_is_not_counted() -> None:
    vaults = Vaults()
    vaults.promise("external", "BTC", 5)
    vaults.add("external", "BTC", -5)
    assert not vaults.held
    assert not vaults.promised


def test_reports_are_complete_and_some_are_virtual() -> None:
    reports = [event.value for event in day() if event.topic == "balances"]
    assert {report["holding_kind"] for report in reports} == {"actual", "virtual"}
    assert all(report["complete"] for report in reports)
    assert {report["location"] for report in reports if report["holding_kind"] == "virtual"} == {"binance:main"}
    kraken = next(report for report in reports if report["location"] == "kraken:main")
    assert "XBT" in {row["asset"] for row in kraken["rows"]}
