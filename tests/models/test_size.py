"""The size model: tenfold errors stand out, flat streams make no miracles, nobody walks a habit away quickly."""

from __future__ import annotations

import json
import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base import Status
from models.size import TAIL_KEY, SizeDetector, SizeModel, SizeSample

CLIENTS = tuple(f"client-{number}" for number in range(20))


def usual(client: str) -> float:
    """Return log10 of a client's usual amount: between 100 and 1,000,000."""
    return 2.0 + 4.0 * CLIENTS.index(client) / len(CLIENTS)


def trained(spread: float = 0.2, movements: int = 6_000, seed: int = 1) -> SizeModel:
    chance, model = random.Random(seed), SizeModel()
    for _ in range(movements):
        client = chance.choice(CLIENTS)
        model.learn(client, "EUR", "withdrawal", chance.gauss(usual(client), spread))
    return model


def surprise(model: SizeModel, client: str, log10_amount: float, asset: str = "EUR") -> float:
    score = model.score(client, asset, "withdrawal", log10_amount)
    assert score.surprise is not None, score
    return score.surprise


def test_an_amount_usual_for_one_client_is_not_so_for_another() -> None:
    model = trained()
    small, large = CLIENTS[0], CLIENTS[-1]
    assert surprise(model, small, usual(small)) < 0.5
    assert surprise(model, large, usual(large)) < 0.5
    assert model.score(small, "EUR", "withdrawal", usual(large)).alarm
    assert model.score(large, "EUR", "withdrawal", usual(small)).alarm


def test_the_score_says_what_is_usual_and_how_far_away_this_is() -> None:
    model = trained()
    score = model.score(CLIENTS[5], "EUR", "withdrawal", usual(CLIENTS[5]) - 1.5)
    assert score.usual_log10 == pytest.approx(usual(CLIENTS[5]), abs=0.15)
    assert 0.15 < score.spread_log10 < 0.35
    assert score.deviations == pytest.approx(-1.5 / 0.2, rel=0.4)


def test_clean_amounts_raise_few_alarms_and_tenfold_errors_most() -> None:
    chance, model = random.Random(8), trained()
    alarms = found = 0
    for _ in range(4_000):
        client = chance.choice(CLIENTS)
        amount = chance.gauss(usual(client), 0.2)
        found += surprise(model, client, amount + 1.0) >= 3.0
        alarms += surprise(model, client, amount) >= 3.0
        model.learn(client, "EUR", "withdrawal", amount)
    assert alarms <= 4
    assert found > 0.6 * 4_000


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_a_flat_stream_makes_no_miracles(factor: float) -> None:
    model = SizeModel()
    for _ in range(5_000):
        for client in CLIENTS[:2]:
            model.learn(client, "EUR", "fee", 1.0)

    def flat(ratio: float) -> float:
        score = model.score(CLIENTS[0], "EUR", "fee", 1.0 + math.log10(ratio))
        assert score.surprise is not None
        return score.surprise

    assert flat(1.0) == 0.0
    assert flat(1.1) < 2.0
    assert 4.0 < flat(factor) < flat(factor**2) < 20.0


def test_a_new_key_warms_up_at_both_levels() -> None:
    model = trained()
    assert model.score("newcomer", "EUR", "withdrawal", 2.0).status is Status.WARMING_UP
    assert model.score(CLIENTS[0], "BTC", "withdrawal", 2.0).status is Status.WARMING_UP
    for _ in range(5):
        model.learn("newcomer", "EUR", "withdrawal", 2.0)
        model.learn(CLIENTS[0], "BTC", "withdrawal", 2.0)
    assert model.score("newcomer", "EUR", "withdrawal", 2.0).status is Status.SCORED
    assert model.score(CLIENTS[0], "BTC", "withdrawal", 2.0).status is Status.WARMING_UP, "the law of BTC is young"


def test_nothing_is_scored_before_the_tail_is_known() -> None:
    model = SizeModel(least_tail=50)
    statuses = []
    for _ in range(200):
        statuses.append(model.score("acme", "EUR", "withdrawal", 2.0).status)
        model.learn("acme", "EUR", "withdrawal", 2.0)
    assert statuses.index(Status.SCORED) == 30 + 50


