"""Money of nobody that piles up, day after day."""

from __future__ import annotations

import pytest

from tests.contract.firm import Firm
from tests.contract.names import BANK
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, side

HANDS = {"origin": "manual", "maker": "ann", "checker": "ben"}
HOUR, STEADY, HOURS = 3_600.0, 144, 168


def unknown(firm: Firm, name: str, at: float, amount: str, found_s: float | None) -> None:
    """Let money of nobody come; its owner is found later, or never."""
    it = firm.movement(name, "deposit", side("external"), side(BANK), "USD", amount)
    it("completed", at, "bank:acme-usd")
    firm.value(at, BANK, "USD", amount)
    legs = (("suspense:main", "USD", amount), ("world:w", "USD", f"-{amount}"))
    firm.journal(at + 10, "deposit", *legs, transfer_id=name)
    if found_s is not None:
        back = (("suspense:main", "USD", f"-{amount}"), ("client:carol", "USD", amount))
        firm.journal(at + found_s, "adjustment", *back, transfer_id=name, **HANDS)


@pytest.mark.parametrize("piles_up", [False, True])
def test_suspense_that_grows_for_a_day_is_told_and_a_steady_one_is_not(piles_up: bool) -> None:
    firm = Firm(Ways(heartbeat_s=300)).told()
    for hour in range(HOURS):
        worse = piles_up and hour >= STEADY
        for number in range(10 if worse else 1):
            found_s = None if worse else 1_800.0
            unknown(
                firm, f"u-{hour}-{number}", 600 + HOUR * hour + 300 * number, f"{900 + 37 * number + hour}", found_s
            )
    firm.until(HOUR * HOURS)
    verdict = examine(firm)
    if not piles_up:
        verdict.quiet()
        return
    story = verdict.one("suspense_growth")
    assert story.severity in ("P2", "P3")
    assert story.opened >= HOUR * STEADY
    assert story.scope["asset"] == "USD"
