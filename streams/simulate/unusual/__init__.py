"""Requests that no machine may let pass, each of a known kind, and what people make of them.

`WorldConfig.unusual_share` says how many there are. They have ids and random numbers of their own, so that a world with
none of them is what it was. A module holds one family of kinds; importing this package registers them all.
"""

from __future__ import annotations

from streams.simulate.unusual import amounts, destinations, people
from streams.simulate.unusual.handling import arrivals
from streams.simulate.unusual.kinds import KINDS

__all__ = ["KINDS", "amounts", "arrivals", "destinations", "people"]
