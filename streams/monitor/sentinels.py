"""The models at work: which dust has too much of one sign, and which size is unusual. They raise, never suppress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alerts.records import AlertState
from alerts.severity import severity_for
from alerts.signals import Signal
from ledger.amounts import to_decimal, to_float
from ledger.events import Transfer
from ledger.findings import DustFinding
from models.base import Status
from models.cusum import Cusum, CusumScore, CusumState
from streams.monitor.settings import Settings
from streams.monitor.wording import usd_text

if TYPE_CHECKING:
    from streams.monitor.state import Cause, State

Key = tuple[str, ...]
FLOOR_PER_DUST = 10  # a leak of a tenth of the dust is still seen; below that it is noise of the books' own rounding


class Sentinels:
    """All models with what they have learnt, as rows."""

    def __init__(self, settings: Settings) -> None:
        self.trends: dict[Key, CusumState] = {}
        self.touched: set[Key] = set()
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Let `settings` decide from now on; what was learnt stays."""
        self.settings = settings
        self._cusums: dict[int, Cusum] = {}  # by dust, in units

    def watch_dust(self, state: State, finding: DustFinding, cause: Cause) -> None:
        """Add what an agreeing snapshot hid to the sums of its position."""
        if finding.dust:
            key = ("trend", finding.location, finding.asset)
            self._tell_trend(state, key, finding, self._observe(key, finding), cause)

    def _observe(self, key: Key, finding: DustFinding) -> CusumScore:
        known = self.trends.get(key)
        if known is None:
            known = self.trends[key] = CusumState()
        self.touched.add(key)
        return self._cusum(finding.dust).observe(known, to_float(finding.moved))

    def _cusum(self, dust: int) -> Cusum:
        cusum = self._cusums.get(dust)
        if cusum is None:
            floor = to_float(dust) / FLOOR_PER_DUST
            cusum = Cusum(scale_floor=floor, arl0_events=self.settings.trend_events_between_false_alarms)
            self._cusums[dust] = cusum
        return cusum

    def _tell_trend(self, state: State, key: Key, finding: DustFinding, score: CusumScore, cause: Cause) -> None:
        name = f"drift_trend|{finding.location}|{finding.asset}"
        least = self.settings.trend_dust_multiple * to_float(finding.dust)
        cusum = self._cusum(finding.dust)
        if score.alarm and abs(score.run_sum) >= least:
            if name not in state.book.rows:
                count = self.trends[key].seen - score.started_index
                state.raise_(self._trend_signal(state, name, count, finding, score, cause))
        elif score.status is Status.SCORED and score.statistic < cusum.alarm_at / 2:
            text = f"The dust of {finding.asset} at {finding.location} has no side any more."
            state.clear(name, AlertState.RESOLVED, cause, text)

    def _trend_signal(
        self, state: State, name: str, count: int, finding: DustFinding, score: CusumScore, cause: Cause
    ) -> Signal:
        units = round(score.run_sum * 10**9) * 10**21  # a model's float, shown to nine places; never used as money
        side = "surplus" if score.side > 0 else "deficit"
        return Signal(
            type="drift_trend",
            key=name,
            severity=severity_for("drift_trend"),
            scope={"location": finding.location, "asset": finding.asset},
            cause_id=cause.cause_id,
            at_us=cause.at_us,
            difference=to_decimal(units),
            usd=usd_text(state.assets.usd_cents(finding.asset, units)),
            evidence=(finding.event_id,),
            model="multi_cusum",
            score=score.statistic,
            threshold=self._cusum(finding.dust).alarm_at,
            explanation=f"{finding.location}: {count} differences below dust ({to_decimal(finding.dust)} {finding.asset}) have "
            f"added up to a {side} of {to_decimal(abs(units))} {finding.asset}; chance would share them between both "
            "sides. A steady leak or a one-sided rounding.",
        )

    def watch_size(self, state: State, event: Transfer, asset: str, cause: Cause) -> None:
        """Score the size of a movement when it is first heard of, then learn it."""

    def keys(self) -> list[Key]:
        return list(self.trends)

    def to_plain(self, key: Key) -> Any:
        known = self.trends.get(key)
        return None if known is None else known.to_plain()

    def load(self, key: Key, plain: Any) -> None:
        self.trends[key] = CusumState.from_plain(plain)
