"""Which alerts share an incident, told as stories, and the laws of it on any series of sightings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import incidents
from alerts.ids import incident_id
from alerts.incidents import ACTIVE_US, LINKS_KEPT
from alerts.lifecycle import AlertBook, Signal
from alerts.records import AlertState, Severity, encode
from tests.alerts.kept import Rows, book_of, keep_changes, restarted, rows_of

HOUR_US = 3_600_000_000


def signal(key: str, at_us: int, *links: str, cause: str | None = None, **more: Any) -> Signal:
    fields: dict[str, Any] = {"type": "position_drift", "severity": Severity.P2, "scope": {"location": key}}
    fields |= {"cause_id": cause or f"{key}@{at_us}", "explanation": "it differs", "rule": "story", "links": links}
    return Signal(key=key, at_us=at_us, **(fields | more))


def opened(book: AlertBook, key: str, at_us: int, *links: str, cause: str | None = None) -> str:
    """Raise a signal, and return the incident of its alert."""
    book.raise_(signal(key, at_us, *links, cause=cause))
    return book.rows[key].incident_id


def test_alerts_that_share_a_link_share_the_incident_of_the_first() -> None:
    book = AlertBook()
    first = opened(book, "a", 0, "transfer|W-1", "place|hot|BTC")
    assert first == incident_id("a@0"), "an incident is named after the cause that opened it"
    assert opened(book, "b", 1, "transfer|W-1", "journal|j-7") == first
    assert opened(book, "c", 2, "journal|j-7") == first, "what one of them is tied to ties others too"
    assert opened(book, "d", 2, "transfer|W-2", "place|hot|ETH") != first


def test_alerts_of_one_cause_share_an_incident_whatever_else_they_are_tied_to() -> None:
    book = AlertBook()
    old = opened(book, "old", 0, "place|cold")
    one = opened(book, "one", 1, "place|hot", cause="ev-1")
    assert opened(book, "two", 1, "place|cold", cause="ev-1") == one != old
    assert opened(book, "three", 1, cause="ev-1") == one
    assert opened(book, "late", 2, "place|cold") == old, "the link still leads to the older one"


def test_twelve_hours_after_it_was_last_seen_an_alert_draws_nobody_in() -> None:
    book = AlertBook()
    first = opened(book, "a", 0, "place|hot")
    assert opened(restarted(book), "b", ACTIVE_US, "place|hot") == first
    assert opened(restarted(book), "b", ACTIVE_US + 1, "place|hot") != first
    assert opened(restarted(book), "b", ACTIVE_US, cause="a@0") == first
    assert first in rows_of(book)["alert", "a"], "it is open as before, and an incident by itself"


def test_a_sighting_renews_the_links_that_it_names_and_no_others() -> None:
    book = AlertBook()
    first = opened(book, "a", 0, "place|hot", "transfer|W-1")
    book.raise_(signal("a", 10 * HOUR_US, "place|hot"))
    assert opened(book, "b", 22 * HOUR_US, "place|hot") == first
    assert opened(book, "c", 22 * HOUR_US, "transfer|W-1") != first


def test_a_sighting_without_links_ties_nothing_and_its_cause_neither() -> None:
    book = AlertBook()
    first = opened(book, "a", 0, "place|hot")
    book.raise_(signal("a", 1, cause="balance-1"))
    assert opened(book, "b", 1, "place|cold", cause="balance-1") != first


def test_a_sighting_may_add_a_link() -> None:
    book = AlertBook()
    first = opened(book, "a", 0, "place|hot")
    book.raise_(signal("a", 1, "place|hot", "place|cold"))
    assert opened(book, "b", 2, "place|cold") == first


def test_where_two_incidents_meet_the_oldest_wins_and_the_links_lead_to_it() -> None:
    book = AlertBook()
    old, young = opened(book, "old", 0, "place|cold"), opened(book, "young", 1, "place|hot", "journal|j-1")
    assert opened(book, "both", 2, "place|hot", "place|cold") == old
    assert opened(book, "later", 3, "place|hot") == old
    assert opened(book, "apart", 3, "journal|j-1") == young, "a link that nobody named leads where it led"
    assert book.rows["young"].incident_id == young, "an alert stays in the incident in which it opened"


def test_where_two_incidents_meet_in_a_sighting_its_alert_stays_where_it_is() -> None:
    book = AlertBook()
    old, young = opened(book, "old", 0, "place|cold"), opened(book, "young", 1, "place|hot")
    told = book.raise_(signal("young", 2, "place|hot", "place|cold", told=True))
    assert told is not None
    assert told.incident_id == young
    assert opened(book, "later", 3, "place|hot") == old


def test_an_alert_that_comes_back_within_the_time_comes_back_to_its_incident() -> None:
    book = AlertBook()
    first = opened(book, "a", 0, "place|hot")
    book.clear("a", AlertState.RESOLVED, 1, "ev-2", "agrees")
    assert opened(book, "a", 2, "place|hot") == first


def test_what_nothing_leads_to_any_more_is_forgotten() -> None:
    book = AlertBook()
    for key, at_us in (("a", 0), ("b", 1)):
        opened(book, key, at_us, f"place|{key}")
    book.clear("a", AlertState.RESOLVED, 2, "ev-2", "agrees")
    opened(book, "c", 2 * ACTIVE_US, "place|c")
    incident_rows = {key[1:] for key in rows_of(book) if key[0] == "incident"}
    assert incident_rows == {
        ("link", "place|c"),
        ("cause", f"c@{2 * ACTIVE_US}"),
        ("opened", book.rows["c"].incident_id),
        ("opened", book.rows["b"].incident_id),  # its alert is open still
    }


def test_of_more_links_than_may_be_kept_the_least_recently_seen_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incidents, "LINKS_KEPT", 5)
    book = AlertBook()
    ids = [opened(book, key, at_us, f"place|{key}") for at_us, key in enumerate("abc")]
    book.raise_(signal("a", 3, "place|a"))
    opened(book, "d", 4, "place|d")
    assert opened(restarted(book), "x", 5, "place|a") == ids[0], "it was seen again"
    assert opened(restarted(book), "x", 5, "place|b") != ids[1]
    assert opened(restarted(book), "x", 5, "place|c") == ids[2]
    assert opened(restarted(book), "x", 5, cause="a@0") == ids[0] == incident_id("a@0"), "a cause finds its own anyway"


def test_no_more_links_are_kept_than_the_bound_whatever_one_signal_names() -> None:
    book = AlertBook()
    opened(book, "a", 0, *(f"transfer|{number}" for number in range(LINKS_KEPT + 1_000)))
    assert sum(key[:2] in (("incident", "link"), ("incident", "cause")) for key in rows_of(book)) == LINKS_KEPT
    opened(book, "b", 1, "transfer|new")
    assert opened(book, "c", 2, "transfer|new") == book.rows["b"].incident_id, "the newest stay"


# --- Laws ---

LINKS = ("transfer|1", "transfer|2", "place|hot", "journal|1")


@dataclass(frozen=True)
class Act:
    """One sighting of a condition, or its end."""

    key: str
    links: tuple[str, ...]
    ends: bool


ACTS = st.builds(
    Act,
    key=st.sampled_from("abcdef"),
    links=st.lists(st.sampled_from(LINKS), max_size=3).map(tuple),
    ends=st.sampled_from([False, False, False, True]),
)
# A step is one cause: the time since the one before, which may be a little negative as feeds race, and what it does.
LATER_US = st.sampled_from([0, 1, -1, 5 * HOUR_US, ACTIVE_US, ACTIVE_US + 1])
STEPS = st.lists(st.tuples(LATER_US, st.lists(ACTS, max_size=4)), max_size=15)
Steps = list[tuple[int, list[Act]]]


@dataclass
class Naive:
    """The rule in its plainest form: every link that was ever named, looked through one by one."""

    opened_us: dict[str, int] = field(default_factory=dict)
    leads: dict[str, tuple[str, int]] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    clock_us: int = 0

    def incident(self, act: Act, cause_id: str, at_us: int) -> str:
        own = self.open.get(act.key)
        names = [*act.links]
        if own is None or act.links:
            self.clock_us = max(self.clock_us, at_us)
        if own is None and self._live(cause_id):
            own = self.leads[cause_id][0]
        met = {self.leads[name][0] for name in names if self._live(name)} | ({own} if own else set())
        oldest = min(met, key=lambda of: (self.opened_us[of], of), default=incident_id(cause_id))
        self.opened_us.setdefault(oldest, at_us)
        if act.key not in self.open:
            self.open[act.key] = own or oldest
            self._lead(cause_id, self.open[act.key], at_us)
        for name in names:
            self._lead(name, oldest, at_us)
        return self.open[act.key]

    def _live(self, name: str) -> bool:
        return name in self.leads and self.leads[name][1] >= self.clock_us - ACTIVE_US

    def _lead(self, name: str, to: str, at_us: int) -> None:
        last_us = max(self.leads[name][1], at_us) if self._live(name) else at_us
        self.leads[name] = (to, last_us)


def tell(book: AlertBook, act: Act, cause_id: str, at_us: int) -> list[bytes]:
    if act.ends:
        told = book.clear(act.key, AlertState.RESOLVED, at_us, cause_id, "over")
    else:
        told = book.raise_(signal(act.key, at_us, *act.links, cause=cause_id))
    return [] if told is None else [encode(told)]


def run(steps: Steps, cut: int | None = None) -> list[bytes]:
    """Return all records; with a restart after the step `cut`."""
    book, at_us, records = AlertBook(), 0, []
    for number, (later_us, acts) in enumerate(steps):
        at_us += later_us
        for act in acts:
            records += tell(book, act, f"ev-{number}", at_us)
        if number == cut:
            book = restarted(book)
    return records


@given(STEPS)
def test_the_incident_is_a_function_of_what_came_in_the_order_in_which_it_came(steps: Steps) -> None:
    book, naive, at_us = AlertBook(), Naive(), 0
    for number, (later_us, acts) in enumerate(steps):
        at_us += later_us
        for act in acts:
            tell(book, act, f"ev-{number}", at_us)
            if act.ends:
                naive.open.pop(act.key, None)
            else:
                assert book.rows[act.key].incident_id == naive.incident(act, f"ev-{number}", at_us)


@given(STEPS)
def test_the_order_of_the_links_of_one_signal_changes_nothing(steps: Steps) -> None:
    turned = [
        (later_us, [Act(act.key, (*act.links[::-1], *act.links), act.ends) for act in acts]) for later_us, acts in steps
    ]
    assert run(turned) == run(steps)


@given(STEPS, st.integers(0, 15))
def test_a_restart_in_between_changes_nothing(steps: Steps, cut: int) -> None:
    assert run(steps, cut) == run(steps)


@given(STEPS)
def test_with_no_more_than_a_few_links_a_restart_in_between_changes_nothing_either(steps: Steps) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incidents, "LINKS_KEPT", 3)
        whole = run(steps)
        for cut in range(len(steps)):
            assert run(steps, cut) == whole


@given(STEPS)
def test_the_changed_rows_are_all_that_a_store_needs(steps: Steps) -> None:
    book, store, at_us = AlertBook(), Rows(), 0
    for number, (later_us, acts) in enumerate(steps):
        at_us += later_us
        for act in acts:
            tell(book, act, f"ev-{number}", at_us)
        keep_changes(book, store)
        assert store == rows_of(book)
        assert rows_of(book_of(store)) == store


@given(STEPS)
def test_an_incident_is_kept_as_long_as_an_alert_or_a_link_leads_to_it_and_no_longer(steps: Steps) -> None:
    book, at_us = AlertBook(), 0
    for number, (later_us, acts) in enumerate(steps):
        at_us += later_us
        for act in acts:
            tell(book, act, f"ev-{number}", at_us)
            needed = {row.incident_id for row in book.rows.values()}
            needed |= {book.incidents.to_plain(*key)[0] for key in book.incidents.keys() if key[0] != "opened"}  # noqa: SIM118  # a method
            assert set(book.incidents.known) == needed
