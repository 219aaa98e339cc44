"""The order of a source's numbers is total, and that of numbers where they are numbers."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ledger.books.order import is_before, order_of

texts = st.text(st.sampled_from("0123456789-/aZ é٣"), max_size=12)  # an Arabic three is no digit here


@given(st.lists(texts, unique=True), st.randoms())
def test_any_texts_have_one_order(some: list[str], chance: Random) -> None:
    ordered = sorted(some, key=order_of)
    chance.shuffle(some)
    assert sorted(some, key=order_of) == ordered
    assert all(is_before(one, other) and not is_before(other, one) for one, other in pairwise(ordered))


@given(st.integers(0, 10**30), st.integers(0, 10**30), st.sampled_from(["", "LDG-", "2026-01-05/", "acc 7:"]))
def test_numbers_sort_as_numbers_behind_any_prefix(one: int, other: int, prefix: str) -> None:
    assert is_before(f"{prefix}{one}", f"{prefix}{other}") == (one < other)
    assert is_before(f"{prefix}{one:040d}", f"{prefix}{other:040d}") == (one < other)
