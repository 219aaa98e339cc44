"""What a movement costs, against what others cost."""

from __future__ import annotations

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import COLD, HOT, VENUE
from tests.contract.verdicts import examine
from tests.contract.ways import Ways


def fees(firm: Firm, fee: str, count: int = 30, factor: int = 1) -> None:
    """Let many movements pay about the same, and the last one another fee."""
    for number in range(count):
        usual = f"0.000{10 * factor + number % 4}" if factor == 1 else f"0.00{20 + number % 4}"
        firm.withdraw(f"w-{number}", "bob", "BTC", f"0.0{11 + number}", 300 + 20 * number, (usual, "BTC", "sender"))
    firm.withdraw("last", "bob", "BTC", "0.074", 300 + 20 * count, (fee, "BTC", "sender"))


@pytest.mark.parametrize(("fee", "severity", "count"), [("19.82", "P1", 30), ("0.05", "P2", 30), ("19.82", "P1", 1)])
def test_a_fee_beyond_all_others_is_raised_at_once(fee: str, severity: str, count: int) -> None:
    firm = Firm().told()
    fees(firm, fee, count)
    firm.until(300 + 20 * count + 15)
    story = examine(firm).one("fee_outlier")
    assert story.severity == severity
    assert 300 + 20 * count <= story.opened <= 310 + 20 * count
    assert story.scope.get("transfer_id") == "last"


@pytest.mark.parametrize("count", [8, 30])
def test_without_a_price_an_outlier_is_no_page(count: int) -> None:
    firm = Firm(Ways(prices=False)).told()
    fees(firm, "19.82", count)
    firm.until(300 + 20 * count + 15)
    assert examine(firm).one("fee_outlier").severity == "P2"


def test_fees_that_rise_for_everybody_are_congestion() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    fees(firm, "0.0022", factor=20)
    polls(firm, 1_500)
    examine(firm).quiet()


def test_a_fee_of_the_venue_in_another_asset_is_its_own_kind() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    for number in range(8):
        fee = {"fee_amount": "1.5", "fee_asset": "USDC", "fee_payer": "sender"}
        firm.move(f"m-{number}", VENUE, HOT, "BTC", f"0.{number + 1}", 300 + 60 * number, **fee)
        at = 310 + 60 * number
        firm.value(at, VENUE, "USDC", "-1.5")
        firm.journal(
            at + 61, "fee", ("house:main", "USDC", "-1.5"), ("world:w", "USDC", "1.5"), transfer_id=f"m-{number}"
        )
    firm.move("cold", HOT, COLD, "BTC", "1", 900)
    polls(firm, 1_500)
    examine(firm).quiet()
