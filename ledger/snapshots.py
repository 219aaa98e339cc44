"""Read a snapshot: the total of each asset that it reports, and whether it is where a location's history begins."""

from __future__ import annotations

from typing import Protocol

from ledger.amounts import to_units
from ledger.assets import Assets
from ledger.events import Snapshot


class HasMoment(Protocol):
    """What an opening is chosen by."""

    @property
    def as_of_us(self) -> int: ...
    @property
    def event_id(self) -> str: ...
    @property
    def snapshot_id(self) -> str: ...
    @property
    def revision(self) -> int: ...


def totals(event: Snapshot, assets: Assets) -> dict[str, int]:
    """Return the reported units by asset code, in order of the rows; rows of unknown assets are left out.

    A row with `account_id` is a part. Where a total is given the parts add nothing to it; where only parts are given
    they make the total, provided that the snapshot is complete.
    """
    wholes: dict[str, int] = {}
    parts: dict[str, int] = {}
    for row in event.rows:
        code = assets.codes.get(row.asset)
        if code is None:
            continue
        sums = wholes if row.account_id is None else parts
        sums[code] = sums.get(code, 0) + to_units(row.total)
    if event.complete:
        for code, units in parts.items():
            wholes.setdefault(code, units)
    return wholes


def opening_precedes(new: HasMoment, known: HasMoment | None) -> bool:
    """Tell whether `new` takes the place of the `known` opening: it is earlier, or restates it."""
    if known is None:
        return True
    if new.snapshot_id == known.snapshot_id:
        return new.revision > known.revision
    if new.as_of_us != known.as_of_us:
        return new.as_of_us < known.as_of_us
    return new.event_id < known.event_id
