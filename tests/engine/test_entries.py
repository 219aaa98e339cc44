from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.entries import entry_key, entry_record
from streams.record import OWN_ORIGIN, Record


@given(st.binary(), st.integers(0, 2**62), st.sampled_from(["transfers/0/17", "balances/31/0", OWN_ORIGIN]))
def test_an_entry_gives_back_the_record(value: bytes, logged_at_us: int, origin: str) -> None:
    record = entry_record(entry_key(origin, logged_at_us), value)
    assert record == Record(origin.split("/", maxsplit=1)[0], value, origin, logged_at_us)


def test_a_tombstone_is_a_record_without_bytes() -> None:
    assert entry_record(entry_key("reference/0/3", 9), None) == Record("reference", b"", "reference/0/3", 9)


@pytest.mark.parametrize("key", [None, b"", b"client-7", b"[]", b'["ledger/0/1"]', b'["ledger/0/1","noon"]', b"[\xff"])
def test_an_entry_that_intake_did_not_write_has_no_topic(key: bytes | None) -> None:
    assert entry_record(key, b"{}") == Record("", b"{}")


@given(st.none() | st.binary())
def test_no_key_makes_it_raise(key: bytes | None) -> None:
    assert entry_record(key, b"v").value == b"v"
