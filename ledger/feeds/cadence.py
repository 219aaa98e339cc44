"""How often a source usually speaks: learned from its pauses, so that an hourly report is not missed every minute."""

from __future__ import annotations

from msgspec import Struct

from ledger.times import DAY_US, SECOND_US

PAUSES_KEPT = 32
PAUSES_NEEDED = 100  # before the silence of a source that sends no heartbeats says anything
DENSE_US = 600 * SECOND_US
HISTORY_US = 7 * DAY_US
TIMES_USUAL = 3
_FORGETTING = 4096


class Cadence(Struct, gc=False):
    """The longest pause lately and over all (microseconds, the latter forgotten slowly), and how many were seen."""

    count: int = 0
    longest_us: int = 0
    recent: list[int] = []  # msgspec copies it for each


def learn(cadence: Cadence, pause_us: int) -> None:
    """Take the length of one more pause."""
    cadence.count += 1
    cadence.longest_us = max(pause_us, cadence.longest_us - cadence.longest_us // _FORGETTING)
    recent = cadence.recent
    recent.append(pause_us)
    if len(recent) > PAUSES_KEPT:
        del recent[0]


def allowance_us(cadence: Cadence, least_us: int, beats: bool, history_us: int) -> int | None:
    """Return how long the source may be silent; None where its habits say nothing yet.

    Of a source that sends heartbeats the second longest of its latest pauses counts: one outage is no habit. One that
    sends none must be dense, or known for a week with its nights and weekends.
    """
    if beats:
        usual = sorted(cadence.recent)[-2] if len(cadence.recent) > 1 else 0
        return max(least_us, TIMES_USUAL * usual)
    if cadence.count < PAUSES_NEEDED:
        return None
    if cadence.longest_us > DENSE_US and history_us < HISTORY_US:
        return None
    return max(least_us, TIMES_USUAL * cadence.longest_us)
