"""Things are found by the name that they have now."""

from __future__ import annotations

from ledger.named import Named


def test_a_thing_is_found_by_its_name_and_not_by_an_older_one() -> None:
    named = Named[str, str]()
    named.put("t1", "acme")
    named.put("t2", "beta")
    named.put("t1", "beta")
    assert (set(named.of("acme")), set(named.of("beta"))) == (set(), {"t1", "t2"})


def test_what_is_gone_is_not_found() -> None:
    named = Named[str, str]()
    named.put("t1", "")
    named.drop("t1")
    named.drop("t1")
    assert not named
    assert set(named.of("")) == set()
