"""Honest brokers by chance: any mix of movements, told in any of the ways that the contract leaves open, is quiet."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.flows import Flows
from tests.contract.names import COLD, HELD, HOT, VENUE
from tests.contract.verdicts import examine
from tests.contract.ways import DAY, FACTS, Leg, Ways, side, stamp

END = 5_400.0
OWNERS = {"BTC": ("alice", "bob"), "ETH": ("alice", "bob"), "USDC": ("alice", "bob"), "USD": ("alice", "bob", "carol")}


def chosen(dice: random.Random) -> Ways:
    return Ways(
        group=dice.choice([None, "all"]),
        heartbeat_s=dice.choice([None, 30, 60, 300]),
        heartbeat_lag_s=dice.choice([0, 5, 30]),
        balance_after=dice.random() < 0.7,
        transfer_ids=dice.random() < 0.7,
        sequence=dice.choice(["global", "account"]),
        told_twice=dice.random() < 0.4,
        prices=dice.random() < 0.8,
        accounts=dice.random() < 0.8,
        client_named=dice.random() < 0.6,
        deposit_role=dice.choice(["client", "hot"]),
        single_completed=dice.random() < 0.3,
        debit_late=dice.random() < 0.3,
        seq_everywhere=dice.random() < 0.3,
        first_seq=dice.choice([1, 1, 90_001]),
        late_by_s=dice.choice([0, 0, 2, 7]),
    )


def one(firm: Flows, dice: random.Random, number: int, at: float) -> None:
    """Let something honest happen; no two amounts are the same."""
    asset = dice.choice(list(OWNERS))
    client = dice.choice(OWNERS[asset])
    amount = f"{Decimal(dice.randint(1, 40)) / 100 + Decimal(number) / 10_000:f}"
    if asset == "USD":
        amount = f"{number + 100}.17"
    what = dice.random()
    if what < 0.3:
        firm.deposit(f"in-{number}", client, asset, amount, at, credit_s=dice.uniform(1, 200))
    elif what < 0.6:
        native = {"BTC": "BTC", "USD": "USD"}.get(asset, "ETH")
        payer = dice.choice(["sender", "third_party", "deducted"])
        unit = native if payer == "sender" else asset
        firm.withdraw(
            f"out-{number}",
            client,
            asset,
            amount,
            at,
            ("0.01", "USD", payer) if asset == "USD" else ("0.0001", unit, payer),
        )
    elif what < 0.75:
        start, end, moved = dice.choice(
            [(HOT, COLD, "BTC"), (COLD, HOT, "ETH"), (HOT, VENUE, "USDC"), (VENUE, HOT, "BTC")]
        )
        amount = f"0.{number + 100}"
        firm.move(f"move-{number}", start, end, moved, amount, at, op=dice.choice(["rebalance", "sweep", "internal"]))
    elif what < 0.85:
        op, counter = dice.choice([("interest", "pnl:main"), ("rebate", "fee:main"), ("adjustment", "house:main")])
        hands = {"origin": "manual", "maker": "ann", "checker": "ben"} if op == "adjustment" else {"origin": "auto"}
        firm.journal(at, op, (f"client:{client}", asset, amount), (counter, asset, f"-{amount}"), **hands)
    else:
        trade(firm, number, at, f"0.{number + 100}")


def trade(firm: Flows, number: int, at: float, amount: str) -> None:
    paid = f"{Decimal(amount) * 60_000:.2f}"
    for end, asset, value in (("a", "BTC", f"-{amount}"), ("b", "USDC", paid)):
        sides = [side(VENUE), side("external")]
        start, to = sides if end == "a" else reversed(sides)
        it = firm.movement(
            f"t{number}-{end}", "settlement", start, to, asset, value.lstrip("-"), parent_id=f"t{number}"
        )
        it("completed", at, "binance:main")
        firm.value(at, VENUE, asset, value)
        back = value.lstrip("-") if end == "a" else f"-{value}"
        legs: tuple[Leg, Leg] = ("client:alice", asset, value), ("world:w", asset, back)
        firm.journal(at + 3, "settlement", *legs, transfer_id=f"t{number}-{end}")


def by_chance(seed: int) -> Firm:
    dice = random.Random(seed)
    firm = Firm(chosen(dice)).told()
    for number in range(dice.randint(15, 70)):
        one(firm, dice, number, dice.uniform(220, END - 600))
    polls(firm, END)
    spread_s = dice.choice([0, 0, 3]) if firm.ways.heartbeat_s is None or firm.ways.heartbeat_lag_s >= 5 else 0
    if spread_s:
        numbered = firm.numbered()
        firm.lines = []
        for seen, number, topic, value in numbered:
            late = seen + (dice.uniform(0, spread_s) if topic in FACTS and seen > 1 else 0)
            firm.lines.append((late, number, topic, {**value, "observed_at": stamp(late)}))
    return firm


@pytest.mark.parametrize("seed", [*range(10), 27, 33])
def test_an_honest_broker_by_chance_is_quiet_and_its_positions_are_the_truth(seed: int) -> None:
    firm = by_chance(seed)
    verdict = examine(firm)
    verdict.quiet()
    for place in HELD:
        for asset, total in firm.held(place, DAY).items():
            assert verdict.expected(place, asset) == total, (place, asset)
