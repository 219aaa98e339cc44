"""What is heard in one recon group proves nothing in another, and what one group holds does not pay for another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import background, polls
from tests.contract.firm import Firm
from tests.contract.names import BANK, COLD, HOT
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, side
from tests.contract.worlds import World

BEATS = Ways(heartbeat_s=60)


def grouped(firm: Firm, accounts: str | None = None, bank: str = "fiat") -> Firm:
    """Put the bank in a group of its own, apart from the wallets and the venue; and the accounts where you like."""
    for line in firm.lines:
        if line[2] == "reference" and line[3]["kind"] == "location":
            line[3]["recon_group"] = bank if line[3]["location"] == BANK else "coins"
        if line[2] == "reference" and line[3]["kind"] == "account" and accounts:
            line[3]["recon_group"] = accounts
    return firm


def test_a_broker_of_two_groups_is_as_quiet_as_one() -> None:
    examine(grouped(background(BEATS))).quiet()


def test_payments_of_a_group_in_which_nobody_ever_asks_are_not_unmatched() -> None:
    firm = grouped(background(BEATS))
    for line in firm.lines:
        asks = line[2] == "transfers" and line[3]["status"] in ("requested", "approved")
        if asks and BANK in (line[3]["from"]["location"], line[3]["to"]["location"]):
            firm.lost.add(line[3]["event_id"])
    examine(firm).quiet()


def test_deposits_of_a_group_that_has_no_books_are_not_missing_in_them() -> None:
    firm = grouped(Firm(BEATS).told(), accounts="coins", bank="coins")
    firm.know("location", location="okx:prop", role="venue", recon_group="prop", active=True)
    firm.value(-1, "okx:prop", "BTC", "2")
    for number in range(4):
        at = 300.0 + 200 * number
        it = firm.movement(f"p-{number}", "deposit", side("external"), side("okx:prop"), "BTC", f"0.{number + 1}")
        it("completed", at, "okx:prop")
        firm.value(at, "okx:prop", "BTC", f"0.{number + 1}")
    polls(firm, 1_800)
    for at in (0, 600, 1_200, 1_800):
        firm.snapshot("okx:prop", at)
    examine(firm).quiet()


@pytest.mark.parametrize("other_holds", ["0", "100"])
def test_what_another_group_holds_does_not_pay_for_this_one(other_holds: str) -> None:
    world = World()
    world.know("asset", asset="BTC", decimals=8, dust="0.0001", rebasing=False, aliases=[])
    for place, role, group, total in ((HOT, "hot", "a", "10"), (COLD, "cold", "b", other_holds)):
        world.know("location", location=place, role=role, recon_group=group, active=True)
        world.snapshot(place, 0, {"BTC": total})
    who: dict[str, Any] = {"account_class": "client", "client_id": "alice", "recon_group": "a", "active": True}
    world.know("account", account_id="client:alice", **who)
    world.journal(1, "opening", ("client:alice", "BTC", "9"), ("world:w", "BTC", "-9"))
    world.journal(300, "adjustment", ("client:alice", "BTC", "5"), ("pnl:main", "BTC", "-5"))
    world.until(400)
    story = examine(world).one("liabilities_exceed_holdings")
    assert story.severity == "P1"
    assert story.opened <= 360


def test_a_move_between_groups_is_held_on_its_way() -> None:
    firm = grouped(Firm(BEATS).told())
    firm.know("location", 1, location=COLD, role="cold", recon_group="vault", active=True)
    firm.move("m", HOT, COLD, "ETH", "300", 400)
    polls(firm, 900)
    examine(firm).quiet()
