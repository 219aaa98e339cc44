"""The policy at the desk: what a request is told, what holds it, what lets it go, and what the audit says of the rest.

The rules one by one are in tests/contract/test_decisions.py; here is how verdicts follow each other.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from streams.monitor import Settings
from streams.monitor.outputs import encode
from streams.monitor.settings import plain
from tests.ledger.wire import DAY, Sent, control, posting, received, reference, snapshot, stamp, transfer
from tests.monitor.story import Story, clock, said_of

ADDRESS = "bc1qclientsownaddress000000000000000000"
CHAIN = "bip122:000000000019d6689c085ae165831e93"
TO = {"location": "external", "client_id": "c1", "address": ADDRESS, "network": CHAIN}
AUTO = {"origin": "auto", "declared_class": "risk_free", "initiator": "user:c1", "approvers": []}
BY_HAND = {"origin": "manual", "declared_class": "risky", "initiator": "user:c1", "approvers": ["ops-1", "ops-2"]}


class Desk(Story):
    """A client with some BTC and an address on record, a hot wallet with 1,000, and a limit as given."""

    def __init__(self, balance: str = "10", **limit: Any) -> None:
        super().__init__(decisions=True)
        self.number = 0
        self.at("08:00", reference("asset", "r-btc", asset="BTC", decimals=8, dust="0.01", networks=[CHAIN]))
        known: dict[str, Any] = {
            "address": ADDRESS,
            "network": CHAIN,
            "owner": "c1",
            "role": "client",
            "state": "active",
        }
        self.at("08:00", reference("address", "r-addr", **known, added_at=stamp(-30 * DAY)))
        if limit:
            self.at("08:00", reference("limit", "r-lim", limit_id="L1", scope={"op_type": "withdrawal"}, **limit))
        self.at("08:10", snapshot("s-1", clock("08:10"), "hot", {"BTC": "1000"}))
        self.book("08:20", balance, op_type="opening", balance_after=balance)

    def at(self, time: str, sent: Sent) -> list[str]:
        """Hear an event at a time of day; return what is said, in short."""
        return [said_of(output) for output in self.hear(received(sent, clock(time)))]

    def book(self, time: str, amount: str, **more: Any) -> list[str]:
        """Book on the client's account: a journal of its own, with its other leg outside."""
        self.number += 1
        name = f"b-{self.number}"
        body = {"account_id": "a-c1", "client_id": "c1", "amount": amount, "journal_id": f"j-{name}"}
        said = self.at(time, posting(name, clock(time), **{**body, "source_seq": f"{2 * self.number:06}", **more}))
        other = {"account_id": "outside", "account_class": "external", "amount": _negative(amount), "leg_no": 2}
        other |= {"journal_id": f"j-{name}", "source_seq": f"{2 * self.number + 1:06}"}
        more = {key: value for key, value in more.items() if key in ("op_type", "transfer_id")}
        return said + self.at(time, posting(f"{name}-2", clock(time), **{**other, **more}))

    def ask(self, name: str, time: str, amount: str, status: str = "requested", **more: Any) -> list[str]:
        """Report a stage of a withdrawal of the client's."""
        self.number += 1
        body = {"op_type": "withdrawal", "from": {"location": "hot", "client_id": "c1"}, "to": TO, "network": CHAIN}
        ids = {"client_ref": f"ref-{name}"}
        return self.at(
            time,
            transfer(
                f"{name}-{self.number}",
                clock(time),
                name,
                status,
                "hot",
                "external",
                amount,
                **{**body, "ids": ids, **more},
            ),
        )


def _negative(amount: str) -> str:
    return amount[1:] if amount.startswith("-") else f"-{amount}"


def _drift(desk: Desk) -> None:
    """Two balances that are short of 5 BTC, which nobody explains."""
    desk.at("09:00", snapshot("s-2", clock("09:00"), "hot", {"BTC": "995"}))
    said = desk.at("09:10", snapshot("s-3", clock("09:10"), "hot", {"BTC": "995"}))
    assert said[0] == "position_drift P2 open -5"


