"""Numbers of a source: any order of them is whole in the end, and a missing one stays missing until it comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.assets import Assets
from ledger.context import Context
from ledger.deadlines import Deadlines
from ledger.events import Transfer
from ledger.feeds.absences import Absences
from ledger.feeds.maintenance import Maintenances
from ledger.feeds.sequences import HOLES_MAX, HOPELESS_JUMPS, Sequence, Sequences, number_of
from ledger.feeds.sources import Sources
from ledger.feeds.staleness import Staleness
from ledger.holdings import Holdings
from ledger.parser import parse
from ledger.references import References
from tests.ledger.wire import received, transfer


def sequences() -> Sequences:
    """Return the check in a context of its own, with the sources that it needs."""
    assets = Assets()
    context = Context(assets, References(), Holdings(assets), Deadlines())
    context.absences, context.maintenance = Absences(context), Maintenances(context)
    context.sources, context.staleness = Sources(context), Staleness(context)
    return Sequences(context)


def event(number: int) -> Transfer:
    sent = transfer(f"e{number}", number, f"T{number}", "completed", "a", "b", "1", source_seq=f"N{number:06d}")
    parsed = parse("transfers", received(sent, number).value)
    assert isinstance(parsed, Transfer)
    return parsed


def whole(check: Sequences) -> Sequence:
    return check.table.rows["desk", ""]


def missing(check: Sequences) -> set[int]:
    return {number for hole in whole(check).holes for number in range(hole.first, hole.last + 1)}


@given(st.permutations(range(2, 40)))
def test_numbers_in_any_order_leave_no_hole(order: list[int]) -> None:
    check = sequences()
    for number in (1, *order, *order):
        check.heard(event(number))
    assert not whole(check).holes
    assert whole(check).top == 39


@given(st.permutations(range(2, 40)), st.sets(st.integers(2, 38), min_size=1, max_size=10))
def test_what_is_missing_is_exactly_what_has_not_come(order: list[int], lost: set[int]) -> None:
    check = sequences()
    for number in (1, *(number for number in order if number not in lost)):
        check.heard(event(number))
    assert missing(check) == lost


def test_holes_are_bounded_and_a_numbering_that_leaps_is_given_up() -> None:
    check = sequences()
    for number in range(1, 20 * HOPELESS_JUMPS, 2):
        check.heard(event(number))
        assert len(whole(check).holes) <= HOLES_MAX
    assert whole(check).hopeless
    assert not whole(check).proven


def test_a_busy_feed_with_a_thousand_that_are_late_is_still_watched() -> None:
    check = sequences()
    late = range(20, 20_000, 20)
    for number in (number for number in range(1, 20_000) if number % 20):
        check.heard(event(number))
    assert missing(check) == set(late)
    assert check.has_all_between("desk", "", "N000501", "N000519")
    assert not check.has_all_between("desk", "", "N000501", "N000521")
    for number in late:
        check.heard(event(number))
    assert not whole(check).holes
    assert whole(check).proven
    assert not whole(check).odd


def test_a_numbering_that_begins_anew_misses_nothing_of_the_old_one() -> None:
    check = sequences()
    for number in (*range(5_000, 5_050), 5_060, *range(1, 30)):
        check.heard(event(number))
    assert not whole(check).holes
    assert whole(check).top == 29


def test_a_number_is_read_from_the_end_of_the_text() -> None:
    assert [number_of(text) for text in ("7", "007", "LDG-2026-12", "x", "", "9" * 31)] == [7, 7, 12, None, None, None]
