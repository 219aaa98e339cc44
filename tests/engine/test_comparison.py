"""Two states are compared row by row, and following their changes finds exactly what comparing all of them finds."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.checkpoints import Head
from streams.engine.comparison import (
    VALUE_CHARS_MAX,
    Mirror,
    RowDifference,
    compare_heads,
    compare_rows,
    counted,
    rows_hash,
)

HEAD = Head(position=3, state_version=1, inputs=3, outputs=2, input_hash=1, output_hash=2, log_begins=3)
KEYS = st.sampled_from([b"a", b"b", b"c", b"d"])
ROWS = st.dictionaries(KEYS, st.one_of(st.none(), st.sampled_from([b"1", b"2"])), max_size=4)


def after(rows: dict[bytes, bytes], changes: dict[bytes, bytes | None]) -> dict[bytes, bytes]:
    changed = {**rows, **changes}
    return {key: value for key, value in changed.items() if value is not None}


@given(ROWS, ROWS, st.lists(st.tuples(ROWS, ROWS), max_size=6))
def test_following_changes_finds_what_comparing_all_rows_finds(
    first_live: dict[bytes, bytes | None],
    first_ours: dict[bytes, bytes | None],
    checkpoints: list[tuple[dict[bytes, bytes | None], dict[bytes, bytes | None]]],
) -> None:
    mirror = Mirror()
    live, ours = after({}, first_live), after({}, first_ours)
    mirror.write(first_live)
    assert mirror.compare_all(ours) == [row.key for row in compare_rows(live, ours)]
    for written, changes in checkpoints:
        live, ours = after(live, written), after(ours, changes)
        assert mirror.compare(written, changes) == [row.key for row in compare_rows(live, ours)]
        assert len(mirror) == len(live)


def test_a_row_marked_as_changed_that_is_as_it_was_is_no_difference() -> None:
    mirror = Mirror()
    mirror.write({b"a": b"1"})
    assert mirror.compare_all({b"a": b"1"}) == []
    assert mirror.compare({b"a": b"1"}, {}) == []
    assert mirror.compare({}, {b"a": b"1", b"gone": None}) == []


@given(ROWS, ROWS)
def test_the_hash_of_rows_does_not_depend_on_their_order_but_on_all_of_them(
    one: dict[bytes, bytes | None], other: dict[bytes, bytes | None]
) -> None:
    rows, others = after({}, one), after({}, other)
    assert rows_hash(rows) == rows_hash(dict(reversed(list(rows.items()))))
    assert (rows_hash(rows) == rows_hash(others)) == (rows == others)


def test_heads_say_what_they_do_not_agree_in_and_not_when_they_were_written() -> None:
    assert compare_heads(HEAD, msgspec.structs.replace(HEAD, written_us=5)) == []
    other = msgspec.structs.replace(HEAD, outputs=4, output_hash=0xAB, clock="ticks")
    assert compare_heads(HEAD, other) == [
        "outputs 2, not 4",
        "output_hash 00000002, not 000000ab",
        "clock '', not 'ticks'",
    ]


def test_rows_are_named_with_both_values_where_they_differ() -> None:
    long = b"x" * 500
    rows = compare_rows({b"a": b"1", b"b": long + b"1" + long}, {b"b": long + b"2" + long, b"c": b"3"})
    assert counted(rows) == "1 missing, 1 extra, 1 different"
    extra, different, missing = map(str, rows)
    assert extra == "extra      a: live 1"
    assert missing == "missing    c: anew 3"
    live, anew = different.removeprefix("different  b: live ").split(", anew ")
    assert live.replace("1", "2") == anew
    assert "1" in live
    assert len(live) == VALUE_CHARS_MAX + 2
    assert str(RowDifference(b"k", b"\xff", None)) == "extra      k: live \ufffd"
