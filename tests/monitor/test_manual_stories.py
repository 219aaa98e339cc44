"""Work by hand as the screens tell of it: what it corrects, whether that was enough, and whose habit it is.

Every story is heard by a monitor that restarts between any two events.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.records import Alert
from ledger.screens.corrections import Corrections
from tests.ledger.matching.desk import RECORDS as PLACES
from tests.ledger.matching.desk import Firm
from tests.ledger.wire import DAY, HOUR, Sent, control, received, reference
from tests.monitor.story import Story

RULES = frozenset(("corrects_nothing", "corrects_unknown", "break_still_stands", "operator_habit"))
PASSED: dict[str, Any] = {"control": {"origin": "manual", "initiator": "eve", "approvers": ["joe"]}}
BY_HAND: dict[str, Any] = {"origin": "manual", "maker": "eve", "checker": "joe"}


class Desk(Firm):
    """A monitor, and a desk that corrects: of movements `fix`, of journals alone `book`."""

    def __init__(self, *, restarts: bool = True) -> None:
        super().__init__()
        self.story = Story(restarts=False)
        for sent in (*PLACES, reference("price", "price-USD", asset="USD", usd="1", as_of="2026-01-05T00:00:00Z")):
            self.story.hear(received(sent, 0))
        self.hear(self.inflow("D-0"), *self.credit("D-0"))
        self.story.restarts = restarts

    def hear(self, *events: Sent, after: float = 1.0) -> list[str]:
        """Hear some events, each so many seconds after the last; return what is said by these rules."""
        before = len(self.story.alerts)
        for sent in events:
            self.now += after
            self.story.hear(received(sent, self.now))
        said = [alert for alert in self.story.alerts[before:] if alert.rule in RULES]
        return [f"{alert.rule} {alert.severity} {alert.state}" for alert in said]

    def wait(self, seconds: float) -> list[str]:
        return self.hear(control("tick", self.name(), self.now + seconds), after=seconds)

    def records(self, rule: str = "") -> list[Alert]:
        """Return the records by a rule of these, or by any of them."""
        return [alert for alert in self.story.alerts if (alert.rule == rule if rule else alert.rule in RULES)]

    @property
    def open(self) -> set[str]:
        latest = {alert.alert_id: alert for alert in self.records()}
        return {f"{alert.rule} {alert.severity}" for alert in latest.values() if alert.state.value == "open"}

    def fix(self, transfer_id: str, amount: str = "1", status: str = "completed", *, of: str = "", **more: Any) -> Sent:
        """Return a report of a refund from the house to `ann` in the books, which names what it refunds."""
        sides = {"from": {"location": "hot", "account_id": "house:main"}, "to": {"location": "hot", "client_id": "ann"}}
        ids = {"ids": {"refers_to": of}} if of else {}
        usual: dict[str, Any] = {"op_type": "refund", **sides, **PASSED, **ids}
        return self.own(transfer_id, status, amount, **{**usual, **more})

    def book(self, amount: str = "1", *, maker: str = "eve", **more: Any) -> list[Sent]:
        """Return a journal by hand from the house to `ann`."""
        usual = {"op_type": "adjustment", **BY_HAND, "maker": maker}
        return self.journal(("house", f"-{amount}"), ("ann", amount), **{**usual, **more})

    def practise(self, times: int = 3) -> None:
        """Show that refunds, and adjustments by journal, name what they correct."""
        for number in range(times):
            assert self.hear(self.fix(f"F-known-{number}", "0.01", of="D-0")) == []
            assert self.hear(*self.book("0.01", of="D-0")) == []


# --- it must refer ---------------------------------------------------------------------------------------------
def test_a_refund_that_names_nothing_where_refunds_do() -> None:
    desk = Desk()
    desk.practise()
    assert desk.hear(desk.fix("F-1", status="requested")) == [], "it is asked for, and nobody has let it pass"
    assert desk.hear(desk.fix("F-1", status="approved")) == ["corrects_nothing P2 open"]
    assert desk.hear(desk.fix("F-1")) == [], "once"
    (alert,) = desk.records("corrects_nothing")
    assert alert.type == "policy_violation"
    assert alert.explanation == (
        "refund F-1 of 1 BTC from hot, entered by eve, does not say what it corrects: 3 of the 3 refunds before it name "
        "something that is known."
    )
    assert alert.scope.transfer_id == "F-1"


def test_it_is_mended_by_a_posting_that_says_what_is_corrected_and_by_being_undone() -> None:
    desk = Desk()
    desk.practise()
    desk.hear(desk.fix("F-1"), desk.fix("F-2"))
    journal = desk.journal(("house", "-1"), ("ann", "1"), of="F-1", op_type="refund", reason="fee of D-0, see there")
    assert desk.hear(*journal) == ["corrects_nothing P2 explained"]
    assert desk.hear(desk.fix("F-2", status="reversed")) == ["corrects_nothing P2 resolved"]
    assert desk.open == set()


def test_a_firm_that_does_not_refer_is_left_in_peace() -> None:
    desk = Desk()
    for number in range(4):
        assert desk.hear(desk.fix(f"F-{number}"), *desk.book()) == []
    desk.practise()  # three that do, of seven: they are not the rule
    assert desk.hear(desk.fix("F-last"), *desk.book()) == []
    assert desk.wait(HOUR) == []


def test_two_that_name_something_are_no_practice_yet() -> None:
    desk = Desk()
    desk.practise(2)
    assert desk.hear(desk.fix("F-1"), *desk.book()) == []


def test_the_practice_of_refunds_says_nothing_of_adjustments() -> None:
    desk = Desk()
    desk.practise()
    assert desk.hear(desk.fix("A-1", op_type="adjustment")) == []


def test_a_name_that_nobody_knows_is_given_a_minute() -> None:
    desk = Desk()
    desk.practise()
    assert desk.hear(desk.fix("F-1", of="D-1"), desk.fix("F-2", of="D-2")) == []
    assert desk.hear(desk.inflow("D-1")) == [], "what is corrected was heard later"
    assert desk.wait(61) == ["corrects_unknown P2 open"]
    (alert,) = desk.records("corrects_unknown")
    assert "F-2" in alert.explanation
    assert "names D-2, and nobody knows of it" in alert.explanation
    assert desk.hear(desk.inflow("D-2")) == ["corrects_unknown P2 explained"]


def test_the_minute_waits_for_the_sources() -> None:
    desk = Desk()
    desk.practise()
    desk.hear(control("heartbeat", desk.name(), desk.now, of_source="ledger", watermark="2026-01-05T00:00:00Z"))
    assert desk.hear(desk.fix("F-1", of="D-1")) == []
    assert desk.wait(100) == [], "the ledger has not delivered up to then"
    beat = control("heartbeat", desk.name(), desk.now, of_source="ledger", watermark="2026-01-05T02:00:00Z")
    assert desk.hear(beat) == ["corrects_unknown P2 open"]


def test_a_transaction_a_journal_a_posting_and_an_alert_are_known_too() -> None:
    desk = Desk()
    desk.practise()
    desk.hear(desk.inflow("D-1", ids={"tx_hash": "0xabc"}), *desk.journal(("out", "-10"), ("ann", "10"), of="D-1"))
    (*_, (_, leg)) = desk.credit("D-0", "0.001", journal_id="j-known", posting_id=None)
    desk.hear(*desk.credit("D-0", "0.001", journal_id="j-known"))
    for number, of in enumerate(("0xabc", "j-known", "j-known-2", "al-0123456789abcdef0123")):
        assert desk.hear(desk.fix(f"F-{number}", "0.001", of=of)) == []
    assert leg["journal_id"] == "j-known"
    assert desk.wait(HOUR) == []
    assert desk.open == set()


def test_a_journal_by_hand_that_names_nothing() -> None:
    desk = Desk()
    desk.practise()
    assert desk.hear(*desk.book(origin="auto")) == []
    assert desk.hear(*desk.book(reason="goodwill for D-0")) == []
    assert desk.hear(*desk.book(reverses="j-e4")) == [], "maybe nobody knows it yet"
    first, second = desk.book(reason="goodwill 2026")
    assert desk.hear(first) == [], "its other leg is missing"
    assert desk.hear(second) == ["corrects_nothing P2 open"]
    half, _ = desk.book()
    assert desk.hear(half) == []
    assert desk.wait(11) == ["corrects_nothing P2 open"], "it is judged as it stands"


def test_the_booking_of_a_refund_is_no_correction_of_its_own_whichever_is_heard_first() -> None:
    desk = Desk()
    desk.practise()
    for number in range(4):
        name = f"F-{number}"
        journal = desk.journal(("house", "-0.01"), ("ann", "0.01"), of=name, op_type="refund", **BY_HAND)
        assert desk.hear(*journal, desk.fix(name, "0.01", of="D-0")) == []
    (_, first), second = desk.journal(("house", "-0.01"), ("ann", "0.01"), of="F-5", op_type="refund", **BY_HAND)
    unnamed = {name: value for name, value in first.items() if name != "transfer_id"}
    assert desk.hear(("ledger", unnamed), desk.fix("F-5", "0.01", of="D-0"), second) == []
    reverses = {"reverses": "j-e4", **BY_HAND}
    known = desk.journal(("house", "-0.01"), ("ann", "0.01"), of="F-6", op_type="refund", reason="for D-0", **reverses)
    assert desk.hear(*known, desk.fix("F-6", "0.01")) == []
    assert desk.wait(11) == []
    assert entered(desk) == {"refund": 3 + 6, "adjustment": 3}
    assert practice(desk) == {("refund", "transfer"): (9, 9), ("adjustment", "journal"): (3, 3)}
    late = desk.journal(("house", "-1"), ("ann", "1"), of="F-late", op_type="adjustment", **BY_HAND)
    assert desk.hear(*late) == []
    assert desk.wait(61) == ["corrects_unknown P2 open"]
    said = desk.hear(desk.fix("F-late"))
    assert said == ["corrects_unknown P2 explained", "corrects_nothing P2 open"], "the movement names nothing either"


# --- it must close the break ------------------------------------------------------------------------------------
def twice(desk: Desk) -> list[Sent]:
    """Let 10 be credited twice for D-1; return what is told."""
    desk.hear(desk.inflow("D-1"))
    first, second = desk.credit("D-1"), desk.credit("D-1")
    desk.hear(*first, *second)
    assert [alert.type for alert in desk.story.alerts][-1] == "double_credit"
    return [*first, *second]


def back(desk: Desk, transfer_id: str, amount: str, of: str = "D-1") -> Sent:
    """Return a reversal that takes from `ann`."""
    sides = {"from": {"location": "hot", "client_id": "ann"}, "to": {"location": "hot", "account_id": "house:main"}}
    more: dict[str, Any] = {"op_type": "reversal", "ids": {"reverses": of}, **sides, **PASSED}
    return desk.own(transfer_id, "completed", amount, **more)


def test_a_reversal_of_half_leaves_the_break_and_the_rest_ends_it() -> None:
    desk = Desk()
    twice(desk)
    assert desk.hear(back(desk, "R-1", "5")) == []
    assert desk.wait(890) == []
    assert desk.wait(20) == ["break_still_stands P3 open"]
    (alert,) = desk.records("break_still_stands")
    assert alert.type == "correction_failed"
    assert alert.explanation == (
        "reversal R-1 of 5 BTC from hot was to correct D-1; 15 min later its double_credit still stands: 5 BTC of 10 BTC "
        "are left."
    )
    double = desk.story.of("double_credit")[-1]
    assert alert.incident_id == double.incident_id
    assert desk.hear(back(desk, "R-2", "5")) == ["break_still_stands P3 resolved"]
    assert desk.wait(HOUR) == []


def test_two_halves_in_time_are_enough_and_so_is_a_journal_of_the_movement() -> None:
    desk = Desk()
    twice(desk)
    assert desk.hear(back(desk, "R-1", "5")) == []
    desk.wait(600)
    assert desk.hear(back(desk, "R-2", "5")) == []
    assert desk.wait(HOUR) == []
    desk = Desk()
    twice(desk)
    assert desk.hear(*desk.journal(("ann", "-5"), ("out", "5"), of="D-1", op_type="reversal", **BY_HAND)) == []
    assert desk.hear(*desk.journal(("ann", "-5"), ("out", "5"), of="D-1", op_type="reversal", **BY_HAND)) == []
    assert desk.wait(HOUR) == []


def test_a_journal_that_names_a_posting_of_the_break_and_gives_instead_of_taking() -> None:
    desk = Desk()
    legs = twice(desk)
    posting_id = legs[-1][1]["posting_id"]
    wrong = desk.journal(("out", "-10"), ("ann", "10"), op_type="reversal", reverses=posting_id, **BY_HAND)
    assert desk.hear(*wrong) == []
    assert desk.wait(901) == ["break_still_stands P3 open"]
    assert "its amount_mismatch still stands: 20 BTC of 20 BTC are left" in desk.records()[-1].explanation
    for _ in range(2):
        desk.hear(*desk.journal(("ann", "-10"), ("out", "10"), of="D-1", op_type="withdrawal"))
    assert desk.open == set(), "the break is over, by whatever bookings"


def test_a_correction_undone_in_time_has_failed_nothing_and_one_that_is_counted_is_no_more() -> None:
    desk = Desk()
    twice(desk)
    desk.hear(back(desk, "R-1", "5"), back(desk, "R-2", "5"))
    _, event = back(desk, "R-1", "5")
    assert desk.hear(("transfers", {**event, "status": "reversed"})) == []
    assert desk.wait(HOUR) == ["break_still_stands P3 open"]
    assert "R-2" in desk.records()[-1].explanation


def test_a_journal_that_says_it_in_its_reason_alone_counts_by_what_it_takes() -> None:
    desk = Desk()
    twice(desk)
    assert desk.hear(*desk.journal(("ann", "-10"), ("house", "10"), op_type="reversal", reason="D-1", **BY_HAND)) == []
    assert desk.wait(HOUR) == []
    desk = Desk()
    twice(desk)
    assert desk.hear(*desk.journal(("ann", "-10"), ("house", "10"), of="D-1", op_type="reversal", **BY_HAND)) == []
    assert desk.wait(901) == ["break_still_stands P3 open"], "the join sees it, and the outside is still owed"
    assert "10 BTC of 10 BTC are left" in desk.records()[-1].explanation


def test_a_refund_that_is_too_large_corrects_itself_of_nothing() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1"))
    assert desk.hear(desk.fix("F-1", "15", of="D-1")) == []
    assert desk.story.of("amount_mismatch")[-1].rule == "more_than_it_undoes"
    assert desk.wait(HOUR) == [], "it was not to close what it has opened"
    assert desk.hear(back(desk, "R-1", "4", of="F-1")) == []
    assert desk.wait(901) == ["break_still_stands P3 open"]
    assert "1 BTC of 5 BTC are left" in desk.records()[-1].explanation
    assert desk.hear(back(desk, "R-2", "1", of="F-1")) == ["break_still_stands P3 resolved"]


def test_a_correction_may_name_the_alert_that_it_is_to_end() -> None:
    desk = Desk()
    twice(desk)
    double = desk.story.named("double_credit")
    desk.hear(*desk.book("1", op_type="reversal", reason=f"see {double}"))
    desk.hear(desk.inflow("D-2"), *desk.journal(("house", "1"), op_type="fee", of="Z-1"))
    desk.wait(61)
    unbalanced = desk.story.of("unbalanced_journal")[-1]
    assert desk.hear(desk.fix("F-1", of=unbalanced.alert_id)) == []
    assert desk.wait(901) == ["break_still_stands P3 open"] * 2
    first, second = (alert.explanation for alert in desk.records())
    assert "was to correct D-1; 15 min later its double_credit still stands: 10 BTC of 10 BTC are left." in first
    assert f"alert {unbalanced.alert_id} (unbalanced_journal), which still stands 15 min later." in second
    close = control("close", desk.name(), desk.now, alert_id=unbalanced.alert_id, actor="ann", verdict="expected")
    desk.hear(close)
    assert desk.hear(desk.inflow("D-3")) == ["break_still_stands P3 resolved"], "somebody has closed it"


def test_what_no_booking_closes_is_not_asked_of_a_correction() -> None:
    desk = Desk()
    stolen: dict[str, Any] = {"from": {"location": "hot"}, "to": {"location": "external", "address": "0x" + "9" * 40}}
    desk.hear(desk.payment("W-1", "requested"), desk.payment("X-1", "broadcast", **stolen))
    desk.wait(61)
    assert "unmatched_outflow" in {alert.type for alert in desk.story.alerts}
    assert desk.hear(desk.fix("F-1", "10", of="X-1")) == []
    assert desk.wait(HOUR) == []


# --- habits -----------------------------------------------------------------------------------------------------
def week(desk: Desk, *, of: int = 3, days: int = 6, people: tuple[str, ...] = ("eve", "joe")) -> None:
    """Let people enter some adjustments each day, a minute apart."""
    for _ in range(days):
        for maker in people:
            for _ in range(of):
                assert desk.hear(*desk.book("0.001", maker=maker), after=30) == []
        desk.wait(DAY - 60 * of * len(people))


def test_forty_adjustments_within_an_hour_by_somebody_who_enters_three_a_day() -> None:
    desk = Desk(restarts=False)
    week(desk, people=("eve",))
    desk.story.restarts = True
    said = [text for _ in range(45) for text in desk.hear(*desk.book("0.001"), after=30)]
    assert said == ["operator_habit P3 open"] * 3, "the first beyond ten, then at twice and four times as many"
    first, *_, last = desk.records("operator_habit")
    assert first.type == "flow_anomaly"
    assert first.explanation == (
        "eve has entered 11 adjustments within 24 h; on his busiest day before it were 3, on a peer's 0."
    )
    assert "44 adjustments" in last.explanation
    assert last.alert_id == first.alert_id
    assert desk.wait(2 * DAY) == ["operator_habit P3 resolved"]
    said = [text for _ in range(31) for text in desk.hear(*desk.book("0.001"), after=30)]
    assert said == ["operator_habit P3 open"], "of a day out of the ordinary only what is ordinary becomes a habit"


def test_who_does_so_daily_or_whose_peers_do_may_do_so_at_the_end_of_the_month() -> None:
    for people in (("eve",), ("joe",)):
        desk = Desk(restarts=False)
        week(desk, of=15, people=people)
        assert [text for _ in range(44) for text in desk.hear(*desk.book("0.001"), after=30)] == []


def test_before_five_days_are_known_nothing_is_unusual() -> None:
    desk = Desk(restarts=False)
    week(desk, days=3)
    assert [text for _ in range(45) for text in desk.hear(*desk.book("0.001"), after=30)] == []


def test_an_adjustment_far_larger_than_anybodys() -> None:
    desk = Desk(restarts=False)
    week(desk, of=5)  # 50 USD each, thirty by each of the two
    desk.story.restarts = True
    assert desk.hear(*desk.book("0.19")) == [], "9,500 USD are too little to be looked at"
    assert desk.hear(*desk.book("1.9")) == [], "ten times his largest"
    said = [desk.hear(*desk.book("20")) for _ in range(4)]
    assert said == [["operator_habit P3 open"], ["operator_habit P3 open"], [], ["operator_habit P3 open"]]
    alert = desk.records()[0]
    assert alert.explanation == (
        f"eve has entered adjustment of 20 BTC (journal {alert.explanation.split('journal ')[1].split(')')[0]}) over "
        "1,000,000 USD; his largest was 95,000 USD, and of peers 99 in 100 are below 51 USD."
    )
    assert alert.usd == "1000000.00"


def test_with_too_few_peers_no_size_is_unusual() -> None:
    desk = Desk(restarts=False)
    week(desk, of=4)
    assert desk.hear(*desk.book("15")) == []


def test_an_odd_habit_is_worse_with_a_second_bad_sign() -> None:
    desk = Desk(restarts=False)
    week(desk)
    desk.story.restarts = True
    for _ in range(10):
        assert desk.hear(*desk.book("0.001"), after=30) == []
    assert desk.hear(*desk.book("0.001", checker="eve")) == ["operator_habit P2 open"]
    assert any(alert.type == "four_eyes_violation" for alert in desk.story.alerts)


def test_it_becomes_worse_with_one_that_is_heard_later() -> None:
    desk = Desk(restarts=False)
    for day in range(6):
        for number in range(3):
            name = f"A-{day}-{number}"
            assert desk.hear(desk.fix(name, "0.001", op_type="adjustment"), after=30) == []
        desk.wait(DAY - 90)
    desk.story.restarts = True
    for number in range(10):
        assert desk.hear(desk.fix(f"A-{number}", "0.001", op_type="adjustment"), after=30) == []
    assert desk.hear(desk.fix("A-odd", "0.001", "approved", op_type="adjustment")) == ["operator_habit P3 open"]
    more: dict[str, Any] = {"control": {"origin": "manual", "initiator": "eve", "approvers": ["joe", "eve"]}}
    assert desk.hear(desk.fix("A-odd", "0.001", op_type="adjustment", **more)) == ["operator_habit P2 open"]


# --- laws -------------------------------------------------------------------------------------------------------
def events() -> list[Sent]:
    """Return what is told of corrections that are in order, and of some that are not."""
    desk = Desk(restarts=False)
    desk.told = 1_000  # other ids than those of the desk that hears it
    told = [desk.inflow("D-1"), *desk.credit("D-1")]
    told += [desk.fix(f"F-{number}", "0.01", of="D-1") for number in range(4)]
    told += desk.journal(("house", "-0.01"), ("ann", "0.01"), of="F-0", op_type="refund", **BY_HAND)
    reason = {"reason": "refund of D-1", **BY_HAND}
    told += desk.journal(("house", "-0.01"), ("ann", "0.01"), of="F-1", op_type="refund", **reason)
    told += [desk.fix("F-none"), desk.fix("F-unknown", of="D-9")]
    told += desk.book(of="D-1")
    return told


@settings(max_examples=40)
@given(st.permutations(events()))
def test_in_whatever_order_they_are_heard_a_correction_that_names_something_is_never_told_in_the_end(
    told: list[Sent],
) -> None:
    desk = Desk(restarts=False)
    desk.practise()
    desk.hear(*told, after=0.001)
    desk.wait(HOUR)
    latest = {alert.alert_id: alert for alert in desk.records() if alert.state.value == "open"}
    ended = {alert.alert_id for alert in desk.records() if alert.state.value != "open"}
    stands = {alert.scope.transfer_id for name, alert in latest.items() if name not in ended}
    assert stands == {"F-none", "F-unknown"}
    assert entered(desk) == {"refund": 3 + 6, "adjustment": 3 + 1}, "a movement and its booking are one"


def check_of(desk: Desk) -> Corrections:
    checks = desk.story.monitor.state.reconciliation.checks
    return next(check for check in checks if isinstance(check, Corrections))


def practice(desk: Desk) -> dict[tuple[str, str], tuple[int, int]]:
    """Return how many corrections of each kind and form name something known, of how many; none where there are none."""
    rows = check_of(desk).naming.practice.rows
    return {(kind, form): (row.named, row.count) for (_, kind, form), row in rows.items() if row.named or row.count}


def entered(desk: Desk) -> dict[str, int]:
    """Return how many corrections of each kind are part of habits."""
    habits = check_of(desk).habits.habits.rows
    return {name.split("|")[1]: sum(habit.days.values()) for name, habit in habits.items()}


@given(st.lists(st.sampled_from(["fix", "none", "book", "twice", "back", "wait"]), max_size=12))
@settings(max_examples=15)
def test_a_restart_between_any_two_events_changes_nothing(what: list[str]) -> None:
    desk = Desk()
    desk.practise()
    for number, word in enumerate(what):
        heard = something(desk, word, number)
        desk.hear(*heard, after=500 if word == "wait" else 1)


def something(desk: Desk, word: str, number: int) -> list[Sent]:
    """Return events of one kind; what is credited twice may be reversed by the next."""
    if word == "fix":
        return [desk.fix(f"F-{number}", of="D-8")]
    if word == "none":
        return [desk.fix(f"F-{number}")]
    if word == "book":
        return desk.book(of=f"D-{number}")
    if word == "twice":
        return [desk.inflow(f"D-{number}"), *desk.credit(f"D-{number}"), *desk.credit(f"D-{number}")]
    if word == "back":
        return [back(desk, f"R-{number}", "5", of=f"D-{number - 1}")]
    return [control("tick", desk.name(), desk.now + 500)]
