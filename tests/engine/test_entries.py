from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.entries import Headers, entry_headers, entry_record
from streams.record import OWN_ORIGIN, Record


@given(st.binary(), st.integers(0, 2**62), st.sampled_from(["transfers/0/17", "balances/31/0", OWN_ORIGIN]))
def test_an_entry_gives_back_the_record(value: bytes, logged_at_us: int, origin: str) -> None:
    record = entry_record(value, entry_headers(origin, logged_at_us))
    assert record == Record(origin.split("/", maxsplit=1)[0], value, origin, logged_at_us)


def test_a_tombstone_is_a_record_without_bytes() -> None:
    assert entry_record(None, entry_headers("reference/0/3", 9)) == Record("reference", b"", "reference/0/3", 9)


def test_headers_of_others_do_not_matter() -> None:
    headers = [("trace", b"x"), *reversed(entry_headers("ledger/0/1", 5))]
    assert entry_record(b"{}", headers) == Record("ledger", b"{}", "ledger/0/1", 5)


def test_an_entry_that_intake_did_not_write_has_no_topic() -> None:
    assert entry_record(b"{}", None) == Record("", b"{}", "")
    assert entry_record(b"{}", [("input", b"ledger/0/1")]) == Record("", b"{}", "ledger/0/1")
    assert entry_record(b"{}", [("input", b"ledger/0/1"), ("logged_at", b"noon")]) == Record("", b"{}", "ledger/0/1")


@given(st.lists(st.tuples(st.sampled_from(["input", "logged_at", "x"]), st.none() | st.binary() | st.text())))
def test_no_headers_make_it_raise(headers: Headers) -> None:
    assert entry_record(b"v", headers).value == b"v"
