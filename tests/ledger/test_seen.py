"""Which events were seen: once is new, the same again is a redelivery, anything else under the name is a conflict."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.seen import SEGMENT_IDS, SeenEvents


def rows(seen: SeenEvents) -> dict[int, Any]:
    """Return all segments as they come back from a file."""
    return {number: json.loads(json.dumps(seen.to_plain(number))) for number in seen.numbers()}


def reloaded(seen: SeenEvents) -> SeenEvents:
    again = SeenEvents()
    for number, plain in sorted(rows(seen).items()):
        again.load(number, plain)
    return again


def test_the_first_stands() -> None:
    seen = SeenEvents()
    assert [seen.see(*event, 0, 0) for event in (("a", 1), ("a", 1), ("a", 2), ("a", 2), ("a", 1), ("b", 2))] == [
        *("new", "repeated", "conflict", "conflict", "repeated", "new"),
    ]
    assert len(seen) == 2


def test_identities_are_forgotten_segment_by_segment_once_all_of_them_are_too_old() -> None:
    seen = SeenEvents()
    for number in range(2 * SEGMENT_IDS + 1):
        seen.see(f"e{number}", 0, number, 0)
    seen.touched.clear()
    seen.forget_before(2 * SEGMENT_IDS - 1)
    assert seen.touched == {0}
    assert seen.to_plain(0) is None
    assert (seen.see("e0", 1, 9999, 0), seen.see(f"e{SEGMENT_IDS}", 1, 0, 9999)) == ("new", "conflict")


def test_the_segment_in_use_is_kept_however_old() -> None:
    seen = SeenEvents()
    seen.see("a", 1, 5, 3)
    seen.forget_before(10**18)
    assert seen.see("a", 1, 5, 3) == "repeated"


@pytest.mark.parametrize("count", [0, 1, SEGMENT_IDS - 1, SEGMENT_IDS, SEGMENT_IDS + 1, 12 * SEGMENT_IDS])
def test_it_goes_on_from_its_rows(count: int) -> None:
    seen = SeenEvents()
    for number in range(count):
        seen.see(f"e{number}", number, number, 0)
    again = reloaded(seen)
    for one in (seen, again):
        assert one.see("e0", 0, count, 0) == ("repeated" if count else "new")
        assert one.see("another", 0, count, 0) == "new"
    assert rows(again) == rows(seen)


def test_the_rows_that_changed_are_all_rows() -> None:
    seen, kept = SeenEvents(), {}
    for number in range(2 * SEGMENT_IDS):
        seen.see(f"e{number}", number, number, 0)
        kept.update({changed: seen.to_plain(changed) for changed in seen.touched})
        seen.touched.clear()
    assert kept.keys() == rows(seen).keys()