def test_a_young_client_is_judged_by_the_law_of_all() -> None:
    chance, model = random.Random(4), SizeModel()
    for _ in range(3_000):
        model.learn(chance.choice(CLIENTS), "EUR", "withdrawal", chance.gauss(3.0, 0.3))
    for _ in range(5):
        model.learn("newcomer", "EUR", "withdrawal", 3.5)
    score = model.score("newcomer", "EUR", "withdrawal", 3.0)
    assert 3.0 < score.usual_log10 < 3.5
    assert score.spread_log10 > 0.1, "five equal amounts are no proof of a flat client"


@pytest.mark.parametrize(("repeats", "least_surprise"), [(1, 3.5), (5, 2.5), (10, 2.0)])
def test_a_habit_is_not_walked_away_quickly(repeats: int, least_surprise: float) -> None:
    model, client = trained(), CLIENTS[3]
    for _ in range(repeats):
        model.learn(client, "EUR", "withdrawal", usual(client) + 2.0)
    score = model.score(client, "EUR", "withdrawal", usual(client) + 2.0)
    assert score.usual_log10 < usual(client) + 0.25
    assert score.surprise is not None
    assert score.surprise > least_surprise


def test_a_lasting_new_normal_is_learnt() -> None:
    model, client = trained(), CLIENTS[3]
    for _ in range(300):
        model.learn(client, "EUR", "withdrawal", usual(client) + 2.0)
    assert surprise(model, client, usual(client) + 2.0) < 1.5


def test_learning_says_which_rows_changed() -> None:
    model = SizeModel(least_client=2, least_law=2)
    key = ("acme", "EUR", "withdrawal")
    assert model.learn(*key, 1.0) == (key, key[1:])
    assert model.learn(*key, 1.1) == (key, key[1:])
    assert model.learn(*key, 1.2) == (key, key[1:], TAIL_KEY)
    assert model.learn(*key, math.nan) == ()


samples = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(("EUR", "BTC")), st.just("w"), st.floats(-5.0, 15.0)), max_size=60
)


@given(samples)
def test_the_changed_rows_alone_carry_the_state(stream: list[tuple[str, str, str, float]]) -> None:
    settings = {"least_client": 2, "least_law": 4, "least_tail": 5}
    model, copy = SizeModel(**settings), SizeModel(**settings)
    for sample in stream:
        assert copy.score(*sample) == model.score(*sample)
        for key in model.learn(*sample):
            copy.load_row(key, json.loads(json.dumps(model.row(key))))
    assert dict(copy.rows()) == dict(model.rows())


@given(samples, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_depend_on_the_order_of_arrival(
    stream: list[tuple[str, str, str, float]], chance: random.Random
) -> None:
    model = SizeModel()
    for sample in stream:
        model.learn(*sample)
    rows = list(model.rows())
    chance.shuffle(rows)
    copy = SizeModel()
    for key, plain in rows:
        copy.load_row(key, plain)
    assert copy.to_plain() == model.to_plain()


def test_a_dropped_row_is_forgotten() -> None:
    model, key = trained(), (CLIENTS[0], "EUR", "withdrawal")
    model.drop_row(key)
    model.drop_row(key)
    assert model.score(*key, 2.0).status is Status.WARMING_UP
    with pytest.raises(KeyError):
        model.row(key)


@pytest.mark.parametrize(
    ("key", "row"), [(("acme",), [1, 0.0, 0.1]), (("a", "b"), [1, 0.0]), (("a", "b"), [-1, 0.0, 0.1])]
)
def test_a_row_that_is_none_is_refused(key: tuple[str, ...], row: list[float]) -> None:
    with pytest.raises(msgspec.ValidationError):
        SizeModel().load_row(key, list(row))


def test_a_client_key_is_small() -> None:
    model = trained()
    row = model.row((CLIENTS[0], "EUR", "withdrawal"))
    assert len(json.dumps(row)) <= 60


def test_a_threshold_that_the_tail_cannot_rank_is_refused() -> None:
    with pytest.raises(ValueError, match="alarm_surprise must be above"):
        SizeModel(alarm_surprise=0.5)


def test_the_detector_is_the_model_behind_the_interface() -> None:
    detector, model = SizeDetector(least_tail=10), SizeModel(least_tail=10)
    state = detector.fresh()
    for index in range(200):
        sample = SizeSample("acme", "EUR", "withdrawal", index % 7 / 7.0)
        key = (sample.client, sample.asset, sample.operation)
        assert detector.score(state, sample) == model.score(*key, sample.log10_amount)
        detector.learn(state, sample)
        model.learn(*key, sample.log10_amount)
    assert detector.restore(state.to_plain()).to_plain() == model.to_plain()
