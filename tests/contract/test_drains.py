"""Many assets leave at once: a thief, a sweep, or a busy afternoon."""

from __future__ import annotations

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import COLD, ETHEREUM, HOT, address_of
from tests.contract.thefts import stolen
from tests.contract.verdicts import examine
from tests.contract.ways import USUAL_WAYS, Ways, side

CHAIN = "chain:eip155:1"
VARIED = USUAL_WAYS


def drain(firm: Firm, count: int, gap_s: float, start: float = 600) -> list[str]:
    """Let many assets leave to a fresh address, one after the other."""
    seen = []
    for number in range(count):
        asset = f"T{number}"
        firm.know("asset", -1, asset=asset, decimals=6, dust="0.01", rebasing=False, aliases=[])
        firm.value(-1, HOT, asset, "1000")
        seen.append(stolen(firm, f"drain-{number}", "900", asset)("broadcast", start + gap_s * number, CHAIN))
        firm.value(start + gap_s * number, HOT, asset, "-900")
    return seen


def test_the_third_unplanned_outflow_of_a_burst_is_a_drain_of_one_incident() -> None:
    firm = Firm(Ways()).told()
    drain(firm, 12, 2)
    firm.until(800)
    verdict = examine(firm)
    story = verdict.one("multi_asset_drain")
    assert story.severity == "P1"
    assert 602 <= story.opened <= 604
    flows = verdict.all("unmatched_outflow")
    assert {one.records[0]["incident_id"] for one in [story, *flows]} == {story.records[0]["incident_id"]}


def test_two_unplanned_outflows_of_two_assets_are_a_drain_after_thirty_seconds_at_the_latest() -> None:
    firm = Firm(Ways()).told()
    drain(firm, 2, 5)
    firm.until(800)
    assert all(story.opened <= 665 for story in examine(firm).all("unmatched_outflow"))


def test_a_sweep_of_many_assets_to_an_own_cold_wallet_is_no_drain() -> None:
    firm = Firm(Ways()).told()
    for number in range(24):
        asset = f"T{number}"
        firm.know("asset", -1, asset=asset, decimals=6, dust="0.01", rebasing=False, aliases=[])
        firm.value(-1, HOT, asset, "1000")
        to = side(COLD, address=address_of(COLD, ETHEREUM), network=ETHEREUM)
        it = firm.movement(f"sweep-{number}", "sweep", side(HOT), to, asset, "900", network=ETHEREUM)
        for status, wait_s, source in (("requested", 0, "treasury"), ("broadcast", 5, CHAIN), ("completed", 40, CHAIN)):
            it(status, 600 + 3 * number + wait_s, source)
    firm.until(900)
    examine(firm).quiet()


def test_many_clients_who_withdraw_many_assets_at_once_are_no_drain() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    for number, (client, asset) in enumerate([("alice", "BTC"), ("bob", "ETH"), ("alice", "USDC"), ("bob", "USD")] * 4):
        firm.withdraw(f"w-{number}", client, asset, f"0.{number + 10}", 600 + number)
    polls(firm, 900)
    examine(firm).quiet()
