"""The links of a chain that do not hold, kept from posting to posting, are those that looking through all of it finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.books.account import Account, Item, loose_links
from ledger.books.chain import TAIL_US, add, conclude
from ledger.books.loose import Loose, links_after

POSTINGS = st.lists(
    st.tuples(
        st.integers(0, 400),  # its number
        st.integers(-3, 3),
        st.one_of(st.none(), st.integers(0, 4)),  # the balance after it
        st.sampled_from([0, 1, TAIL_US // 3]),  # how long after the one before
        st.booleans(),  # whether what is loose is concluded
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda posting: posting[0],
)


@given(POSTINGS, st.integers(1, 400))
def test_what_is_kept_is_what_looking_through_all_finds(
    postings: list[tuple[int, int, int | None, int, bool]], spread: int
) -> None:
    account, known, heard_us = Account("client", "c", "g", "ledger"), None, 0
    for number, units, after, later_us, concludes in sorted(postings, key=lambda one: one[0] // spread):
        heard_us += later_us
        item = Item(str(number), units, after, heard_us, f"p{number}")
        add(account, item)
        links = links_after(known, account.tail, item)
        assert links == loose_links(account.tail)
        if concludes and links:
            conclude(account, links[:1], lambda _, __: True)
            links = loose_links(account.tail)
        known = Loose(len(account.tail), links) if links else None
