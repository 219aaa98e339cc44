"""A firm whose movements and books agree, to be told of in parts: each test leaves out, doubles or bends one of them.

A desk hears events one by one and answers with what the join says to them, as texts like `phantom_credit P1`. `open` is
what stands, `ended` how what was said has ended. Amounts are in BTC where nothing else is said; `ann` and `bob` are
clients, who pay in at addresses of their own.
"""

from __future__ import annotations

import json
from typing import Any

from alerts.records import Alert
from ledger.matching.join import Join
from streams.monitor import Monitor
from tests.ledger.wire import Event, Sent, control, posting, received, reference, stamp, transfer

KINDS = frozenset(
    (
        "phantom_credit", "missing_credit", "unmatched_inflow", "missing_debit", "unmatched_outflow", "double_credit",
        "amount_mismatch", "wrong_account", "reorged_credit", "restatement", "unit_or_decimal_error",
    )
)  # fmt: skip
OTHER_RULES = frozenset(("amount_of_plan", "largest_of_its_kind", "amount_is_an_id", "legs_of_one_swap"))
"""What other rooms say under the same types."""
CLASSES = {"out": "external", "house": "house", "lost": "suspense", "way": "in_transit", "fees": "fee", "pnl": "pnl"}
NETWORK = "eip155:1"
STRANGER = "0x" + "9" * 40
PAYOUT = "0x" + "a" * 40
DEPOSIT = {"ann": "0x" + "d" * 40, "bob": "0x" + "e" * 40}
OURS: dict[str, Any] = {"network": NETWORK, "role": "hot", "location": "hot", "state": "active"}
RECORDS: tuple[Sent, ...] = (
    reference("asset", "ref-BTC", asset="BTC", decimals=8, dust="0.0001"),
    reference("asset", "ref-USD", asset="USD", decimals=2, dust="0.01"),
    reference("price", "price-BTC", asset="BTC", usd="50000", as_of="2026-01-05T00:00:00Z"),
    reference("location", "ref-hot", location="hot", role="hot"),
    reference("location", "ref-cold", location="cold", role="cold"),
    reference("location", "ref-bank", location="bank", role="bank"),
    *(reference("account", f"ref-{client}", account_id=f"{client}:main", account_class="client", client_id=client)
      for client in DEPOSIT),
    *(reference("address", f"ref-in-{client}", address=address, owner=client, **OURS)
      for client, address in DEPOSIT.items()),
    reference("address", "ref-own", address="0xour-own", owner="cold", **OURS | {"location": "cold", "role": "cold"}),
    reference("route", "ref-route", asset="BTC", from_role="external", to_role="hot", sla_s=600),
)  # fmt: skip


class Firm:
    """Tells of movements and journals, each event under an id of its own and at `now`, in seconds."""

    def __init__(self, told: int = 0) -> None:
        self.now = 3_600.0
        self.told = told

    def name(self) -> str:
        self.told += 1
        return f"e{self.told}"

    def inflow(self, transfer_id: str, status: str = "completed", amount: str = "10", **more: Any) -> Sent:
        """Return a report of a deposit of `ann` on the chain."""
        to = {"location": "hot", "client_id": "ann", "address": DEPOSIT["ann"]}
        fields: Event = {"op_type": "deposit", "from": {"location": "external"}, "to": to, "network": NETWORK}
        return transfer(self.name(), self.now, transfer_id, status, "", "", amount, **{**fields, **more})

    def payment(self, transfer_id: str, status: str = "completed", amount: str = "10", **more: Any) -> Sent:
        """Return a report of a withdrawal of `ann`."""
        to = {"location": "external", "client_id": "ann", "address": PAYOUT}
        ends: Event = {"from": {"location": "hot", "client_id": "ann"}, "to": to}
        fields: Event = {"op_type": "withdrawal", "network": NETWORK, **ends}
        return transfer(self.name(), self.now, transfer_id, status, "", "", amount, **{**fields, **more})

    def own(self, transfer_id: str, status: str = "completed", amount: str = "10", **more: Any) -> Sent:
        """Return a report of a book transfer from `ann` to `bob`."""
        sides: Event = {"from": {"location": "hot", "client_id": "ann"}, "to": {"location": "hot", "client_id": "bob"}}
        fields: Event = {"op_type": "internal", **sides}
        return transfer(self.name(), self.now, transfer_id, status, "", "", amount, **{**fields, **more})

    def journal(self, *legs: tuple[str, str], of: str | None = None, **more: Any) -> list[Sent]:
        """Return the legs of a journal: accounts (clients, or the classes above) and what each gets."""
        journal_id = f"j-{self.name()}"
        common: Event = {"journal_id": journal_id, "legs_total": len(legs), "op_type": "deposit", "transfer_id": of}
        return [self._leg(number, *leg, {**common, **more}) for number, leg in enumerate(legs, 1)]

    def _leg(self, number: int, who: str, amount: str, fields: Event) -> Sent:
        client = who not in CLASSES
        usual: Event = {
            "posting_id": f"{fields['journal_id']}-{number}", "leg_no": number, "amount": amount,
            "account_id": f"{who}:main", "account_class": "client" if client else CLASSES[who],
            "client_id": who if client else None, "source_seq": str(self.told * 7), "source": "ledger",
        }  # fmt: skip
        return posting(self.name(), self.now, **{**usual, **fields})

    def credit(self, of: str | None, amount: str = "10", who: str = "ann", **more: Any) -> list[Sent]:
        """Return the journal of a deposit: the outside to a client."""
        return self.journal(("out", f"-{amount}"), (who, amount), of=of, **more)

    def hold(self, of: str | None, amount: str = "10", who: str = "ann", **more: Any) -> list[Sent]:
        """Return the journal that takes a withdrawal from its client."""
        return self.journal((who, f"-{amount}"), ("way", amount), of=of, op_type="withdrawal", **more)

    def settle(self, of: str | None, amount: str = "10", **more: Any) -> list[Sent]:
        """Return the journal of a withdrawal that is out."""
        return self.journal(("way", f"-{amount}"), ("out", amount), of=of, op_type="withdrawal", **more)


