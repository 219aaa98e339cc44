"""What a run proves: whether the scenario was found, as what, how late against its deadline, and what else was said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby

from alerts.records import Alert
from streams.simulate import FAULTS, Label
from streams.simulate.faults import Expected
from tests.scenarios.runs import Run, injected_at, later, moment, seconds_between

SLACK_S = 5.0  # an alert waits for the next event to move the clock past its deadline


@dataclass(frozen=True)
class Verdict:
    """One run judged. `delay_s` counts from the moment at which the scenario could be known, `allowed_s` likewise.

    `alarms` are the alerts that must not be: forbidden ones, and of a look-alike all that touch it. `misjudged` are the
    movements of which something else was decided than the label says.
    """

    name: str
    seed: int
    found: bool
    alert_type: str = ""
    severity: str = ""
    delay_s: float = 0.0
    allowed_s: float = 0.0
    incidents: int = 0
    alarms: tuple[str, ...] = ()
    misjudged: tuple[str, ...] = ()
    why: str = ""

    @property
    def passed(self) -> bool:
        return self.found and not self.alarms and not self.misjudged and self.incidents <= FAULTS[self.name].incidents


def judge(run: Run) -> Verdict:
    """Return the verdict on a run of a scenario or of a look-alike."""
    kind = FAULTS[run.name]
    if not run.labels:
        return Verdict(run.name, run.seed, found=False, why="nothing was injected")
    label = run.labels[0]
    if kind.lookalike_of:
        alarms = tuple(_told(alert) for alert in run.opened if touches(run, label, alert))
        return Verdict(run.name, run.seed, found=True, alarms=alarms, misjudged=misjudged(run, label))
    return replace(_judge_scenario(run, label), misjudged=misjudged(run, label))


def misjudged(run: Run, label: Label) -> tuple[str, ...]:
    """Return of which movements something else was decided than the label expects, if it is more than it spares."""
    wrong = tuple(said for expected in label.expected_decisions if (said := _otherwise(run, expected)))
    return wrong if len(wrong) > label.decisions_spared else ()


def _otherwise(run: Run, expected: Expected) -> str:
    """Return what was decided of a movement where it is not what was expected; actions that repeat count once."""
    made = run.decisions.get(expected.transfer_id, [])
    actions = [action for action, _ in groupby(decision.action for decision in made)]
    failed = [rule.rule for rule in made[0].failed_rules] if made else []
    if tuple(actions[: len(expected.actions)]) == expected.actions and set(expected.rules) <= set(failed):
        return ""
    return f"{expected.transfer_id}: {' '.join(actions) or 'nothing'} ({' '.join(failed)})"


def _judge_scenario(run: Run, label: Label) -> Verdict:
    kind = FAULTS[run.name]
    known = knowable_at(run, label)
    due = later(known, kind.deadline_s if label.deadline_s is None else label.deadline_s)
    if kind.awaits:
        due = max(due, run.delivered_at(due) or due)
    allowed_s = seconds_between(known, due) + SLACK_S
    told = [alert for alert in run.opened if alert.type in label.expected_alert_types and touches(run, label, alert)]
    reached = [found for alert in told if (found := _reaches(run, alert, label.severity or kind.severity)) is not None]
    alarms = tuple(_told(alert) for alert in run.opened if _is_forbidden(run, label, alert))
    if not reached:
        heard = ", ".join(sorted({f"{alert.type} {alert.severity}" for alert in told})) or "nothing of it was told"
        return Verdict(run.name, run.seed, found=False, alarms=alarms, allowed_s=allowed_s, why=heard)
    at, first = min(reached, key=lambda found: found[0])
    delay_s = seconds_between(known, at)
    incidents = {alert.incident_id for alert in told}
    return Verdict(
        run.name, run.seed, delay_s <= allowed_s, first.type, _severity_at(run, first, at), delay_s, allowed_s,
        len(incidents), alarms, why="" if delay_s <= allowed_s else "late",
    )  # fmt: skip


def knowable_at(run: Run, label: Label) -> str:
    """Return when the scenario could be known: the arrival of the first event that tells it."""
    arrivals = [moment(run.arrivals[event_id]) for event_id in label.telling_ids if event_id in run.arrivals]
    return min(arrivals, default=injected_at(label))


def touches(run: Run, label: Label, alert: Alert) -> bool:
    """Tell whether an alert is about what was injected: it names its events, or its movement, account, place or source."""
    named = {*label.event_ids, *label.telling_ids}
    arrivals = [moment(run.arrivals[event_id]) for event_id in named if event_id in run.arrivals]
    if moment(alert.updated_at) < min([injected_at(label), *arrivals]):
        return False
    if named & set(run.last[alert.alert_id].evidence) or named & set(alert.evidence):
        return True
    scope = alert.scope.to_plain()
    # An asset alone says little: it must agree where both name one, and something else besides.
    if scope.get("asset", label.scope.get("asset")) != label.scope.get("asset", scope.get("asset")):
        return False
    return any(name != "asset" and label.scope.get(name) == value for name, value in scope.items())


def _reaches(run: Run, alert: Alert, severity: str) -> tuple[str, Alert] | None:
    """Return when an alert was told with this severity or worse; None where it never was."""
    moments = [at for said, at in run.worst[alert.alert_id] if not severity or said <= severity]
    return (min(moments), alert) if moments else None


def _severity_at(run: Run, alert: Alert, at: str) -> str:
    return min(said for said, when in run.worst[alert.alert_id] if when <= at)


def _is_forbidden(run: Run, label: Label, alert: Alert) -> bool:
    # What was said before anybody could know better is no false alarm of this kind.
    if moment(alert.updated_at) < knowable_at(run, label) or alert.type in label.expected_alert_types:
        return False
    if (
        label.forbidden_from_severity
        and min(said for said, _ in run.worst[alert.alert_id]) <= label.forbidden_from_severity
    ):
        return alert.type not in label.possible_alert_types
    return alert.type in label.forbidden_alert_types and touches(run, label, alert)


def _told(alert: Alert) -> str:
    return f"{alert.severity} {alert.type}: {alert.explanation}"
