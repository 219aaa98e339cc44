"""The incidents of the field as scenarios S01 to S30, each with its look-alike that must raise nothing.

A module holds one family; importing this package registers them all.
"""

from __future__ import annotations

from streams.simulate.scenarios import (
    chain_events,
    crediting,
    credits,
    own_moves,
    payments,
)

__all__ = [
    "chain_events",
    "crediting",
    "credits",
    "own_moves",
    "payments",
]
