"""The positions as the contract shows them: what each place should hold, what it reported, and the difference."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ledger.amounts import to_decimal
from ledger.positions import Position
from streams.monitor.state import State


class PositionRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One place and asset; amounts are plain decimals, `drift` is reported less expected at the report's own moment."""

    location: str
    asset: str
    expected: str
    reported: str | None = None
    drift: str | None = None
    dust_absorbed: str | None = None
    in_transit: str

    @property
    def agrees(self) -> bool:
        """Whether the latest report agrees, but for dust; true where there is nothing to compare."""
        return self.drift is None or self.drift in ("0", self.dust_absorbed)


def position_rows(state: State) -> Iterator[PositionRow]:
    """Yield the last state of every position, by location and asset."""
    for name in sorted(state.holdings.places.by_name):
        positions = state.holdings.places.by_name[name].positions
        for asset in sorted(positions):
            yield _row(positions[asset])


def _row(position: Position) -> PositionRow:
    latest = position.latest
    return PositionRow(
        location=position.location,
        asset=position.asset,
        expected=to_decimal(position.expected),
        reported=None if latest is None else to_decimal(latest.reported),
        drift=None if latest is None or not position.opened else to_decimal(latest.drift),
        dust_absorbed=to_decimal(position.judgement.baseline) if position.opened else None,
        in_transit=to_decimal(position.in_transit),
    )
