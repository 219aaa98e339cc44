"""What the feeds themselves do wrong: silence, holes, clocks, unknown assets, and news that is too old."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.broker import background, polls
from tests.contract.firm import Firm
from tests.contract.names import HELD, HOT, VENUE
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, seconds, side, stamp
from tests.contract.worlds import Line

BEATS = Ways(heartbeat_s=60)


class Muted(Firm):
    """A firm in which a source stops to send heartbeats at a moment, and may come back."""

    silent: tuple[str, float, float] = ("", 0.0, 0.0)

    def heartbeats(self) -> Iterator[Line]:
        who, start, end = self.silent
        for line in super().heartbeats():
            if line[3]["of_source"] != who or not start < line[0] < end:
                yield line


def muted(source: str, start: float, end: float = 1e9, last: float = 3_000, ways: Ways = BEATS) -> Muted:
    firm = Muted(ways)
    firm.told()
    firm.silent = (source, start, end)
    polls(firm, last, tuple(place for place in HELD if not place.startswith(source)))
    return firm


@pytest.mark.parametrize("group", [None, "all"])
@pytest.mark.parametrize("source", ["ledger", "oms", "fireblocks", "binance:main", "bank:acme-usd"])
def test_a_source_whose_heartbeat_stops_is_silent_after_a_quarter_of_an_hour(source: str, group: str | None) -> None:
    firm = muted(source, 600, ways=replace(BEATS, group=group))
    verdict = examine(firm)
    story = verdict.one("source_silent")
    assert story.severity == "P2"
    assert story.scope["source"] == source
    assert 600 < story.opened <= 600 + 900
    assert not story.over
    assert not [one for one in verdict.loud() if one.worst == "P1"]


@pytest.mark.parametrize("source", ["ledger", "fireblocks"])
def test_a_source_that_speaks_again_is_no_longer_silent(source: str) -> None:
    assert examine(muted(source, 600, 2_000)).one("source_silent").over


def test_a_pause_in_maintenance_is_no_silence() -> None:
    firm = muted("binance:main", 600, 2_400)
    firm.steer("maintenance", 500, of_source="binance:main", what="all", **{"from": stamp(500), "until": stamp(2_500)})
    examine(firm).quiet()


def test_a_source_that_never_sent_heartbeats_may_be_quiet_for_an_hour() -> None:
    firm = Firm(Ways()).told()
    polls(firm, 3_600)
    examine(firm).quiet()


def test_nothing_is_concluded_missing_from_a_source_before_its_silence_is_told() -> None:
    firm = muted("ledger", 390, last=2_000)
    it = firm.coming("in", "alice", "ETH", "3")
    firm.arrive(it, 370)
    firm.value(400, HOT, "ETH", "3")
    verdict = examine(firm)
    silent = verdict.one("source_silent", source="ledger")
    assert all(story.opened >= silent.opened for story in verdict.all("missing_credit"))


def test_money_that_comes_from_nowhere_is_not_concluded_while_the_chain_lags() -> None:
    firm = Firm(Ways(heartbeat_s=60, heartbeat_lag_s=400)).told()
    it = firm.coming("in", "alice", "ETH", "3")
    firm.credit(it, "alice", "3", 400)
    it("completed", 395, "chain:eip155:1", seen=780)
    firm.value(395, HOT, "ETH", "3")
    polls(firm, 1_500)
    examine(firm).quiet()


def bills(backfilled: bool, before: int, ways: Ways = BEATS) -> Firm:
    """Let the venue tell many fundings, two of which come late or never, with holes in its sequence."""
    firm = Firm(ways).told()
    for number in range(before + 6):
        at, amount, lost = 300.0 + 20 * number, f"1{number}", number - before in (2, 3)
        it = firm.movement(f"v-{number}", "funding", side("external"), side(VENUE), "USDC", amount)
        told = it("completed", at, "binance:main", source_seq=str(number), seen=1_300 if lost and backfilled else at)
        firm.value(at, VENUE, "USDC", amount)
        legs = (("house:main", "USDC", amount), ("world:w", "USDC", f"-{amount}"))
        firm.journal(at + 3, "funding", *legs, transfer_id=f"v-{number}")
        if lost and not backfilled:
            firm.lost.add(told)
    polls(firm, 1_800)
    return firm


@pytest.mark.parametrize("before", [4, 25])
@pytest.mark.parametrize("backfilled", [False, True])
@pytest.mark.parametrize("ways", [Ways(), BEATS], ids=str)
def test_a_hole_in_a_sequence_is_a_gap_and_its_backfill_closes_it(ways: Ways, backfilled: bool, before: int) -> None:
    verdict = examine(bills(backfilled, before, ways))
    story = verdict.one("source_gap")
    seen_at = 300 + 20 * (before + 4)
    assert story.severity == "P3"
    assert story.scope["source"] == "binance:main"
    assert seen_at <= story.opened <= seen_at + (60 if ways.heartbeat_s else 5)
    assert story.over is backfilled
    verdict.quiet(but=("source_gap", "source_silent"))  # a hole in the feed explains the drift


def test_a_page_that_comes_twice_is_no_gap() -> None:
    world = background(Ways(seq_everywhere=True, heartbeat_s=60))
    world.lines = world.numbered()
    page = [line for line in world.lines if line[3]["source"] == "binance:main"][3:9]
    for _, number, topic, value in page:
        again = max(seconds(value["observed_at"]) + 400, 2_000)
        world.lines.append((again, number, topic, {**value, "observed_at": stamp(again)}))
    examine(world).quiet()


@pytest.mark.parametrize(
    "numbers", [lambda at, _: str(int(at * 1e6)), lambda at, n: f"{n * 10}", lambda at, n: f"2026-{n:06d}"]
)
def test_a_sequence_that_was_never_without_holes_has_no_gaps(numbers: Any) -> None:
    firm = Firm(BEATS).told()
    for number in range(20):
        at = 300.0 + 13.7 * number
        it = firm.movement(f"v-{number}", "funding", side("external"), side(VENUE), "USDC", "1")
        it("completed", at, "binance:main", source_seq=numbers(at, number))
        firm.value(at, VENUE, "USDC", "1")
        firm.journal(
            at + 3, "funding", ("house:main", "USDC", "1"), ("world:w", "USDC", "-1"), transfer_id=f"v-{number}"
        )
    polls(firm, 900)
    examine(firm).quiet()
