"""Addresses on record, found exactly, nearly, and by what they look like."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.screens.registry import HEAD, TAIL, Registry, plain
from tests.ledger.screens.desk import (
    DEPOSIT,
    ETHEREUM,
    LIKE_IT,
    PAYOUT,
    POLYGON,
    STRANGER,
    XRP_PAYOUT,
    XRPL,
    Desk,
    address,
)
from tests.ledger.wire import received


def registry(desk: Desk) -> Registry:
    return desk.story.monitor.state.reconciliation.context.registry


def test_an_address_is_found_by_all_of_it_and_in_any_case() -> None:
    known = registry(Desk())
    assert known.owner_of(PAYOUT, ETHEREUM) == "acme"
    assert known.owner_of(PAYOUT.upper().replace("0X", "0x"), ETHEREUM) == "acme"
    assert known.owner_of(PAYOUT, POLYGON) == ""
    assert known.owner_of(XRP_PAYOUT, XRPL, "77") == "acme"
    assert known.owner_of(XRP_PAYOUT, XRPL) == ""
    assert known.owner_of(XRP_PAYOUT.lower(), XRPL, "77") == "", "only hexadecimal ones are the same in other letters"


def test_our_own_addresses_have_a_place() -> None:
    known = registry(Desk())
    assert known.place_of(DEPOSIT, ETHEREUM) == "hot"
    assert known.place_of(DEPOSIT, "") == "hot"
    assert known.place_of(DEPOSIT, POLYGON) == ""
    assert known.place_of(PAYOUT, ETHEREUM) == ""


def test_a_look_alike_is_known_by_its_ends() -> None:
    desk = Desk()
    found = registry(desk).resembled(LIKE_IT)
    assert found is not None
    assert found.address == PAYOUT
    assert registry(desk).resembled(PAYOUT) is None
    assert registry(desk).resembled(STRANGER) is None
    desk.hear(address(PAYOUT, state="revoked"))
    assert registry(desk).resembled(LIKE_IT) is None, "nobody takes it for one that is not in force"


@given(st.text("0123456789abcdef", min_size=40, max_size=40))
def test_only_both_ends_and_the_length_make_a_look_alike(digits: str) -> None:
    other = f"0x{digits}"
    alike = other[:HEAD] == PAYOUT[:HEAD] and other[-TAIL:] == PAYOUT[-TAIL:] and other != PAYOUT
    known = registry(DESK)
    assert (known.resembled(other) is not None) == (
        alike or other[:HEAD] + other[-TAIL:] == DEPOSIT[:HEAD] + DEPOSIT[-TAIL:]
    )
    middle = digits[HEAD:-TAIL]
    assert known.resembled(PAYOUT[:HEAD] + "f" + middle + PAYOUT[-TAIL:]) is None, "one more character"


def test_the_latest_record_holds_whatever_its_letters() -> None:
    desk = Desk(restarts=True)
    desk.hear(address(plain(PAYOUT).replace("a", "A"), state="revoked"))
    found = registry(desk).find(PAYOUT, ETHEREUM)
    assert found is not None
    assert found.state == "revoked"


def test_a_record_that_comes_with_an_older_stamp_holds_all_the_same() -> None:
    desk = Desk(restarts=True)
    desk.hear(address(PAYOUT, state="revoked"))
    desk.story.hear(received(address(PAYOUT, state="pending"), 100))
    found = registry(desk).find(PAYOUT, ETHEREUM)
    assert found is not None
    assert found.state == "pending"


def test_where_only_our_own_addresses_are_registered_others_prove_nothing() -> None:
    desk = Desk(records=())
    desk.hear(address(DEPOSIT, role="hot", location="hot"))
    assert not registry(desk).knows_others(ETHEREUM)
    desk.hear(address(PAYOUT))
    assert registry(desk).knows_others(ETHEREUM)
    assert registry(desk).knows_others("")
    assert not registry(desk).knows_others(XRPL)


DESK = Desk()
