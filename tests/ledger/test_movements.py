"""What each report of a movement does to the holdings, told as stories: when, which stage, how much | what changes.

Everything goes from hot to venue, in BTC, where a row does not say otherwise.
"""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import astuple

from ledger.amounts import to_decimal
from ledger.events import Transfer
from ledger.fold import COMPLETED, Effect, Fact, Fold, effects_of_whole, fact_of, is_whole_story
from ledger.movements import Movement
from ledger.parser import parse
from tests.ledger.wire import HOUR, MINUTE, received, transfer

STORIES = {
    "value leaves at broadcast and arrives at completion": """
        09:00  requested 10                              |
        09:10  broadcast 10                              | hot -10, 10 under way
        09:20  confirming 10                             | 10 under way
        10:00  completed 10                              | venue 10
    """,
    "value leaves at completion where no broadcast was seen": """
        09:00  requested 10                              |
        10:00  completed 10                              | hot -10, venue 10
    """,
    "of several completions the first counts": """
        10:00  completed 10                              | hot -10, venue 10
        10:05  completed 10                              |
        10:06  completed 11                              |
    """,
    "what is instructed last counts": """
        09:00  requested 12                              |
        09:10  broadcast 10                              | hot -10, 10 under way
        10:00  completed 9.5                             | hot 0.5, venue 9.5
    """,
    "a stage told after arrival says nothing about the amount": """
        10:00  completed 10                              | hot -10, venue 10
        10:05  confirming 11                             |
        10:06  broadcast 11                              |
    """,
    "a book transfer moves nothing": """
        09:00  broadcast 10 hot>hot fee=1                |
        10:00  completed 10 hot>hot fee=1                |
    """,
    "what comes from outside only arrives": """
        09:00  broadcast 10 external>venue               | 10 under way
        10:00  completed 10 external>venue               | venue 10
    """,
    "what goes outside only leaves": """
        09:00  broadcast 10 hot>external                 | hot -10, 10 under way
        10:00  completed 10 hot>external                 |
    """,
    "nothing is an amount": """
        09:00  broadcast 0                               | 0 under way
        10:00  completed 0                               |
    """,
    # --- Fees
    "the sender pays on top, with the amount": """
        09:00  broadcast 10 fee=0.1 payer=sender         | hot -10.1, 10 under way
        10:00  completed 10                              | venue 10
    """,
    "a fee of no payer is the sender's": """
        10:00  completed 10 fee=0.1                      | hot -10.1, venue 10
    """,
    "the sender pays in another asset": """
        10:00  completed 10 fee=0.1 fee_asset=ETH        | hot -10, hot -0.1 ETH, venue 10
    """,
    "a deducted fee arrives less": """
        09:00  broadcast 10 fee=0.1 payer=deducted       | hot -10, 10 under way
        10:00  completed 10                              | venue 9.9
    """,
    "a fee deducted in another asset leaves where the amount arrives": """
        10:00  completed 10 fee=0.1 fee_asset=ETH payer=deducted | hot -10, venue 10, venue -0.1 ETH
    """,
    "a deducted fee greater than the amount leaves nothing": """
        10:00  completed 10 fee=11 payer=deducted        | hot -10
    """,
    "a third party's fee moves nothing of ours": """
        10:00  completed 10 fee=0.1 payer=third_party    | hot -10, venue 10
    """,
    "a sender outside pays what is not ours": """
        10:00  completed 10 external>venue fee=0.1       | venue 10
    """,
    "a receiver outside gets less of what is not ours": """
        10:00  completed 10 hot>external fee=0.1 payer=deducted | hot -10
    """,
    "the latest fee counts": """
        09:00  requested 10 fee=0.05                     |
        09:10  broadcast 10 fee=0.1                      | hot -10.1, 10 under way
        10:00  completed 10 fee=0.3                      | hot -0.2, venue 10
        10:10  confirming 10 fee=0.2                     | hot 0.1
    """,
    "the latest payer counts": """
        09:10  broadcast 10 fee=0.1                      | hot -10.1, 10 under way
        10:00  completed 10 fee=0.1 payer=deducted       | hot 0.1, venue 9.9
    """,
    "what was delivered overrides amount less fee": """
        09:00  broadcast 10 fee=0.1 payer=deducted       | hot -10, 10 under way
        10:00  completed 10 delivered=9.7                | venue 9.7
    """,
    # --- Restatements
    "a restatement applies its difference once, from its own moment": """
        09:00  completed 10                              | hot -10, venue 10
        12:00  completed 1 rev=1                         | hot 9, venue -9
        13:00  completed 1 rev=2                         |
        14:00  completed 10                              |
    """,
    "a restatement that happened earlier supersedes": """
        09:00  completed 1 rev=1                         | hot -1, venue 1
        10:00  completed 10                              |
    """,
    "a restated fee applies its difference": """
        09:00  completed 10 fee=0.1                      | hot -10.1, venue 10
        12:00  completed 10 fee=0.3 rev=1                | hot -0.2
    """,
    "a restatement takes back a delivery that it no longer states": """
        09:00  completed 10 delivered=9                  | hot -10, venue 9
        12:00  completed 10 rev=1                        | venue 1
    """,
    "a restated destination moves what had arrived": """
        09:00  completed 10                              | hot -10, venue 10
        12:00  completed 10 hot>bank rev=1               | bank 10, venue -10
    """,
    "a restated broadcast changes what is under way": """
        09:00  broadcast 10                              | hot -10, 10 under way
        09:30  broadcast 8 rev=1                         | hot 2, 8 under way
        10:00  completed 8                               | venue 8
    """,
    # --- Undoing
    "what comes back takes its fee along": """
        09:00  broadcast 10 fee=0.1                      | hot -10.1, 10 under way
        11:00  returned 10                               | hot 10.1
    """,
    "what was undone before it moved moves nothing": """
        09:00  requested 10                              |
        09:10  rejected 10                               |
        09:20  cancelled 10                              |
    """,
    "twice undone is once undone": """
        09:00  completed 10                              | hot -10, venue 10
        11:00  failed 10                                 | hot 10, venue -10
        12:00  returned 10                               |
    """,
    "a block that is thrown away and one that takes it in again": """
        09:00  broadcast 10                              | hot -10, 10 under way
        09:30  completed 10 delivered=9                  | venue 9
        10:00  reorged 10                                | hot 10, venue -9
        10:30  broadcast 10                              | hot -10, 10 under way
        11:00  completed 10                              | venue 10
    """,
    "an older revision counts anew after it was undone": """
        09:00  completed 10 rev=1                        | hot -10, venue 10
        10:00  reorged 10                                | hot 10, venue -10
        11:00  completed 10                              | hot -10, venue 10
    """,
    "a replaced transaction is the same movement with another fee": """
        09:00  broadcast 10 fee=0.1                      | hot -10.1, 10 under way
        09:30  replaced 10 fee=0.3                       | hot -0.2, 10 under way
        10:00  completed 10                              | venue 10
    """,
    "a hold on the way changes nothing": """
        09:00  broadcast 10                              | hot -10, 10 under way
        09:30  on_hold 10                                | 10 under way
        10:00  completed 10                              | venue 10
    """,
    "completed at the sender and failed at the receiver did not arrive": """
        09:00  broadcast 10                                              | hot -10, 10 under way
        10:00  completed 10 sub=COMPLETED_BUT_3RD_PARTY_FAILED           | 10 under way
        11:00  returned 10                                               | hot 10
    """,
    "completed at the sender, rejected at the receiver, then taken after all": """
        10:00  completed 10 sub=completed_but_3rd_party_rejected         | hot -10, 10 under way
        11:00  completed 10 rev=1                                        | venue 10
    """,
    # --- Ties
    "of one moment the stages come in their own order": """
        09:00  requested 10                              |
        09:00  broadcast 10                              | hot -10, 10 under way
        09:00  completed 10                              | venue 10
    """,
    "of one moment the higher revision comes later": """
        09:00  completed 10                              | hot -10, venue 10
        09:00  broadcast 7 rev=1                         |
        09:00  completed 9 rev=1                         | hot 1, venue -1
    """,
}  # fmt: skip


