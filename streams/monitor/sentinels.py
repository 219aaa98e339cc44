"""The models at work: which dust has too much of one sign, and which size is unusual. They raise, never suppress."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from alerts.severity import severity_for
from alerts.signals import Signal
from ledger.amounts import to_decimal, to_float, to_units
from ledger.assets import Assets
from ledger.events import Transfer
from ledger.findings import DustFinding
from ledger.fold import EXTERNAL
from models.base import Status
from models.cusum import Cusum, CusumScore, CusumState
from models.size import TAIL_KEY, SizeModel, SizeScore
from streams.monitor.cause import Cause
from streams.monitor.settings import Settings
from streams.monitor.wording import usd_text

Key = tuple[str, ...]
FLOOR_PER_DUST = 10  # a leak of a tenth of the dust is still seen; below that it is noise of the books' own rounding


class Ended(NamedTuple):
    """A condition that is over, and in which words."""

    key: str
    explanation: str


class Sentinels:
    """All models with what they have learnt, as rows."""

    def __init__(self, settings: Settings) -> None:
        self.trends: dict[Key, CusumState] = {}
        self.sizes = SizeModel()
        self.touched_trends: set[Key] = set()
        self.touched_sizes: set[Key] = {TAIL_KEY}
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Let `settings` decide from now on; what was learnt stays."""
        self.settings = settings
        self.sizes.alarm_surprise = settings.size_surprise_min
        self._cusums: dict[int, Cusum] = {}  # by dust, in units

    def watch_dust(self, finding: DustFinding, assets: Assets, cause: Cause) -> Signal | Ended | None:
        """Add what a report hid as dust to the sums of its position; say when they have a side, and when no more."""
        if not finding.dust or assets.by_code[finding.asset].rebasing:  # which grows by nature
            return None
        key = (finding.location, finding.asset)
        score, cusum = self._observe(key, finding), self._cusum(finding.dust)
        name = f"drift_trend|{finding.location}|{finding.asset}"
        if score.alarm and abs(score.run_sum) >= self.settings.trend_dust_multiple * to_float(finding.dust):
            count = self.trends[key].seen - score.started_index
            return self._trend_signal(assets, name, count, finding, score, cause)
        if score.status is Status.SCORED and score.statistic < cusum.alarm_at / 2:
            return Ended(name, f"The dust of {finding.asset} at {finding.location} has no side any more.")
        return None

    def _observe(self, key: Key, finding: DustFinding) -> CusumScore:
        known = self.trends.get(key)
        if known is None:
            known = self.trends[key] = CusumState()
        self.touched_trends.add(key)
        return self._cusum(finding.dust).observe(known, to_float(finding.moved))

    def _cusum(self, dust: int) -> Cusum:
        cusum = self._cusums.get(dust)
        if cusum is None:
            floor = to_float(dust) / FLOOR_PER_DUST
            cusum = Cusum(scale_floor=floor, arl0_events=self.settings.trend_events_between_false_alarms)
            self._cusums[dust] = cusum
        return cusum

    def _trend_signal(
        self, assets: Assets, name: str, count: int, finding: DustFinding, score: CusumScore, cause: Cause
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
            usd=usd_text(assets.usd_cents(finding.asset, units)),
            evidence=(finding.event_id,),
            model="multi_cusum",
            score=score.statistic,
            threshold=self._cusum(finding.dust).alarm_at,
            links=(f"place|{finding.location}|{finding.asset}",),
            explanation=f"{finding.location}: {count} differences below dust ({to_decimal(finding.dust)} {finding.asset}) have "
            f"added up to a {side} of {to_decimal(abs(units))} {finding.asset}; chance would share them between both "
            "sides. A steady leak or a one-sided rounding.",
        )

    def watch_size(self, event: Transfer, asset: str, assets: Assets, cause: Cause) -> Signal | None:
        """Score the size of a movement when it is first heard of, then learn it; return what is unusual about it."""
        amount = to_float(to_units(event.amount))
        if amount <= 0.0:
            return None
        client, operation, size = who_moves(event), event.op_type, math.log10(amount)
        score, changed = self.sizes.observe(client, asset, operation, size)
        self.touched_sizes.update(changed)
        # Much less than usual harms nobody; only much more is worth a look.
        if score.alarm and score.deviations > 0:
            return self._size_signal(assets, event, asset, client, score, cause)
        return None

    def _size_signal(
        self, assets: Assets, event: Transfer, asset: str, client: str, score: SizeScore, cause: Cause
    ) -> Signal:
        scope = {"asset": asset, "transfer_id": event.transfer_id}
        client_id = event.from_.client_id or event.to.client_id
        if client_id is not None:
            scope["client_id"] = client_id
        usual = to_decimal(round(10 ** min(score.usual_log10, 59.0) * 10**6) * 10**24)
        times = 10 ** min(math.log10(to_float(to_units(event.amount))) - score.usual_log10, 15.0)
        return Signal(
            type="flow_anomaly",
            key=f"flow_anomaly|{client}|{asset}|{event.op_type}",
            severity=severity_for("flow_anomaly"),
            scope=scope,
            cause_id=cause.cause_id,
            at_us=cause.at_us,
            observed=event.amount,
            usd=usd_text(assets.usd_cents(asset, to_units(event.amount))),
            evidence=(event.event_id,),
            model="robust_size",
            score=score.surprise,
            threshold=self.settings.size_surprise_min,
            one_off=True,
            links=(f"transfer|{event.transfer_id}",),
            explanation=f"{event.op_type} {event.transfer_id} of {event.amount} {asset} is {times:.0f} times what is "
            f"usual for {client} (about {usual} {asset}), {score.deviations:.1f} deviations away.",
        )

    def load_trend(self, key: Key, plain: Any) -> None:
        """Put back what was learnt of the dust at (location, asset)."""
        self.trends[key] = CusumState.from_plain(plain)


def who_moves(event: Transfer) -> str:
    """Return whose habits a movement belongs to: the client's, else the account's, else the place's."""
    origin, destination = event.from_, event.to
    return (
        origin.client_id or destination.client_id or origin.account_id or destination.account_id
        or (origin.location if origin.location != EXTERNAL else destination.location)
    )  # fmt: skip
