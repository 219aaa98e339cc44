"""What the ledger's checks find, as signals for the alert book: severity by type and value, links to its incident."""

from __future__ import annotations

from alerts.records import AlertState
from alerts.severity import severity_for
from alerts.signals import Signal
from ledger.amounts import to_decimal
from ledger.findings import Breach, Mended, Verdict
from ledger.times import to_text
from streams.monitor.cause import Cause
from streams.monitor.outputs import Decision, FailedRule
from streams.monitor.state import State
from streams.monitor.wording import usd_text
from streams.record import Output


def tell_breach(state: State, breach: Breach, cause: Cause) -> None:
    """Raise, or renew, the alert of a breach."""
    units = breach.difference if breach.value_units is None else breach.value_units
    known = breach.asset is not None and units is not None
    cents = state.assets.usd_cents(breach.asset or "", units or 0) if known else None
    state.raise_(
        Signal(
            type=breach.kind,
            key=f"{breach.kind}|{breach.key}",
            severity=severity_for(breach.kind, cents, aggravated=breach.worse),
            scope=breach.scope,
            cause_id=cause.cause_id,
            at_us=cause.at_us,
            expected=_decimal(breach.expected),
            observed=_decimal(breach.observed),
            difference=_decimal(breach.difference),
            usd=usd_text(cents),
            evidence=breach.evidence,
            rule=breach.rule,
            threshold=breach.threshold,
            told=breach.told,
            one_off=breach.one_off,
            links=breach.links,
            explanation=breach.sentence,
        )
    )


def tell_mended(state: State, mended: Mended, cause: Cause) -> None:
    """End the alert of a breach that is over."""
    ended = AlertState.EXPLAINED if mended.explained else AlertState.RESOLVED
    state.clear(f"{mended.kind}|{mended.key}", ended, cause, mended.sentence, mended.evidence)


def tell_verdict(state: State, verdict: Verdict) -> None:
    """Say what the policy says of a movement."""
    state.counts[f"decided {verdict.action}"] += 1
    decision = Decision(
        transfer_id=verdict.transfer_id,
        risk_class="risk_free" if verdict.risk_free else "risky",
        action=verdict.action,
        failed_rules=tuple(FailedRule(rule=failure.rule, why=failure.why) for failure in verdict.failed),
        policy_version=verdict.policy_version,
        decided_at=to_text(verdict.at_us),
        seq=verdict.seq,
    )
    state.outputs.append(Output("decisions", verdict.transfer_id, decision))


def _decimal(units: int | None) -> str | None:
    return None if units is None else to_decimal(units)
