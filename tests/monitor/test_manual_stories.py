"""Work by hand as the screens tell of it: what it corrects, whether that was enough, and whose habit it is.

Every story is heard by a monitor that restarts between any two events.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.records import Alert
from tests.ledger.matching.desk import Firm
from tests.ledger.matching.desk import RECORDS as PLACES
from tests.ledger.wire import DAY, HOUR, MINUTE, Sent, control, received, reference
from tests.monitor.story import Story

RULES = frozenset(("corrects_nothing", "corrects_unknown", "break_still_stands", "operator_habit"))
PASSED: dict[str, Any] = {"control": {"origin": "manual", "initiator": "eve", "approvers": ["joe"]}}
BY_HAND: dict[str, Any] = {"origin": "manual", "maker": "eve", "checker": "joe"}


class Desk(Firm):
    """A monitor, and a desk that corrects: of movements `fix`, of journals alone `book`."""

    def __init__(self, *, restarts: bool = True, group: str | None = None) -> None:
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
        return [f"{alert.type} {alert.severity} {alert.state}" for alert in self.told()[0:] if alert in self.story.alerts[before:]]

    def wait(self, seconds: float) -> list[str]:
        return self.hear(control("tick", self.name(), self.now + seconds), after=seconds)

    def told(self, rule: str = "") -> list[Alert]:
        """Return the records by a rule of these, or by any of them."""
        return [alert for alert in self.story.alerts if (alert.rule == rule if rule else alert.rule in RULES)]

    @property
    def open(self) -> set[str]:
        latest = {alert.alert_id: alert for alert in self.told()}
        return {f"{alert.type} {alert.rule}" for alert in latest.values() if alert.state.value == "open"}

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
