"""How many records are applied between two turns of the event loop: as many as take a few milliseconds.

A record takes the whole monitor a hundred times as long as a simple machine. By a fixed number either others would wait
for a tenth of a second, intake and confirmations among them, or half the time would go into taking turns.
"""

from __future__ import annotations

SLICE_SECONDS = 0.004
FEWEST, MOST = 16, 4_000


class Slices:
    """The size of the next slice, by what the last one took; it is doubled at most, since a few quick ones say little."""

    def __init__(self) -> None:
        self.records = 500

    def took(self, records: int, seconds: float) -> None:
        """Take in how long a slice of so many records took; one that took no time that can be measured says nothing."""
        if seconds <= 0:
            return
        fitting = min(int(records * SLICE_SECONDS / seconds), self.records * 2)
        self.records = min(max(fitting, FEWEST), MOST)
