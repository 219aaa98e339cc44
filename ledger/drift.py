"""Hold a reported balance against the expected one, and say what part of the difference nobody can explain.

A position is judged snapshot by snapshot in order of the source's own time. What moves by no more than dust agrees,
and moves the baseline; what could be explained by something happening in the same moment is pending; the rest is
unexplained, and stays so until the balance agrees again or a late event explains it. Nothing is ever reset.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

SUMS_OF_LAST = 12


class Judgement(NamedTuple):
    """What is known of a position after one snapshot, all in units; drift is reported minus expected.

    `baseline`: the drift at the last snapshot that agreed, which is the signed sum of the dust that agreeing snapshots
    hid, since each of them moved it by no more. `streak`: how many snapshots in a row showed an unexplained surplus (positive) or deficit
    (negative). `unexplained`: what the last of them showed. `pending`: a difference that may be a matter of timing.
    """

    baseline: int = 0
    streak: int = 0
    unexplained: int = 0
    pending: int = 0


FRESH = Judgement()


def judge(before: Judgement, drift: int, dust: int, least: int, most: int, *, same_moment: bool) -> Judgement:
    """Return the judgement after a snapshot that shows `drift` units.

    `least` <= 0 <= `most`: how far the expected balance is uncertain at that moment, in units. `same_moment` says that
    the snapshot before had the same source time, so that this one is no further observation.
    """
    moved = drift - before.baseline
    if -dust <= moved <= dust:
        return Judgement(drift)
    seen_before = before.unexplained if before.streak else before.pending
    unchanged = seen_before != 0 and abs(moved - seen_before) <= dust
    if least - dust <= moved <= most + dust and (same_moment or not unchanged):
        return before._replace(pending=moved)
    # A difference that was put down to timing and is still there, unchanged, was none: it counts as seen before.
    seen = before.streak or (unchanged and not same_moment and (1 if moved > 0 else -1))
    return before._replace(streak=_lengthen(seen, moved, same_moment=same_moment), unexplained=moved, pending=0)


def _lengthen(streak: int, moved: int, *, same_moment: bool) -> int:
    sign = 1 if moved > 0 else -1
    if streak * sign <= 0:
        return sign
    return streak if same_moment else streak + sign


def is_sum_of_some(target: int, parts: list[int], single_tolerance: int, tolerance: int) -> bool:
    """Tell whether one of `parts` is `target` units, or two or three of the last twelve, or all of them together.

    Larger subsets are not tried: of a dozen parts some would add up to almost anything.
    """
    if any(abs(part - target) <= single_tolerance for part in parts) or abs(sum(parts) - target) <= tolerance:
        return True
    recent = parts[-SUMS_OF_LAST:]
    return any(abs(sum(some) - target) <= tolerance for size in (2, 3) for some in combinations(recent, size))


def nearest_sum(target: int, parts: list[int], wholes: list[int]) -> int:
    """Return the sum of some of `parts`, or 0 for none of them, that is nearest to `target`: of those tried above.

    `wholes` are further sums that are likely.
    """
    recent = parts[-SUMS_OF_LAST:]
    sums = [0, *wholes, *parts, sum(parts), *(sum(some) for size in (2, 3) for some in combinations(recent, size))]
    return min(sums, key=lambda units: abs(units - target))
