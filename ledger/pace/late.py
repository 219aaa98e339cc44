"""What is known of a movement whose clock runs, when something is to be said of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ledger.dossiers import Dossier
from ledger.pace.routes import Allowance, Ends
from ledger.pace.words import seconds_text
from ledger.times import to_text

if TYPE_CHECKING:
    from ledger.context import Context


class Late(NamedTuple):
    """A movement, its value in units of `ends.asset`, and its clock (microseconds).

    The clock began at `since_us`, stood still for `paused_us`, and is looked at, or ended, at `at_us`. An `allowance`
    of nothing: nobody knows how long it may take. `worse`: it has run for twice of what is allowed.
    """

    dossier: Dossier
    ends: Ends
    units: int
    since_us: int
    at_us: int
    allowance: Allowance
    paused_us: int = 0
    worse: bool = False


def after_text(late: Late, what: str) -> str:
    """Return when something ended, how long after `what` that was, and how long it might have taken."""
    allowed = f"; {late.allowance.why}" if late.allowance.us else ""
    return f"at {to_text(late.at_us)}, {seconds_text(max(late.at_us - late.since_us, 0))} s after {what}{allowed}."


def waits_until_us(
    context: Context, due_us: int, truly_due_us: Callable[[int], int], tellers: tuple[str, ...], cents: int | None
) -> int | None:
    """Return until when a deadline that passed at `due_us` must wait after all; None where it has truly passed by now.

    `truly_due_us` says when it should pass, as far as maintenance up to a moment has put it off.
    """
    while (later_us := truly_due_us(due_us)) > due_us:
        if later_us > context.now_us or context.sources.is_held_up(tellers, later_us, cents):
            return later_us
        due_us = later_us
    return None


def expect(context: Context, key: str, due_us: int, tellers: tuple[str, ...], cents: int | None) -> None:
    """Wait for a moment; where it has passed, for those who have yet to tell what happened until then."""
    context.absences.expect(key, due_us, tellers, cents)
    if due_us <= context.now_us and not context.absences.is_due(key):
        context.deadlines.cancel(key)  # it is held now, and is tried again when one of them tells more
