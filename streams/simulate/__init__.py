"""A seeded, self-consistent prime broker in the event contract, with faults whose truth is known.

It is an independent witness: it shares no code with the monitor that it tests. `Simulation` is the way in.
"""

from __future__ import annotations

from streams.simulate import faults_feed, faults_money, patterns, scenarios
from streams.simulate.cli import main
from streams.simulate.config import WorldConfig, demo_config
from streams.simulate.emit import SimEvent
from streams.simulate.faults import FAULTS, FaultPlan, Label
from streams.simulate.patterns.registry import PATTERNS
from streams.simulate.simulation import Simulation, write

__all__ = [
    "FAULTS", "PATTERNS", "FaultPlan", "Label", "SimEvent", "Simulation", "WorldConfig", "demo_config", "faults_feed",
    "faults_money", "main", "patterns", "scenarios", "write",
]  # fmt: skip
