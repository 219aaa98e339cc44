"""Random firms: who is on record, what limits there are and what is asked for are all drawn, right and wrong.

Amounts come from short lists, so that limits are met exactly, requests repeat, and balances run out. Whatever is
asked for is well in most respects: each wrong is drawn by itself, so that rules fail alone and together.
"""

from __future__ import annotations

from typing import Any

from tests.contract.names import BANK, COLD, ETHEREUM, HOT, NETWORK, RIPPLE, VENUE, address_of
from tests.contract.random_registry import CLIENTS, GAS, KRAKEN, NOWHERE, OPTIMISM, ROLES, SIZES, TAG, RandomRegistry
from tests.contract.ways import side, stamp
from tests.contract.worlds import Movement

Json = dict[str, Any]
OTHERS = ("deposit", "refund", "adjustment", "reversal", "fee", "interest", "mint", "burn", "settlement", "rebate")


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


class RandomFirm(RandomRegistry):
    """A firm drawn by a seed, with its whole day."""

    def __init__(self, seed: int, requests: int) -> None:
        super().__init__(seed, requests)
        self.twins: list[Json] = []
        self.plans: list[Json] = []
        for number in range(requests):
            at = self.dice.uniform(1_000, self.end - 100)
            self.request(f"w{number}", at if self.dice.random() < 0.7 else at // 600 * 600)
        self.changes(requests // 12)
        self.polls()

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
        named = dice.choices((plan["plan_id"], "plan-unknown", None), (85, 5, 10))[0]
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
