"""Laws of the tallies: they are a recount of the movements as they stand, however these were told of."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from ledger.findings import Breach, Failure, Verdict
from ledger.service.tallies import ALWAYS, KEPT_DAYS
from ledger.service.tally import Tally, add
from ledger.times import DAY_US, to_us
from streams.monitor import Monitor
from tests.ledger.service.recount import STATUSES, Diary
from tests.ledger.wire import DAY, HOUR, START, Sent, control, posting, received, reference, transfer

FIRM = [
    reference("asset", "ref-USD", asset="USD", decimals=2, dust="0"),
    reference("asset", "ref-BTC", asset="BTC", decimals=8, dust="0"),
    reference("asset", "ref-XYZ", asset="XYZ", decimals=8, dust="0"),
    reference("price", "price-BTC", asset="BTC", usd="50000", as_of="2026-01-05T00:00:00Z"),
    reference("location", "ref-hot", location="hot", role="hot"),
]
TODAY = to_us(START) // DAY_US
KINDS = ("withdrawal", "withdrawal", "deposit", "internal", "refund", "adjustment")
LIKELY = ("requested", "approved", "broadcast", "completed")


@st.composite
def movements(draw: st.DrawFn, number: int) -> list[Sent]:
    """All reports of one movement over two days: who let it pass, for whom, restated, undone and done again."""
    op_type, asset = draw(st.sampled_from(KINDS)), draw(st.sampled_from(["USD", "BTC", "XYZ"]))
    ends = ("external", "hot") if op_type == "deposit" else ("hot", "external")
    sent = []
    for report in range(draw(st.integers(1, 6))):
        status = draw(st.sampled_from(LIKELY) | st.sampled_from(STATUSES))
        origin: dict[str, Any] = {"location": ends[0]}
        target: dict[str, Any] = {"location": ends[1]}
        client = draw(st.sampled_from([None, "acme", "beta"]))
        if client:
            draw(st.sampled_from([origin, target]))["client_id"] = client
        said: dict[str, Any] = {"origin": draw(st.sampled_from([None, "auto", "auto", "manual"]))}
        if draw(st.integers(0, 5)) == 0:
            said |= {"initiator": "ann", "approvers": draw(st.sampled_from([["bob"], ["ann"]]))}
        more = {
            "op_type": op_type, "asset": asset, "from": origin, "to": target, "revision": draw(st.sampled_from([0, 0, 0, 1])),
            "control": {name: value for name, value in said.items() if value is not None},
            "sub_status": draw(st.sampled_from([None, None, None, "COMPLETED_BUT_3RD_PARTY_FAILED"])),
        }  # fmt: skip
        seconds = draw(st.integers(0, 40)) * HOUR + draw(st.sampled_from([0, 0, 7]))
        amount = draw(st.sampled_from(["1", "1", "2.5"]))
        sent.append(transfer(f"T{number}-{report}", seconds, f"T{number}", status, "", "", amount, **more))
    return sent


@dataclass(frozen=True)
class Said:
    """A verdict made by hand, on the movement `T{number}` if it is known by then."""

    number: int
    failed: tuple[str, ...]
    action: str


VERDICTS = st.builds(
    Said,
    number=st.integers(0, 3),
    failed=st.sampled_from([(), (), ("R2",), ("R2", "R6"), ("R12",)]),
    action=st.sampled_from(["review", "hold"]),
)
Step = Sent | Said


@st.composite
def days(draw: st.DrawFn) -> list[Step]:
    """Return what is told in two days, in any order, some of it twice, with verdicts in between."""
    told: list[Step] = [one for number in range(draw(st.integers(1, 4))) for one in draw(movements(number))]
    told += draw(st.lists(st.sampled_from(told), max_size=3))
    told += draw(st.lists(VERDICTS, max_size=6))
    return list(draw(st.permutations(told)))


def listen(steps: list[Step], restart_at: int = -1) -> tuple[Monitor, Diary]:
    """Return a monitor that heard all this, and the diary of it; it is restarted before a step."""
    monitor, diary = Monitor(), Diary()
    for sent in FIRM:
        monitor.step(received(sent, 0))
    diary.follow(monitor)
    for index, step in enumerate(steps):
        second = 2 * DAY + 60 * index
        if index == restart_at:
            monitor = Monitor.from_rows(json.loads(json.dumps(monitor.rows())))
            diary.follow(monitor)
        if isinstance(step, Said):
            monitor.step(received(control("tick", f"tick-{index}", second), second))
            decide(monitor, step, index)
        else:
            monitor.step(received(step, second))
    return monitor, diary


def decide(monitor: Monitor, said: Said, seq: int) -> None:
    reconciliation = monitor.state.reconciliation
    reconciliation.at(f"verdict-{seq}", monitor.state.clock_us)
    context = reconciliation.context
    dossier = context.dossiers.edit(f"T{said.number}")
    if dossier is not None:
        context.decide(
            Verdict(
                transfer_id=dossier.transfer_id,
                risk_free=not said.failed,
                action="auto_approve" if not said.failed else "hold" if said.action == "hold" else "review",
                failed=tuple(Failure(rule, "because") for rule in said.failed),
                policy_version="test",
                at_us=context.now_us,
                seq=seq,
            ),
            dossier,
        )
    reconciliation.drain()


def by_day(monitor: Monitor) -> dict[tuple[int, str, str], Tally]:
    """Return the rows that say anything, without their histograms (but for how many they hold)."""
    rows = monitor.state.reconciliation.context.tallies.tally.rows
    return {key: _bare(row) for key, row in rows.items() if key[0] != ALWAYS and _bare(row) != Tally()}


def _bare(row: Tally) -> Tally:
    assert sum(row.took.counts) == row.took.count
    assert all(count >= 0 for count in row.took.counts)
    return structs.replace(row, took=structs.replace(row.took, counts=[]))


@given(days())
def test_the_tallies_are_a_recount_of_the_movements(steps: list[Step]) -> None:
    monitor, diary = listen(steps)
    assert by_day(monitor) == diary.tallies()
    blame = Counter[tuple[int, str, str, str]]()
    for (day, rule, op_type), row in monitor.state.reconciliation.context.tallies.rules.rows.items():
        if day != ALWAYS:
            blame.update({(day, rule, op_type, name): value for name, value in structs.asdict(row).items()})
    assert +blame == diary.blame()


@settings(max_examples=50)
@given(days(), st.data())
def test_a_restart_changes_no_count(steps: list[Step], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(steps)))
    monitor, diary = listen(steps, restart_at=cut)
    assert by_day(monitor) == diary.tallies()
    tallies, whole = monitor.state.reconciliation.context.tallies, listen(steps)[0].state.reconciliation.context.tallies
    assert tallies.on_hold == whole.on_hold
    assert tallies.rules.rows == whole.rules.rows


@settings(max_examples=50)
@given(days())
def test_the_rows_since_the_beginning_are_the_sum_of_all_days(steps: list[Step]) -> None:
    rows = listen(steps)[0].state.reconciliation.context.tallies.tally.rows
    total, whole = Tally(), Tally()
    for key, row in rows.items():
        add(whole if key[0] == ALWAYS else total, row)
    assert total == structs.replace(whole, verdicts={})


@given(days())
def test_every_verdict_is_counted_once_whatever_followed(steps: list[Step]) -> None:
    monitor, diary = listen(steps)
    tallies = monitor.state.reconciliation.context.tallies
    said = {
        (op_type, name): count
        for (day, op_type, _), row in tallies.tally.rows.items()
        for name, count in row.verdicts.items()
        if day == ALWAYS
    }
    named = {(op_type, rule): row.verdicts for (day, rule, op_type), row in tallies.rules.rows.items() if day == ALWAYS}
    assert (said, named) == diary.judgements()


@settings(max_examples=50)
@given(days(), st.data())
def test_what_follows_from_the_reports_does_not_depend_on_their_order(steps: list[Step], data: st.DataObject) -> None:
    """Who names a client, and who let it pass, is first come, first served; here all say the same."""
    told = [step for step in steps if not isinstance(step, Said)]
    for _, event in told:
        event["from"].pop("client_id", None)
        event["to"].pop("client_id", None)
        event["control"] = {"origin": "auto"}
    in_order, otherwise = (plain_figures(listen(list(order))[0]) for order in (told, data.draw(st.permutations(told))))
    assert in_order == otherwise


def plain_figures(monitor: Monitor) -> dict[tuple[int, str, str], tuple[int, ...]]:
    found = {
        key: (row.movements, row.requested, row.auto, row.completed, sum(row.undone.values()), row.corrections)
        for key, row in by_day(monitor).items()
    }
    return {key: figures for key, figures in found.items() if any(figures)}


# --- Stories ----------------------------------------------------------------------------------------------------


class Desk:
    """A monitor, and verdicts made by hand."""

    def __init__(self) -> None:
        self.monitor, self.told = Monitor(), 0
        for sent in FIRM:
            self.monitor.step(received(sent, 0))
        reconciliation = self.monitor.state.reconciliation
        reconciliation._moved = [reconciliation.context.tallies.moved]  # nobody else has an opinion

    def move(self, transfer_id: str, status: str, second: int, **more: Any) -> None:
        self.told += 1
        usual = {"op_type": "withdrawal", "asset": "USD", "control": {"origin": "auto"}}
        usual |= {"from": {"location": "hot", "client_id": "acme"}, "to": {"location": "external"}}
        sent = transfer(f"e{self.told}", second, transfer_id, status, "", "", "1", **{**usual, **more})
        self.monitor.step(received(sent, second))

    def decide(self, number: int, action: str, *failed: str) -> None:
        self.told += 1
        decide(self.monitor, Said(number, failed, action), self.told)

    def tell(self, kind: str, *, one_off: bool = False, **scope: str) -> None:
        """Let some check say that something must not be."""
        breach = Breach(
            kind=kind, key="k", scope=scope, sentence="It must not be.", evidence=("e1",), rule="r", one_off=one_off
        )
        self.monitor.state.reconciliation.context.tell(breach)

    def tick(self, second: int) -> None:
        self.told += 1
        self.monitor.step(received(control("tick", f"e{self.told}", second), second))

    @property
    def today(self) -> Tally:
        return self.monitor.state.reconciliation.context.tallies.tally.rows[TODAY, "withdrawal", "acme"]


def test_what_is_free_of_risk_and_passes_by_machine_to_its_end_is_straight_through() -> None:
    desk = Desk()
    desk.move("T1", "requested", 60)
    desk.decide(1, "")
    desk.move("T1", "completed", 90)
    assert (desk.today.straight_through, desk.today.completed, desk.today.took_s) == (1, 1, 30)
    desk.decide(1, "review", "R2")  # what is said when it has passed changes the class, not how it passed
    assert (desk.today.straight_through, desk.today.risk_free, desk.today.risky) == (1, 0, 1)
    desk.move("T1", "returned", 120)
    assert (desk.today.straight_through, desk.today.completed, desk.today.undone) == (0, 0, {"returned": 1})


def test_the_last_verdict_before_it_passed_counts_and_none_after() -> None:
    desk = Desk()
    for number, (before, after) in enumerate(((("", "R2"), ""), (("R2", ""), "R2"))):
        desk.move(f"T{number}", "requested", 60)
        for failed in before:
            desk.decide(number, "review", *filter(None, [failed]))
            desk.move(f"T{number}", "screening", 65)
        desk.move(f"T{number}", "approved", 70)
        desk.decide(number, "review", *filter(None, [after]))
        desk.move(f"T{number}", "completed", 90)
        assert desk.today.straight_through == number


def test_what_was_held_or_told_of_as_grave_is_not_straight_through_and_a_kind_counts_once() -> None:
    desk = Desk()
    for number in range(4):
        desk.move(f"T{number}", "requested", 60)
        desk.decide(number, "")
    desk.tell("wrong_network", transfer_id="T0", client_id="acme")
    desk.tell("wrong_network", transfer_id="T0", client_id="acme")
    desk.tell("missing_debit", transfer_id="T1")
    desk.decide(2, "hold", "R12")
    desk.decide(2, "")
    for number in range(4):
        desk.move(f"T{number}", "completed", 90)
    assert (desk.today.completed, desk.today.straight_through) == (4, 2)
    assert desk.today.errors == {"wrong_network": 1, "missing_debit": 1}


def test_of_a_client_every_opening_counts_and_nothing_that_is_only_foreseen() -> None:
    desk = Desk()
    for _ in range(3):
        desk.tell("negative_balance", client_id="acme", account_id="a")
        desk.tell("four_eyes_violation", one_off=True, client_id="acme")
    desk.tell("brake_applied", client_id="acme")
    desk.tell("negative_balance", location="hot")
    rows = desk.monitor.state.reconciliation.context.tallies.tally.rows
    assert rows[TODAY, "", "acme"].errors == {"negative_balance": 1, "four_eyes_violation": 3}


def test_nothing_that_people_let_pass_is_straight_through() -> None:
    desk = Desk()
    for number, said in enumerate(({"origin": "manual"}, {"origin": "auto", "approvers": ["bob"]}, {})):
        desk.move(f"T{number}", "requested", 60, control=said)
        desk.decide(number, "")
        desk.move(f"T{number}", "completed", 90, control=said)
    assert (desk.today.completed, desk.today.manual, desk.today.unsaid, desk.today.straight_through) == (3, 2, 1, 0)


def test_a_hold_is_counted_once_and_its_time_added_up() -> None:
    desk = Desk()
    desk.move("T1", "requested", 60)
    desk.decide(1, "hold", "R12")
    desk.tick(160)
    desk.decide(1, "")
    assert (desk.today.held, desk.today.held_us) == (1, 100_000_000)
    desk.tick(200)
    desk.decide(1, "hold", "R7")
    desk.decide(1, "hold", "R7", "R12")
    assert list(desk.monitor.state.reconciliation.context.tallies.on_hold) == ["T1"]
    desk.move("T1", "broadcast", 250)  # let pass against the hold
    desk.move("T1", "completed", 300)
    assert (desk.today.held, desk.today.held_us, desk.today.straight_through) == (1, 150_000_000, 0)
    assert desk.monitor.state.reconciliation.context.tallies.on_hold == {}


def test_the_day_is_that_of_the_request_also_when_that_is_told_last() -> None:
    desk = Desk()
    desk.move("T1", "completed", DAY + 60)
    tallies = desk.monitor.state.reconciliation.context.tallies
    assert tallies.tally.rows[TODAY + 1, "withdrawal", "acme"].completed == 1
    desk.monitor.step(
        received(
            transfer(
                "late", 60, "T1", "requested", "", "", "1", op_type="withdrawal", asset="USD",
                **{"from": {"location": "hot", "client_id": "acme"}, "to": {"location": "external"}},
            ),
            DAY + 90,
        )
    )  # fmt: skip
    assert tallies.tally.rows[TODAY + 1, "withdrawal", "acme"] == Tally()
    assert (desk.today.completed, desk.today.took_s) == (1, DAY)


def test_bookings_by_hand_are_corrections_too_and_restated_ones_count_their_difference() -> None:
    desk = Desk()
    by_hand: dict[str, Any] = {
        "op_type": "adjustment", "origin": "manual", "client_id": "acme", "asset": "BTC", "amount": "0.5", "legs_total": 1,
    }  # fmt: skip
    desk.monitor.step(received(posting("p1", 60, **by_hand), 60))
    again = {**by_hand, "amount": "0.7", "posting_id": "posting-p1", "journal_id": "journal-p1", "revision": 1}
    desk.monitor.step(received(posting("p2", 70, **again), 70))
    desk.monitor.step(received(posting("p3", 80, **{**by_hand, "asset": "XYZ"}), 80))
    desk.move("T1", "requested", 75)
    desk.monitor.step(received(posting("p4", 85, **{**by_hand, "amount": "0.1", "transfer_id": "T1"}), 85))
    others = ({"origin": "auto"}, {"op_type": "fee"}, {"account_class": "house"}, {"transfer_id": "nobody told of it"})
    for number, other in enumerate(others):
        desk.monitor.step(received(posting(f"o{number}", 90, **{**by_hand, **other}), 90))
    row = desk.monitor.state.reconciliation.context.tallies.tally.rows[TODAY, "adjustment", "acme"]
    assert (row.corrections, row.cents, row.unpriced) == (3, 4_000_000, 1)


def test_days_are_forgotten_and_what_counts_since_the_beginning_stays() -> None:
    desk = Desk()
    desk.move("T1", "completed", 60)
    tallies = desk.monitor.state.reconciliation.context.tallies
    desk.tick((KEPT_DAYS - 1) * DAY + HOUR)
    assert (TODAY, "withdrawal", "acme") in tallies.tally
    desk.tick((KEPT_DAYS + 1) * DAY + HOUR)
    assert [key for key in tallies.tally.rows if key[1] == "withdrawal"] == [(ALWAYS, "withdrawal", "")]
    assert tallies.tally.rows[ALWAYS, "withdrawal", ""].completed == 1
    assert not tallies.marks.rows


def test_a_movement_that_is_forgotten_is_held_no_longer() -> None:
    desk = Desk()
    desk.move("T1", "requested", 60)
    desk.decide(1, "hold", "R12")
    desk.tick(KEPT_DAYS * DAY)
    tallies = desk.monitor.state.reconciliation.context.tallies
    assert tallies.on_hold == {}
    assert tallies.tally.rows[ALWAYS, "withdrawal", ""].held_us > 35 * DAY_US