def rows(story: str) -> list[tuple[Fact, str]]:
    """Return the facts of a story with what each should change."""
    told = [line.partition("|") for line in story.strip().splitlines()]
    return [(fact(number, row), verdict.strip()) for number, (row, _, verdict) in enumerate(told)]


def fact(number: int, row: str) -> Fact:
    """Return what one row reports."""
    time, status, amount, *words = row.split()
    hours, minutes = time.split(":")
    options = dict(word.split("=") for word in words if "=" in word)
    origin, destination = next((word for word in words if ">" in word), "hot>venue").split(">")
    names = {"fee": "fee_amount", "payer": "fee_payer", "delivered": "amount_delivered", "sub": "sub_status"}
    more = {names.get(name, name): text for name, text in options.items() if name != "rev"}
    seconds = int(hours) * HOUR + int(minutes) * MINUTE
    sent = transfer(
        f"ev-{number}", seconds, "T1", status, origin, destination, amount, revision=int(options.get("rev", 0)), **more
    )
    record = received(sent, seconds)
    event = parse(record.topic, record.value)
    assert isinstance(event, Transfer), event
    return fact_of(event, event.asset, event.fee_asset)


def told(effects: list[Effect], movement: Movement) -> str:
    """Return effects in the words of the stories."""
    said = [f"{one.location} {to_decimal(one.delta)}{'' if one.asset == 'BTC' else f' {one.asset}'}" for one in effects]
    under_way = movement.fold.in_transit()
    return ", ".join(said + ([] if under_way is None else [f"{to_decimal(under_way[1])} under way"]))


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_each_report_changes_what_it_should_from_its_own_moment(story: str) -> None:
    movement = Movement("T1")
    for one, verdict in rows(story):
        undone, done = movement.add(one)
        assert told(done, movement) == verdict
        assert undone == []
        assert {effect.at_us for effect in done} <= {one.at_us}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_the_order_of_arrival_does_not_matter(story: str) -> None:
    """What is taken back and added on the way comes to the same effects, for every order of arrival."""
    facts = [one for one, _ in rows(story)]
    in_order = arrived(facts)
    for order in permutations(facts):
        assert arrived(list(order)) == in_order


