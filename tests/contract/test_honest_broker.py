"""An honest broker disturbs nobody, in whatever way the contract lets it be told, and its positions are the truth."""

from __future__ import annotations

import random

import pytest

from tests.contract.broker import background
from tests.contract.firm import Firm
from tests.contract.names import HELD
from tests.contract.verdicts import Verdict, examine
from tests.contract.ways import DAY, Ways, stamp
from tests.contract.worlds import World

WAYS = {
    "with heartbeats": Ways(heartbeat_s=60),
    "without heartbeats": Ways(),
    "with heartbeats that lag": Ways(heartbeat_s=60, heartbeat_lag_s=45),
    "with heartbeats of ten minutes": Ways(heartbeat_s=600),
    "in one recon group": Ways(group="all"),
    "without balances in postings": Ways(balance_after=False),
    "without movements in postings": Ways(transfer_ids=False, heartbeat_s=60),
    "without movements or heartbeats": Ways(transfer_ids=False),
    "with a sequence for each account": Ways(sequence="account"),
    "told by two sources": Ways(told_twice=True, heartbeat_s=60),
    "without prices": Ways(prices=False),
    "without accounts": Ways(accounts=False),
    "with deposits known by address": Ways(client_named=False, heartbeat_s=60),
    "with our own deposit addresses": Ways(client_named=False, deposit_role="hot"),
    "with deposits told once": Ways(single_completed=True),
    "with ledger legs that come late": Ways(debit_late=True),
    "with a sequence from every source": Ways(seq_everywhere=True, heartbeat_s=60),
    "observed eight seconds late": Ways(late_by_s=8),
    "observed eight seconds late with heartbeats": Ways(late_by_s=8, heartbeat_s=60),
    "observed two minutes late": Ways(late_by_s=120, heartbeat_s=60),
    "with heartbeats twenty minutes behind": Ways(heartbeat_s=60, heartbeat_lag_s=1_200),
    "with a sequence that began long ago": Ways(first_seq=4_711, seq_everywhere=True),
    "all liberties at once": Ways(
        group="g", heartbeat_s=30, heartbeat_lag_s=10, transfer_ids=False, balance_after=False, told_twice=True,
        client_named=False, accounts=False, prices=False, late_by_s=3, debit_late=True,
    ),
}  # fmt: skip


def assert_true(world: World, verdict: Verdict) -> None:
    for place in HELD:
        for asset, total in world.held(place, DAY).items():
            assert verdict.expected(place, asset) == total, (place, asset)
            assert verdict.in_transit(place, asset) == 0


@pytest.mark.parametrize("ways", WAYS.values(), ids=WAYS)
def test_an_honest_broker_raises_nothing_at_all_and_its_positions_are_the_truth(ways: Ways) -> None:
    world = background(ways)
    verdict = examine(world)
    assert not verdict.records, verdict.stories
    assert_true(world, verdict)


@pytest.mark.parametrize("seed", range(4))
def test_disorder_of_seconds_and_redeliveries_change_nothing(seed: int) -> None:
    dice = random.Random(seed)
    world = background(Ways(heartbeat_s=60, heartbeat_lag_s=30))
    shaken = []
    for seen, number, topic, value in world.numbered():
        late = seen + (dice.uniform(0, 8) if topic in ("transfers", "ledger", "balances") and seen > 0 else 0)
        shaken.append((late, number, topic, observed(value, late)))
        if dice.random() < 0.03:
            again = late + dice.uniform(1, 600)
            shaken.append((again, number, topic, observed(value, again)))
    world.lines = shaken
    verdict = examine(world)
    verdict.quiet()
    assert_true(world, verdict)


def observed(value: dict[str, object], at: float) -> dict[str, object]:
    return {**value, "observed_at": stamp(at)}


@pytest.mark.parametrize(
    "topics",
    [
        ("transfers",),
        ("ledger",),
        ("balances",),
        ("transfers", "ledger"),
        ("transfers", "balances"),
        ("transfers", "ledger", "balances"),
    ],
    ids="+".join,
)
@pytest.mark.parametrize("referenced", [True, False], ids=["referenced", "assets only"])
def test_what_was_never_heard_proves_nothing_by_its_absence(topics: tuple[str, ...], referenced: bool) -> None:
    world = background(Ways())
    if not referenced:
        world.lines = [line for line in world.lines if line[2] != "reference" or line[3]["kind"] in ("asset", "price")]
    moved_alone = (
        ("position_drift",) if topics == ("balances",) else ()
    )  # reports that change prove that something moved
    examine(world, keep=lambda topic: topic in (*topics, "reference", "control")).quiet(but=moved_alone)


@pytest.mark.parametrize("unheard", ["oms", "fireblocks", "binance:main", "bank:acme-usd"])
def test_a_place_or_a_source_that_never_reported_is_no_fault(unheard: str) -> None:
    world = background(Ways(heartbeat_s=60))
    if unheard == "oms":
        for line in world.lines:  # no requests at all: neither of the clients nor of the treasury
            if line[2] == "transfers" and line[3]["status"] in ("requested", "approved"):
                world.lost.add(line[3]["event_id"])
    else:
        world.lost |= {
            line[3]["event_id"] for line in world.lines if line[2] == "balances" and line[3]["source"] == unheard
        }
    examine(world).quiet()


@pytest.mark.parametrize("gap_s", [1, 5, 30, 59])
@pytest.mark.parametrize("order", ["books first", "places first", "a place among the books"])
def test_openings_may_come_in_any_order(gap_s: float, order: str) -> None:
    world = Firm(Ways(heartbeat_s=60))
    ranks = {"books first": ("ledger", "balances"), "places first": ("balances", "ledger")}.get(order)
    moved = []
    for number, (seen, index, topic, value) in enumerate(world.lines):
        late = seen
        if ranks and topic in ranks:
            late = seen + gap_s * ranks.index(topic)
        elif topic in ("ledger", "balances"):
            late = seen + gap_s * number / len(world.lines)
        moved.append((late, index, topic, observed(value, late)))
    world.lines = moved
    world.until(900)
    examine(world).quiet()


def test_a_place_that_reports_first_five_minutes_after_the_books_is_no_fault() -> None:
    world = Firm(Ways(heartbeat_s=60))
    polls = [line for line in world.lines if line[2] == "balances"]
    world.lines = [line for line in world.lines if line[2] != "balances"]
    for wait_s, (_, number, topic, value) in zip((60, 120, 300, 301), polls, strict=True):
        world.lines.append((wait_s, number, topic, observed(value, wait_s)))
    world.until(900)
    examine(world).quiet()


def test_two_runs_write_the_same_records() -> None:
    world = background(Ways(heartbeat_s=60))
    world.lost |= {
        line[3]["event_id"] for line in world.lines if line[3].get("transfer_id") == "in-btc-2" and line[2] == "ledger"
    }
    one, two = examine(world), examine(world)
    assert one.records
    assert one == two
