"""Every metric, once: its name with its unit, its labels, and what it says.

What only grows is a counter, since the beginning of the log; a worker that starts says nothing of them before it has caught
up, so that its beginning looks like no new work. What may be taken back, since a movement is counted as it
stands, is a gauge. `op_type` is "" for what belongs to no movement. A client is a label only where their number is
bounded: the first fifty by manual work, and `other` for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it is exposed; a counter is exposed with `_total` behind its name."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    says: str


def _counter(name: str, says: str, *labels: str) -> Metric:
    return Metric(f"driftline_{name}", "counter", labels, says)


def _gauge(name: str, says: str, *labels: str) -> Metric:
    return Metric(f"driftline_{name}", "gauge", labels, says)


LIVE: Final = _gauge(
    "live", "1: this worker has the log and has read it as far as it ever had; 0: it says nothing else until it has."
)

# --- what comes in -------------------------------------------------------------------------------------------------
RECORDS: Final = _counter("records_applied", "Records applied, by what they were.", "kind")
QUARANTINED: Final = _counter("records_quarantined", "Records that could not be applied.", "code")
CLOCK: Final = _gauge("clock_timestamp_seconds", "How far the input has been read, as Unix time.")

# --- movements -----------------------------------------------------------------------------------------------------
MOVEMENTS: Final = _counter("movements", "Movements heard of.", "op_type")
REQUESTED: Final = _counter("movements_requested", "Movements that were asked for.", "op_type")
VERDICTS: Final = _counter(
    "verdicts", "Verdicts of the policy, also those that a later one replaced.", "op_type", "class", "action"
)
HELD: Final = _counter("movements_held", "Movements that a verdict has held.", "op_type")
PASSED: Final = _gauge("movements_passed", "Movements that have passed, by who let them.", "op_type", "by")
COMPLETED: Final = _gauge("movements_completed", "Movements that are completed.", "op_type")
UNDONE: Final = _gauge("movements_undone", "Movements that came to nothing.", "op_type", "status")
STRAIGHT: Final = _gauge(
    "movements_straight_through",
    "Completed, free of risk, by machine, never held, nothing grave told of them.",
    "op_type",
)
STRAIGHT_OF: Final = _gauge(
    "movements_asked_completed", "Completed of those asked for: what straight-through is a share of.", "op_type"
)
TOLD_OF: Final = _counter("movements_told_of", "Movements that an alert of a type has told of.", "op_type", "type")
HELD_NOW: Final = _gauge("movements_held_now", "Movements that are held.", "op_type")

# --- work for people -----------------------------------------------------------------------------------------------
RULE_VERDICTS: Final = _counter("rule_failures", "Verdicts that name a rule.", "rule", "op_type")
RULE_MANUAL: Final = _gauge(
    "rule_manual_movements", "Movements that people had to decide, by the rules that their latest verdict names.",
    "rule", "op_type",
)  # fmt: skip
CLIENT_MANUAL: Final = _gauge("client_manual_movements", "Passed by hand in the last 40 days.", "client")
CORRECTIONS: Final = _gauge("corrections", "Adjustments, refunds and reversals.", "op_type")
CORRECTIONS_USD: Final = _gauge("corrections_usd", "What they are worth, where a price is known.", "op_type")
BACKLOG: Final = _gauge("backlog_movements", "Movements that stand in a stage.", "op_type", "stage")
BACKLOG_AGE: Final = _gauge("backlog_oldest_seconds", "How long the oldest has stood there.", "op_type", "stage")
KEPT: Final = _gauge("promises_kept", "Promises that completed movements kept.", "op_type", "stage")
BROKEN: Final = _gauge("promises_broken", "Promises that completed movements broke.", "op_type", "stage")

# --- alerts and the policy ---------------------------------------------------------------------------------------
ALERTS: Final = _gauge("alerts_open", "Open alerts.", "type", "severity")
BRAKES: Final = _gauge("brakes_engaged", "Open alerts that hold what they reach.", "type")
CONFIRMED: Final = _counter("policy_confirmed", "Movements free of risk that turned out right.")
MISSED: Final = _counter("policy_misses", "Movements free of risk that turned out wrong.", "check", "type")

METRICS: Final[tuple[Metric, ...]] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
