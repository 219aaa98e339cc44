"""What one movement counts for: a mark, made anew from its dossier whenever something is heard of it.

What follows from the dossier is read off it each time. What does not, its verdicts, its holds and what was told of it, is
carried from mark to mark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from ledger.dossiers import PASSED, REQUESTED, Dossier
from ledger.findings import Breach, Verdict
from ledger.fold import RANK, UNDONE
from ledger.pace.pledges import target_us_of
from ledger.pace.stages import Open, moments_of, spans_of
from ledger.screens.words import client_of
from ledger.service.gravity import is_grave
from ledger.times import DAY_US, SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

CORRECTIONS = frozenset(("adjustment", "refund", "reversal"))
"""What people do to put something right."""
_STATUSES: tuple[str, ...] = tuple(RANK)
Risk = Literal["", "risk_free", "risky"]
Way = Literal["", "auto", "manual", "unsaid"]


class Mark(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One movement as it is counted. `day` is that of its request (else of its first report), in days since 1970 UTC.

    `passed` says who let it pass: a machine, people, or nobody has said. `risk` is the class of the latest verdict, and
    `passed_as` the class in force when it passed (of the first verdict, where none came before). `failed` are the rules
    that the latest verdict names. `errors` are the kinds of breaches told of it, `grave`: one of them P1 or P2.
    `held_us` is for how long it was held before now, `held_since_us` since when it is held; 0: it is not.
    """

    day: int
    op_type: str
    client: str = ""
    requested: bool = False
    passed: Way = ""
    completed: bool = False
    undone: str = ""  # the status that undid it
    took_s: int = 0  # from its request to its completion, where it is completed
    cents: int | None = None  # US cents; of corrections only
    risk: Risk = ""
    passed_as: Risk = ""
    failed: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    grave: bool = False
    held: bool = False
    held_us: int = 0
    held_since_us: int = 0
    kept: tuple[str, ...] = ()  # stages of a completed movement that were promised a time, and took no longer
    broken: tuple[str, ...] = ()  # and those that took longer

    @property
    def straight_through(self) -> bool:
        """Whether it went through as it should: free of risk, by machine, to its end, never held, nothing grave."""
        by_machine = self.completed and self.passed == "auto" and self.passed_as == "risk_free"
        return by_machine and not self.grave and not self.held

    @property
    def is_asked(self) -> bool:
        """Whether it was asked for, or may pass by itself: of all others it means nothing that no rule lets them pass."""
        return self.requested or self.risk == "risk_free"

    @property
    def is_for_people(self) -> bool:
        """Whether a verdict sent it to people: it is risky, and no machine let it pass."""
        return self.risk == "risky" and self.passed in ("", "manual")

    @property
    def is_correction(self) -> bool:
        return self.op_type in CORRECTIONS


def marked(context: Context, dossier: Dossier, before: Mark | None) -> Mark:
    """Return the mark of a movement as it stands now; `before` is the last one."""
    arrived = dossier.arrived
    kept, broken = _promises(context, dossier) if arrived and context.stages.targets.matter else ((), ())
    mark = Mark(
        day=dossier.begun_us // DAY_US,
        op_type=dossier.op_type,
        client=client_of(dossier),
        requested=bool(dossier.stages & REQUESTED),
        passed=_way(dossier),
        completed=arrived,
        undone=_undone(context, dossier) if dossier.undone else "",
        took_s=max(dossier.arrived_us - dossier.begun_us, 0) // SECOND_US if arrived else 0,
        cents=context.cents(dossier.asset, dossier.instructed_units) if dossier.op_type in CORRECTIONS else None,
        kept=kept,
        broken=broken,
    )
    return mark if before is None else _carried(mark, before, context.now_us)


def is_same(mark: Mark, dossier: Dossier) -> bool:
    """Tell at a glance that a movement under way counts for what it did before; most reports change nothing."""
    under_way = not (dossier.arrived or dossier.undone or mark.completed or mark.undone or mark.is_correction)
    return (
        under_way
        and mark.passed == _way(dossier)
        and mark.requested == bool(dossier.stages & REQUESTED)
        and mark.day == dossier.begun_us // DAY_US
        and mark.client == client_of(dossier)
    )


def _carried(mark: Mark, before: Mark, now_us: int) -> Mark:
    """Return a mark with what was known of its movement beside the dossier; a hold ends when it passes or is undone."""
    if not before.risk and not before.errors:
        return mark
    over = released(before, now_us) if mark.passed or mark.undone else before
    return replace(
        mark,
        risk=before.risk,
        passed_as=before.passed_as or (before.risk if mark.passed else ""),
        failed=before.failed,
        errors=before.errors,
        grave=before.grave,
        held=before.held,
        held_us=over.held_us,
        held_since_us=over.held_since_us,
    )


def released(mark: Mark, at_us: int) -> Mark:
    """Return the mark of a movement that is held no longer, from a moment on."""
    if not mark.held_since_us:
        return mark
    return replace(mark, held_us=mark.held_us + max(at_us - mark.held_since_us, 0), held_since_us=0)


def judged(mark: Mark, verdict: Verdict) -> Mark:
    """Return the mark after a verdict; a verdict that comes when it has passed, or was undone, holds nothing."""
    risk: Risk = "risk_free" if verdict.risk_free else "risky"
    holds = verdict.action == "hold" and not mark.passed and not mark.undone
    mark = mark if holds else released(mark, verdict.at_us)
    return replace(
        mark,
        risk=risk,
        passed_as=mark.passed_as or (risk if mark.passed else ""),
        failed=tuple(failure.rule for failure in verdict.failed),
        held=mark.held or holds,
        held_since_us=(mark.held_since_us or verdict.at_us) if holds else 0,
    )


def told_of(mark: Mark, breach: Breach) -> Mark:
    """Return the mark after a breach was told of its movement; a kind counts once for each movement."""
    errors = mark.errors if breach.kind in mark.errors else tuple(sorted((*mark.errors, breach.kind)))
    return replace(mark, errors=errors, grave=mark.grave or is_grave(breach))


def _way(dossier: Dossier) -> Way:
    """Return who let it pass: people, if anybody says that they had a hand in it."""
    if not dossier.stages & PASSED:
        return ""
    if dossier.control_origin == "manual" or dossier.approvers:
        return "manual"
    return "auto" if dossier.control_origin else "unsaid"


def _promises(context: Context, dossier: Dossier) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the stages whose promise was kept, and those whose promise was broken; maintenance does not count."""
    targets, facts = context.stages.targets, context.holdings.movements.by_id[dossier.transfer_id].facts
    found: tuple[list[str], list[str]] = ([], [])
    for stage, since_us, over_us in spans_of(Open(dossier.op_type, "", *moments_of(facts)), dossier.arrived_us):
        promise = targets.pledges.of(stage, dossier)
        if promise is not None and since_us and over_us:
            ran_us = over_us - since_us - targets.ways.paused_us(dossier, since_us, over_us)
            found[ran_us > target_us_of(promise)].append(stage)
    return tuple(found[0]), tuple(found[1])


def _undone(context: Context, dossier: Dossier) -> str:
    """Return the status that undid it: the latest by its own time."""
    facts = context.holdings.movements.by_id[dossier.transfer_id].facts
    return next(_STATUSES[fact.rank] for fact in reversed(facts) if fact.rank in UNDONE)
