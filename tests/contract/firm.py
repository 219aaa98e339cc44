"""A small broker whose books add up: three clients, a hot and a cold wallet, a venue and a bank.

Its verbs are honest: a movement is told, booked, and truly held. A test takes one of them and tells it wrongly.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.contract.flows import Flows
from tests.contract.names import (
    ASSETS,
    BITCOIN,
    CLIENTS,
    COLD,
    ETHEREUM,
    HELD,
    HOT,
    LONG_AGO,
    OWED,
    PRICES,
    ROLES,
    VENUE,
    address_of,
)
from tests.contract.ways import Ways, plain, stamp


class Firm(Flows):
    """The broker, opened at 0 s with all its references; `told` also has paid in and out once by 200 s."""

    def __init__(self, ways: Ways | None = None, *, addresses: bool = True, routes: bool = True) -> None:
        super().__init__(ways)
        for asset, facts in ASSETS.items():
            self.know("asset", asset=asset, **facts)
            if self.ways.prices:
                self.know("price", asset=asset, usd=PRICES[asset], as_of=stamp(0))
        for location, role in ROLES.items():
            self.know("location", location=location, role=role, recon_group=self.ways.group, active=True)
        if addresses:
            self.register_all()
        if routes:
            self.promise(("BTC", "ETH", "USDC", "XRP", "USD"), sla_s=600, p99_s=300)
        self.open_books()

    def register(self, address: str, network: str, owner: str, role: str, at: float = 0.0, **more: Any) -> str:
        facts = {"state": "active", "added_at": LONG_AGO, **more}
        return self.know("address", at, address=address, network=network, owner=owner, role=role, **facts)

    def register_all(self) -> None:
        proved: dict[str, Any] = {"control_proved_at": LONG_AGO}
        for network in (BITCOIN, ETHEREUM):
            for client in CLIENTS:
                self.register(address_of(client, network), network, client, "client")
                place: dict[str, Any] = {"location": HOT, **proved}
                self.register(address_of(client, network, "in"), network, client, self.ways.deposit_role, **place)
            for location in (HOT, COLD, VENUE):
                own = address_of(location, network)
                self.register(own, network, location, ROLES[location], location=location, **proved)

    def promise(self, assets: tuple[str, ...], sla_s: int, p99_s: int | None) -> None:
        """Give every way between two roles its time."""
        for asset in assets:
            for start in ("external", "hot", "cold", "venue", "bank"):
                for end in ("external", "hot", "cold", "venue", "bank", "client"):
                    self.know("route", asset=asset, from_role=start, to_role=end, sla_s=sla_s, p99_s=p99_s)

    def open_books(self) -> None:
        group = self.ways.group
        if self.ways.accounts:
            for client in CLIENTS:
                who: dict[str, Any] = {"account_class": "client", "client_id": client, "recon_group": group}
                self.know("account", account_id=f"client:{client}", **who, active=True)
        totals: dict[str, Decimal] = {}
        for location, held in HELD.items():
            for asset, total in held.items():
                self.value(-1, location, asset, total)
                totals[asset] = totals.get(asset, Decimal(0)) + Decimal(total)
        for location in HELD:
            self.snapshot(location, 0)
        for client, owed in OWED.items():
            for asset, total in owed.items():
                self.journal(0, "opening", (f"client:{client}", asset, total), ("world:w", asset, f"-{total}"))
                totals[asset] -= Decimal(total)
        for asset, rest in totals.items():
            self.journal(0, "opening", ("house:main", asset, plain(rest)), ("world:w", asset, plain(-rest)))

    def told(self) -> Firm:
        """Let every feed be heard once: a deposit and a withdrawal of bitcoin and of ether."""
        for number, asset in enumerate(("BTC", "ETH")):
            self.deposit(f"first-in-{asset}", "alice", asset, "1.25", 20 + number)
            self.withdraw(f"first-out-{asset}", "bob", asset, "0.75", 60 + number)
        return self
