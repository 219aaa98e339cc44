"""Random firms: who is on record, what limits there are and what is asked for are all drawn, right and wrong.

Amounts come from short lists, so that limits are met exactly, requests repeat, and balances run out. Whatever is
asked for is well in most respects: each wrong is drawn by itself, so that rules fail alone and together.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.contract.names import ASSETS, BANK, BITCOIN, COLD, ETHEREUM, HOT, NETWORK, RIPPLE, VENUE, address_of
from tests.contract.ways import Ways, side, stamp
from tests.contract.worlds import Movement, World

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
OTHERS = ("deposit", "refund", "adjustment", "reversal", "fee", "interest", "mint", "burn", "settlement", "rebate")
TAG = "7001"


def random_firm(seed: int, requests: int) -> list[tuple[str, Json]]:
    """Return the events of a firm with so many requests, in order of arrival; the venue falls silent for a while."""
    firm = RandomFirm(seed, requests)
    silent = firm.dice.uniform(1_500, firm.end)
    lines = [
        line for line in (*firm.numbered(), *firm.heartbeats())
        if line[3]["source"] != VENUE or not silent < line[0] < silent + 2_500
    ]  # fmt: skip
    return [(topic, value) for _, _, topic, value in sorted(lines, key=lambda line: line[:2])]


def unit(it: Movement) -> str:
    """Return the asset of a movement by its own name."""
    asset = str(it.fields["asset"])
    return "BTC" if asset == "XBT" else asset


class RandomFirm(World):
    """A firm drawn by a seed, with its whole day."""

    def __init__(self, seed: int, requests: int) -> None:
        self.dice = Random(f"firm {seed}")
        super().__init__(Ways(heartbeat_s=60, balance_after=self.dice.random() < 0.7))
        self.end = requests * 30.0 + 1_200
        self.twins: list[Json] = []
        self.plans: list[Json] = []
        self.funds: dict[tuple[str, str], float] = {}
        self.places()
        self.books()
        self.registry()
        for number in range(self.dice.randint(3, 9)):
            self.limit(f"limit-{number}", 1)
        for number in range(requests):
            at = self.dice.uniform(1_000, self.end - 100)
            self.request(f"w{number}", at if self.dice.random() < 0.7 else at // 600 * 600)
        self.changes(requests // 12)
        self.polls()

    # Who is on record

    def places(self) -> None:
        for asset, facts in ASSETS.items():
            self.know("asset", asset=asset, **facts)
        for location, role in ROLES.items():
            self.know("location", location=location, role=role, active=True)
        for location, held in OPENINGS.items():
            for asset, total in held.items():
                self.value(-200, location, asset, str(total))
            self.snapshot(location, 0)
            if self.dice.random() < 0.3:  # told late: an opening that is earlier than the one that was known
                self.snapshot(location, -100, seen=self.dice.uniform(1_000, 4_000))

    def books(self) -> None:
        for client in CLIENTS:
            for account in (f"client:{client}", f"client:{client}/2"):
                self.account(account, client, 0)
                for asset in ASSETS:
                    if self.dice.random() < 0.75:
                        most = int(float(SIZES[asset][-1]) * self.dice.choice((4, 40, 200)))
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

    # What is asked for

    def request(self, name: str, at: float) -> None:
        dice = self.dice
        if self.twins and dice.random() < 0.08:
            fields = dict(dice.choice(self.twins))
        else:
            kinds = ("withdrawal", "internal", "sweep", "rebalance", "other")
            kind = dice.choices(kinds, (60, 12, 9, 12, 7))[0]
            fields = getattr(self, kind)(at)
            self.twins.append(fields)
        if dice.random() < 0.6:
            fields["ids"] = {"client_ref": f"ref-{dice.randint(1, 40)}" if dice.random() < 0.1 else f"ref-{name}"}
        else:
            fields.pop("ids", None)
        self.live(name, at, {**fields, "control": self.control()})

    def control(self) -> Json | None:
        dice = self.dice
        if dice.random() < 0.05:
            return None
        approvers = dice.choice(
            ([], ["ben"], ["ben", "cid"], ["ben", "cid"], ["ann", "ben"] if dice.random() < 0.3 else ["cid"])
        )
        initiator = "ann" if dice.random() < 0.95 else None
        score = dice.choice((0.1, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)) if dice.random() < 0.95 else None
        said: Json = {"origin": "manual", "initiator": initiator, "approvers": approvers, "kyt_score": score}
        return {field: part for field, part in said.items() if part is not None}

    def amount(self, asset: str) -> str:
        big = self.dice.random() < 0.04
        return str(int(float(SIZES[asset][-1]) * 40)) if big else self.dice.choice(SIZES[asset])

    def withdrawal(self, at: float) -> Json:
        dice = self.dice
        asset, client = dice.choice(tuple(SIZES)), dice.choice(CLIENTS)
        network = NETWORK.get(asset) if dice.random() < 0.95 else dice.choice((OPTIMISM, ETHEREUM, "iban", None))
        purpose = dice.choices(("out", "young", "pending", "revoked", "unknown"), (80, 8, 3, 3, 4))[0]
        owner = client if dice.random() < 0.96 else dice.choice(CLIENTS)
        address = address_of(owner, network or "iban", purpose)
        tag = TAG if network == RIPPLE else None
        if dice.random() < 0.04:
            tag = dice.choice((None, "7002"))
        account = dice.choice((f"client:{client}", f"client:{client}/2", None))
        named = None if account and dice.random() < 0.1 else client
        start = side(self.start(asset), client_id=named, account_id=account)
        end = side("external", address=address if dice.random() < 0.97 else None, tag=tag, network=network)
        return self.fields("withdrawal", start, end, asset, network=network)

    def start(self, asset: str) -> str:
        usual = BANK if asset == "USD" else HOT
        return usual if self.dice.random() < 0.85 else self.dice.choice((VENUE, KRAKEN, COLD))

    def fields(self, op: str, start: Json, end: Json, asset: str, **more: Any) -> Json:
        dice = self.dice
        fields = {"op_type": op, "from": start, "to": end, "amount": self.amount(asset), **more}
        fields["asset"] = "XBT" if asset == "BTC" and dice.random() < 0.2 else asset
        if dice.random() < 0.5:
            fee_asset = asset if dice.random() < 0.6 else dice.choice(("ETH", "BTC"))
            payer = dice.choice(("sender", "sender", "deducted", "third_party", None))
            if payer == "deducted":
                fee_asset = asset
            fields |= {"fee_amount": "0.01", "fee_asset": fee_asset, "fee_payer": payer}
        return {name: part for name, part in fields.items() if part is not None}

    def internal(self, at: float) -> Json:
        dice = self.dice
        asset = dice.choice(tuple(SIZES))
        if dice.random() < 0.5:
            return self.between(asset, "internal")
        payer, payee = dice.choice(CLIENTS), dice.choice(CLIENTS)
        payee = payer if dice.random() < 0.6 else payee
        place = BANK if asset == "USD" else HOT
        start = side(place, client_id=payer, account_id=f"client:{payer}")
        named = {"client_id": payee} if dice.random() < 0.5 else {}
        return self.fields("internal", start, side(place, account_id=f"client:{payee}/2", **named), asset)

    def between(self, asset: str, op: str, start: str = "", end: str = "", **more: Any) -> Json:
        dice = self.dice
        start = start or dice.choice((HOT, HOT, VENUE, COLD, KRAKEN))
        end = end or dice.choice((HOT, COLD, VENUE, KRAKEN, BANK, GAS, NOWHERE))
        if end == start:
            end = COLD if start != COLD else HOT
        facts: Json = {}
        if dice.random() < 0.4 and asset in NETWORK and asset != "XRP":
            facts = {"network": NETWORK[asset], "address": address_of(end, NETWORK[asset])}
            if dice.random() < 0.1:
                facts["address"] = address_of(dice.choice((HOT, COLD, "nobody")), NETWORK[asset])
        return self.fields(op, side(start), side(end, **facts), asset, network=facts.get("network"), **more)

    def sweep(self, at: float) -> Json:
        return self.between(self.dice.choice(("BTC", "ETH", "USDC")), "sweep")

    def rebalance(self, at: float) -> Json:
        dice = self.dice
        if self.plans and dice.random() < 0.3:
            plan = dice.choice(self.plans)
        else:
            plan = self.plan(at)
        end = plan["end"] if dice.random() < 0.8 else dice.choice((HOT, COLD, VENUE, GAS))
        named = dice.choices((plan["plan_id"], "plan-unknown"), (95, 5))[0]
        start = plan["from"] if dice.random() < 0.95 else KRAKEN
        return self.between(plan["asset"], "rebalance", start, end, plan_id=named)

    def plan(self, at: float) -> Json:
        dice = self.dice
        asset, (start, end) = (
            dice.choice(("BTC", "ETH")),
            dice.choice(((HOT, COLD), (COLD, HOT), (HOT, VENUE), (VENUE, HOT))),
        )
        facts: Json = {"op_type": "rebalance", "from": start, "asset": asset, "plan_id": f"plan-{len(self.plans)}"}
        said = dice.choice(("to", "role", "both"))
        facts |= {"to": end} if said != "role" else {}
        facts |= {"to_role": ROLES[end]} if said != "to" else {}
        facts |= {"amount_min": "0.0001", "amount_max": "1000" if dice.random() < 0.9 else "0.01"}
        facts |= {"not_before": stamp(0), "not_after": stamp(self.end if dice.random() < 0.9 else at - 300)}
        self.steer(
            "plan", at - dice.uniform(20, 400) if dice.random() < 0.95 else at + 60, scope=facts["plan_id"], **facts
        )
        facts["end"] = end
        self.plans.append(facts)
        return facts

    def other(self, at: float) -> Json:
        dice = self.dice
        asset, op = dice.choice(("BTC", "ETH", "USDC")), dice.choice(OTHERS)
        sides = side("external"), side(HOT)
        start, end = sides if op in ("deposit", "mint", "interest", "rebate") else reversed(sides)
        return self.fields(op, start, end, asset)

    # What becomes of it

    def live(self, name: str, at: float, fields: Json) -> None:
        dice = self.dice
        parts = [fields.pop(part) for part in ("op_type", "from", "to", "asset", "amount")]
        it = self.movement(name, *parts, **fields)
        late = dice.uniform(0.2, 6) if dice.random() < 0.93 else dice.uniform(10, 500)
        if it.fields["op_type"] not in ("withdrawal", "internal", "sweep", "rebalance"):
            it("completed", at, seen=at + late)
            self.effect(it, at, at)
            return
        if dice.random() < 0.03:
            it("screening", at + 1, seen=at + 1)
        if dice.random() < 0.98:
            it("requested", at, dice.choice(("oms", "fireblocks")), seen=at + late)
        if dice.random() < 0.03:
            it("requested", at, "treasury", seen=at + late + dice.uniform(0, 60))
        if dice.random() < 0.05:
            again = at + late + dice.uniform(1, 60)
            it("requested", at, "oms", seen=again, revision=1, amount=dice.choice(SIZES[unit(it)]))
        end = dice.random()
        if end < 0.2:
            it(dice.choice(("cancelled", "rejected", "expired")), at + 20, seen=at + 20 + dice.uniform(0, 90))
        elif end < 0.85 and self.is_funded(it):
            self.pass_on(it, at)

    def pass_on(self, it: Movement, at: float) -> None:
        """Tell how it leaves and arrives, with all that happens on the way; what truly moves is known to the places."""
        dice = self.dice
        left = at + dice.uniform(6, 60)
        arrived = left + dice.uniform(20, 200)
        it("approved", at + 5, "oms", seen=at + 5 + dice.uniform(0, 3))
        if dice.random() < 0.9:
            it("broadcast", left, seen=left + dice.uniform(0.2, 8))
        else:
            left = arrived  # nobody tells of its way: it leaves when it arrives
        self.debit(it, at + dice.uniform(1, 120))
        fate = dice.random()
        if fate < 0.06 and left < arrived:
            it("failed", left + 15, seen=left + 16)
            return
        self.effect(it, left, arrived)
        it("completed", arrived, seen=arrived + dice.uniform(0.2, 8))
        if fate < 0.15:
            it("completed", arrived + 9, "chain:any", seen=arrived + 10)
        elif fate < 0.22:
            back = arrived + dice.uniform(100, 900)
            it(dice.choice(("returned", "reversed")), back, seen=back + 3)
            self.effect(it, back, back, sign="")

    def effect(self, it: Movement, left: float, arrived: float, sign: str = "-") -> None:
        """Let value truly move (or, with no sign, come back), but for a few movements that the places know otherwise."""
        fields, asset, other = it.fields, unit(it), "" if sign else "-"
        start, end = fields["from"]["location"], fields["to"]["location"]
        if start == end or self.dice.random() < 0.002:
            return
        fee, payer = fields.get("fee_amount", "0"), fields.get("fee_payer", "sender")
        self.value(left, start, asset, f"{sign}{fields['amount']}")
        self.value(arrived, end, asset, f"{other}{fields['amount']}")
        if payer == "sender":
            self.value(left, start, fields.get("fee_asset", asset), f"{sign}{fee}")
        if payer == "deducted":
            self.value(arrived, end, asset, f"{sign}{fee}")

    def payer(self, it: Movement) -> tuple[str, str]:
        """Return the account that pays, and the asset; no account where nobody's does."""
        start = it.fields["from"]
        account = start.get("account_id") or ("client_id" in start and f"client:{start['client_id']}")
        return account or "", unit(it)

    def is_funded(self, it: Movement) -> bool:
        """Return whether the account has it, and take it; some are paid nevertheless."""
        key, amount = self.payer(it), float(it.fields["amount"])
        if not key[0]:
            return True
        if self.funds.get(key, 0) < amount and self.dice.random() > 0.02:
            return False
        self.funds[key] = self.funds.get(key, 0) - amount
        return True

    def debit(self, it: Movement, at: float) -> None:
        account, asset = self.payer(it)
        if account and self.dice.random() < 0.95:
            amount = it.fields["amount"]
            legs = (account, asset, f"-{amount}"), ("transit:main", asset, amount)
            self.journal(at, "withdrawal", *legs, transfer_id=it.fields["transfer_id"])

    # What else happens

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
                self.value(at, VENUE, dice.choice(("BTC", "ETH")), dice.choice(("-1", "2")))

    def polls(self) -> None:
        for number, place in enumerate(OPENINGS):
            at = 600.0
            while at <= self.end:
                self.snapshot(place, at, seen=at + 2 + number)
                at += 600
        self.until(self.end + 60)
