"""The metrics of what runs the monitor, once each: the engine of a worker, and the witness beside it.

Counters begin anew with the process. A shard is a label, for a worker and its witness are asked on two ports.
"""

from __future__ import annotations

from typing import Final

from streams.metrics.declared import Metric


def _metric(kind: str, name: str, says: str, *labels: str) -> Metric:
    assert kind in ("counter", "gauge", "histogram"), kind
    return Metric(f"driftline_{name}", kind, labels, says)  # type: ignore[arg-type]  # asserted


# --- how far it is behind -------------------------------------------------------------------------------------------
EVENT_LAG: Final = _metric("gauge", "event_lag_seconds", "Now less how far the input has been read.", "shard")
LOG_LAG: Final = _metric("gauge", "log_lag_records", "Records of the log that are not applied.", "shard")
LATENCY: Final = _metric(
    "histogram",
    "output_latency_seconds",
    "From the append to the log to the confirmed output: the oldest record of each stretch that gave one.",
)
APPLIED: Final = _metric(
    "counter", "engine_records", "Records applied by this process, also those applied before the crash of another."
)

EXPIRED: Final = _metric(
    "counter", "input_records_expired", "Input records that the broker had deleted before they were read."
)

# --- what it holds --------------------------------------------------------------------------------------------------
OPEN: Final = _metric("gauge", "shard_open", "1 where this worker holds the shard and its state is put back.", "shard")
RECOVERY: Final = _metric("gauge", "recovery_seconds", "How long it took to open the shard.", "shard")
RECOVERY_READ: Final = _metric("gauge", "recovery_records", "Records of the state read for that.", "shard")
CHECKPOINT_AGE: Final = _metric("gauge", "checkpoint_age_seconds", "How old the last checkpoint is.", "shard")
CHECKPOINT_TIME: Final = _metric(
    "histogram", "checkpoint_duration_seconds", "From the rows taken to the commit: confirmations waited for, and the write.",
    "shard",
)  # fmt: skip
CHECKPOINTS: Final = _metric("counter", "checkpoints_written", "Checkpoints written.", "shard")
CHECKPOINT_ROWS: Final = _metric("counter", "checkpoint_rows_written", "Rows written with them.", "shard")

# --- the witness ----------------------------------------------------------------------------------------------------
WITNESS_AGREES: Final = _metric(
    "gauge", "witness_agrees", "1 where the last checkpoint compared is what the log gives.", "shard"
)
WITNESS_COMPARED: Final = _metric("counter", "witness_compared", "Checkpoints compared.", "shard")
WITNESS_DISAGREED: Final = _metric("counter", "witness_disagreed", "Checkpoints that were not equal.", "shard")
WITNESS_ROWS: Final = _metric("gauge", "witness_rows_differing", "Rows that differ.", "shard")
WITNESS_POSITION: Final = _metric("gauge", "witness_position_records", "How far the log has been compared.", "shard")
WITNESS_AGE: Final = _metric("gauge", "witness_checkpoint_age_seconds", "How old the last one compared is.", "shard")

WITNESS_METRICS: Final = (
    WITNESS_AGREES, WITNESS_COMPARED, WITNESS_DISAGREED, WITNESS_ROWS, WITNESS_POSITION, WITNESS_AGE,
)  # fmt: skip
ENGINE_METRICS: Final[tuple[Metric, ...]] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric) and value not in WITNESS_METRICS
)
