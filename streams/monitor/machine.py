"""The monitor: a record in, outputs out, and nothing else read or touched.

`step` takes each record through reading, time, identity, positions, models and alerts as plain function calls. The
state and every output are a function of the records so far, so a replay of a log is the live run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.events import AnyEvent, AssetRef, Config, ControlEvent, Posting, Snapshot, Thresholds, Tick, Transfer
from ledger.parser import Rejected, parse
from ledger.times import DAY_US, to_us
from streams.monitor import controls, flows, gate, registry, rows
from streams.monitor.cause import Cause
from streams.monitor.settings import Settings
from streams.monitor.state import State
from streams.record import Output, Record
from streams.rowdata import encoded_rows


class Monitor:
    """One shard's deterministic machine. `pinned`: settings that stay in force whatever the log's `config` says."""

    def __init__(self, settings: Settings | None = None, *, pinned: bool = False, shard: int = 0) -> None:
        self.first_settings = settings or Settings()
        self.shard = shard
        self.state = State(self.first_settings, shard)
        self.pinned = pinned
        self._warm: set[rows.Key] = set()  # rows that had changed when `calm_rows` was last called

    def step(self, record: Record) -> list[Output]:
        """Take the next record of the log; return what there is to say, in order. Never raises on any bytes."""
        state = self.state
        outputs: list[Output] = []
        state.outputs = outputs
        event = parse(record.topic, record.value)
        if not state.territory.sole and not self._belongs(event, record):
            return outputs
        if isinstance(event, Rejected):
            state.quarantine(event.code, event.reason, record)
            return outputs
        if isinstance(event, (Tick, Config)) and controls.is_foreign(state, record):
            state.quarantine("foreign_control", "only Driftline itself may say this", record, event.event_id)
            return outputs
        if type(event) is Tick:
            self._tick(event, record)
            return outputs
        observed = to_us(event.observed_at)
        if record.logged_at_us is not None:
            observed = gate.observed_us(state, event.event_id, event.source, observed, record)
        if state.clock == "events" and observed > state.clock_us:
            self._advance(observed)
        cause = Cause(event.event_id, observed)
        event_us = to_us(event.event_time)
        if gate.admit(state, event, event_us, cause, record):
            state.reconciliation.at(cause.cause_id, observed)
            if isinstance(event, (Transfer, Posting, Snapshot)):
                state.reconciliation.on_event(event, record.topic, event_us)
            self._apply(event, cause, record)
            flows.tell_found(state, cause)
            flows.await_settling(state, cause)
        return outputs

    def pass_time(self, at_us: int) -> list[Output]:
        """Let time come as far as a moment (microseconds): a line of a file, though it is another shard's."""
        outputs: list[Output] = []
        self.state.outputs = outputs
        if self.state.clock == "events" and at_us > self.state.clock_us:
            self._advance(at_us)
        return outputs

    def _belongs(self, event: AnyEvent | Rejected, record: Record) -> bool:
        """Tell whether a record is of this shard's log, and note whether this shard tells of it itself."""
        state, territory = self.state, self.state.territory
        if isinstance(event, Rejected):
            state.tells = territory.shards.lead_of(record.topic, record.value) == territory.shard
            return True
        if not territory.is_concerned(event):
            state.tells = True
            state.quarantine("other_shard", "by the map of the shards it is of another", record, event.event_id)
            return False
        state.tells = territory.tells_of(event)
        return True

    def _apply(self, event: AnyEvent, cause: Cause, record: Record) -> None:
        """Hand an admitted event to the part that knows its kind."""
        state = self.state
        if type(event) is Transfer:
            flows.apply_transfer(state, event, cause, record)
        elif type(event) is Snapshot:
            flows.apply_snapshot(state, event, cause, record)
        elif type(event) is Posting:
            flows.apply_posting(state, event, cause, record)
        elif self.pinned and isinstance(event, Config):
            controls.set_clock(state, event)
            controls.take_map(state, event, record)
        elif self.pinned and isinstance(event, Thresholds):
            state.counts["control"] += 1
        elif isinstance(event, ControlEvent):
            controls.apply(state, event, cause, record)
        else:
            self._refer(event, cause, record)

    def _refer(self, event: Any, cause: Cause, record: Record) -> None:
        """Take over a reference; what waited for it is applied now, as caused by it."""
        for waiting in registry.apply(self.state, event, cause, record):
            again = Record(waiting.topic, waiting.raw, waiting.origin)
            released = parse(waiting.topic, waiting.raw)
            assert not isinstance(released, Rejected), f"read before, now rejected: {released}"
            self.state.tells = self.state.territory.tells_of(released)
            released_by = Cause(released.event_id, cause.at_us)
            if isinstance(released, Snapshot):
                flows.apply_late_rows(self.state, released, event.asset, released_by, again)
            else:
                self._apply(released, released_by, again)
        if isinstance(event, AssetRef):
            self.state.reconciliation.on_introduction(event.asset)

    def _tick(self, event: Tick, record: Record) -> None:
        at_us = controls.reached_us(self.state, event)
        self.state.counts["ticks"] += 1
        if at_us > self.state.clock_us:
            self._advance(at_us)
        if self.state.clock == "ticks" and self.state.clock_us and record.logged_at_us is not None:
            self._watch_lag(event, record.logged_at_us, at_us)

    def _watch_lag(self, event: Tick, logged_us: int, at_us: int) -> None:
        """Say when the inputs are read late. All shards hear the same ticks: the first tells; of history nobody is late."""
        if self.state.territory.is_first:
            cause = Cause(event.event_id, max(at_us, self.state.clock_us))
            controls.watch_lag(self.state, cause, logged_us)

    def _advance(self, to_moment_us: int) -> None:
        """Move the clock on; what is due before the new moment fires first."""
        state = self.state
        while (due := state.deadlines.pop_before(to_moment_us)) is not None:
            at_us, key = due
            state.clock_us = max(state.clock_us, at_us)
            controls.fire(state, key, at_us)
        state.clock_us = to_moment_us
        if to_moment_us - state.swept_us >= DAY_US:
            state.swept_us = to_moment_us
            before_us = to_moment_us - state.horizon_us
            cause = Cause(f"day@{to_moment_us}", to_moment_us)
            state.reconciliation.at(cause.cause_id, to_moment_us)
            state.reconciliation.forget(state.holdings.forget_before(before_us, to_moment_us))
            state.reconciliation.sweep(before_us)
            flows.tell_found(state, cause)
            flows.await_settling(state, cause)
            state.seen.forget_before(to_moment_us - state.horizon_us)

    state_version = rows.STATE_VERSION

    @property
    def clock_us(self) -> int:
        """How far time has come, in microseconds since 1970 UTC."""
        return self.state.clock_us

    def rows(self) -> dict[str, Any]:
        """Return the whole state as keyed rows of plain data."""
        return rows.all_rows(self.state)

    def changed_rows(self) -> dict[str, Any]:
        """Return the rows changed since the last call, None for those that are gone, and what `calm_rows` has left out.

        A row that is gone before it was ever returned need not be among them.
        They are the rows themselves and change with the next record: whoever keeps them encodes them first.
        """
        changed, self._warm = rows.take_changed(self.state) | self._warm, set()
        return rows.rows_of(self.state, changed)

    def calm_rows(self) -> dict[str, Any]:
        """Return, of the rows that had changed at the last call, those that have not changed since.

        The row of a busy account changes all the time and is long: it need be written once for each checkpoint.
        """
        changed = rows.take_changed(self.state)
        calm, self._warm = self._warm - changed, changed
        return rows.rows_of(self.state, calm)

    def forget_changes(self) -> None:
        """Forget which rows have changed, where nobody writes them down."""
        self._warm.clear()
        rows.forget_changes(self.state)

    @classmethod
    def from_rows(cls, plain: dict[str, Any], *, pinned: bool = False, shard: int = 0) -> Monitor:
        """Return the monitor whose `rows` these were; it goes on as that one would."""
        monitor = cls(pinned=pinned, shard=shard)
        monitor.restore(encoded_rows(plain))
        return monitor

    def restore(self, encoded: Mapping[bytes, bytes]) -> None:
        """Become the monitor whose `rows` these were, whatever this one was; a new one where there are none."""
        self.state = State(self.first_settings, self.shard)
        self._warm = set()
        if encoded:
            rows.load(self.state, encoded)
