"""The chain of an account: each balance follows from the one before it, in the order of the source's own numbers.

Postings come out of order, so the latest are kept one by one, and a link that does not hold is judged only when nothing
can come between any more. What is then missing is a gap; it closes when postings that add up to it have come.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from ledger.books.account import Account, Gap, Item, fits, left_of, missing_units
from ledger.books.order import Order, is_before, order_of
from ledger.times import SECOND_US

TAIL_LEAST, TAIL_MAX = 2, 512  # postings kept of an account
TAIL_US = 900 * SECOND_US  # so long each of them is
GAPS_MAX = 16


def add(account: Account, item: Item) -> bool:
    """Take a posting into the chain and the balance; return whether it agrees with those beside it, and fills no gap."""
    tail = account.tail
    if tail and is_before(item.seq, tail[-1].seq):
        return _add_late(account, item)
    tail.append(item)
    account.balance = account.balance + item.units if item.after is None else item.after
    if len(tail) > TAIL_LEAST:
        _prune(account, item.heard_us - TAIL_US)
    return fits(tail, len(tail) - 1) or _takes_over(account, len(tail) - 1)


def _add_late(account: Account, item: Item) -> bool:
    tail = account.tail
    index = bisect_left(tail, order_of(item.seq), key=_order)
    later = tail[index:]
    if not any(other.after is not None for other in later):
        if item.after is None:
            account.balance += item.units
        else:
            account.balance = item.after + sum(other.units for other in later)
    item.settled = _fill(account, item)
    if index or not account.pruned:
        tail.insert(index, item)
        return not item.settled and fits(tail, index) and fits(tail, index + 1)
    return not item.settled


def _fill(account: Account, item: Item) -> bool:
    """Count a posting toward the gap that it lies in; False where it lies in none."""
    for gap in account.gaps:
        if is_before(gap.left, item.seq) and is_before(item.seq, gap.right):
            gap.units -= item.units
            if not gap.units:
                account.gaps.remove(gap)
            return True
    return False


def restate(account: Account, item: Item, change: int) -> bool:
    """Take a posting that was told before, with another revision: `change` is the difference, in units."""
    tail = account.tail
    index = next((place for place in reversed(range(len(tail))) if tail[place].posting_id == item.posting_id), None)
    if index is None or tail[index].seq != item.seq:
        if not tail or is_before(tail[-1].seq, item.seq):  # the correction has a number of its own
            item.units, item.settled = change, True
            return add(account, item)
        account.balance += change
        account.slack += change
        return True
    is_latest = index == len(tail) - 1
    item.settled = item.restated = True
    item.heard_us = tail[index].heard_us
    tail[index] = item
    account.balance = item.after if is_latest and item.after is not None else account.balance + change
    account.slack += 0 if is_latest else change
    return False


def _takes_over(account: Account, index: int) -> bool:
    """Tell whether a balance differs by just what a restatement of the past has changed."""
    if not account.slack or missing_units(account.tail, index) != account.slack:
        return False
    account.tail[index].settled = True
    account.slack = 0
    return True


def loose_from_us(account: Account, links: list[int]) -> int | None:
    """Return since when the oldest of the links that do not hold has not, in microseconds of arrival; None without any."""
    return min((_link_us(account.tail, index) for index in links), default=None)


def _link_us(tail: list[Item], index: int) -> int:
    return max(tail[index].heard_us, tail[index - 1].heard_us)


def conclude(account: Account, links: list[int], is_over: Callable[[Item, Item], bool]) -> list[Gap]:
    """Turn links that do not hold (`loose_links`), and where no more is to come between the two, into gaps; return these."""
    tail, found = account.tail, []
    for index in links:
        item, left = tail[index], left_of(tail, index)
        assert left is not None, "a link that does not hold has two ends"
        if is_over(tail[left], item):
            found.append(Gap(tail[left].seq, item.seq, missing_units(tail, index), item.heard_us, item.posting_id))
    settled = {gap.right_id for gap in found}
    for item in tail if found else ():
        item.settled = item.settled or item.posting_id in settled
    account.gaps = [*account.gaps, *found][-GAPS_MAX:]
    return found


def _prune(account: Account, before_us: int) -> None:
    """Let go of old postings, but not of one whose link to the next is in question."""
    tail = account.tail
    while len(tail) > TAIL_MAX or (len(tail) > TAIL_LEAST and tail[0].heard_us < before_us and fits(tail, 1)):
        del tail[0]
        account.pruned = True


def _order(item: Item) -> Order:
    return order_of(item.seq)
