"""Everything the monitor remembers, in one place, and the helpers with which its parts speak."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

from alerts.lifecycle import AlertBook
from alerts.records import Alert, AlertState
from alerts.rows import OpenAlert
from alerts.signals import Signal
from ledger.assets import Assets
from ledger.deadlines import Deadlines
from ledger.holdings import Holdings
from ledger.policy.brake import Standing
from ledger.reconciliation import Reconciliation
from ledger.references import References
from ledger.seen import SeenEvents
from ledger.shards import ShardMap
from ledger.table import Table
from ledger.territory import Territory
from ledger.times import SECOND_US
from streams.monitor.cause import Cause
from streams.monitor.outputs import quarantined
from streams.monitor.sentinels import Sentinels
from streams.monitor.set_aside import SetAside
from streams.monitor.settings import Settings
from streams.record import Output, Record

Clock = Literal["events", "ticks"]
LIVE_SETTLE_US = 2 * SECOND_US


class State:
    """The state of one shard: all parts, the clock, and the outputs of the step under way."""

    def __init__(self, settings: Settings, shard: int = 0) -> None:
        self.settings = settings
        self.territory = Territory(shard)
        self.tells = (
            True  # whether this shard is the one to tell of the record under way, as of its clock or quarantine
        )
        self.clock: Clock = "events"
        self.clock_us = 0
        self.read_us: dict[str, int | None] = {}  # each partition of the inputs, and how far it has been read
        self.swept_us = 0
        self.counts: Counter[str] = Counter()
        self.assets = Assets()
        self.references = References(self.territory)
        self.seen = SeenEvents()
        self.holdings = Holdings(self.assets, self.territory)
        self.set_aside = SetAside()
        self.deadlines = Deadlines()
        self.reconciliation = Reconciliation(self.assets, self.references, self.holdings, self.deadlines)
        self.tables: dict[str, Table[Any, Any]] = {  # what keeps rows as they are written, by their kind
            **self.reconciliation.tables,
            "deadline": self.deadlines.table,
            "value_date": self.holdings.movements.value_dates,
        }
        self.brakes = self.reconciliation.context.brakes
        self.holdings.breaks.trust = self.reconciliation.context.sources
        self.sentinels = Sentinels(settings)
        self.book = AlertBook(shard)
        self.reconciliation.context.alert_key = self.book.key_of
        self.settling: dict[str, tuple[str, str, str]] = {}  # deadline key to (location, asset, event of the snapshot)
        self.pending_thresholds: dict[str, dict[str, object]] = {}
        self.outputs: list[Output] = []
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Let `settings` decide from now on."""
        if settings.shards != self.territory.shards.rules:
            self.territory.take(ShardMap(settings.shards))
        self.settings = settings
        self.horizon_us = settings.horizon_days * 86_400 * SECOND_US
        self.clock_skew_us = round(settings.clock_skew_s * SECOND_US)
        self.holdings.configure(
            skew_us=round(settings.snapshot_skew_s * SECOND_US),
            material_usd_cents=settings.material_usd * 100,
            rebasing_share=round(1 / settings.rebasing_tolerance),
        )
        self.reconciliation.configure(settings)
        self.brakes.renew(_standing(row, ()) for row in self.book.rows.values())
        self.sentinels.configure(settings)

    @property
    def may_be_mapped(self) -> bool:
        """Whether nothing was applied yet, so that another map of the shards can still hold for all of it."""
        return not any(self.counts[kind] for kind in ("transfers", "ledger", "balances", "reference", "set aside"))

    def set_clock(self, clock: Clock) -> None:
        """Say what moves the clock. Live (`ticks`), the topics race each other, and one snapshot waits a moment."""
        self.clock = clock
        self.holdings.breaks.settle_us = LIVE_SETTLE_US if clock == "ticks" else 0

    def say(self, alert: Alert | None) -> None:
        if alert is not None:
            self.outputs.append(Output("alerts", alert.scope.key(), alert))

    def raise_(self, signal: Signal) -> None:
        """Raise or renew an alert; a one-off is over once it has not been seen for a while, and so is a storm."""
        self.say(self.book.raise_(signal))
        row = self.book.rows.get(signal.key)
        if row is not None:
            self.brakes.hear(_standing(row, signal.links))
        for incident_id, due_us in self.book.drain_due().items():
            self.deadlines.set(f"storm|{incident_id}", due_us)
        if signal.one_off:
            self.deadlines.set(f"quiet|{signal.key}", signal.at_us + round(self.settings.quiet_s * SECOND_US))

    def clear(
        self, key: str, state: AlertState, cause: Cause, explanation: str, evidence: tuple[str, ...] = ()
    ) -> None:
        row = self.book.rows.get(key)
        self.say(self.book.clear(key, state, cause.at_us, cause.cause_id, explanation, evidence))
        if row is not None and key not in self.book.rows:
            self.brakes.lift(row.alert_id, cause.at_us)

    def quarantine(self, code: str, reason: str, record: Record, event_id: str | None = None) -> None:
        """Keep what cannot be applied, count it, and show it, unless another shard that has it does."""
        self.counts[f"quarantined {code}"] += 1
        if not self.tells:
            return
        value = quarantined(code, reason, record.topic, record.origin, record.value, event_id)
        self.outputs.append(Output("quarantine", code, value))


def _standing(row: OpenAlert, links: tuple[str, ...]) -> Standing:
    """Return an open alert as the brake hears of it."""
    return Standing(row.alert_id, row.type, row.severity.value, row.scope.to_plain(), links, row.updated_at_us)
