"""What the demo is to show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """What to show: the seed of the world, the fault and when it is injected, and whether to go on for ever."""

    seed: int = 7
    fault: str = "wrong_amount"
    fault_at_s: float = 60.0
    forever: bool = False