def test_a_break_opens_three_are_held_it_is_explained_and_the_three_go() -> None:
    desk = Desk()
    assert desk.ask("W-0", "08:50", "1") == ["auto_approve"]
    desk.ask("W-0", "08:51", "1", "broadcast", control=AUTO)
    desk.at("09:00", snapshot("s-2", clock("09:00"), "hot", {"BTC": "994"}))
    assert desk.ask("W-1", "09:05", "1") == ["auto_approve"]
    drift = desk.at("09:10", snapshot("s-3", clock("09:10"), "hot", {"BTC": "994"}))
    assert drift == ["position_drift P2 open -5", "hold R12 #1", "brake_applied P4 open"]
    assert desk.ask("W-2", "09:11", "1") == ["hold R12", "brake_applied P4 open #1"]
    assert desk.ask("W-3", "09:12", "1") == ["hold R12"]
    assert desk.of("position_drift")[0].alert_id in desk.decisions[-1].failed_rules[0].why
    assert desk.of("brake_applied")[0].incident_id == desk.of("position_drift")[0].incident_id
    late = transfer("late", clock("08:40"), "X-9", "completed", "hot", "external", "5", op_type="fee")
    said = desk.at("09:20", late)
    assert [text for text in said if "auto_approve" in text] == [
        "auto_approve #2",
        "auto_approve #1",
        "auto_approve #1",
    ]
    assert "position_drift P2 explained #1" in said
    ended = desk.of("brake_applied")[-1]
    assert ended.state == "resolved"
    assert "3 movements" in ended.explanation
    assert [decision.transfer_id for decision in desk.decisions[-3:]] == ["W-1", "W-2", "W-3"]


def test_somebody_who_closes_the_alert_answers_for_it_and_lifts_the_brake() -> None:
    desk = Desk()
    _drift(desk)
    assert desk.ask("W-1", "09:11", "1")[0] == "hold R12"
    alert_id = desk.named("position_drift")
    closing = control("close", "c-1", clock("09:15"), alert_id=alert_id, actor="ops-1", verdict="expected")
    said = desk.at("09:15", closing)
    assert "auto_approve #1" in said
    assert "brake_applied P4 resolved #1" in said


def test_what_a_movement_does_not_touch_does_not_hold_it() -> None:
    desk = Desk()
    _drift(desk)
    desk.at("09:11", snapshot("v-1", clock("09:11"), "venue", {"USD": "500"}))
    far = {"op_type": "internal", "asset": "USD"}
    assert desk.at("09:12", transfer("i-1", clock("09:12"), "I-1", "requested", "venue", "venue", "5", **far)) == [
        "auto_approve"
    ]
    near = {"op_type": "internal", "asset": "BTC"}
    said = desk.at("09:12", transfer("i-2", clock("09:12"), "I-2", "requested", "venue", "venue", "0", **near))
    assert said[0] == "hold R12"


def test_another_policy_in_force_reaches_less_far_and_lets_go() -> None:
    desk = Desk()
    _drift(desk)
    assert desk.ask("W-1", "09:11", "1")[0] == "hold R12"
    policy = plain(Settings())["policy"]
    policy["version"] = "without the brake"
    policy["rule"][-1]["brakes"] = []
    said = desk.at("09:12", control("config", "cfg", clock("09:12"), settings={"policy": policy}))
    assert said == ["brake_applied P4 resolved #1", "auto_approve #1"]
    assert desk.decisions[-1].policy_version == "without the brake"


def test_twenty_within_a_tenth_of_a_second_and_only_what_is_covered_goes() -> None:
    desk = Desk("10")
    said = [desk.ask(f"W-{number}", f"09:00:{number:02}", "5") for number in range(20)]
    assert said == [["auto_approve"]] * 2 + [["hold R7"]] * 18


