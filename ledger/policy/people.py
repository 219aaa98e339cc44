"""R9 and R10: the score of the money, and who has let it pass."""

from __future__ import annotations

from decimal import Decimal

from ledger.policy.asked import Answer, Asked, Known, proved, unknown
from ledger.policy.document import Approval, Compliance
from ledger.times import DAY_US, SECOND_US


def compliance(known: Known, rule: Compliance, asked: Asked) -> Answer:
    """R9: where a largest score applies, the score is told and at most that."""
    bounds = [Decimal(str(limit.kyt_max)) for limit in asked.limits if limit.kyt_max is not None]
    if rule.kyt_max is not None:
        bounds.append(Decimal(str(rule.kyt_max)))
    if not bounds:
        return None
    score, most = asked.dossier.kyt_score, min(bounds)
    if not score:
        return unknown(f"nobody has told its score, of at most {most}")
    return proved(f"its score of {score} is above {most}") if Decimal(score) > most else None


def approval(known: Known, rule: Approval, asked: Asked) -> Answer:
    """R10: nobody approves what they asked for, enough people do where people must, and within hours."""
    dossier = asked.dossier
    if dossier.initiator and dossier.initiator in dossier.approvers:
        return proved(f"{dossier.initiator} asked for it and approved it")
    if dossier.approvers and not dossier.initiator:
        return unknown(f"{', '.join(dossier.approvers)} approved it, and nobody has told who asked for it")
    few = too_few(asked)
    if few is not None:
        return few
    for limit in asked.limits:
        if limit.hours is not None and not _is_within(limit.hours, asked.at_us):
            minutes = asked.at_us % DAY_US // (60 * SECOND_US)
            return proved(f"{minutes // 60:02d}:{minutes % 60:02d} is not within {limit.hours} UTC ({limit.limit_id})")
    return None


def too_few(asked: Asked) -> Answer:
    """Tell how many people have approved a movement where more must."""
    quorum = max((limit.quorum or 0 for limit in asked.limits), default=0)
    approved = sum(name != asked.dossier.initiator for name in asked.dossier.approvers)
    return proved(f"{approved} of {quorum} who must approve it have") if approved < quorum else None


def _is_within(hours: str, at_us: int) -> bool:
    """Tell whether a moment's time of day is within hours, which may run over midnight; both ends are."""
    start, _, end = hours.partition("-")
    from_us, until_us, time_us = _time_us(start), _time_us(end), at_us % DAY_US
    if from_us <= until_us:
        return from_us <= time_us <= until_us
    return time_us >= from_us or time_us <= until_us


def _time_us(text: str) -> int:
    hours, minutes = int(text[:2]), int(text[3:5])
    return (hours * 60 + minutes) * 60 * SECOND_US
