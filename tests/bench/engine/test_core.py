"""The work that the contestants share is what it claims to be, and one that counts wrong is told."""

from __future__ import annotations

from fractions import Fraction

from tests.bench.engine.contest import Contestant, Tried, agree
from tests.bench.engine.core import SCALE, Core, decode, events
from tests.bench.engine.light import Load
from tests.bench.engine.result import Result

COUNT = 20_000


def test_the_balances_are_exact() -> None:
    core = Core()
    exact = Fraction(0)
    for account, value in events(COUNT, 100):
        core.apply(value)
        event = decode(value)
        exact += Fraction(event.amount)
        assert event.account.encode() == account
    assert Fraction(core.units(), SCALE) == exact
    assert len(core.rows) == 100


def test_about_one_event_in_fifty_is_told_over_few_keys_and_over_many() -> None:
    for keys in (10, 1_000_000):
        core = Core()
        said = sum(core.apply(value) is not None for _, value in events(COUNT, keys))
        assert 40 < COUNT / said < 60


def test_accounts_that_are_known_beforehand_are_all_there_and_nothing_is_told_of_them() -> None:
    load = Load(2_000, 50, is_known=True)
    pairs = load.pairs()
    assert len(pairs) == load.known + load.count
    core = Core()
    assert all(core.apply(value) is None for _, value in pairs[: load.known])
    assert len(core.rows) == 50
    assert pairs[load.known :] == Load(2_000, 50).pairs()


def result(said: int, units: int) -> Result:
    return Result(events=5, seconds=1, processor_seconds=1, startup_seconds=1, said=said, units=units)


def test_a_contestant_that_counts_otherwise_is_told() -> None:
    right, other = (Tried(Contestant(name, "", "")) for name in ("right", "other"))
    right.results, other.results = [result(1, 10)], [result(1, 10)]
    assert agree([right, other]) == []
    other.results.append(result(1, 11))
    assert agree([right, other]) == ["other says 1 outputs and 11 units, right 1 and 10"]
