"""Which links of an account's chain do not hold, brought up to date with each posting.

A busy account nearly always has such links, and hundreds of postings; to look through them all for each one that comes
would cost more than all else that is done with it.
"""

from __future__ import annotations

from typing import NamedTuple

from ledger.books.account import Item, fits, loose_links


class Loose(NamedTuple):
    """The places of the links that do not hold in a tail of so many postings."""

    length: int
    places: list[int]


def links_after(known: Loose | None, tail: list[Item], item: Item) -> list[int]:
    """Return what `loose_links` would, now that a posting is in the tail: behind all others, or late and between them."""
    if known is None:
        return loose_links(tail)
    if tail[-1] is item:
        return _appended(known, tail)
    place = next((place for place in range(len(tail) - 1, -1, -1) if tail[place] is item), None)
    return known.places if place is None else _inserted(known.places, tail, place)


def _appended(known: Loose, tail: list[Item]) -> list[int]:
    gone = known.length + 1 - len(tail)
    places = [place - gone for place in known.places if place > gone] if gone else known.places
    if gone and places and fits(tail, places[0]):
        places = places[1:]  # what it was held against is gone; the next one is held against this one or a later one
    last = len(tail) - 1
    return places if fits(tail, last) else [*places, last]


def _inserted(places: list[int], tail: list[Item], at: int) -> list[int]:
    """Return the links with one more in between: its own, and that of the next balance, may have changed."""
    behind = next((place for place in range(at + 1, len(tail)) if tail[place].after is not None), at)
    moved = [place + (place >= at) for place in places]
    changed = [place for place in {at, behind} if not fits(tail, place)]
    return sorted([*(place for place in moved if place not in (at, behind)), *changed])
