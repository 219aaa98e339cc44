"""The registry of a random firm: places, accounts, addresses and limits, all drawn, and what changes of them in its day."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.contract.names import ASSETS, BANK, BITCOIN, COLD, ETHEREUM, HOT, RIPPLE, VENUE, address_of
from tests.contract.ways import Ways, stamp
from tests.contract.worlds import World

Json = dict[str, Any]
OPTIMISM = "eip155:10"
GAS, KRAKEN, NOWHERE = "fireblocks:gas", "kraken:main", "okx:main"
ROLES = {HOT: "hot", COLD: "cold", VENUE: "venue", BANK: "bank", GAS: "gas", KRAKEN: "venue"}
OPENINGS: dict[str, dict[str, int]] = {
    HOT: {"BTC": 900, "ETH": 9_000, "USDC": 900_000, "XRP": 900_000},
    COLD: {"BTC": 2_000, "ETH": 20_000},
    VENUE: {"BTC": 40, "ETH": 300, "USDC": 500_000},
    BANK: {"USD": 2_000_000},
    GAS: {"ETH": 30},
}  # nobody has ever reported what kraken holds
CLIENTS = ("alice", "bob", "carol", "dave", "erin")
SIZES = {
    "BTC": ("0.5", "1", "1.5", "2", "3"), "ETH": ("5", "10", "12.5", "20"), "USDC": ("1000", "2500", "5000"),
    "XRP": ("1000", "1500", "3000"), "USD": ("1000", "2500", "7000"),
}  # fmt: skip
FIELDS = ("single", "share", "window", "hold", "kyt", "quorum", "hours")
TAG = "7001"


class RandomRegistry(World):
    """A firm drawn by a seed, before anybody asks for anything."""

    def __init__(self, seed: int, requests: int) -> None:
        self.dice = Random(f"firm {seed}")
        super().__init__(Ways(heartbeat_s=60, balance_after=self.dice.random() < 0.7))
        self.end = requests * 30.0 + 1_200
        self.times = 1 + requests // 250  # what is there grows with the day
        self.funds: dict[tuple[str, str], float] = {}  # what accounts could pay: by account and asset
        self.places()
        self.books()
        self.registry()
        for number in range(self.dice.randint(3, 9)):
            self.limit(f"limit-{number}", 1)

    def places(self) -> None:
        for asset, facts in ASSETS.items():
            self.know("asset", asset=asset, **facts)
        for location, role in ROLES.items():
            self.know("location", location=location, role=role, active=True)
        for location, held in OPENINGS.items():
            for asset, total in held.items():
                self.value(-200, location, asset, str(total * self.times))
            self.snapshot(location, 0)
            if self.dice.random() < 0.3:  # told late: an opening that is earlier than the one that was known
                self.snapshot(location, -100, seen=self.dice.uniform(1_000, 4_000))

    def books(self) -> None:
        for client in CLIENTS:
            for account in (f"client:{client}", f"client:{client}/2"):
                self.account(account, client, 0)
                for asset in ASSETS:
                    if self.dice.random() < 0.9:
                        most = int(float(SIZES[asset][-1]) * self.dice.choice((4, 40, 200))) * self.times
                        self.funds[account, asset] = most
                        self.journal(0.5, "opening", (account, asset, f"{most}"), ("world:w", asset, f"-{most}"))

    def account(self, account: str, client: str, at: float) -> None:
        line = {asset: self.dice.choice(SIZES[asset]) for asset in ASSETS if self.dice.random() < 0.15}
        facts: Json = {"account_class": "client", "client_id": client, "active": True, "credit_line": line or None}
        self.know("account", at, account_id=account, **facts)

    def registry(self) -> None:
        for network in (BITCOIN, ETHEREUM, OPTIMISM, RIPPLE, "iban"):
            for client in CLIENTS:
                tag = TAG if network == RIPPLE else None
                for purpose in ("out", "young", "pending", "revoked"):
                    self.address(client, network, purpose, tag, 0)
                if network == RIPPLE and self.dice.random() < 0.5:
                    self.address(client, network, "out", None, 0)
            for place, role in ROLES.items():
                self.register(address_of(place, network), network, place, role, -400 * 86_400, location=place)

    def address(self, client: str, network: str, purpose: str, tag: str | None, at: float, **more: Any) -> None:
        state = purpose if purpose in ("pending", "revoked") else "active"
        since = self.dice.uniform(-90_000, self.end) if purpose == "young" else -90 * 86_400
        facts = {"state": state, "tag": tag, **more}
        self.register(address_of(client, network, purpose), network, client, "client", since, at=at, **facts)

    def register(
        self, address: str, network: str, owner: str, role: str, since: float, at: float = 0.0, **more: Any
    ) -> None:
        facts: Json = {"state": "active", "added_at": stamp(since), "control_proved_at": stamp(since), **more}
        self.know("address", at, address=address, network=network, owner=owner, role=role, **facts)

    def limit(self, name: str, at: float) -> None:
        dice = self.dice
        asset = dice.choice(tuple(SIZES))
        scope = {
            "op_type": dice.choice(("withdrawal", "withdrawal", "internal", "sweep", "rebalance")),
            "client_id": dice.choice(CLIENTS), "asset": asset, "location": dice.choice((HOT, HOT, VENUE, BANK, KRAKEN)),
        }  # fmt: skip
        scope = {field: part for field, part in scope.items() if dice.random() < 0.4}
        says: Json = {}
        for what in dice.sample(FIELDS, dice.randint(1, 3)):
            says |= self.drawn(what, asset if "asset" in scope else None)
        self.know("limit", at, limit_id=name, scope=scope, **says)

    def drawn(self, what: str, asset: str | None) -> Json:
        dice = self.dice
        amounts = SIZES[asset] if asset else ("20", "5000")
        if what == "window":
            window: Json = {"window_s": dice.choice((600, 1_800, 3_600))}
            if dice.random() < 0.6:
                window["window_count"] = dice.randint(2, 25)
            if "window_count" not in window or dice.random() < 0.5:
                window["window_sum"] = str(float(amounts[-1]) * dice.choice((2, 3, 8)))
            return window
        drawn: dict[str, Json] = {
            "single": {"single": dice.choice(amounts)},
            "share": {"share_of_balance": dice.choice(("0.01", "0.02", "0.1", "0.5"))},
            "hold": {"address_hold_s": dice.choice((3_600, 86_400))},
            "kyt": {"kyt_max": dice.choice((0.3, 0.5, 0.7))},
            "quorum": {"quorum": dice.randint(1, 2)},
            "hours": {"hours": dice.choice(("08:00-18:00", "22:00-11:00", "09:30-10:30", "06:00-05:30"))},
        }
        return drawn[what]

    def changes(self, number: int) -> None:
        dice = self.dice
        for count in range(number):
            at = dice.uniform(500, self.end)
            what = dice.choice(("limit", "address", "account", "credit", "maintenance", "drift"))
            client = dice.choice(CLIENTS)
            if what == "limit":
                self.limit(f"limit-{dice.randint(0, 9)}", at)
            elif what == "address":
                network = dice.choice((BITCOIN, ETHEREUM))
                self.address(
                    client,
                    network,
                    dice.choice(("out", "young")),
                    None,
                    at,
                    state=dice.choice(("active", "active", "revoked")),
                )
            elif what == "account":
                self.account(f"client:{client}", client, at)
            elif what == "credit":
                asset = dice.choice(tuple(SIZES))
                most = SIZES[asset][-1]
                if dice.random() < 0.1:  # nothing has come
                    self.journal(at, "deposit", (f"client:{client}", asset, most), ("world:w", asset, f"-{most}"))
                else:
                    hands = {"origin": "manual", "maker": "ann", "checker": "ben"}
                    legs = (f"client:{client}", asset, most), ("house:main", asset, f"-{most}")
                    self.journal(at, "adjustment", *legs, **hands)
            elif what == "maintenance":
                reach = dice.choice(
                    ({"location": VENUE}, {"network": OPTIMISM}, {"of_source": "kraken:main"}, {"location": COLD})
                )
                window = {"from": stamp(at + 30), "until": stamp(at + dice.choice((300, 900))), "what": "all"}
                self.steer("maintenance", at, scope=f"m-{count}", **window, **reach)
            else:
                asset, change = dice.choice(("BTC", "ETH")), dice.choice((-1, 2))
                self.value(at, VENUE, asset, str(change))  # what nobody tells of comes, or goes, and is put right
                self.value(at + 1_500, VENUE, asset, str(-change))

    def polls(self) -> None:
        for number, place in enumerate(OPENINGS):
            at = 600.0
            while at <= self.end:
                self.snapshot(place, at, seen=at + 2 + number)
                at += 600
        self.until(self.end + 60)