class Desk(Firm):
    """A monitor that knows the records, has heard of an inflow, its credit and a request, and hears what it is told."""

    def __init__(self, *, restarts: bool = False, begun: bool = True) -> None:
        super().__init__()
        self.monitor = Monitor()
        self.restarts = False
        self.alerts: list[Alert] = []
        for sent in RECORDS:
            self.monitor.step(received(sent, 0))
        if begun:
            self.begin()
        self.restarts = restarts

    def begin(self) -> None:
        """Let each kind of thing be heard once: what was never heard proves nothing."""
        assert not self.hear(self.inflow("D-0"), *self.credit("D-0"))
        assert not self.hear(self.payment("W-0", "requested"), *self.hold("W-0"), self.payment("W-0", "cancelled"))
        assert not self.hear(*self.journal(("way", "-10"), ("ann", "10"), of="W-0"))

    def hear(self, *events: Sent, after: float = 1.0) -> set[str]:
        """Hear some events, each so many seconds after the last; return what is said anew or has risen."""
        said: set[str] = set()
        for sent in events:
            self.now += after
            said |= self._hear(sent)
        return said

    def _hear(self, sent: Sent) -> set[str]:
        record = received(sent, self.now)
        again = self._restarted() if self.restarts else None
        outputs = self.monitor.step(record)
        if again is not None:
            assert again.step(record) == outputs, "a restart changes nothing"
            assert again.rows() == self.monitor.rows(), "a restart changes nothing"
        news = [output.value for output in outputs if output.topic == "alerts" and _is_ours(output.value)]
        self.alerts += news
        return {f"{alert.type} {alert.severity}" for alert in news if alert.state.value == "open"}

    def _restarted(self) -> Monitor:
        rows: dict[str, Any] = json.loads(json.dumps(self.monitor.rows()))
        return Monitor.from_rows(rows)

    def wait(self, seconds: float) -> set[str]:
        """Let time pass; return what is said."""
        return self.hear(control("tick", self.name(), self.now + seconds), after=seconds)

    def beat(self, source: str = "desk") -> set[str]:
        """Hear that a source has delivered everything up to now; return what is said."""
        return self.hear(control("heartbeat", self.name(), self.now, of_source=source, watermark=stamp(self.now + 1)))

    @property
    def join(self) -> Join:
        return next(check for check in self.monitor.state.reconciliation.checks if isinstance(check, Join))

    @property
    def open(self) -> set[str]:
        """What stands."""
        latest = {alert.alert_id: alert for alert in self.alerts}
        return {f"{alert.type} {alert.severity}" for alert in latest.values() if alert.state.value == "open"}

    @property
    def ended(self) -> dict[str, str]:
        """How what is over has ended, by type."""
        return {alert.type: alert.state.value for alert in self.alerts if alert.state.value != "open"}

    def told_of(self, kind: str) -> Alert:
        """Return the latest record of an alert of a kind."""
        return [alert for alert in self.alerts if alert.type == kind][-1]


def _is_ours(alert: Alert) -> bool:
    return alert.type in KINDS and alert.rule not in OTHER_RULES
