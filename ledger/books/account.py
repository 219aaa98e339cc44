"""An account as data: its latest postings one by one, in the order of the source's numbers, and how they hang together."""

from __future__ import annotations

from msgspec import Struct


class Item(Struct, gc=False, array_like=True):
    """A posting: its number, what it moved and the balance after it, in units. `settled`: what precedes it is judged.
    `restated`: what follows it may be by its old amount.
    """

    seq: str
    units: int
    after: int | None
    heard_us: int
    posting_id: str
    settled: bool = False
    restated: bool = False


class Gap(Struct, gc=False, array_like=True):
    """Postings of `units` in all are missing between two numbers; `right_id` is the posting that shows it."""

    left: str
    right: str
    units: int
    heard_us: int
    right_id: str


class Account(Struct, gc=False, array_like=True):
    """One account in one asset. `balance` is in units: the latest `balance_after`, and what came after it.

    `known`: whether its history is whole, or a balance was told. `pruned`: the tail no longer begins where it began.
    `loose`: a link of its chain waits to be judged. `slack`: what restatements changed in the past of the tail, which
    the next balance may take over. `told_units`: how far beyond what it may owe people have heard that it is.
    """

    account_class: str
    client_id: str
    group: str
    source: str
    balance: int = 0
    known: bool = False
    pruned: bool = False
    loose: bool = False
    slack: int = 0
    told_units: int = 0
    tail: list[Item] = []
    gaps: list[Gap] = []


def fits(tail: list[Item], index: int) -> bool:
    """Tell whether a posting's balance follows from the one before; also where nothing is known of that."""
    item, before = tail[index], tail[index - 1]
    if index and item.after is not None and before.after is not None and before.after + item.units == item.after:
        return True  # by far the most usual
    return not missing_units(tail, index)


def missing_units(tail: list[Item], index: int) -> int:
    """Return the units that a balance has more than those before it account for; 0 where that cannot be said."""
    item, left = tail[index], left_of(tail, index)
    if left is None or item.after is None:
        return 0
    before = tail[left].after
    assert before is not None, "what a balance is held against is a balance"
    return item.after - before - sum(other.units for other in tail[left + 1 : index + 1])


def left_of(tail: list[Item], index: int) -> int | None:
    """Return the place of the balance that the one at `index` is held against; None where it is held against none."""
    if tail[index].settled:
        return None
    for place in reversed(range(index)):
        if tail[place].restated:
            return None
        if tail[place].after is not None:
            return place
    return None


def loose_links(tail: list[Item], first: int = 1) -> list[int]:
    """Return the places, from the first on, of the postings whose balance does not follow from those before them."""
    return [index for index in range(max(first, 1), len(tail)) if not fits(tail, index)]


def foreseen_units(account: Account, links: list[int] | None = None) -> int:
    """Return what postings that are missing between others have added to balances that were told, in units.

    `links`: its loose links, where they are known.
    """
    return sum(max(units, 0) for units in _missing(account, links))


def untold_debits(account: Account, links: list[int] | None = None) -> int:
    """Return what postings that are missing between others have taken from balances that were told, in units."""
    return sum(max(-units, 0) for units in _missing(account, links))


def _missing(account: Account, links: list[int] | None) -> list[int]:
    tail = account.tail
    if not account.loose:
        return []
    return [missing_units(tail, index) for index in (loose_links(tail) if links is None else links)]


def earlier_units(account: Account) -> int:
    """Return what the account held before the first posting heard, in units; 0 where nobody can say."""
    if account.pruned or not account.tail:
        return 0
    first = account.tail[0]
    return 0 if first.after is None else max(first.after - first.units, 0)
