"""Names: fixed for ever by what was seen, and never shared by two different things."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.ids import alert_id, incident_id

TEXT = st.text(alphabet='ab|",[]', max_size=4)
OPENING = st.tuples(TEXT, TEXT, TEXT, st.integers(0, 3), st.integers(0, 2))


def test_ids_do_not_change_between_releases() -> None:
    key = "position_drift|fireblocks:hot-1|BTC"
    assert alert_id("position_drift", key, "ev-1", 1_767_225_600_000_000) == "al-b9609e98c61faf04edf8"
    assert incident_id("ev-1") == "in-846360699d6c064cb518"


@given(OPENING, OPENING)
def test_two_openings_share_an_id_only_if_they_are_the_same(
    one: tuple[str, str, str, int, int], two: tuple[str, str, str, int, int]
) -> None:
    assert (alert_id(*one) == alert_id(*two)) == (one == two)


def test_alerts_and_incidents_are_told_apart() -> None:
    assert alert_id("t", "k", "c", 0).startswith("al-")
    assert incident_id("c").startswith("in-")
    assert incident_id("c") != incident_id("d")
