"""Books and places to play with: legs are told by what differs, and answered by what the books' checks say.

The desk's `hear` returns texts such as `negative_balance P1 open`; only the kinds of this room are looked at. Numbers of
the ledger go up by seven, so that its own sequence proves nothing, unless a test says otherwise.
"""

from __future__ import annotations

import json
from typing import Any

from alerts.records import Alert
from ledger.books.accounts import Accounts
from ledger.books.totals import Totals
from streams.monitor import Monitor
from tests.chaos.likeness import wrong_answers
from tests.ledger.wire import Sent, control, posting, received, reference, snapshot, stamp, transfer

KINDS = frozenset(
    (
        "unbalanced_journal", "balance_chain_broken", "negative_balance", "credit_line_breach", "unmapped_account",
        "liabilities_exceed_holdings", "control_total_broken", "suspense_growth",
    )
)  # fmt: skip
RECORDS: tuple[Sent, ...] = (
    reference("asset", "ref-BTC", asset="BTC", decimals=8, dust="0.0001", aliases=["XBT"]),
    reference("asset", "ref-USD", asset="USD", decimals=2, dust="0.01"),
    reference("price", "price-BTC", asset="BTC", usd="50000", as_of=stamp(0)),
    reference("location", "ref-hot", location="hot", role="hot", recon_group="desk"),
    reference("location", "ref-bank", location="bank", role="bank", recon_group="desk"),
)
CLASSES = {"out": "external", "house": "house", "lost": "suspense", "way": "in_transit", "fees": "fee", "pnl": "pnl"}


class Desk:
    """A monitor an hour after it was told of the records. Accounts are clients, or of the classes above by their name."""

    def __init__(self, *, restarts: bool = False) -> None:
        self.monitor = Monitor()
        self.restarts = restarts
        self.now = 3_600.0
        self.told = 0
        self.journals = 0
        self.balances: dict[tuple[str, str], int] = {}  # in hundredths
        self.alerts: list[Alert] = []
        for sent in RECORDS:
            self.monitor.step(received(sent, 0))

    def hear(self, sent: Sent, *, after: float = 0.0) -> set[str]:
        """Hear an event some seconds after the last; return what is said."""
        self.now += after
        record = received(sent, self.now)
        if self.restarts:
            rows: dict[str, Any] = json.loads(json.dumps(self.monitor.rows()))
            again = Monitor.from_rows(rows)
            said = self.monitor.step(record)
            assert again.step(record) == said, "a restart changes nothing"
            assert again.rows() == self.monitor.rows(), "a restart changes nothing"
        else:
            said = self.monitor.step(record)
        assert wrong_answers(self.monitor) == []
        news = [output.value for output in said if output.topic == "alerts" and output.value.type in KINDS]
        self.alerts += news
        return {f"{alert.type} {alert.severity} {alert.state}" for alert in news}

    def wait(self, seconds: float) -> set[str]:
        """Let time pass; return what is said."""
        return self.hear(control("tick", self.name(), self.now + seconds), after=seconds)

    def beat(self, source: str = "desk", *, up_to: float | None = None, after: float = 0.0) -> set[str]:
        """Hear a heartbeat: delivered up to a moment, or all."""
        mark = stamp(self.now + after if up_to is None else up_to)
        return self.hear(
            control("heartbeat", self.name(), self.now + after, of_source=source, watermark=mark), after=after
        )

    def legs(self, *legs: tuple[str, str], asset: str = "USD", balances: bool = True, **more: Any) -> list[Sent]:
        """Return a journal: accounts and what each gets."""
        self.journals += 1
        common: dict[str, Any] = {
            "journal_id": f"j{self.journals}",
            "legs_total": len(legs),
            "op_type": "internal",
            "asset": asset,
        }
        return [self.leg(number, *leg, balances=balances, **(common | more)) for number, leg in enumerate(legs, 1)]

    def leg(self, number: int, account: str, amount: str, *, balances: bool, **fields: Any) -> Sent:
        """Return one leg, with the next number of the ledger."""
        self.told += 1
        place = (account, fields["asset"])
        self.balances[place] = self.balances.get(place, 0) + _hundredths(amount)
        usual: dict[str, Any] = {
            "posting_id": f"{fields['journal_id']}-{number}", "leg_no": number, "account_id": account, "amount": amount,
            "account_class": CLASSES.get(account.partition(":")[0], "client"), "source_seq": str(self.told * 7),
        }  # fmt: skip
        if balances:
            usual["balance_after"] = _text(self.balances[place])
        return posting(f"p{self.told}", self.now, **{**usual, **fields})

    def book(self, *legs: tuple[str, str], **more: Any) -> set[str]:
        """Hear a whole journal at once; return what is said."""
        return {said for sent in self.legs(*legs, **more) for said in self.hear(sent)}

    def move(self, transfer_id: str, status: str, ends: str, amount: str, asset: str = "USD", **more: Any) -> set[str]:
        """Hear of a movement between places (`hot>bank`)."""
        return self.hear(self.movement(transfer_id, status, ends, amount, asset, **more))

    def movement(self, transfer_id: str, status: str, ends: str, amount: str, asset: str = "USD", **more: Any) -> Sent:
        """Return the event of a movement."""
        origin, destination = ends.split(">")
        op_type = "deposit" if origin == "external" else "withdrawal" if destination == "external" else "rebalance"
        fields = {"op_type": op_type, "asset": asset, **more}
        return transfer(self.name(), self.now, transfer_id, status, origin, destination, amount, **fields)

    def report(self, location: str, **totals: str) -> set[str]:
        """Hear what a place reports."""
        return self.hear(snapshot(self.name(), self.now, location, totals))

    def refer(self, kind: str, **fields: Any) -> set[str]:
        """Hear a record of the firm."""
        return self.hear(reference(kind, self.name(), self.now, **fields))

    def opened(self, clients: str, held: str, asset: str = "USD") -> Desk:
        """Open the books with what clients are owed, and the places with all that is held at the bank, a minute ago."""
        assert not self.book(("acme", clients), ("out", f"-{clients}"), asset=asset, op_type="opening")
        self.report("hot")
        self.report("bank", **{asset: held})
        self.wait(60)
        return self

    def name(self) -> str:
        """Return an id that no event has."""
        self.told += 1
        return f"e{self.told}"

    def check(self, kind: type[Any]) -> Any:
        """Return a check of the monitor."""
        return next(check for check in self.monitor.state.reconciliation.checks if type(check) is kind)

    @property
    def books(self) -> Accounts:
        return self.monitor.state.reconciliation.context.books

    @property
    def totals(self) -> Totals:
        totals = self.check(Totals)
        assert isinstance(totals, Totals)
        return totals

    @property
    def standing(self) -> set[str]:
        """The kinds of what stands."""
        latest = {alert.alert_id: alert for alert in self.alerts}
        return {alert.type for alert in latest.values() if alert.state.value == "open"}

    def of(self, kind: str) -> list[Alert]:
        return [alert for alert in self.alerts if alert.type == kind]


def _hundredths(text: str) -> int:
    negative, (whole, _, part) = text.startswith("-"), text.lstrip("-").partition(".")
    units = int(whole) * 100 + int((part + "00")[:2])
    return -units if negative else units


def _text(hundredths: int) -> str:
    sign, (whole, part) = "-" if hundredths < 0 else "", divmod(abs(hundredths), 100)
    return f"{sign}{whole}.{part:02d}" if part else f"{sign}{whole}"
