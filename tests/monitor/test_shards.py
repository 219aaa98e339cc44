"""Two shards with movements between them: each fault is told once, by the shard that can see it; a clean day by none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from alerts.ids import alert_id
from ledger.policy.document import Fresh, default_policy
from ledger.shards import ShardRule
from streams.monitor import Monitor, Settings
from streams.monitor.rows import StateVersionError
from streams.record import OWN_ORIGIN, Record
from tests.ledger.wire import START, Sent, control, posting, received, reference, snapshot, stamp, transfer
from tests.monitor.shards import RULES, Two, balance, between, book, move, opened

LATER_S = 8_000
PAID = {"main": "-100", "world": "100"}
CREDITED = {"main": "100", "world": "-100"}
US = 1_000_000


def paid(two: Two, **more: Any) -> None:
    """Tell of a movement for a client from `a` to `b`, and of its debit in the one ledger."""
    between(two, "T", 100, **more)
    book(two, "a", "T", 105, PAID)


def credited(two: Two, amount: str = "100", at_s: float = 106) -> None:
    book(two, "b", "T", at_s, {"main": amount, "world": f"-{amount}"})


# --- what each holds -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("groups", ["places accounts", ""])
def test_a_clean_movement_is_decided_by_the_one_and_kept_by_both(groups: str) -> None:
    two = opened(groups=groups)
    paid(two)
    credited(two)
    two.tell(balance("a", 200, "900"), 200).tell(balance("b", 200, "1100"), 200).pass_time(LATER_S)
    assert two.told() == two.quarantined() == []
    assert [shard for shard, transfer_id in two.decided() if transfer_id == "T"] == [0]
    assert two.positions(0) == {("a.bank", "USD"): ("900", "0", "0")}
    assert two.positions(1) == {("b.bank", "USD"): ("1100", "0", "0")}
    races = [monitor.state.reconciliation.tables["race"].rows for monitor in two.monitors.monitors]
    assert races == [{}, {}], "books and places agree in each shard"


def test_value_on_its_way_to_another_shard_is_in_transit_where_it_will_arrive_and_only_there() -> None:
    two = opened()
    between(two, "T", 100, without="completed")
    assert two.positions(0) == {("a.bank", "USD"): ("900", "0", "0")}
    assert two.positions(1) == {("b.bank", "USD"): ("1000", "0", "100")}
    two.pass_time(200)
    assert two.told() == []


HOUSE: dict[str, Any] = {
    end: {"location": f"{of}.bank", "account_id": f"{of}.own"} for end, of in (("from", "a"), ("to", "b"))
}


@pytest.mark.parametrize(
    "more", [{}, HOUSE, {"op_type": "collateral"}, {"op_type": "collateral", **HOUSE}, {"op_type": "settlement"}]
)
def test_the_firms_own_move_between_two_shards_needs_no_booking(more: dict[str, Any]) -> None:
    two = opened()
    between(two, "T", 100, own=True, **more)
    two.tell(balance("a", 200, "900"), 200).tell(balance("b", 200, "1100"), 200).pass_time(LATER_S)
    assert two.told() == []
    assert (two.positions(0)["a.bank", "USD"][0], two.positions(1)["b.bank", "USD"][0]) == ("900", "1100")


# --- each fault once -------------------------------------------------------------------------------------------
def no_credit(two: Two) -> None:
    paid(two)


def no_debit(two: Two) -> None:
    between(two, "T", 100)
    credited(two)


def credited_too_much(two: Two) -> None:
    paid(two)
    credited(two, "170")


def credited_twice(two: Two) -> None:
    paid(two)
    credited(two)
    credited(two, at_s=115)


def credited_to_another(two: Two) -> None:
    other: dict[str, Any] = {
        "account_id": "b.other",
        "account_class": "client",
        "client_id": "b.eve",
        "recon_group": "b",
    }
    two.tell(reference("account", "b-other", **other), 99)
    paid(two)
    book(two, "b", "T", 106, {"other": "100", "world": "-100"})


def debited_too_much(two: Two) -> None:
    between(two, "T", 100)
    book(two, "a", "T", 105, {"main": "-170", "world": "170"})
    credited(two)


def not_asked_for(two: Two) -> None:
    paid(two, without="requested approved")
    credited(two)


def own_and_not_asked_for(two: Two) -> None:
    between(two, "T", 100, own=True, without="requested approved")


def never_arrived(two: Two) -> None:
    two.tell(reference("route", "r", asset="USD", from_role="bank", to_role="bank", sla_s=600), 99)
    paid(two, without="completed")


def never_left(two: Two) -> None:
    two.tell(reference("route", "r", asset="USD", from_role="bank", to_role="bank", sla_s=600), 99)
    between(two, "T", 100, without="broadcast completed")


def more_done_than_asked(two: Two) -> None:
    between(two, "T", 100, without="broadcast completed")
    between(two, "T", 102, without="requested approved", amount="300")
    book(two, "a", "T", 105, {"main": "-300", "world": "300"})
    credited(two, "300")


def stolen_there(two: Two) -> None:
    paid(two)
    credited(two)
    for at_s in (200, 300):
        two.tell(balance("b", at_s, "1050"), at_s)


def stolen_here(two: Two) -> None:
    paid(two)
    credited(two)
    for at_s in (200, 300):
        two.tell(balance("a", at_s, "800"), at_s)


def credited_for_nothing(two: Two) -> None:
    book(two, "b", "NO-SUCH", 105, CREDITED)


def given_back_more_than_came(two: Two) -> None:
    paid(two)
    credited(two)
    ends: dict[str, Any] = {end: {"location": f"{of}.bank", "client_id": who} for end, of, who in (("from", "b", "b.bob"), ("to", "a", "a.alice"))}  # fmt: skip
    stages = ("requested", "approved", "broadcast", "completed")
    move(two, "R", 120, stages, "b.bank", "a.bank", "130", op_type="refund", ids={"refers_to": "T"}, **ends)
    book(two, "b", "R", 125, {"main": "-130", "world": "130"})
    book(two, "a", "R", 125, {"main": "130", "world": "-130"})


def approved_by_whoever_asked(two: Two) -> None:
    paid(two, control={"origin": "manual", "declared_class": "risky", "initiator": "ann", "approvers": ["ann", "ben"]})
    credited(two)


def restated(two: Two) -> None:
    paid(two)
    credited(two)
    again: dict[str, Any] = {"op_type": "internal", "asset": "USD", "revision": 1, "source": "a.wires"}
    again |= {end: {"location": f"{end_of}.bank", "client_id": who} for end, end_of, who in (("from", "a", "a.alice"), ("to", "b", "b.bob"))}  # fmt: skip
    two.tell(
        transfer("T/again", 150, "T", "completed", "a.bank", "b.bank", "100", amount_delivered="100.01", **again), 150
    )


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (no_credit, [(1, "missing_credit")]),
        (no_debit, [(0, "missing_debit")]),
        (credited_too_much, [(1, "amount_mismatch")]),
        (credited_twice, [(1, "double_credit")]),
        (credited_to_another, [(1, "wrong_account")]),
        (debited_too_much, [(0, "amount_mismatch")]),
        (not_asked_for, [(0, "unmatched_outflow")]),
        (own_and_not_asked_for, [(0, "unmatched_outflow")]),
        (never_arrived, [(0, "in_transit_overdue")]),
        (never_left, [(0, "sla_breach")]),
        (more_done_than_asked, [(0, "amount_mismatch")]),
        (stolen_there, [(1, "position_drift")]),
        (stolen_here, [(0, "position_drift")]),
        (credited_for_nothing, [(1, "phantom_credit")]),
        (given_back_more_than_came, [(1, "amount_mismatch")]),
        (approved_by_whoever_asked, [(0, "four_eyes_violation")]),
    ],
)
def test_a_fault_between_two_shards_is_told_once(fault: Callable[[Two], None], expected: list[tuple[int, str]]) -> None:
    two = opened()
    fault(two)
    two.pass_time(LATER_S)
    assert two.told() == expected


def test_a_restatement_is_told_by_the_shard_that_leads_and_the_books_that_it_leaves_wrong_by_theirs() -> None:
    two = opened()
    restated(two)
    two.pass_time(LATER_S)
    assert two.told() == [(0, "restatement"), (1, "amount_mismatch")]


def test_an_alert_of_the_far_end_names_the_place_of_its_own() -> None:
    two = opened()
    no_credit(two)
    two.pass_time(LATER_S)
    scope = two.alerts(1)[0].scope
    assert (scope.location, scope.client_id, scope.transfer_id) == ("b.bank", "b.bob", "T")


def test_an_account_of_another_shard_than_its_place_is_asked_after_where_it_is_booked() -> None:
    """The money is at a place of `a`, for a client of `b`: the one watches the place, the other the credit."""
    for books, expected in ((True, []), (False, [(1, "missing_credit")])):
        two = opened()
        ends: dict[str, Any] = {"to": {"location": "a.bank", "account_id": "b.main", "client_id": "b.bob"}}
        move(two, "T", 100, ("completed",), "external", "a.bank", "100", op_type="deposit", source="a.wires", **ends)
        if books:
            credited(two)
        two.tell(balance("a", 200, "1100"), 200).tell(balance("b", 200, "1000"), 200).pass_time(LATER_S)
        assert [told for told in two.told() if told[1] != "liabilities_exceed_holdings"] == expected
        assert (two.positions(0)["a.bank", "USD"][0], two.positions(1)["b.bank", "USD"][0]) == ("1100", "1000")


def failed_rules(two: Two) -> dict[str, set[str]]:
    """Return by movement the rules that the latest verdict on it names."""
    return {
        output.value.transfer_id: {failure.rule for failure in output.value.failed_rules}
        for said in two.said
        for output in said
        if output.topic == "decisions"
    }


@pytest.mark.parametrize("groups", ["places accounts", "places", ""])
@pytest.mark.parametrize("name", ["a", "b"])
def test_totals_are_those_of_the_shard_however_its_groups_are_named(name: str, groups: str) -> None:
    two = opened(groups=groups)
    for source in ("wires", "ledger", "custodian", "other"):
        for firm in "ab":  # what the other shard's have not delivered holds up nothing here
            mark = stamp(LATER_S - 100 if firm == name else 40)
            beat = control("heartbeat", f"{firm}.{source}-beat", 40, of_source=f"{firm}.{source}", watermark=mark)
            two.tell(beat, 40)
    other = "b" if name == "a" else "a"
    again: dict[str, Any] = {"location": f"{other}.bank", "role": "bank", "recon_group": "else" if groups else None}
    two.tell(reference("location", f"{other}-again", **again), 50)
    book(two, name, "GIFT", 100, {"main": "600", "own": "-600"})
    two.pass_time(400)
    assert two.told() == [(0 if name == "a" else 1, "liabilities_exceed_holdings")]


@pytest.mark.parametrize("groups", ["places accounts", ""])
def test_value_on_its_way_to_another_shard_covers_no_client_here(groups: str) -> None:
    two = opened(groups=groups)
    between(two, "T", 100, own=True, amount="900", without="completed")
    assert two.pass_time(400).told() == [(0, "liabilities_exceed_holdings")]


def test_a_movement_that_the_receiver_tells_under_another_id_is_one_with_it() -> None:
    two = opened()
    paid(two, ids={"tx_hash": "0xabc", "tx_index": 1})
    credited(two)
    ends: dict[str, Any] = {"to": {"location": "b.bank", "account_id": "b.main", "client_id": "b.bob"}}
    ends |= {"op_type": "deposit", "ids": {"tx_hash": "0xabc", "tx_index": 1}, "source": "b.wires"}
    move(two, "SEEN", 110, ("completed",), "external", "b.bank", "100", **ends)
    assert two.pass_time(LATER_S).told() == []


def test_a_credit_that_names_no_movement_is_found_for_one_from_another_shard() -> None:
    two = opened()
    paid(two, without="completed")
    book(two, "b", "T", 110, {"main": "100", "world": "-100"}, transfer_id=None)
    between(two, "T", 240, without="requested approved broadcast")  # longer than a credit with nothing behind it waits
    assert two.pass_time(LATER_S).told() == []


def test_the_second_leg_of_a_trade_between_two_shards_is_missed_by_one() -> None:
    two = opened()
    for number in range(7):
        legs = (("a", "b"), ("b", "a")) if number < 6 else (("a", "b"),)
        for origin, target in legs:
            ends: dict[str, Any] = {"op_type": "settlement", "parent_id": f"trade-{number}"}
            name = f"{origin}{number}"
            move(two, name, 100 + number, ("completed",), f"{origin}.bank", f"{target}.bank", "1", **ends)
    assert two.pass_time(LATER_S).told() == [(0, "settlement_overdue")]


def test_the_booking_of_a_correction_led_elsewhere_is_no_correction_of_its_own() -> None:
    two = opened()
    ends: dict[str, Any] = {end: {"location": f"{of}.bank"} for end, of in (("from", "b"), ("to", "a"))}
    stages = ("requested", "approved", "broadcast", "completed")
    move(two, "ADJ", 100, stages, "b.bank", "a.bank", "5", op_type="adjustment", **ends)
    by_hand: dict[str, Any] = {"op_type": "adjustment", "origin": "manual", "maker": "ann", "checker": "ben"}
    book(two, "a", "ADJ", 110, {"own": "5", "world": "-5"}, **by_hand)
    corrections = [monitor.state.reconciliation.tables["correction"].rows for monitor in two.monitors.monitors]
    assert [sorted(rows) for rows in corrections] == [[], ["transfer|ADJ"]]


def test_requests_of_another_shard_are_no_sign_that_this_one_tells_of_its_own() -> None:
    two = opened(active="a")
    paid(two)
    credited(two)
    move(two, "X", 200, ("broadcast", "completed"), "b.bank", "external", "1", op_type="withdrawal")
    book(two, "b", "X", 205, {"main": "-1", "world": "1"})
    assert two.pass_time(LATER_S).told() == []


def test_windows_count_what_the_shard_decides_and_no_more() -> None:
    two = opened()
    limit: dict[str, Any] = {"limit_id": "l", "scope": {"op_type": "internal"}, "window_s": 3_600, "window_count": 1}
    two.tell(reference("limit", "l", **limit), 90)
    between(two, "T1", 100)
    between(two, "T2", 110)
    ends = {"from": {"location": "b.bank", "client_id": "b.bob"}, "to": {"location": "a.bank", "client_id": "a.alice"}}
    move(two, "B1", 120, ("requested",), "b.bank", "a.bank", "1", asset="USD", source="b.wires", **ends)
    failed = failed_rules(two)
    assert ("R6" in failed["T1"], "R6" in failed["T2"], "R6" in failed["B1"]) == (False, True, False)


def test_what_another_shard_leads_is_no_earlier_payment_like_this_one_also_after_a_restart() -> None:
    two = opened()
    paid_out: dict[str, Any] = {"op_type": "withdrawal", "to": {"location": "a.bank", "account_id": "payee"}}
    stages = ("requested", "approved", "broadcast", "completed")
    move(
        two,
        "B",
        100,
        stages,
        "b.bank",
        "a.bank",
        "9",
        **{"from": {"location": "b.bank", "client_id": "a.alice"}},
        **paid_out,
    )
    two.pass_time(150).pass_time(160).pass_time(170).pass_time(180).pass_time(190).pass_time(195).pass_time(196)
    paid_out["to"] = {"location": "external", "account_id": "payee"}
    move(
        two,
        "A",
        200,
        stages,
        "a.bank",
        "external",
        "9",
        **{"from": {"location": "a.bank", "client_id": "a.alice"}},
        **paid_out,
    )
    assert "duplicate_payment" not in {alert for _, alert in two.told()}
    assert "R8" not in failed_rules(two)["A"]


def test_a_plan_that_a_movement_led_elsewhere_names_is_held_against_it_there_also_after_a_restart() -> None:
    two = opened()
    ends: dict[str, Any] = {end: {"location": f"{of}.bank"} for end, of in (("from", "b"), ("to", "a"))}
    stages = ("requested", "approved", "broadcast", "completed")
    move(two, "B", 100, stages, "b.bank", "a.bank", "9", op_type="rebalance", plan_id="P", **ends)
    for at_s in range(150, 157):
        two.pass_time(at_s)
    other_way = {"from": "a.bank", "to": "b.bank", "asset": "USD", "amount": "9"}
    two.tell(control("plan", "p", 200, plan_id="P", op_type="rebalance", **other_way), 200)
    assert two.told() == [(1, "unexpected_destination")]


def test_what_is_told_of_a_movement_led_elsewhere_counts_where_it_is_led() -> None:
    two = opened()
    no_credit(two)
    two.pass_time(LATER_S)
    marks = [monitor.state.reconciliation.context.tallies.marks for monitor in two.monitors.monitors]
    assert ["T" in shard.rows for shard in marks] == [True, False]
    sizes = [
        {name for key, _ in monitor.state.sentinels.sizes.rows() for name in key} for monitor in two.monitors.monitors
    ]
    assert ["a.alice" in names for names in sizes] == [True, False]


def test_the_age_of_a_balance_is_asked_of_the_places_that_report_here() -> None:
    policy = default_policy()
    rules = tuple(replace(rule, snapshot_age_s=3_600.0) if isinstance(rule, Fresh) else rule for rule in policy.rules)
    two = opened(Two(policy=replace(policy, rules=rules)))
    between(two, "T1", 100)
    between(two, "T2", LATER_S)
    assert ("R11" in failed_rules(two)["T1"], "R11" in failed_rules(two)["T2"]) == (False, True)


# --- what all shards hear --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sent", "at_s", "alert", "quarantined"),
    [
        (reference("price", "p", asset="USD", usd="x", as_of=stamp(0)), 100, None, "bad_value"),
        (reference("asset", "ref-USD", 0, asset="USD", decimals=3, dust="0"), 100, "event_conflict", "event_conflict"),
        (reference("price", "p", 9_000, asset="USD", usd="1", as_of=stamp(0)), 100, "clock_skew", None),
        (control("config", "c", 100, settings={"silent_s": -1}), 100, None, "bad_settings"),
        (("rumours", {"event_id": "x"}), 100, None, "unknown_topic"),
    ],
)
def test_what_is_wrong_with_a_record_for_all_is_told_by_shard_0(
    sent: Sent, at_s: float, alert: str | None, quarantined: str | None
) -> None:
    two = opened().tell(sent, at_s)
    assert two.told() == ([(0, alert)] if alert else [])
    assert two.quarantined() == ([(0, quarantined)] if quarantined else [])


def test_what_is_wrong_with_the_report_of_a_movement_is_told_where_it_is_led() -> None:
    ends: dict[str, Any] = {
        "from": {"location": "b.bank"},
        "to": {"location": "a.bank"},
        "asset": "USD",
        "source": "b.wires",
    }
    two = opened()
    two.tell(transfer("X/1", 100, "X", "no-such-stage", "b.bank", "a.bank", "1", **ends), 100)
    two.tell(transfer("X/2", 100, "X", "requested", "b.bank", "a.bank", "0.123", **ends), 100)
    two.tell(transfer("X/3", 9_000, "X", "requested", "b.bank", "a.bank", "1", **ends), 100)
    two.tell(transfer("X/4", 100, "X", "requested", "b.bank", "a.bank", "1", **(ends | {"asset": "NEW"})), 100)
    assert two.quarantined() == [(1, "invalid_field"), (1, "too_many_decimals")]
    assert two.told() == [(1, "clock_skew"), (1, "unknown_asset")]


def test_a_reference_for_all_is_applied_by_all() -> None:
    two = opened()
    two.tell(transfer("X/1", 100, "X", "completed", "a.bank", "b.bank", "5", asset="NEW", source="a.wires"), 100)
    two.tell(reference("asset", "ref-NEW", asset="NEW", decimals=2, dust="0"), 101)
    assert two.positions(0)["a.bank", "NEW"][0] == "-5"
    assert two.positions(1)["b.bank", "NEW"][0] == "5"


def test_what_waited_for_a_reference_and_cannot_be_applied_is_told_where_it_is_led() -> None:
    two = opened()
    two.tell(transfer("X/1", 100, "X", "completed", "b.bank", "a.bank", "0.123", asset="NEW", source="b.wires"), 100)
    two.tell(reference("asset", "ref-NEW", asset="NEW", decimals=2, dust="0"), 101)
    assert two.quarantined() == [(1, "too_many_decimals")]


def test_words_about_an_alert_are_obeyed_by_the_shard_that_has_it_and_nobody_minds() -> None:
    two = opened()
    no_credit(two)
    two.pass_time(LATER_S)
    name = two.alerts(1)[-1].alert_id
    two.tell(control("acknowledge", "ack", LATER_S, alert_id=name, actor="ann"), LATER_S)
    two.tell(control("close", "close", LATER_S, alert_id="al-no-such", actor="ann", verdict="expected"), LATER_S)
    assert two.alerts(1)[-1].state.value == "acknowledged"
    assert two.alerts(0) == []
    assert two.quarantined() == []


def test_thresholds_hold_in_all_shards() -> None:
    who = {"version": 1, "proposer": "ann", "approver": "bob", "effective_from": stamp(100)}
    two = opened().tell(control("thresholds", "t", 100, changes={"silent_s": 77}, **who), 100).pass_time(200)
    assert [monitor.state.settings.silent_s for monitor in two.monitors.monitors] == [77, 77]


def test_a_plan_is_watched_by_the_shard_that_it_leaves() -> None:
    ends = {"from": "b.bank", "to": "a.bank", "asset": "USD", "amount": "5"}
    window = {"not_before": stamp(100), "not_after": stamp(500)}
    two = opened().tell(control("plan", "p", 100, plan_id="P", op_type="settlement", **ends, **window), 100)
    assert two.pass_time(LATER_S).told() == [(1, "settlement_overdue")]


def test_late_inputs_are_told_by_shard_0() -> None:
    alerts = []
    for shard in (0, 1):
        monitor = Monitor(Settings(shards=RULES), shard=shard)
        start_us = int(START.timestamp()) * US
        for topic, event in (
            control("config", "c", 0, settings={}, clock="ticks", inputs=["x"]),
            control("tick", "t", 0),
        ):
            record = received((topic, event), 0)
            alerts.append(monitor.step(Record(topic, record.value, OWN_ORIGIN, start_us + 500 * US)))
    assert [[output.value.type for output in said] for said in alerts] == [[], ["monitor_lag"], [], []]


# --- sources ---------------------------------------------------------------------------------------------------
def beats(two: Two, source: str, until_s: int) -> None:
    for at_s in range(40, until_s, 60):
        two.tell(control("heartbeat", f"{source}-{at_s}", at_s, of_source=source, watermark=stamp(at_s - 1)), at_s)


def silent(two: Two) -> list[tuple[int, str | None]]:
    return [
        (shard, alert.scope.source)
        for shard in (0, 1)
        for alert in two.alerts(shard)
        if (alert.type, alert.seq) == ("source_silent", 0)
    ]


def test_the_silence_of_a_source_is_told_by_the_shard_that_it_is_of() -> None:
    two = opened()
    for source in ("a.wires", "b.wires", "nobody"):
        beats(two, source, 600)
    two.pass_time(LATER_S)
    assert silent(two) == [(0, "a.wires"), (1, "b.wires")]


def test_the_silence_of_a_source_of_no_shard_is_told_by_those_that_heard_it_tell_something() -> None:
    rules = tuple(ShardRule(rule.shard, rule.locations, rule.accounts) for rule in RULES)
    two = opened(Two(rules))
    for source in ("b.wires", "nobody"):
        beats(two, source, 600)
    two.pass_time(LATER_S)
    assert silent(two) == [(1, "b.wires")]
    two = opened(Two(rules))
    between(two, "T", 100, source="both")  # a source of both shards holds something back in each
    book(two, "a", "T", 105, PAID)
    credited(two)
    beats(two, "both", 600)
    two.pass_time(LATER_S)
    assert silent(two) == [(0, "both"), (1, "both")]
    ids = {alert.alert_id for shard in (0, 1) for alert in two.alerts(shard)}
    assert len(ids) == 2, "each says something else: they are two alerts"


def test_a_number_that_another_shard_may_have_is_not_missed() -> None:
    def numbered(two: Two, names: str) -> Two:
        for number, name in enumerate(names):
            move(two, f"N{number}", 200 + number, ("completed",), "external", f"{name}.bank", "1", op_type="interest",
                 source="both", source_seq=str(number))  # fmt: skip
        return two.pass_time(300)

    shared = numbered(opened(), "aaaaaaaabaaaaabaaaaa")
    assert [told for told in shared.told() if told[1] == "source_gap"] == []
    own = numbered(opened(Two((*RULES, ShardRule(0, sources=("both",))))), "aaaaaaaabaaaaabaaaaa")
    assert [told for told in own.told() if told[1] == "source_gap"] == [(0, "source_gap")]


# --- the map ---------------------------------------------------------------------------------------------------
def settings_of(rules: tuple[ShardRule, ...]) -> dict[str, Any]:
    return {"shards": [{"shard": rule.shard, "locations": list(rule.locations)} for rule in rules]}


def test_a_map_is_taken_before_anything_is_applied_and_no_other_one_after() -> None:
    told = settings_of((ShardRule(1, ("b.*",)),))
    for kind, fields in (
        ("config", {"settings": settings_of((ShardRule(1, ("a.*",)),))}),
        (
            "thresholds",
            {"changes": settings_of(()), "version": 1, "proposer": "a", "approver": "b", "effective_from": stamp(0)},
        ),
    ):
        monitor = Monitor(shard=1)
        assert monitor.step(received(control("config", "c1", 1, settings=told), 1)) == []
        monitor.step(received(reference("asset", "ref-USD", asset="USD", decimals=2, dust="0"), 1))
        monitor.step(received(snapshot("s", 2, "b.bank", {"USD": "1"}), 2))
        kept = monitor.state.settings
        assert monitor.step(received(control("config", "c2", 3, settings=told), 3)) == []
        assert monitor.step(received(control(kind, "c3", 4, **fields), 4)) == [], "shard 0 says it"
        assert monitor.state.settings == kept
        assert monitor.state.counts["quarantined bad_settings"] == 1


def test_pinned_settings_without_a_map_leave_the_log_its_own() -> None:
    monitor = Monitor(Settings(silent_s=77), pinned=True, shard=1)
    monitor.step(
        received(control("config", "c", 1, settings={"silent_s": 5} | settings_of((ShardRule(1, ("b.*",)),))), 1)
    )
    assert (monitor.state.settings.silent_s, monitor.state.territory.shards.of_location("b.bank")) == (77, 1)


def test_what_the_map_gives_to_another_shard_is_put_aside_and_moves_nothing() -> None:
    monitor = Monitor(Settings(shards=RULES), shard=1)
    monitor.step(received(reference("asset", "ref-USD", asset="USD", decimals=2, dust="0"), 1))
    strays = (
        snapshot("s", 2, "a.bank", {"USD": "1"}),
        posting("p", 2, account_id="a.main", asset="USD"),
        transfer("t", 2, "T", "completed", "external", "a.bank", "1", asset="USD"),
    )
    for sent in strays:
        (said,) = monitor.step(received(sent, 2))
        assert (said.topic, said.value.code) == ("quarantine", "other_shard")
    assert monitor.state.holdings.places.by_name == {}


def test_the_rows_of_another_shard_are_refused() -> None:
    rows = opened().monitors.monitors[1].rows()
    assert Monitor.from_rows(rows, shard=1).rows() == rows
    with pytest.raises(StateVersionError, match="the state of shard 1, for shard 0"):
        Monitor.from_rows(rows)


def test_the_default_map_leaves_no_trace_in_rows_and_ids() -> None:
    (row,) = [row for key, row in Monitor().rows().items() if key == '["monitor"]']
    assert "shard" not in row
    assert "shards" not in row["settings"]
    args = ("source_silent", "k", "c", 5, 0)
    assert alert_id(*args) == alert_id(*args, shard=0)
    assert len({alert_id(*args, shard=shard) for shard in range(4)}) == 4
