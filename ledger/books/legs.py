"""A journal as data: its legs, what they add up to, and whether one journal takes another back."""

from __future__ import annotations

from msgspec import Struct

LEGS_MAX = 1_000  # of one journal; a row of state stays small, and what is beyond is kept as a count and sums


class Leg(Struct, gc=False, array_like=True):
    """One posting as it stands: its account, what it moves (units of `asset`, signed), and its latest revision."""

    account_id: str
    account_class: str
    asset: str
    units: int
    revision: int
    leg_no: int
    event_id: str


class Journal(Struct, gc=False, array_like=True):
    """A journal by its postings. `booked_us` is the event time of its first leg heard, `heard_us` its arrival.

    `open_us`: since when it has not added up, 0 where it does. `reverses`: the posting or journal that it says it takes
    back; `reversed_by`: the journal that takes this one back to the unit. `more_legs`, `more_units` (by asset): what
    came beyond the bound.
    """

    legs_total: int
    op_type: str
    transfer_id: str
    heard_us: int
    booked_us: int
    legs: dict[str, Leg]
    source: str = ""
    open_us: int = 0
    reverses: str = ""
    reversed_by: str = ""
    more_legs: int = 0
    more_units: dict[str, int] | None = None


def add_leg(journal: Journal, posting_id: str, leg: Leg, legs_total: int) -> bool:
    """Put a leg, or its restatement, into a journal; False where it restates one that is only in the sums."""
    journal.legs_total = max(journal.legs_total, legs_total)
    if posting_id in journal.legs or len(journal.legs) < LEGS_MAX:
        journal.legs[posting_id] = leg
        return True
    if leg.revision:
        return False
    sums = journal.more_units = journal.more_units or {}
    sums[leg.asset] = sums.get(leg.asset, 0) + leg.units
    journal.more_legs += 1
    return True


def is_whole(journal: Journal) -> bool:
    """Tell whether all legs are there, each number once at least, and add up to zero for each asset."""
    legs, total = journal.legs, journal.legs_total - journal.more_legs
    if len(legs) < total:
        return False
    if len(legs) == 2 and total == 2:  # by far the most usual
        one, other = legs.values()
        if one.leg_no != other.leg_no and one.asset == other.asset and one.units + other.units == 0:
            return True
    return len({leg.leg_no for leg in legs.values()}) >= total and not imbalance(journal)


def imbalance(journal: Journal) -> dict[str, int]:
    """Return what the legs add up to, by asset, where that is not zero."""
    sums = dict(journal.more_units or {})
    for leg in journal.legs.values():
        sums[leg.asset] = sums.get(leg.asset, 0) + leg.units
    return {asset: units for asset, units in sums.items() if units}


def mirrors(reversal: Journal, original: Journal) -> bool:
    """Tell whether a journal takes back what another did to clients, or to all accounts where it touched no client."""
    wanted = _moved(original, clients=True) or _moved(original, clients=False)
    if not wanted:
        return False
    given = _moved(reversal, clients=False)
    return all(given.get(place, 0) == -units for place, units in wanted.items())


def _moved(journal: Journal, *, clients: bool) -> dict[tuple[str, str], int]:
    """Return the units by account and asset, of the accounts of clients alone or of all."""
    sums: dict[tuple[str, str], int] = {}
    for leg in journal.legs.values():
        if leg.account_class == "client" or not clients:
            place = (leg.account_id, leg.asset)
            sums[place] = sums.get(place, 0) + leg.units
    return {place: units for place, units in sums.items() if units}