def test_what_is_not_covered_goes_when_it_is() -> None:
    desk = Desk("4")
    assert desk.ask("W-1", "09:00", "3") == ["auto_approve"]
    assert desk.ask("W-2", "09:01", "3") == ["hold R7"]
    assert desk.ask("W-3", "09:02", "2") == ["hold R7"]
    assert desk.ask("W-1", "09:03", "3", "cancelled") == ["auto_approve #1"], "the first in line, and no more"
    assert desk.book("09:05", "5", op_type="deposit") == ["auto_approve #1"]


def test_its_own_debit_is_not_held_against_it() -> None:
    desk = Desk("4")
    assert desk.ask("W-1", "09:00", "3") == ["auto_approve"]
    desk.book("09:01", "-3", transfer_id="W-1")
    said = desk.ask("W-1", "09:02", "3", "pending_approval", control={"kyt_score": 0.1})
    assert said == [], "judged again, and nothing has changed"
    assert desk.ask("W-2", "09:03", "1") == ["auto_approve"], "what is debited is not asked for as well"


def test_people_who_have_their_say_change_the_verdict() -> None:
    desk = Desk(quorum=2)
    assert desk.ask("W-1", "09:00", "1") == ["review R10"]
    assert desk.ask("W-1", "09:01", "1", "pending_approval", control={**BY_HAND, "approvers": ["ops-1"]}) == []
    assert desk.ask("W-1", "09:02", "1", "approved", control=BY_HAND) == ["auto_approve #1"]


def test_a_restated_request_is_judged_by_what_it_says_now() -> None:
    desk = Desk(single="5")
    assert desk.ask("W-1", "09:00", "6") == ["review R5"]
    assert desk.ask("W-1", "09:01", "4", revision=1) == ["auto_approve #1"]
    assert desk.ask("W-2", "09:02", "7") == ["hold R5 R7"]


def test_others_are_classed_once_when_they_are_first_seen() -> None:
    desk = Desk()
    into = {"op_type": "deposit", "to": {"location": "hot", "client_id": "c1"}}
    assert desk.at("09:00", transfer("d-1", clock("09:00"), "D-1", "confirming", "external", "hot", "1", **into)) == [
        "review R1"
    ]
    assert desk.at("09:01", transfer("d-2", clock("09:01"), "D-1", "completed", "external", "hot", "1", **into)) == []


@pytest.mark.parametrize("amount", ["5", "6"])
def test_what_a_machine_let_pass_against_a_limit(amount: str) -> None:
    desk = Desk(single="5")
    desk.ask("W-1", "09:00", amount)
    said = desk.ask("W-1", "09:01", amount, "approved", control=AUTO)
    assert said == ([] if amount == "5" else ["policy_violation P2 open"])
    if amount == "6":
        assert "R5: 6 BTC are more than 5 (L1)" in desk.of("policy_violation")[0].explanation


def test_what_people_let_pass_is_theirs_unless_they_are_too_few() -> None:
    desk = Desk(single="5", quorum=2)
    desk.ask("W-1", "09:00", "6")
    assert "policy_violation" not in " ".join(desk.ask("W-1", "09:01", "6", "approved", control=BY_HAND))
    desk.ask("W-2", "09:02", "6")
    said = desk.ask("W-2", "09:03", "6", "approved", control={**BY_HAND, "approvers": ["ops-1"]})
    assert said == ["policy_violation P2 open"]


def test_a_violation_is_taken_back_when_the_record_comes_late() -> None:
    desk = Desk()
    other = {**TO, "address": "bc1qanotheraddressoftheclient0000000000"}
    desk.ask("W-1", "09:00", "1", to=other)
    said = desk.ask("W-1", "09:01", "1", "approved", to=other, control=AUTO)
    assert "policy_violation P2 open" in said
    known: dict[str, Any] = {
        "address": other["address"],
        "network": CHAIN,
        "owner": "c1",
        "role": "client",
        "state": "active",
    }
    said = desk.at("09:02", reference("address", "r-2", clock("09:02"), **known, added_at=stamp(-DAY)))
    assert "policy_violation P2 explained #1" in said