def arrived(facts: list[Fact]) -> tuple[list[Effect], object]:
    """Return the effects in force after reports in this order, and what is under way."""
    movement = Movement("T1")
    in_force: list[Effect] = []
    for one in facts:
        undone, done = movement.add(one)
        movement.rest()
        for effect in undone:
            in_force.remove(effect)
        in_force += done
    assert sorted(in_force, key=astuple) == sorted(movement.effects(), key=astuple)
    return sorted(in_force, key=astuple), movement.fold.in_transit()


@pytest.mark.parametrize(
    "status", ["failed", "cancelled", "expired", "rejected", "blocked", "returned", "reversed", "reorged"]
)
@pytest.mark.parametrize("before", ["broadcast", "completed"])
def test_every_undoing_status_undoes_everything(status: str, before: str) -> None:
    effects, under_way = arrived([fact(0, f"09:00 {before} 10 fee=0.1"), fact(1, f"11:00 {status} 10")])
    left = {(one.location, one.asset): 0 for one in effects}
    for one in effects:
        left[one.location, one.asset] += one.delta
    assert len(effects) >= 2
    assert set(left.values()) == {0}
    assert under_way is None


@pytest.mark.parametrize(
    "status",
    [
        "requested",
        "screening",
        "pending_approval",
        "approved",
        "queued",
        "signing",
        "confirming",
        "on_hold",
        "replaced",
    ],
)
def test_no_other_status_moves_anything_by_itself(status: str) -> None:
    assert arrived([fact(0, f"09:00 {status} 10 fee=0.1")]) == ([], None)


@pytest.mark.parametrize(
    ("row", "awaited"),
    [
        ("09:00 requested 10 fee=0.1", {"hot": "-10.1", "venue": "10"}),
        ("09:00 approved 10 hot>external", {"hot": "-10"}),
        ("09:00 broadcast 10 fee=0.1", {"venue": "10"}),
        ("09:00 confirming 10 external>venue fee=1 payer=deducted", {"venue": "9"}),
        ("09:00 broadcast 10 hot>external", {}),
        ("09:00 completed 10", {}),
        ("09:00 failed 10", {}),
        ("09:00 requested 10 hot>hot", {}),
    ],
)
def test_what_a_place_may_show_before_we_hear_of_it(row: str, awaited: dict[str, str]) -> None:
    movement = Movement("T1")
    movement.add(fact(0, row))
    assert {place[0]: to_decimal(units) for place, units in movement.fold.awaited()} == awaited


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_a_movement_goes_on_from_its_row(story: str) -> None:
    facts = [one for one, _ in rows(story)]
    for cut in range(1, len(facts)):
        movement = Movement("T1")
        for one in facts[:cut]:
            movement.add(one)
        again = Movement.from_plain("T1", to_builtins(movement.to_plain()))
        for one in facts[cut:]:
            assert again.add(one) == movement.add(one)
        assert again.to_plain() == movement.to_plain()


@given(
    origin=st.sampled_from(["external", "hot", "venue"]),
    destination=st.sampled_from(["external", "hot", "venue"]),
    amount=st.integers(0, 3),
    delivered=st.none() | st.integers(0, 3),
)
def test_a_whole_story_has_the_effects_of_its_fold(
    origin: str, destination: str, amount: int, delivered: int | None
) -> None:
    fact = Fact(0, 0, COMPLETED, "e1", amount, delivered, None, "BTC", "sender", origin, destination, "BTC", True)
    assert is_whole_story(fact)
    assert effects_of_whole(fact) == Fold().apply(fact)
