"""News that cannot be taken as it is: clocks ahead, unknown assets, what is too old, and what is malformed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.firm import Firm
from tests.contract.names import BANK, COLD, HOT, VENUE
from tests.contract.verdicts import examine
from tests.contract.ways import DAY, side
from tests.contract.worlds import World


@pytest.mark.parametrize(("ahead_s", "raised"), [(299, False), (301, True), (7_200, True)])
def test_a_clock_that_runs_more_than_five_minutes_ahead_is_skewed(ahead_s: float, raised: bool) -> None:
    firm = Firm().told()
    it = firm.movement("d", "deposit", side("external"), side(BANK, client_id="carol"), "USD", "10")
    told = it("completed", 300 + ahead_s, "bank:acme-usd", seen=300)
    firm.credit(it, "carol", "10", 320)
    firm.until(340)
    verdict = examine(firm)
    if raised:
        story = verdict.one("clock_skew")
        assert (story.opened, story.severity, story.scope["source"]) == (300, "P2", "bank:acme-usd")
        assert told in story.evidence
        assert verdict.expected(BANK, "USD") == 2_000_010, "applied all the same"
    else:
        verdict.quiet()


def test_a_movement_and_a_posting_in_an_unknown_asset_wait_for_its_reference() -> None:
    firm = Firm().told()
    it = firm.movement("d", "deposit", side("external"), side(HOT, client_id="alice"), "NEW", "10")
    told = it("completed", 300)
    firm.credit(it, "alice", "10", 310)
    firm.until(340)
    verdict = examine(firm, rejects=True)
    story = verdict.one("unknown_asset", source="fireblocks")
    assert (story.opened, story.severity, story.scope["asset"]) == (300, "P2", "NEW")
    assert told in story.evidence
    assert (HOT, "NEW") not in verdict.positions
    firm.know("asset", 400, asset="NEW", decimals=2, dust="0.01", rebasing=False, aliases=[])
    firm.until(600)
    verdict = examine(firm)
    assert all(story.over for story in verdict.all("unknown_asset"))
    assert verdict.expected(HOT, "NEW") == 10
    assert {story.kind for story in verdict.loud()} == {"unknown_asset"}


def test_a_row_of_an_unknown_asset_leaves_the_other_rows_alone() -> None:
    firm = Firm().told()
    firm.snapshot(VENUE, 300, {"SPAM": "1000000"})
    verdict = examine(firm, rejects=True)
    assert verdict.one("unknown_asset").opened == 300
    assert verdict.positions[VENUE, "BTC"]["reported"] == "20"
    assert {story.kind for story in verdict.loud()} == {"unknown_asset"}


@pytest.mark.parametrize("topic", ["transfer", "ledger", "balance"])
@pytest.mark.parametrize(("age", "raised"), [(34.9, False), (35.1, True)])
def test_what_is_older_than_the_horizon_is_set_aside(topic: str, age: float, raised: bool) -> None:
    firm = Firm()
    then = 300 - age * DAY
    if topic == "transfer":
        it = firm.movement("d", "deposit", side("external"), side(BANK), "USD", "10")
        told = it("completed", then, "bank:acme-usd", seen=300)
    elif topic == "ledger":
        told = firm.journal(
            then,
            "interest",
            ("house:main", "USD", "1"),
            ("pnl:main", "USD", "-1"),
            seen=300,
            source_seq="0",
            balance_after=None,
        )[0]
    else:
        told = firm.snapshot(COLD, then, {"BTC": "200"}, seen=300)
    firm.until(310)
    verdict = examine(firm, rejects=True)
    if not raised:
        assert not verdict.all("beyond_horizon")
        return
    story = verdict.one("beyond_horizon")
    assert (story.opened, story.severity) == (300, "P2")
    assert told in story.evidence


@pytest.mark.parametrize(
    "flaw",
    [
        {"op_type": "gift"},
        {"amount": 5},
        {"amount": "1e3"},
        {"amount": "-1"},
        {"amount": "1.001"},
        {"schema_version": 2},
    ],
    ids=repr,
)
def test_what_is_malformed_is_set_aside_and_stops_nothing(flaw: dict[str, Any]) -> None:
    firm = Firm().told()
    it = firm.movement("d", "deposit", side("external"), side(BANK, client_id="carol"), "USD", "10")
    it("completed", 300, "bank:acme-usd", **flaw) if "schema_version" not in flaw else it("completed", 300)
    if "schema_version" in flaw:
        firm.lines[-1][3].update(flaw)
    it("completed", 310, "bank:acme-usd")
    firm.credit(it, "carol", "10", 320)
    firm.until(330)
    verdict = examine(firm, rejects=True)
    assert len(verdict.quarantined) == 1
    assert verdict.expected(BANK, "USD") == 2_000_010
    assert not [story for story in verdict.loud() if story.worst == "P1"]


def test_unknown_fields_are_ignored() -> None:
    firm = Firm().told()
    it = firm.coming("in", "alice", "ETH", "3", colour="blue")
    firm.arrive(it, 370)
    firm.credit(it, "alice", "3", 420, mood={"good": True})
    firm.until(500)
    examine(firm).quiet()


def test_an_empty_world_says_nothing() -> None:
    world = World()
    world.until(100_000)
    assert not examine(world).records