def test_what_left_with_no_decision_where_decisions_are_told() -> None:
    desk = Desk(single="5")
    desk.ask("W-1", "09:00", "6")
    assert desk.ask("W-1", "09:01", "6", "broadcast") == [], "nobody tells of approvals here"
    desk.ask("W-2", "09:02", "1", "approved", control=BY_HAND)
    desk.ask("W-3", "09:03", "5.5")
    assert "policy_violation P2 open" in desk.ask("W-3", "09:04", "5.5", "broadcast")
    assert desk.of("policy_violation")[0].rule == "no_decision"


def test_what_was_free_of_risk_is_followed_until_it_is_reconciled() -> None:
    desk = Desk()
    counts = desk.monitor.state.reconciliation.context.followed.counts
    desk.ask("W-1", "09:00", "1")
    desk.book("09:01", "-1", transfer_id="W-1")
    desk.ask("W-1", "09:02", "1", "completed", control=AUTO)
    desk.ask("W-2", "09:10", "1", "requested")
    assert counts.rows == {("confirmed", ""): 1}
    desk.ask("W-2", "09:11", "4", "completed")
    desk.ask("W-3", "09:20", "1", "requested")
    assert counts.rows == {("confirmed", ""): 1, ("amount", "amount_mismatch"): 1}


def test_decisions_are_written_as_the_contract_says() -> None:
    desk = Desk(single="0.5")
    desk.ask("W-1", "09:00", "1")
    assert msgspec.json.decode(encode(desk.decisions[-1])) == {
        "transfer_id": "W-1",
        "class": "risky",
        "action": "review",
        "failed_rules": [{"rule": "R5", "why": "1 BTC are more than 0.5 (L1)"}],
        "policy_version": "driftline-1",
        "decided_at": "2026-01-05T09:00:00Z",
        "seq": 0,
    }


# --- a restart at any moment: the desk compares a monitor made of the rows with the one that went on, at each step -----


def _by_account(name: str, desk: Desk, time: str, status: str) -> list[str]:
    """Report a stage of a withdrawal from an account of which nobody says whose it is."""
    way = {"from": {"location": "hot", "account_id": "a-c1"}, "to": {**TO, "client_id": None}}
    return desk.ask(name, time, "1", status, **way)


def test_whose_money_a_movement_takes_that_nobody_asked_for_may_be_told_later() -> None:
    desk = Desk()
    _by_account("W-1", desk, "08:30", "broadcast")
    desk.at("08:40", reference("account", "r-1", account_id="a-c1", account_class="client", client_id="c1"))
    assert desk.ask("W-2", "08:41", "1", ids={}) == ["review R8"]
    assert "W-1 asks for the same" in desk.decisions[-1].failed_rules[0].why


def test_a_record_that_no_longer_says_whose_an_account_is_leaves_it_to_its_postings() -> None:
    desk = Desk("2")
    desk.at("08:30", reference("account", "r-1", account_id="a-c1", account_class="client", client_id="c1"))
    desk.at("08:31", reference("account", "r-2", account_id="a-c1", account_class="client"))
    assert desk.ask("W-1", "08:40", "1") == ["auto_approve"]


def test_requests_are_numbered_on_when_the_last_of_them_is_forgotten() -> None:
    desk = Desk()
    desk.ask("W-1", "08:40", "1")
    desk.ask("W-1", "08:41", "1", "cancelled")
    for day in (20, 40, 41):
        desk.at(f"{day}/09:00", snapshot(f"s-{day}", clock(f"{day}/09:00"), "hot", {"BTC": "1000"}))
    assert not desk.monitor.state.reconciliation.context.decisions.requests.rows
    desk.ask("W-2", "41/09:10", "1")
    [request] = desk.monitor.state.reconciliation.context.decisions.requests.rows.values()
    assert request.order == 1
