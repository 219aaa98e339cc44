"""The monitor put back from its rows at many places of a chaotic feed; at far more by ``python -m tests.chaos.restored``."""

from __future__ import annotations

import pytest

from tests.chaos.restored import differences, uneven


@pytest.mark.parametrize(("seed", "ticks", "shards"), [(1, False, 1), (7, True, 1), (8, True, 3)])
def test_a_monitor_that_is_put_back_all_the_time_says_what_one_says_that_never_ended(
    seed: int, ticks: bool, shards: int
) -> None:
    assert list(differences(uneven(seed, ticks=ticks, shards=shards), shards)) == []
