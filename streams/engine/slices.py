"""How many records are applied between two turns of the event loop: as many as take a few milliseconds.

A record takes the whole monitor a hundred times as long as a simple machine. By a fixed number either others would wait
for a tenth of a second, intake and confirmations among them, or half the time would go into taking turns. At each turn
the interpreter may go to another thread and must be waited for, which takes about a millisecond: where so much waits that
nobody is in a hurry any more, a slice is longer.
"""

from __future__ import annotations

SLICE_SECONDS = 0.004
FEWEST, MOST = 16, 4_000
BACKLOG_RECORDS = 1_000  # of one fetch: what is live does not come in so many
BACKLOG_SLICE_RECORDS, LONGER = 2_000, 32  # a slice of a backlog, and how much longer it may be: an eighth of a second


class Slices:
    """The size of the next slice, by what the last one took; it is doubled at most, since a few quick ones say little."""

    def __init__(self) -> None:
        self.records = 500
        self._backlog_records = BACKLOG_SLICE_RECORDS

    def size(self, fetched: int) -> int:
        """Return how many records to apply at once of a fetch of so many."""
        return self.records if fetched < BACKLOG_RECORDS else self._backlog_records

    def took(self, records: int, seconds: float) -> None:
        """Take in how long a slice of so many records took; one that took no time that can be measured says nothing."""
        if seconds <= 0:
            return
        fitting = min(records * SLICE_SECONDS / seconds, self.records * 2)
        self.records = min(max(int(fitting), FEWEST), MOST)
        self._backlog_records = max(self.records, min(BACKLOG_SLICE_RECORDS, int(LONGER * fitting)))
