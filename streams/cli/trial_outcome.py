"""What a trial of a policy comes to: the differences between its two runs, as data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from alerts.records import Alert
from streams.cli.trial import Moved, Trial
from streams.monitor.outputs import Decision, FailedRule

CLASSES = ("risk_free", "risky")
ACTIONS = ("auto_approve", "review", "hold")
NOTHING = "no decision"


class Change(Struct, frozen=True, kw_only=True):
    """How many there are now, and how many there would be then."""

    name: str
    now: int
    then: int


class Verdict(Struct, frozen=True, kw_only=True, rename={"risk_class": "class"}):
    """The last decision on a movement; without one, its action says so."""

    risk_class: str | None
    action: str
    failed_rules: tuple[FailedRule, ...]


class ChangedVerdict(Struct, frozen=True, kw_only=True):
    """A movement that would be judged otherwise; `usd` is a plain decimal, None where no price was known."""

    transfer_id: str
    op_type: str
    client: str
    amount: str
    asset: str
    usd: str | None
    now: Verdict
    then: Verdict


class Told(Struct, frozen=True, kw_only=True):
    """An alert that would be told in one run only."""

    alert_id: str
    transfer_id: str | None
    opened_at: str
    explanation: str


class Value(Struct, frozen=True, kw_only=True):
    """How many movements, what they are worth, and how many of them have no price."""

    movements: int
    usd: str
    unpriced: int


class Outcome(Struct, frozen=True, kw_only=True):
    """All that would change. `alerts` counts every type that differs; violations are listed one by one."""

    policies_now: tuple[str, ...]
    policies_then: tuple[str, ...]
    records: int
    movements: int
    classes: tuple[Change, ...]
    actions: tuple[Change, ...]
    rules: tuple[Change, ...]
    newly_automatic: Value
    no_longer_automatic: Value
    changed: tuple[ChangedVerdict, ...]
    alerts: tuple[Change, ...]
    violations_appear: tuple[Told, ...]
    violations_disappear: tuple[Told, ...]


def outcome(trial: Trial) -> Outcome:
    """Return what would change with the policy that was tried."""
    now, then = trial.now.decisions, trial.then.decisions
    ids = list(dict.fromkeys((*now, *then)))
    changed = sorted((one for name in ids if _differ(one := _compared(name, trial))), key=_rank)
    rules = _changes(_rules(now.values()), _rules(then.values()), ())
    kinds_now, kinds_then = _kinds(trial.now.alerts.values()), _kinds(trial.then.alerts.values())
    return Outcome(
        policies_now=tuple(trial.now.versions),
        policies_then=tuple(trial.then.versions),
        records=trial.records,
        movements=len(ids),
        classes=_changes(_count(now, "risk_class"), _count(then, "risk_class"), CLASSES),
        actions=_changes(_count(now, "action"), _count(then, "action"), ACTIONS),
        rules=rules,
        newly_automatic=_value(trial, (one for one in changed if _passes(one.then) and not _passes(one.now))),
        no_longer_automatic=_value(trial, (one for one in changed if _passes(one.now) and not _passes(one.then))),
        changed=tuple(changed),
        alerts=tuple(change for change in _changes(kinds_now, kinds_then, ()) if change.now != change.then),
        violations_appear=_violations(trial.then.alerts, trial.now.alerts),
        violations_disappear=_violations(trial.now.alerts, trial.then.alerts),
    )


def _count(decisions: dict[str, Decision], name: str) -> Counter[str]:
    return Counter(getattr(decision, name) for decision in decisions.values())


def _rules(decisions: Iterable[Decision]) -> Counter[str]:
    return Counter(failed.rule for decision in decisions for failed in decision.failed_rules)


def _kinds(alerts: Iterable[Alert]) -> Counter[str]:
    return Counter(alert.type for alert in alerts)


def _changes(now: Counter[str], then: Counter[str], order: tuple[str, ...]) -> tuple[Change, ...]:
    """Return both counts of every name: those of `order` first, then by name, with numbers as people sort them."""
    names = dict.fromkeys((*order, *sorted({*now, *then}, key=_natural)))
    return tuple(Change(name=name, now=now[name], then=then[name]) for name in names)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]+)", name)]


def _compared(transfer_id: str, trial: Trial) -> ChangedVerdict:
    moved = trial.moved.get(transfer_id, Moved())
    return ChangedVerdict(
        transfer_id=transfer_id,
        op_type=moved.op_type,
        client=moved.client,
        amount=moved.amount,
        asset=moved.asset,
        usd=None if moved.usd_cents is None else _dollars(moved.usd_cents),
        now=_verdict(trial.now.decisions.get(transfer_id)),
        then=_verdict(trial.then.decisions.get(transfer_id)),
    )


def _verdict(decision: Decision | None) -> Verdict:
    if decision is None:
        return Verdict(risk_class=None, action=NOTHING, failed_rules=())
    return Verdict(risk_class=decision.risk_class, action=decision.action, failed_rules=decision.failed_rules)


def _differ(one: ChangedVerdict) -> bool:
    """Tell whether two verdicts differ in more than the words of a reason."""
    return _essence(one.now) != _essence(one.then)


def _essence(verdict: Verdict) -> tuple[str | None, str, list[str]]:
    return verdict.risk_class, verdict.action, [failed.rule for failed in verdict.failed_rules]


def _rank(one: ChangedVerdict) -> int:
    """Return how soon a change is to be looked at: what would pass by itself first, what only has other reasons last."""
    if one.now.action == one.then.action:
        return 2
    return 0 if _passes(one.then) else 1


def _passes(verdict: Verdict) -> bool:
    return verdict.action == "auto_approve"


def _value(trial: Trial, changed: Iterable[ChangedVerdict]) -> Value:
    worth = [trial.moved.get(one.transfer_id, Moved()).usd_cents for one in changed]
    priced = [cents for cents in worth if cents is not None]
    return Value(movements=len(worth), usd=_dollars(sum(priced)), unpriced=len(worth) - len(priced))


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _violations(alerts: dict[str, Alert], others: dict[str, Alert]) -> tuple[Told, ...]:
    """Return the violations of the policy among `alerts` that the other run does not tell."""
    return tuple(
        Told(
            alert_id=alert_id,
            transfer_id=alert.scope.transfer_id,
            opened_at=alert.opened_at,
            explanation=alert.explanation,
        )
        for alert_id, alert in alerts.items()
        if alert.type == "policy_violation" and alert_id not in others
    )
