"""A desk with clients, addresses, limits and plans: events are told by what differs, and answered by what is said.

An answer is a set of texts such as `wrong_network P1`; `ended` are those whose alerts are over, `open` those that stand.
Only what the screens say is looked at.
"""

from __future__ import annotations

from typing import Any

from tests.ledger.wire import Event, Sent, control, posting, received, reference, transfer
from tests.monitor.story import Story

ETHEREUM, POLYGON, XRPL = "eip155:1", "eip155:137", "xrpl:0"
PAYOUT = "0xa1b2c3d4e5f60718293a4b5c6d7e8f9012345678"
LIKE_IT = "0xa1b2" + "f" * 32 + "5678"
STRANGER = "0x" + "9" * 40
DEPOSIT = "0x" + "d" * 40
XRP_PAYOUT = "rPayoutAddress123456789012345"
RULES = frozenset(
    (
        "asset_of_plan", "place_of_plan", "power_of_ten_of_plan", "amount_of_plan", "place_of_sole_plan",
        "executed_as_instructed", "network_of_asset", "network_of_address", "same_ends", "tag_required", "tag_of_address",
        "address_state", "not_on_record", "address_not_on_record", "control_not_proved", "legs_of_one_swap",
        "amount_is_an_id", "largest_of_its_kind", "fee_against_usual", "fee_against_amount", "same_payment",
        "unplanned_outflows", "initiator_approves", "maker_is_checker", "passed_against_policy", "just_under_limit",
    )
)  # fmt: skip
"""The rules of the screens: other parts of the ledger have a say of their own on the same events."""


def address(of: str, network: str = ETHEREUM, **more: Any) -> Sent:
    """Return the record of a client's payout address that has been there for long."""
    fields = {"address": of, "network": network, "owner": "acme", "role": "client", "state": "active"}
    fields |= {"added_at": "2025-06-01T00:00:00Z"}
    return reference("address", f"ref-{of}-{network}-{sorted(more.items())}", **{**fields, **more})


RECORDS: tuple[Sent, ...] = (
    reference("asset", "ref-ETH", asset="ETH", decimals=18, dust="0.0001", networks=[ETHEREUM]),
    reference("asset", "ref-USDC", asset="USDC", decimals=6, dust="0.01", networks=[ETHEREUM, POLYGON]),
    reference("asset", "ref-XRP", asset="XRP", decimals=6, dust="0.01", networks=[XRPL], tag_required=[XRPL]),
    reference("asset", "ref-BTC-2", asset="BTC", decimals=8, dust="0.00001", aliases=["XBT"]),
    *(reference("price", f"price-{code}", asset=code, usd=usd, as_of="2026-01-05T00:00:00Z")
      for code, usd in (("BTC", "60000"), ("ETH", "3000"), ("USDC", "1"), ("XRP", "0.5"), ("USD", "1"))),
    reference("location", "ref-cold", location="cold", role="cold"),
    address(PAYOUT),
    address(XRP_PAYOUT, XRPL, tag="77"),
    address(DEPOSIT, owner="acme", role="hot", location="hot", control_proved_at="2025-06-01T00:00:00Z"),
)  # fmt: skip


class Desk:
    """A monitor that knows the records, an hour after it was told of them."""

    def __init__(self, *, restarts: bool = False, records: tuple[Sent, ...] = RECORDS) -> None:
        self.story = Story(restarts=False)
        for sent in records:
            self.story.hear(received(sent, 0))
        self.story.restarts = restarts
        self.now = 3_600.0
        self.told = 0

    def hear(self, sent: Sent, *, after: float = 1.0) -> set[str]:
        """Hear an event some seconds after the last; return what is said anew or has risen."""
        self.now += after
        before = len(self.story.alerts)
        self.story.hear(received(sent, self.now))
        news = self.story.alerts[before:]
        return {f"{alert.type} {alert.severity}" for alert in news if _is_ours(alert) and alert.state.value == "open"}

    def move(self, transfer_id: str = "W-1", status: str = "requested", *, after: float = 1.0, **more: Any) -> set[str]:
        """Hear of a withdrawal of 1 ETH to the payout address, or of what else `more` says."""
        return self.hear(self.movement(transfer_id, status, after=after, **more), after=after)

    def movement(
        self, transfer_id: str, status: str, *, after: float = 1.0, at: float | None = None, **more: Any
    ) -> Sent:
        """Return the event; `to` completes the usual destination where it is not external, and replaces it elsewhere."""
        self.told += 1
        ends: Event = {
            "from": {"location": "hot", "client_id": "acme"},
            "to": {"location": "external", "client_id": "acme", "address": PAYOUT},
            "network": ETHEREUM,
            "asset": "ETH",
            "op_type": "withdrawal",
        }
        amount = more.pop("amount", "1")
        moment = self.now + after if at is None else at
        return transfer(f"e{self.told}", moment, transfer_id, status, "", "", amount, **{**ends, **more})

    def own(self, transfer_id: str = "R-1", status: str = "requested", **more: Any) -> set[str]:
        """Hear of a rebalance of 10 ETH from the cold place to the hot one, or of what else `more` says."""
        usual: Event = {"op_type": "rebalance", "amount": "10", "from": {"location": "cold"}, "to": {"location": "hot"}}
        return self.move(transfer_id, status, **{**usual, **more})

    def plan(self, plan_id: str = "P-1", **more: Any) -> set[str]:
        """Hear of a plan to move 10 ETH from the cold place to the hot one, or of what else `more` says."""
        self.told += 1
        fields: Event = {"plan_id": plan_id, "op_type": "rebalance", "from": "cold", "to": "hot", "to_role": "hot"}
        fields |= {"asset": "ETH", "amount": "10"}
        told = {name: value for name, value in {**fields, **more}.items() if value is not None}
        return self.hear(control("plan", f"e{self.told}", self.now, **told))

    def post(self, **more: Any) -> set[str]:
        """Hear of a leg of a journal: by hand, a credit to a client, or what else `more` says."""
        self.told += 1
        usual: Event = {"amount": "5", "asset": "USD", "op_type": "adjustment", "origin": "manual", "maker": "ann"}
        usual |= {"checker": "bob", "client_id": "acme", "source_seq": f"{self.told:06}"}
        return self.hear(posting(f"e{self.told}", self.now, **{**usual, **more}))

    def wait(self, seconds: float) -> set[str]:
        """Let time pass; return what is said."""
        self.told += 1
        return self.hear(control("tick", f"e{self.told}", self.now + seconds), after=seconds)

    @property
    def open(self) -> set[str]:
        """What stands."""
        latest = {alert.alert_id: alert for alert in self.story.alerts if _is_ours(alert)}
        return {f"{alert.type} {alert.severity}" for alert in latest.values() if alert.state.value == "open"}

    @property
    def ended(self) -> dict[str, str]:
        """How the alerts that are over ended, by type."""
        return {
            alert.type: alert.state.value
            for alert in self.story.alerts
            if _is_ours(alert) and alert.state.value != "open"
        }

    def alerts(self, kind: str) -> list[Any]:
        """Return the records of the alerts of a kind."""
        return self.story.of(kind)


def _is_ours(alert: Any) -> bool:
    return alert.rule in RULES
