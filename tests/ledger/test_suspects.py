"""Which movement would account for a drift: rows of what was told and what is missing, with the finding in the last column."""

from __future__ import annotations

import pytest

from ledger.suspects import Suspect, rank

DUST = 2


def found(unexplained: int, told: int, amount: int | None = None) -> tuple[str | None, int]:
    """Return hint and shift for one movement that was told to move `told` units."""
    amounts = {} if amount is None else {"T1": amount}
    (suspect,) = rank(unexplained, DUST, [(0, told, "T1")], amounts)
    return suspect.hint, suspect.shift


@pytest.mark.parametrize(
    ("unexplained", "told", "hint", "shift"),
    [
        (100, -100, "did not happen", 0),
        (-100, 100, "did not happen", 0),
        (101, -100, "did not happen", 0),
        (-100, -100, "happened twice", 0),
        (200, -100, "wrong sign", 0),
        (-900, -100, "power of ten", 1),
        (-99_900, -100, "power of ten", 3),
        (90, -100, "power of ten", -1),
        (-900, 100, None, 0),  # ten times as much the other way is no slip of the point
        (-350, -100, None, 0),
        (-100, 0, None, 0),
    ],
)
def test_a_movement_that_went_otherwise(unexplained: int, told: int, hint: str | None, shift: int) -> None:
    assert found(unexplained, told) == (hint, shift)


def test_a_slip_is_of_the_amount_and_not_of_the_fee() -> None:
    assert found(-900, -112) == (None, 0)
    assert found(-900, -112, amount=100) == ("power of ten", 1)


def test_what_accounts_for_the_drift_comes_first_then_the_nearest_in_size_then_the_latest() -> None:
    effects = [(1, -40, "small"), (2, -5_000, "near"), (3, -500, "slip"), (4, -4_600, "later"), (5, -40, "last")]
    ranked = rank(-4_500, DUST, effects, {})
    assert [suspect.ref for suspect in ranked] == ["slip", "later", "near", "last", "small"]
    assert ranked[0] == Suspect("slip", -500, "power of ten", 1)


def test_the_effects_of_one_movement_count_together() -> None:
    (suspect,) = rank(-30, DUST, [(1, -20, "T1"), (2, -10, "T1")], {})
    assert (suspect.delta, suspect.hint) == (-30, "happened twice")
