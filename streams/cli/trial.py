"""Try a policy: two monitors over the same records, which differ in their policy alone, and what each of them says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from alerts.records import Alert
from ledger.amounts import to_decimal
from ledger.dossiers import Dossier
from ledger.policy.document import Policy, default_policy
from streams.lines import Placed
from streams.monitor import Monitor, Settings
from streams.monitor.outputs import Decision
from streams.monitors import Monitors
from streams.record import Output, Record
from streams.replay import RECORDS_PER_DRAIN, replay


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A movement that was decided, as it was when that was first done: `amount` a plain decimal, `usd_cents` its worth."""

    op_type: str = ""
    client: str = ""
    amount: str = ""
    asset: str = ""
    usd_cents: int | None = None


@dataclass
class Said:
    """What a run says in the end: the last decision of each movement, the first record of each alert, the policies."""

    versions: dict[str, None] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)

    def take(self, output: Output) -> None:
        """Note an output; of two decisions the one with the higher `seq` stands."""
        if output.topic == "decisions":
            decision: Decision = output.value
            self.versions[decision.policy_version] = None
            before = self.decisions.get(decision.transfer_id)
            if before is None or decision.seq >= before.seq:
                self.decisions[decision.transfer_id] = decision
        elif output.topic == "alerts":
            self.alerts.setdefault(output.value.alert_id, output.value)


@dataclass
class Trial:
    """Two runs over the same records: `now` with the policy in force, `then` with the one that is tried."""

    now: Said = field(default_factory=Said)
    then: Said = field(default_factory=Said)
    moved: dict[str, Moved] = field(default_factory=dict)
    records: int = 0


def try_policy(settings: Settings, against: Policy | None, lines: Iterable[Placed]) -> Trial:
    """Return what two runs say: one with the policy of `settings`, one with `against`, else with what is in force.

    All other settings are the same in both: those of `settings`, until the records say otherwise.
    """
    trial = Trial()
    now = Monitors(msgspec.structs.replace(settings, policy=against or default_policy()))
    then = Monitors(settings)

    def beside() -> Iterator[Placed]:
        """Hand each line on, after the policy that is tried has seen it."""
        for line in then.mapped(lines):
            without = line._replace(record=without_policy(line.record))
            _step(then, without, trial, trial.then)
            trial.records += 1
            if not trial.records % RECORDS_PER_DRAIN:
                then.forget_changes()
            yield without if against else line

    replay(now, now.mapped(beside()), lambda output: _take(now, output, trial, trial.now))
    for monitors, said in ((now, trial.now), (then, trial.then)):
        said.versions = said.versions or {monitors.monitors[0].state.settings.policy.version: None}
    return trial


def without_policy(record: Record) -> Record:
    """Return a record of the log without the policy that it puts in force, if it does."""
    if record.topic != "control" or b'"policy"' not in record.value:
        return record
    try:
        event = msgspec.json.decode(record.value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return record  # the monitor will quarantine it
    for name in ("settings", "changes"):
        if isinstance(event, dict) and isinstance(event.get(name), dict):
            event[name].pop("policy", None)
    return msgspec.structs.replace(record, value=msgspec.json.encode(event))


def _step(monitors: Monitors, line: Placed, trial: Trial, said: Said) -> None:
    for output in monitors.step(line):
        _take(monitors, output, trial, said)


def _take(monitors: Monitors, output: Output, trial: Trial, said: Said) -> None:
    said.take(output)
    if output.topic == "decisions" and output.value.transfer_id not in trial.moved:
        trial.moved[output.value.transfer_id] = _moved(monitors, output.value.transfer_id)


def _moved(monitors: Monitors, transfer_id: str) -> Moved:
    """Return what is known of a movement: of two shards that have it, both know the same of its beginning."""
    for monitor in monitors.monitors:
        dossier = monitor.state.reconciliation.context.dossiers.get(transfer_id)
        if dossier is not None:
            return _as_moved(monitor, dossier)
    return Moved()


def _as_moved(monitor: Monitor, dossier: Dossier) -> Moved:
    return Moved(
        op_type=dossier.op_type,
        client=dossier.origin_client or dossier.client,
        amount=to_decimal(dossier.instructed_units),
        asset=dossier.asset,
        usd_cents=monitor.state.assets.usd_cents(dossier.asset, dossier.instructed_units),
    )
