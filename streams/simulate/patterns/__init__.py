"""The legitimate patterns of the field, 1 to 20: what looks odd, is in order, and must raise nothing.

A module holds one family; importing this package registers them all. `WorldConfig.patterns` switches them on.
"""

from __future__ import annotations

from streams.simulate.patterns import (
    calendar_days,
    chains,
    clients,
    corrections,
    crowds,
    dust,
    markets,
    places,
    reports,
    staking,
    stoppages,
    tokens,
    treasury_moves,
    venue_cycles,
)

__all__ = [
    "calendar_days", "chains", "clients", "corrections", "crowds", "dust", "markets", "places", "reports", "staking",
    "stoppages", "tokens", "treasury_moves", "venue_cycles",
]  # fmt: skip
