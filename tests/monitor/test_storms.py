"""One balance that raises alert after alert: twenty are heard, the rest is one alert, which time ends."""

from __future__ import annotations

from alerts.rows import NOTHING_TOLD
from tests.monitor.story import Story

ROWS = " ".join(f"1 COIN{number:02d}" for number in range(30))


def test_a_balance_full_of_unknown_assets_is_twenty_alerts_and_a_storm_that_ends_by_itself() -> None:
    story = Story().play("09:00  balance hot 100 BTC |")
    story.tell(9 * 3600 + 60, "balance", f"hot 100 BTC {ROWS}".split())
    assert len(story.of("unknown_asset")) == 20
    assert [alert.seq for alert in story.of("alert_storm")] == [0, 1, 2, 3]
    assert {alert.incident_id for alert in story.alerts} == {story.alerts[0].incident_id}
    held = [row for row in story.monitor.state.book.rows.values() if row.seq == NOTHING_TOLD]
    assert len(held) == 10

    story.tell(9 * 3600 + 120, "asset", ["COIN29"])
    assert len(story.of("unknown_asset")) == 20, "what was held back ends in silence"
    story.tell(9 * 3600 + 1860, "tick", [])
    assert story.of("alert_storm")[-1].state == "open"
    story.tell(9 * 3600 + 1861, "tick", [])
    over = story.of("alert_storm")[-1]
    assert (over.state, over.updated_at) == ("resolved", "2026-01-05T09:31:00Z")
    assert "10 so far: 10 unknown_asset; still open and untold: 9." in over.explanation
