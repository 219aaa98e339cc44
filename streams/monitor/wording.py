"""Findings in words: one sentence with numbers that an analyst can act on, and the signal that carries it."""

from __future__ import annotations

from alerts.severity import severity_for
from alerts.signals import Signal
from ledger.amounts import to_decimal
from ledger.diagnosis import Explanation
from ledger.findings import DriftFinding
from ledger.suspects import Hint, Suspect
from ledger.times import to_text

_TOLD_MOVEMENTS = 6


def drift_key(location: str, asset: str) -> str:
    """Return the identity of the condition "this position drifts"."""
    return f"position_drift|{location}|{asset}"


def drift_signal(finding: DriftFinding, cause_id: str, at_us: int, material_usd_cents: int) -> Signal:
    """Return the signal of a drift that opened or changed."""
    return Signal(
        type="position_drift",
        key=drift_key(finding.location, finding.asset),
        severity=severity_for(
            "position_drift", finding.usd_cents, p1_from_usd_cents={"position_drift": material_usd_cents}
        ),
        scope={"location": finding.location, "asset": finding.asset},
        cause_id=cause_id,
        at_us=at_us,
        expected=to_decimal(finding.expected),
        observed=to_decimal(finding.reported),
        difference=to_decimal(finding.reported - finding.expected),
        usd=usd_text(finding.usd_cents),
        evidence=finding.event_ids,
        rule="two_snapshots" if abs(finding.judgement.streak) >= 2 else "material_snapshot",
        told=finding.kind == "changed",
        links=(f"place|{finding.location}|{finding.asset}",),
        explanation=_drift_sentence(finding),
    )


def _drift_sentence(finding: DriftFinding) -> str:
    side = "more" if finding.unexplained > 0 else "less"
    size = to_decimal(abs(finding.unexplained))
    snapshots = abs(finding.judgement.streak)
    seen = "in one snapshot" if snapshots < 2 else f"in {snapshots} snapshots in a row"
    head = (
        f"{finding.location} reports {to_decimal(finding.reported)} {finding.asset} at {to_text(finding.as_of_us)}: "
        f"{size} {finding.asset}{_worth(finding.usd_cents)} {side} than can be explained, "
        f"{seen} since {to_text(finding.since_us)}."
    )
    parts = [head]
    if finding.judgement.baseline or finding.value_dated:
        parts.append(
            f"Of the whole difference {to_decimal(finding.judgement.baseline)} was dust before and "
            f"{to_decimal(-finding.value_dated)} is value-dated."
        )
    parts.append(_suspects_sentence(finding))
    return " ".join(parts)


def _suspects_sentence(finding: DriftFinding) -> str:
    """Name the movements to look at first, and what would account for the drift."""
    suspects = finding.suspects
    if finding.wider is not None:
        return _wider_sentence(finding.wider, finding)
    if not suspects:
        return "No movement was reported there between the last agreement and the first difference."
    telling = [_telling(suspect, finding.asset) for suspect in suspects[:_TOLD_MOVEMENTS] if suspect.hint]
    others = [suspect.ref for suspect in suspects if not suspect.hint][: _TOLD_MOVEMENTS - len(telling)]
    if telling:
        return f"It would be accounted for if {' or '.join(telling)}."
    more = f" and {len(suspects) - len(others)} more" if len(suspects) > len(others) else ""
    return f"Reported there since the last agreement: {', '.join(others)}{more}."


def _wider_sentence(found: Explanation, finding: DriftFinding) -> str:
    """Say what would account for a drift that no single movement accounts for."""
    if found.kind == "fee not booked":
        return f"It is exactly the fee told of {found.refs[0]}, which was to be borne elsewhere: it was taken here."
    if found.kind == "old report":
        return f"The report is what was expected before {to_text(found.at_us)}: it may be that old."
    if found.kind == "seen elsewhere":
        side = "too little" if finding.unexplained > 0 else "too much"
        return f"The same amount is {side} at {found.place}: a movement between the two may not have been told."
    (first, second), (one, two) = found.refs, found.hints
    return f"It would be accounted for by two errors: {first} {_GONE[one]}, and {second} {_GONE[two]}."


_GONE: dict[Hint, str] = {
    "did not happen": "did not happen, or is told twice",
    "happened twice": "happened twice",
    "wrong sign": "went the other way",
}


def _telling(suspect: Suspect, asset: str) -> str:
    amount = f"{suspect.ref} ({to_decimal(abs(suspect.delta))} {asset})"
    if suspect.hint == "did not happen":
        return f"{amount} had not happened, or is told twice"
    if suspect.hint == "happened twice":
        return f"{amount} had happened twice"
    if suspect.hint == "wrong sign":
        return f"{amount} had gone the other way"
    factor = 10 ** abs(suspect.shift)
    part = f"{factor:,} times" if suspect.shift > 0 else f"1/{factor:,} of"
    return f"{amount} had really been {part} that amount"


def drift_end(finding: DriftFinding, cause_id: str) -> str:
    """Return the sentence that ends a drift."""
    size = to_decimal(abs(finding.unexplained))
    if finding.explained:
        return (
            f"Explained: late event {cause_id} accounts for the {size} {finding.asset} at {finding.location} "
            f"that nobody could explain."
        )
    return (
        f"{finding.location} reports {to_decimal(finding.reported)} {finding.asset} at {to_text(finding.as_of_us)} "
        f"and agrees again; the difference was {size} {finding.asset}."
    )


def usd_text(cents: int | None) -> str | None:
    """Return a value in USD as a plain decimal with cents; None where no price is known."""
    return None if cents is None else f"{cents // 100}.{cents % 100:02d}"


def _worth(cents: int | None) -> str:
    return "" if cents is None else f" (about {cents // 100:,} USD)"
