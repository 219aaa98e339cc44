"""The monitor put back from its rows at many places of a chaotic feed; at far more by ``python -m tests.chaos.restored``."""

from __future__ import annotations

import pytest

from streams.monitor import Monitor
from tests.chaos.likeness import unlike
from tests.chaos.restored import differences, rows_of, uneven


@pytest.mark.parametrize(("seed", "ticks", "shards"), [(1, False, 1), (7, True, 1), (8, True, 3)])
def test_a_monitor_that_is_put_back_all_the_time_says_what_one_says_that_never_ended(
    seed: int, ticks: bool, shards: int
) -> None:
    assert list(differences(uneven(seed, ticks=ticks, shards=shards), shards)) == []


def test_an_index_that_is_no_function_of_the_rows_is_seen() -> None:
    whole, again = Monitor(), Monitor()
    for record in uneven(1, 300):
        whole.step(record)
    again.restore(rows_of(whole))
    assert unlike(whole, again) == []
    again.state.holdings.breaks.unsettled.add(("hot", "BTC"))
    again.state.counts["ticks"] += 1
    assert {sentence.partition(":")[0].rpartition(".")[2] for sentence in unlike(whole, again)} == {
        "counts['ticks']", "unsettled",
    }  # fmt: skip
