"""Requests that are short of money are found by their client and by their place."""

from __future__ import annotations

from ledger.policy.short import Short


def test_a_request_is_found_by_its_client_and_by_its_place() -> None:
    short = Short()
    short.put("t1", "acme", "hot-1")
    short.put("t2", "beta", "hot-1")
    short.put("t3", "", "")
    assert short.of("acme") == {"t1"}
    assert short.of("beta", ("hot-1", "hot-2")) == {"t1", "t2"}
    assert short.of("", ("", "hot-2")) == set()


def test_one_that_moved_or_went_is_not_found_where_it_was() -> None:
    short = Short()
    short.put("t1", "acme", "hot-1")
    short.put("t1", "beta", "hot-1")
    assert (short.of("acme"), short.of("beta")) == (set(), {"t1"})
    short.drop("t1")
    short.drop("t1")
    assert not short
    assert short.of("beta", ("hot-1",)) == set()
