"""What the ledger's checks find, as signals for the alert book: severity by type and value, links to its incident."""

from __future__ import annotations

from alerts.records import AlertState
from alerts.severity import severity_for
from alerts.signals import Signal
from ledger.amounts import to_decimal
from ledger.findings import Breach, Mended
from streams.monitor.cause import Cause
from streams.monitor.state import State
from streams.monitor.wording import usd_text


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


def _decimal(units: int | None) -> str | None:
    return None if units is None else to_decimal(units)
