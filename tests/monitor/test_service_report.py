"""The report of a day, from a monitor that was told of it: holds that last, promises, and who comes first."""

from __future__ import annotations

from typing import Any

from ledger.times import to_us
from streams.monitor import Monitor, Settings
from streams.monitor.service_report import CLIENTS_MAX, service_report
from streams.monitor.service_rows import day_of
from streams.monitor.settings import settings_from
from tests.ledger.wire import DAY, START, control, posting, received, reference, snapshot, transfer

TODAY = day_of(START.date().isoformat())
PROMISES = {
    "policy": {
        "version": "p1",
        "without": ["destination", "role", "chain", "amount", "velocity", "unique", "compliance", "approval", "fresh", "books"],
        "rule": [{"id": "R1", "check": "operation", "automatic": ["withdrawal"]}, {"id": "R7", "check": "coverage", "action": "hold"}],
        "promise": [{"stage": "decide", "target_s": 60}, {"stage": "whole", "op_type": "withdrawal", "target_s": 600}],
    }
}  # fmt: skip


class Desk:
    """A monitor of a small policy, and clients with 10 BTC each."""

    def __init__(self, clients: tuple[str, ...] = ("acme", "beta"), settings: Settings | None = None) -> None:
        self.monitor, self.told, self.booked = Monitor(settings or settings_from(PROMISES)), 0, 0
        for sent in (
            reference("asset", "ref-BTC", asset="BTC", decimals=8, dust="0"),
            reference("location", "ref-hot", location="hot", role="hot"),
            snapshot("open", 0, "hot", {"BTC": "1000"}),
            *(reference("account", f"ref-{client}", account_id=client, client_id=client, account_class="client") for client in clients),
        ):  # fmt: skip
            self.monitor.step(received(sent, 0))
        for client in clients:
            self.credit(client, 1, "10")

    def credit(self, client: str, second: int, amount: str) -> None:
        """Book money to a client."""
        self.booked += 1
        more = {"account_id": client, "client_id": client, "amount": amount, "op_type": "deposit", "legs_total": 1}
        sent = posting(f"p{self.booked}", second, **more, source="books", source_seq=str(self.booked))
        assert not any(output.topic == "quarantine" for output in self.monitor.step(received(sent, second)))

    def move(self, transfer_id: str, client: str, second: int, *statuses: str, amount: str = "1", **said: Any) -> None:
        """Tell of a withdrawal, one report a minute."""
        for number, status in enumerate(statuses):
            self.told += 1
            more = {
                "op_type": "withdrawal", "to": {"location": "external", "client_id": client, "address": f"a-{transfer_id}"},
                "from": {"location": "hot", "client_id": client, "account_id": client}, "control": said or {"origin": "auto"},
            }  # fmt: skip
            at = second + 60 * number
            self.monitor.step(received(transfer(f"e{self.told}", at, transfer_id, status, "", "", amount, **more), at))

    def tick(self, second: int) -> None:
        self.told += 1
        self.monitor.step(received(control("tick", f"e{self.told}", second), second))

    def report(self, day: int = TODAY) -> Any:
        return service_report(self.monitor.state, day)


def test_what_is_held_is_counted_up_to_now_and_no_longer_once_it_is_covered() -> None:
    desk = Desk()
    desk.move("T1", "acme", 100, "requested", amount="12")
    desk.tick(400)
    (row,) = [row for row in desk.report().operations if row.name == "withdrawal"]
    assert (row.held, row.held_now, row.held_s) == (1, 1, 300)
    desk.credit("acme", 500, "5")
    desk.tick(900)
    (row,) = [row for row in desk.report().operations if row.name == "withdrawal"]
    assert (row.held, row.held_now, row.held_s, row.risk_free) == (1, 0, 400, 1)
    assert desk.report(TODAY + 1).total.held == 0


def test_promises_are_kept_or_broken_when_the_movement_is_completed() -> None:
    desk = Desk()
    desk.move("T1", "acme", 100, "requested", "approved", "broadcast", "completed")  # a minute for each
    desk.move("T2", "acme", 1_000, "requested")
    desk.move("T2", "acme", 1_061, "approved", "completed")  # a second too late
    desk.move("T3", "beta", 2_000, "requested")
    desk.move("T3", "beta", 2_010, "approved")
    desk.move("T3", "beta", 2_601, "completed")
    desk.move("T4", "beta", 3_000, "requested", "approved")
    total = desk.report().total
    assert total.promises_kept == {"decide": 2, "whole": 2}
    assert total.promises_broken == {"decide": 1, "whole": 1}
    assert {row.name: row.promises_broken for row in desk.report().clients} == {
        "acme": {"decide": 1},
        "beta": {"whole": 1},
    }


def test_what_stands_in_a_stage_for_longer_than_promised_is_overdue() -> None:
    desk = Desk()
    desk.move("T1", "acme", 100, "requested")
    desk.move("T2", "acme", 170, "requested")
    desk.move("T3", "acme", 10, "requested", "approved")  # nothing is promised of how soon it is sent
    desk.tick(200)
    row, other = desk.report().backlog
    assert (other.stage, other.count, other.overdue) == ("send", 1, 0)
    assert (row.op_type, row.stage, row.count, row.overdue, row.oldest_s) == ("withdrawal", "decide", 2, 1, 100)


def test_those_with_most_manual_work_come_first_and_twenty_of_them() -> None:
    clients = tuple(f"c{number:02}" for number in range(CLIENTS_MAX + 5))
    desk = Desk(clients)
    second = 100
    for number, client in enumerate(clients):
        for count in range(number % 7):
            second += 1
            desk.move(f"{client}-{count}", client, second, "requested", "approved", origin="manual")
    rows = desk.report().clients
    assert len(rows) == CLIENTS_MAX
    assert [row.passed_manual for row in rows] == sorted((number % 7 for number in range(25)), reverse=True)[:20]
    assert [row.name for row in rows[:3]] == ["c06", "c13", "c20"]


def test_the_total_is_the_sum_of_the_operations() -> None:
    desk = Desk()
    desk.move("T1", "acme", 100, "requested", "approved", "completed")
    desk.move("T2", "beta", 200, "requested", "rejected")
    desk.monitor.step(received(transfer("d1", 300, "D1", "completed", "external", "hot", "1", op_type="deposit"), 300))
    report = desk.report()
    for name in ("movements", "requested", "risk_free", "risky", "completed", "straight_through"):
        assert getattr(report.total, name) == sum(getattr(row, name) for row in report.operations), name
    assert report.total.movements == 3
    deposits = next(row for row in report.operations if row.name == "deposit")
    assert deposits.straight_through_rate is None, "nobody asks for a deposit"


def test_without_a_day_it_is_the_last_of_which_a_movement_is_known() -> None:
    desk = Desk()
    desk.move("T1", "acme", 100, "requested")
    desk.tick(3 * DAY)
    report = service_report(desk.monitor.state)
    assert (report.day, report.total.movements) == (START.date().isoformat(), 1)
    assert to_us(START) // (DAY * 1_000_000) == TODAY
    empty = service_report(Monitor().state)
    assert (empty.total.movements, empty.operations, empty.backlog) == (0, (), ())
