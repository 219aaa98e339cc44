"""How often a source usually speaks: learned from its pauses, so that an hourly report is not missed every minute."""

from __future__ import annotations

from msgspec import Struct, field

from ledger.times import DAY_US, SECOND_US

PAUSES_KEPT = 32
PAUSES_NEEDED = 100  # before the silence of a source that sends no heartbeats says anything
DENSE_US = 600 * SECOND_US
DENSE_HISTORY_US = 3_600 * SECOND_US
HISTORY_US = 7 * DAY_US
TIMES_USUAL = 3
_FORGETTING = 4096


class Cadence(Struct, gc=False):
    """Pauses of a source in microseconds: how many were seen, the longest (forgotten slowly), and the latest.

    Of a source that sends heartbeats, the pauses are those between two of them, and `lags` are how far the mark of each
    was behind its arrival.
    """

    count: int = 0
    longest_us: int = 0
    recent: list[int] = field(default_factory=list)
    lags: list[int] = field(default_factory=list)

    @property
    def usual_us(self) -> int:
        """The second longest of the latest pauses: one outage is no habit."""
        return sorted(self.recent)[-2] if len(self.recent) > 1 else 0


def learn(cadence: Cadence, pause_us: int) -> None:
    """Take the length of one more pause."""
    cadence.count += 1
    cadence.longest_us = max(pause_us, cadence.longest_us - cadence.longest_us // _FORGETTING)
    _keep(cadence.recent, pause_us)


def learn_beat(cadence: Cadence, pause_us: int, lag_us: int | None) -> None:
    """Take a heartbeat: the pause before it, and how far behind its mark is (None: in an outage, which is no habit)."""
    _keep(cadence.recent, pause_us)
    if lag_us is not None:
        _keep(cadence.lags, lag_us)


def _keep(latest: list[int], value: int) -> None:
    latest.append(value)
    if len(latest) > PAUSES_KEPT:
        del latest[0]


def pause_allowed_us(cadence: Cadence, least_us: int) -> int:
    """Return how long the mark of a source that sends heartbeats may stand still."""
    return max(least_us, TIMES_USUAL * cadence.usual_us)


def lag_allowed_us(cadence: Cadence, least_us: int) -> int:
    """Return how far behind the mark of a source may be that has nothing to catch up with: by its usual lag."""
    lag_us = sorted(cadence.lags)[len(cadence.lags) // 2] if cadence.lags else 0
    return max(least_us, TIMES_USUAL * lag_us)


def allowance_us(cadence: Cadence, least_us: int, history_us: int) -> int | None:
    """Return how long a source that sends no heartbeats may say nothing; None where its habits say nothing yet.

    It must be dense for an hour at least, or known for a week with its nights and weekends (`history_us`).
    """
    if cadence.count < PAUSES_NEEDED or history_us < DENSE_HISTORY_US:
        return None
    if cadence.longest_us > DENSE_US and history_us < HISTORY_US:
        return None
    return max(least_us, TIMES_USUAL * cadence.longest_us)
