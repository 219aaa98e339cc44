"""Journals add up within ten seconds, and balances follow from each other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.firm import Firm
from tests.contract.verdicts import examine
from tests.contract.ways import Ways
from tests.contract.worlds import World

BEATS = Ways(heartbeat_s=30)


def two_legs(world: World, first_at: float, second_at: float | None, second: str = "-5", **more: Any) -> str:
    parts = {"op_type": "adjustment", "journal_id": "j", "legs_total": 2, "origin": "manual", **more}
    first = world.leg("client:alice", "USDC", "5", first_at, posting_id="p1", leg_no=1, **parts)
    if second_at is not None:
        world.leg("house:main", "USDC", second, second_at, posting_id="p2", leg_no=2, **parts)
    return first


def test_a_journal_that_lacks_a_leg_is_unbalanced_ten_seconds_after_its_first() -> None:
    world = Firm()
    first = two_legs(world, 300, None)
    world.until(330)
    story = examine(world).one("unbalanced_journal")
    assert (story.opened, story.severity) == (310, "P2")
    assert first in story.evidence
    assert "5" in story.records[0]["explanation"]


def test_a_journal_whose_legs_do_not_add_up_is_unbalanced() -> None:
    world = Firm()
    two_legs(world, 300, 303, second="-4")
    world.until(330)
    story = examine(world).one("unbalanced_journal")
    assert 303 <= story.opened <= 310
    assert not story.over


def test_legs_that_add_up_only_over_two_assets_are_unbalanced() -> None:
    world = Firm()
    world.journal(300, "settlement", ("client:alice", "USDC", "5"), ("house:main", "USD", "-5"))
    world.until(330)
    assert examine(world).one("unbalanced_journal").severity == "P2"


@pytest.mark.parametrize("wait_s", [0, 4, 9.9])
def test_a_leg_that_comes_within_ten_seconds_is_in_time(wait_s: float) -> None:
    world = Firm()
    two_legs(world, 300, 300 + wait_s)
    world.until(700)
    examine(world).quiet()


def test_a_leg_that_comes_after_all_closes_the_alert() -> None:
    world = Firm()
    two_legs(world, 300, 340)
    world.until(700)
    story = examine(world).one("unbalanced_journal")
    assert story.opened == 310
    assert story.over


def test_a_missing_leg_is_concluded_only_when_the_watermark_of_the_books_has_passed_its_time() -> None:
    world = Firm(Ways(heartbeat_s=30, heartbeat_lag_s=60))
    two_legs(world, 300, None)
    world.until(700)
    assert 370 <= examine(world).one("unbalanced_journal").opened <= 390


def test_a_leg_that_the_watermark_had_not_promised_yet_is_in_time() -> None:
    world = Firm(Ways(heartbeat_s=30, heartbeat_lag_s=60))
    first = two_legs(world, 300, None)
    parts: dict[str, Any] = {"op_type": "adjustment", "journal_id": "j", "legs_total": 2, "origin": "manual"}
    world.leg("house:main", "USDC", "-5", 300, seen=350, posting_id="p2", leg_no=2, **parts)
    world.until(700)
    assert first
    examine(world).quiet()


def test_a_journal_of_four_legs_in_two_assets_that_adds_up_is_quiet() -> None:
    world = Firm()
    legs = (("client:alice", "BTC", "-1"), ("house:main", "BTC", "1"))
    world.journal(300, "settlement", *legs, ("client:alice", "USDC", "60000"), ("house:main", "USDC", "-60000"))
    world.until(400)
    examine(world).quiet()


def test_a_balance_that_does_not_follow_from_the_one_before_breaks_the_chain_at_once() -> None:
    world = Firm()
    world.journal(300, "interest", ("client:alice", "USDC", "5"), ("pnl:main", "USDC", "-5"))
    wrong = world.journal(320, "interest", ("client:alice", "USDC", "5"), ("pnl:main", "USDC", "-5"))
    for line in world.lines:
        if line[3]["event_id"] == wrong[0]:
            line[3]["balance_after"] = "200007"
    world.until(400)
    story = examine(world).one("balance_chain_broken")
    assert (story.opened, story.severity) == (320, "P3")
    assert wrong[0] in story.evidence
    assert story.scope["account_id"] == "client:alice"
    assert story.scope["asset"] == "USDC"


@pytest.mark.parametrize("sequence", ["global", "account"])
def test_a_posting_that_was_lost_shows_in_the_chain_and_its_backfill_closes_all(sequence: str) -> None:
    world = Firm(Ways(sequence=sequence))
    lost = world.journal(300, "interest", ("client:alice", "USDC", "5"), ("pnl:main", "USDC", "-5"))
    world.journal(320, "interest", ("client:alice", "USDC", "6"), ("pnl:main", "USDC", "-6"))
    late = [
        (500.0, *line[1:3], {**line[3], "observed_at": "2026-03-02T09:08:20Z"})
        for line in world.lines
        if line[3]["event_id"] in lost
    ]
    world.lines = [line for line in world.lines if line[3]["event_id"] not in lost] + late
    world.until(600)
    verdict = examine(world)
    story = verdict.one("balance_chain_broken", account_id="client:alice")
    assert 320 <= story.opened <= 325  # what is missing may only be late by seconds
    assert all(one.over for one in verdict.stories), verdict.stories
    assert all(one.kind in ("balance_chain_broken", "source_gap") for one in verdict.loud())


def test_postings_that_come_in_another_order_than_their_sequence_keep_the_chain() -> None:
    world = Firm(BEATS)
    for number in range(4):
        late = 302.0 - number * 0.5
        world.journal(
            300 + number / 10, "interest", ("client:alice", "USDC", "5"), ("pnl:main", "USDC", "-5"), seen=late
        )
    world.until(400)
    examine(world).quiet()
