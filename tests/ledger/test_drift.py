"""What each snapshot says about a position, told as stories: drift, how uncertain the moment is | the judgement.

The dust is 2 units. `4..9` after a drift: timing may explain as little as 4 units less and as much as 9 more.
"""

from __future__ import annotations

import pytest

from ledger.drift import FRESH, Judgement, is_sum_of_some, judge

DUST = 2
STORIES = {
    "what agrees to within dust is absorbed and moves the baseline": """
        0     | agrees 0
        2     | agrees 2
        4     | agrees 4
        3     | agrees 3
        1     | agrees 1
        -1    | agrees -1
    """,
    "what moves by more than dust is unexplained until it agrees again": """
        0     | agrees 0
        3     | 1 surplus 3
        4     | 2 surplus 4
        9     | 3 surplus 9
        2     | agrees 2
    """,
    "a deficit counts like a surplus, and a change of side begins again": """
        -5    | 1 deficit -5
        -5    | 2 deficit -5
        5     | 1 surplus 5
        -5    | 1 deficit -5
    """,
    "what is absorbed survives a break": """
        2     | agrees 2
        9     | 1 surplus 7
        4     | agrees 4
    """,
    "what timing may explain is pending": """
        9 0..9      | pending 9
        0           | agrees 0
        -9 -9..0    | pending -9
        -12 -9..0   | 1 deficit -12
    """,
    "dust does not count against what timing may explain": """
        11 0..9     | pending 11
        0           | agrees 0
        12 0..9     | 1 surplus 12
    """,
    "pending that is still there unchanged was none": """
        9 0..9      | pending 9
        9           | 2 surplus 9
        9           | 3 surplus 9
    """,
    "pending that is still there unchanged was none, however busy the moment": """
        9 0..9      | pending 9
        9 0..9      | 2 surplus 9
    """,
    "pending that changes is a new matter": """
        9 0..9      | pending 9
        5 0..5      | pending 5
        20          | 1 surplus 20
    """,
    "a second report of the same moment is no further observation": """
        5           | 1 surplus 5
        5 same      | 1 surplus 5
        9 0..9      | pending 9 after 1 surplus
        5           | 2 surplus 5
    """,
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_snapshots_are_judged_one_after_the_other(story: str) -> None:
    judgement = FRESH
    for line in story.strip().splitlines():
        row, _, verdict = line.partition("|")
        drift, *words = row.split()
        least, most = next((word.split("..") for word in words if ".." in word), ("0", "0"))
        judgement = judge(judgement, int(drift), DUST, int(least), int(most), same_moment="same" in words)
        assert told(judgement) == verdict.strip(), line


def told(judgement: Judgement) -> str:
    """Return a judgement in the words of the stories."""
    side = "surplus" if judgement.streak > 0 else "deficit"
    if judgement.pending:
        return f"pending {judgement.pending}" + (f" after {abs(judgement.streak)} {side}" if judgement.streak else "")
    if judgement.streak:
        return f"{abs(judgement.streak)} {side} {judgement.unexplained}"
    return f"agrees {judgement.baseline}"


@pytest.mark.parametrize("step", [-2, -1, 0, 1, 2])
def test_dust_is_never_lost(step: int) -> None:
    judgement = FRESH
    for count in range(1, 100):
        judgement = judge(judgement, step * count, DUST, 0, 0, same_moment=False)
    assert (judgement.baseline, judgement.streak) == (99 * step, 0)


@pytest.mark.parametrize(
    ("target", "parts", "found"),
    [
        (100, [100], True),
        (100, [105], True),  # one alone, to within its own tolerance
        (100, [106], False),
        (100, [30, 69, 7000], True),  # two or three, to within a smaller one
        (100, [30, 65, 7000], False),
        (100, [30, 50, 21, 7000], True),
        (100, [30, 30, 20, 20, 7000], False),  # of many parts some add up to almost anything
        (100, [30, 30, 20, 20], True),  # but all together count
        (-100, [-30, -70], True),
        (100, [-100], False),
        (100, [], False),
        (10**6, [1] * 1000 + [10**6] + [1] * 20, True),  # one alone is tried however many there are
        (110, [30, 80] + [5000] * 11, False),  # of sums only the last twelve are tried
        (110, [30, 80] + [5000] * 10, True),
    ],
)
def test_movements_that_add_up_to_a_difference_are_found(target: int, parts: list[int], *, found: bool) -> None:
    assert is_sum_of_some(target, parts, single_tolerance=5, tolerance=1) is found
