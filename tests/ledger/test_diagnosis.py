"""What would account for a drift where no single movement does."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.diagnosis import explain
from ledger.suspects import rank
from tests.monitor.story import Story, play

DUST = 1
amounts = st.lists(st.integers(1_000, 10**9).map(lambda n: n * 7 + 3), min_size=2, max_size=12, unique=True)


def told(*deltas: int) -> list[tuple[int, int, str]]:
    return [(number, delta, f"T{number}") for number, delta in enumerate(deltas)]


@given(amounts, st.data())
def test_two_errors_are_found_as_some_pair_that_leaves_exactly_the_drift(
    deltas: list[int], data: st.DataObject
) -> None:
    effects = told(*deltas)
    left = {"did not happen": -1, "happened twice": 1, "wrong sign": -2}
    one, two = data.draw(st.lists(st.sampled_from(range(len(deltas))), min_size=2, max_size=2, unique=True))
    times = [data.draw(st.sampled_from(sorted(left.values()))) for _ in range(2)]
    drift = deltas[one] * times[0] + deltas[two] * times[1]
    assume(abs(drift) > DUST and not any(suspect.hint for suspect in rank(drift, DUST, effects, {})))
    found = explain(drift, DUST, "BTC", effects, {}, [])
    assert found is not None
    if found.kind == "two errors":
        sums = {ref: delta for _, delta, ref in effects}
        assert (
            abs(sum(left[hint] * sums[ref] for ref, hint in zip(found.refs, found.hints, strict=True)) - drift) <= DUST
        )


@given(amounts, st.data())
def test_an_old_report_is_dated_before_the_first_movement_that_it_lacks(deltas: list[int], data: st.DataObject) -> None:
    lacking = data.draw(st.integers(2, len(deltas)))
    found = explain(-sum(deltas[-lacking:]), DUST, "BTC", told(*deltas), {}, [])
    assert found is not None
    assert (found.kind, found.at_us) == ("old report", len(deltas) - lacking)


def test_the_same_amount_at_another_place_with_the_other_sign_is_the_other_end() -> None:
    found = explain(-500, DUST, "BTC", told(7, 11), {}, [("cold", 0), ("venue", 500), ("bank", -500)])
    assert found is not None
    assert (found.kind, found.place) == ("seen elsewhere", "venue")


def test_what_nothing_accounts_for_stays_unexplained() -> None:
    assert explain(-123_456, DUST, "BTC", told(7, 11, 13), {}, [("venue", 12)]) is None


def sentence(story: Story) -> str:
    return story.of("position_drift")[-1].explanation


def test_a_fee_that_somebody_else_was_to_pay_is_named() -> None:
    story = play("""
        09:00  balance hot 100 BTC                                             |
        09:30  move T1 completed hot>external 5 BTC fee=0.25 payer=third_party |
        09:40  move T2 completed hot>external 3 BTC                            |
        10:00  balance hot 91.75 BTC                                           |
        11:00  balance hot 91.75 BTC                                           | position_drift P2 open -0.25
    """)
    assert "exactly the fee told of T1" in sentence(story)


def test_a_movement_that_nobody_told_is_seen_at_both_of_its_ends() -> None:
    story = play("""
        09:00  balance hot 100 BTC            |
        09:00  balance venue 10 BTC           |
        10:00  balance hot 93 BTC             |
        10:00  balance venue 17 BTC           |
        11:00  balance hot 93 BTC             | position_drift P2 open -7
        11:00  balance venue 17 BTC           | position_drift P2 open 7
    """)
    assert "too much at venue" in story.of("position_drift")[0].explanation
    assert "too little at hot" in story.of("position_drift")[1].explanation


def test_two_errors_of_one_hour_are_told_apart() -> None:
    story = play("""
        09:00  balance hot 100 BTC                         |
        09:20  move T1 completed hot>external 5 BTC        |
        09:30  move T2 completed hot>external 3 BTC        |
        09:40  move T3 completed external>hot 11 BTC       |
        10:00  balance hot 97 BTC                          |
        11:00  balance hot 97 BTC                          | position_drift P2 open -6
    """)
    assert "two errors: T3 did not happen, or is told twice, and T1 did not happen" in sentence(story)
