"""Which of several rows is the one, and when none is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.matching.search import SUM_ROWS_MAX, Candidate, Index, choose, choose_sum


def row(
    key: str, off: int = 0, *, stranger: bool = False, apart: int = 0, heard: int = 0, meaning: str = ""
) -> Candidate[str]:
    return Candidate(key, off, stranger, apart, heard, meaning)


def test_the_exact_amount_goes_first_then_the_party_then_the_time_then_the_oldest_then_the_id() -> None:
    rows = [
        row("f", off=1),
        row("e", stranger=True),
        row("d", apart=5),
        row("c", apart=1, heard=2),
        row("b", apart=1, heard=1),
        row("a", apart=1, heard=1),
    ]
    for worst in range(len(rows), 0, -1):
        left = rows[:worst]
        assert choose(left) == min(left, key=lambda one: (one.rank, one.heard_us, one.key)).key
    assert choose(rows) == "a"


def test_two_that_are_equally_good_and_mean_different_things_prove_nothing() -> None:
    assert choose([row("a", meaning="ann"), row("b", meaning="bob")]) is None
    assert choose([row("a", meaning="ann"), row("b", meaning="ann")]) == "a"
    assert choose([row("a", meaning="ann"), row("b", apart=1, meaning="bob")]) == "a"
    assert choose([]) is None


@given(st.permutations([row("a", apart=3), row("b", apart=1), row("c", 1), row("d", stranger=True)]))
def test_the_order_in_which_they_come_decides_nothing(rows: list[Candidate[str]]) -> None:
    assert choose(rows) == "b"


def test_the_fewest_rows_that_add_up_are_taken_if_only_one_set_does() -> None:
    rows = [("a", 3, 0), ("b", 7, 1), ("c", 4, 2), ("d", 3, 9)]
    assert choose_sum(11, rows) == ("b", "c")
    assert choose_sum(10, rows) is None, "a and b, or b and d"
    assert choose_sum(100, rows) is None
    assert choose_sum(3, rows) is None, "one row is no sum"


def test_only_the_nearest_are_tried() -> None:
    rows = [(f"n{number}", 1, number) for number in range(SUM_ROWS_MAX)]
    assert choose_sum(1_001, [*rows, ("far", 1_000, 99)]) is None


@given(st.lists(st.integers(1, 50), min_size=2, max_size=SUM_ROWS_MAX), st.data())
def test_what_is_taken_adds_up(amounts: list[int], data: st.DataObject) -> None:
    rows = [(number, amount, 0) for number, amount in enumerate(amounts)]
    target = data.draw(st.integers(1, sum(amounts)))
    chosen = choose_sum(target, rows)
    if chosen is not None:
        assert sum(amounts[number] for number in chosen) == target


def test_an_index_forgets_what_is_removed() -> None:
    index: Index[str, int] = Index()
    index.add("x", 1)
    index.add("x", 2)
    index.remove("x", 1)
    index.remove("x", 7)
    index.remove("y", 1)
    assert list(index.get("x")) == [2]
    index.remove("x", 2)
    assert list(index.get("x")) == []
