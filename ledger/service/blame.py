"""Which rules of the policy send movements to people, and how many each for itself."""

from __future__ import annotations

from msgspec import Struct

from ledger.service.marks import Mark


class RuleTally(Struct, omit_defaults=True, gc=False):
    """One rule of the policy. `verdicts` is as in `Tally`: every verdict that names the rule, since the beginning.

    `movements` are those whose latest verdict names it, `for_people` those of them that were sent to people, and `sole`
    those that were for this rule alone.
    """

    verdicts: int = 0
    movements: int = 0
    for_people: int = 0
    sole: int = 0


def recount_rule(tally: RuleTally, rule: str, before: Mark | None, after: Mark | None) -> None:
    """Let a movement count for a rule, as far as its latest verdict names it."""
    was, now = _blame(rule, before), _blame(rule, after)
    tally.movements += now[0] - was[0]
    tally.for_people += now[1] - was[1]
    tally.sole += now[2] - was[2]


def _blame(rule: str, mark: Mark | None) -> tuple[int, int, int]:
    if mark is None or rule not in mark.failed:
        return 0, 0, 0
    return 1, int(mark.is_for_people), int(mark.is_for_people and mark.failed == (rule,))
