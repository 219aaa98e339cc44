"""The incidents of the field as scenarios S01 to S31, and errors of work by hand as M01 to M03.

Each has its look-alike that must raise nothing. A module holds one family; importing this package registers them all.
"""

from __future__ import annotations

from streams.simulate.scenarios import (
    approvals,
    brakes,
    broadcasts,
    chain_events,
    clients,
    collateral,
    corrections,
    corrections_by_hand,
    crediting,
    feeds,
    liabilities,
    manual_credits,
    outage,
    outflows,
    own_moves,
    payments,
    requests,
    settlements,
    skims,
    swaps,
    transit,
)

__all__ = [
    "approvals",
    "brakes",
    "broadcasts",
    "chain_events",
    "clients",
    "collateral",
    "corrections",
    "corrections_by_hand",
    "crediting",
    "feeds",
    "liabilities",
    "manual_credits",
    "outage",
    "outflows",
    "own_moves",
    "payments",
    "requests",
    "settlements",
    "skims",
    "swaps",
    "transit",
]
