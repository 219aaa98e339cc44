"""Maintenance stops the clocks of what is in its reach, and of nothing else."""

from __future__ import annotations

import pytest

from tests.contract.broker import busy
from tests.contract.firm import Firm
from tests.contract.names import COLD, HOT, VENUE
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, stamp

LATE = 900  # routes are promised in 600 s, with a p99 of 300 s


@pytest.mark.parametrize(
    "reach",
    [{"location": VENUE}, {"location": HOT}, {"network": "eip155:1"}, {"of_source": "fireblocks"}],
    ids=repr,
)
@pytest.mark.parametrize("what", ["transfers", "all", "snapshots"])
def test_maintenance_stops_the_clock_of_what_is_in_its_reach(reach: dict[str, str], what: str) -> None:
    firm = busy(Firm(Ways(heartbeat_s=60)).told())
    window = {"from": stamp(600), "until": stamp(1_500), "what": what}
    firm.steer("maintenance", 300, **reach, **window)
    it = firm.own("m", HOT, VENUE, "ETH", "20")
    it("requested", 400, "treasury")
    it("broadcast", 405)
    it("completed", 2_000)
    firm.value(405, HOT, "ETH", "-20")
    firm.value(2_000, VENUE, "ETH", "20")
    verdict = examine(firm)
    if what == "snapshots":
        assert verdict.one("in_transit_overdue").opened <= 1_365
    else:
        verdict.quiet()


def test_maintenance_elsewhere_stops_nothing() -> None:
    firm = busy(Firm(Ways(heartbeat_s=60)).told())
    firm.steer("maintenance", 300, location=COLD, what="all", **{"from": stamp(600), "until": stamp(1_500)})
    it = firm.own("m", HOT, VENUE, "ETH", "20")
    it("requested", 400, "treasury")
    it("broadcast", 405)
    firm.value(405, HOT, "ETH", "-20")
    assert examine(firm).one("in_transit_overdue").opened <= 1_365


def test_a_clock_that_was_stopped_goes_on_where_it_stood() -> None:
    firm = busy(Firm(Ways(heartbeat_s=60)).told())
    firm.steer("maintenance", 300, location=VENUE, what="all", **{"from": stamp(600), "until": stamp(1_500)})
    it = firm.own("m", HOT, VENUE, "ETH", "20")
    it("requested", 400, "treasury")
    it("broadcast", 405)
    firm.value(405, HOT, "ETH", "-20")
    story = examine(firm).one("in_transit_overdue")
    assert 400 + LATE + 900 <= story.opened <= 405 + LATE + 900 + 60
