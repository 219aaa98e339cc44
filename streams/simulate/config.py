"""How large, how busy and how untidy the simulated broker is."""

from __future__ import annotations

from dataclasses import dataclass

from streams.simulate.units import DAY_S

MONDAY_US = 1_767_571_200_000_000  # 2026-01-05T00:00:00Z, when worlds begin unless told otherwise


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """One world; the same configuration always writes the same bytes.

    Names ending in `_s` are seconds of the simulated clock. `time_scale` shortens (below 1) every stage of every
    movement and the routes' deadlines with it, but not the intervals given here.
    """

    seed: int = 1
    start_us: int = MONDAY_US
    duration_s: float | None = DAY_S  # None: for ever
    transfers_per_day: int = 5_000
    clients: int = 40
    snapshot_every_s: float = 300.0
    snapshot_jitter_s: float = 20.0
    heartbeat_every_s: float = 60.0
    price_every_s: float = 3_600.0
    treasury_every_s: float = 600.0
    time_scale: float = 1.0
    rhythm: float = 0.6  # 0: the same all day and week; towards 1: quiet nights and weekends
    lateness: float = 1.0  # scales the seconds between an event and its arrival here
    late_share: float = 0.002  # share of events that arrive minutes late
    late_max_s: float = 600.0
    duplicates: float = 0.01  # share of events delivered twice
    fault_at_s: float | None = None  # after the start; None: each fault at its own moment in the second half
    late_fault_s: float = 3_600.0  # how late the fault `late_event` delivers
    unusual_share: float = 0.0  # share of requests that people must look at, or nobody can grant
    patterns: tuple[str, ...] = ()  # legitimate patterns by name; "all" for every one

    def __post_init__(self) -> None:
        """Refuse a world that cannot run."""
        if self.clients < 1 or self.transfers_per_day < 1:
            raise ValueError("a world needs at least one client and one transfer a day")
        if self.duration_s is not None and self.duration_s <= 0:
            raise ValueError("a world needs a duration above zero, or None")
        spans = (self.snapshot_every_s, self.heartbeat_every_s, self.price_every_s, self.treasury_every_s)
        if min(*spans, self.time_scale) <= 0 or self.snapshot_jitter_s < 0 or self.lateness < 0:
            raise ValueError("intervals and scales must be above zero, jitter and lateness not below")
        if not 0 <= self.unusual_share < 1:
            raise ValueError("unusual_share is a share from 0 to below 1")
        if not (0 <= self.rhythm < 1 and 0 <= self.late_share <= 1 and 0 <= self.duplicates <= 1):
            raise ValueError("rhythm, late_share and duplicates are shares between 0 and 1")

    @property
    def end_us(self) -> int | None:
        """When nothing new begins, in microseconds since 1970; None where there is no end."""
        return None if self.duration_s is None else self.start_us + int(self.duration_s * 1000) * 1000


def demo_config(
    seed: int, start_us: int, *, duration_s: float | None = None, fault_at_s: float | None = 60.0
) -> WorldConfig:
    """Return a world that can be watched: about ten transfers a second, routes of seconds, snapshots every five.

    What happens arrives within half a second, so a drift shows one or two snapshots after its cause.
    """
    return WorldConfig(
        seed=seed,
        start_us=start_us,
        duration_s=duration_s,
        transfers_per_day=860_000,
        clients=60,
        snapshot_every_s=5.0,
        snapshot_jitter_s=0.5,
        heartbeat_every_s=1.0,
        price_every_s=30.0,
        treasury_every_s=4.0,
        time_scale=0.004,
        rhythm=0.0,
        lateness=0.018,
        late_share=0.0,
        duplicates=0.01,
        fault_at_s=fault_at_s,
        late_fault_s=30.0,
    )
