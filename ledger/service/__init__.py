"""The service rendered: how much was asked for, how it was decided, who let it pass, how long it took, what went wrong.

Counts only; nothing is judged here. Every movement counts for what is known of it now, so the counts are those of the
movements as they stand, in whatever order, how often and how late they were told of.
"""

from __future__ import annotations

from ledger.check import Check
from ledger.service.tallies import Tallies

CHECKS: tuple[type[Check], ...] = (Tallies,)
"""The checks of this room; they hear last, and say nothing."""
