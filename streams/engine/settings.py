"""What a worker must know before it can start: where the broker is, what the topics are called, how time passes.

Nothing here changes what the monitor decides; that comes from the log (the `config` record). Settings are given as
arguments or by environment variables (``DRIFTLINE_BROKER`` and so on).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from streams.engine.errors import SettingsError
from streams.record import INPUT_TOPICS, OUTPUT_TOPICS

Clock = Literal["ticks", "events"]
Compression = Literal["none", "gzip"]
ENVIRONMENT_PREFIX = "DRIFTLINE_"
HORIZON_DAYS = 35  # the monitor's own default; a longer one in its settings asks for a longer log


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one worker.

    `clock` is ``ticks`` for live input (the worker says each second how far it has read) and ``events`` for simulated
    or historical input (each record's own `observed_at` moves the clock). `compression` is that of the log and the
    outputs: gzip, because it is the only one that aiokafka reads without another library. `ahead_bytes_max`, where
    given, holds intake back when it is so many bytes of values ahead of the monitor; the embedded broker needs it.
    Each `checkpoint_seconds` the state is written to the topic `state`; 0 writes none, and the whole log is applied at
    each start. While its group has not said who has which shard, a worker reads `state_ahead_bytes_max` of the states that
    it may be given (0: nothing). `shards` is how many partitions the log and the state have. `input_partitions`, `replication_factor` and
    `log_retention_days` (0: the log is kept for ever) say how a topic that is missing is made; of the copies there must
    be so many at least. A worker with more than `ready_lag_records` of its log to apply says that it is not ready. On
    `metrics_port`, where it is not 0, Prometheus and supervisors may ask how things stand. A worker with an `instance_id`,
    its own among all of its group, is a static member: started anew within the session it takes up its partitions where
    it was, in a moment, and nobody else takes them meanwhile, be it gone or just slow. A start waits
    `start_patience_seconds` for a broker to answer.
    """

    broker: str  # host:port, or several with commas between
    topic_prefix: str = ""
    group_id: str = "driftline"
    instance_id: str = ""
    start_patience_seconds: float = 60.0
    clock: Clock = "ticks"
    tick_seconds: float = 1.0
    session_timeout_seconds: float = 10.0
    batch_records_max: int = 5_000
    delivery_timeout_seconds: float = 120.0
    compression: Compression = "gzip"
    ahead_bytes_max: int | None = None
    create_topics: bool = False
    shards: int = 1
    input_partitions: int = 1
    replication_factor: int = 1
    log_retention_days: int = 0
    checkpoint_seconds: float = 5.0
    state_ahead_bytes_max: int = 256 * 1024 * 1024
    ready_lag_records: int = 100_000
    metrics_port: int = 0
    metrics_address: str = "0.0.0.0"

    def __post_init__(self) -> None:
        _require(bool(self.broker.strip()), "broker", "must be host:port")
        _require(bool(self.group_id), "group_id", "must not be empty")
        _require(0.01 <= self.tick_seconds <= 60, "tick_seconds", "must be between 0.01 and 60")
        _require(self.session_timeout_seconds >= 1, "session_timeout_seconds", "must be at least 1")
        _require(1 <= self.batch_records_max <= 100_000, "batch_records_max", "must be between 1 and 100,000")
        _require(self.delivery_timeout_seconds >= 1, "delivery_timeout_seconds", "must be at least 1")
        _require(self.ahead_bytes_max is None or self.ahead_bytes_max > 0, "ahead_bytes_max", "must be positive")
        _require(1 <= self.shards <= 1_000, "shards", "must be between 1 and 1,000")
        _require(self.input_partitions >= 1, "input_partitions", "must be at least 1")
        _require(1 <= self.replication_factor <= 100, "replication_factor", "must be between 1 and 100")
        _require(
            self.log_retention_days == 0 or self.log_retention_days > HORIZON_DAYS,
            "log_retention_days",
            f"must be 0 (for ever) or more than the horizon of {HORIZON_DAYS} days",
        )
        _require(0 <= self.checkpoint_seconds <= 600, "checkpoint_seconds", "must be between 0 (none) and 600")
        _require(self.state_ahead_bytes_max >= 0, "state_ahead_bytes_max", "must be at least 0 (off)")
        _require(self.ready_lag_records >= 0, "ready_lag_records", "must be at least 0")
        _require(0 <= self.metrics_port <= 65_535, "metrics_port", "must be between 0 (off) and 65,535")

    @property
    def log_topic(self) -> str:
        return self.topic("log")

    @property
    def state_topic(self) -> str:
        return self.topic("state")

    @property
    def input_topics(self) -> tuple[str, ...]:
        """The five input topics as the broker calls them."""
        return tuple(self.topic(name) for name in INPUT_TOPICS)

    @property
    def output_topics(self) -> tuple[str, ...]:
        """The three output topics as the broker calls them."""
        return tuple(self.topic(name) for name in OUTPUT_TOPICS)

    def topic(self, name: str) -> str:
        """Return what the broker calls the topic that the contract calls `name`."""
        return self.topic_prefix + name

    def as_environment(self) -> dict[str, str]:
        """Return the environment variables from which `settings_from` makes these settings again."""
        values = msgspec.structs.asdict(self)
        return {_variable(name): _text(value) for name, value in values.items() if value is not None}


def settings_from(environment: Mapping[str, str]) -> EngineSettings:
    """Return the settings that the environment variables give; raise `SettingsError` with the name of a bad one."""
    names = EngineSettings.__struct_fields__
    given = {name: environment[_variable(name)] for name in names if _variable(name) in environment}
    if "broker" not in given:
        raise SettingsError(f"{_variable('broker')} is not set: it must be the broker's host:port")
    try:
        return msgspec.convert(given, EngineSettings, strict=False)
    except msgspec.ValidationError as problem:
        raise SettingsError(f"a {ENVIRONMENT_PREFIX}... variable cannot be used: {problem}") from None


def _variable(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.upper()


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _require(holds: bool, name: str, demand: str) -> None:
    if not holds:
        raise SettingsError(f"{name} {demand}")
