"""Two hours of a small broker in which nothing is wrong: a few dozen movements, booked and held as they are told.

Whatever a test adds stands out against it. Every kind of movement that a desk knows is here once, told in the ways
that the world chooses.
"""

from __future__ import annotations

from tests.contract.firm import Firm
from tests.contract.names import BANK, COLD, HELD, HOT, VENUE
from tests.contract.ways import Leg, Ways, side, stamp

END = 7_200.0
SNAPSHOT_S = 300


def background(ways: Ways | None = None, end: float = END) -> Firm:
    """Return two hours of an honest broker, with snapshots every five minutes."""
    firm = Firm(ways or Ways(heartbeat_s=60)).told()
    client_flows(firm)
    treasury(firm)
    trades(firm)
    books_only(firm)
    polls(firm, end)
    return firm


def polls(firm: Firm, end: float, places: tuple[str, ...] = tuple(HELD), start: float = SNAPSHOT_S) -> None:
    """Let every place report every five minutes; the venue answers a little later than the wallets."""
    for number, place in enumerate(places):
        at = start
        while at <= end:
            firm.snapshot(place, at, seen=at + 2 + number)
            at += SNAPSHOT_S
    firm.until(end + 10)


def client_flows(firm: Firm) -> None:
    """Clients pay in and are paid out, with fees of every payer, in own and in native assets."""
    for number in range(6):
        at = 200.0 + 1_000 * number
        firm.deposit(f"in-btc-{number}", "alice", "BTC", f"0.{3 + number}1", at)
        firm.deposit(f"in-usdc-{number}", "bob", "USDC", f"{1_200 + 37 * number}.5", at + 110)
        firm.deposit(f"in-usd-{number}", "carol", "USD", f"{900 + 11 * number}.25", at + 170)
        firm.withdraw(f"out-btc-{number}", "bob", "BTC", f"0.{2 + number}3", at + 260, ("0.0001", "BTC", "sender"))
        firm.withdraw(f"out-eth-{number}", "alice", "ETH", f"1.{number}7", at + 390, ("0.002", "ETH", "deducted"))
        firm.withdraw(f"out-usdc-{number}", "alice", "USDC", f"{700 + number}", at + 520, ("0.003", "ETH", "sender"))
        firm.withdraw(f"out-usd-{number}", "bob", "USD", f"{410 + number}.10", at + 650, ("15", "USD", "third_party"))
    for leg, client in enumerate(("alice", "bob")):
        ids = {"tx_hash": "one-batch", "tx_index": leg}
        firm.withdraw(f"batch-{leg}", client, "BTC", f"0.1{leg}", 6_300, ids=ids, parent_id="batch")


def treasury(firm: Firm) -> None:
    """Value moves between own places: planned and not, with fees, swept and topped up."""
    plan = {"op_type": "rebalance", "from": COLD, "to": HOT, "asset": "BTC", "amount_min": "5", "amount_max": "15"}
    firm.steer("plan", 900, plan_id="refill", not_before=stamp(900), not_after=stamp(5_000), **plan)
    firm.move("refill-1", COLD, HOT, "BTC", "10", 1_050, plan_id="refill")
    firm.move("to-venue", HOT, VENUE, "USDC", "50000", 1_950)
    firm.move("sweep-1", HOT, COLD, "ETH", "20", 2_850, op="sweep")
    firm.move("from-venue", VENUE, HOT, "BTC", "2", 3_750)
    fee = {"fee_amount": "0.0002", "fee_asset": "BTC", "fee_payer": "deducted"}
    firm.move("sweep-2", HOT, COLD, "BTC", "3", 4_650, op="sweep", **fee)
    firm.value(4_720, COLD, "BTC", "-0.0002")
    firm.journal(4_721, "fee", ("house:main", "BTC", "-0.0002"), ("world:w", "BTC", "0.0002"), transfer_id="sweep-2")


def trades(firm: Firm) -> None:
    """A client sells bitcoin at the venue: two settlement legs under one parent."""
    for number in range(2):
        at, parent = 2_200.0 + 2_000 * number, f"trade-{number}"
        market = side("external")
        paid = firm.movement(f"{parent}-a", "settlement", side(VENUE), market, "BTC", "0.5", parent_id=parent)
        got = firm.movement(f"{parent}-b", "settlement", market, side(VENUE), "USDC", "30000", parent_id=parent)
        for leg in (paid, got):
            leg("completed", at, "binance:main")
        firm.value(at, VENUE, "BTC", "-0.5")
        firm.value(at, VENUE, "USDC", "30000")
        sold: tuple[Leg, Leg] = ("client:alice", "BTC", "-0.5"), ("world:w", "BTC", "0.5")
        bought: tuple[Leg, Leg] = ("client:alice", "USDC", "30000"), ("world:w", "USDC", "-30000")
        for legs, leg in ((sold, paid), (bought, got)):
            firm.journal(at + 3, "settlement", *legs, transfer_id=leg.fields["transfer_id"])


def books_only(firm: Firm) -> None:
    """What only the books know: interest, fees, rebates, book transfers, corrections, and money of nobody."""
    for number, client in enumerate(("alice", "bob")):
        at = 1_400.0 + 7 * number
        firm.journal(at, "interest", (f"client:{client}", "USDC", "3.21"), ("pnl:main", "USDC", "-3.21"), origin="auto")
        firm.journal(at + 900, "fee", (f"client:{client}", "USDC", "-12"), ("fee:main", "USDC", "12"), origin="auto")
        firm.journal(at + 1_800, "rebate", (f"client:{client}", "USDC", "1.5"), ("fee:main", "USDC", "-1.5"))
    book = firm.movement("book-1", "internal", side(HOT, client_id="alice"), side(HOT, client_id="bob"), "USDC", "250")
    book("requested", 3_300, "oms")
    book("completed", 3_301, "oms")
    legs: tuple[Leg, Leg] = ("client:alice", "USDC", "-250"), ("client:bob", "USDC", "250")
    firm.journal(3_302, "internal", *legs, transfer_id="book-1")
    hands = {"origin": "manual", "maker": "dora", "checker": "emil", "reason": "goodwill"}
    firm.journal(3_500, "adjustment", ("client:carol", "USD", "40"), ("house:main", "USD", "-40"), **hands)
    wrong: tuple[Leg, Leg] = ("client:bob", "USD", "75"), ("house:main", "USD", "-75")
    firm.journal(4_300, "adjustment", *wrong, journal_id="slip", **hands)
    back: tuple[Leg, Leg] = ("client:bob", "USD", "-75"), ("house:main", "USD", "75")
    firm.journal(4_420, "reversal", *back, reverses="slip", **hands)
    unknown = firm.movement("nobody", "deposit", side("external"), side(BANK), "USD", "5000")
    unknown("completed", 5_000, "bank:acme-usd")
    firm.value(5_000, BANK, "USD", "5000")
    firm.journal(5_020, "deposit", ("suspense:main", "USD", "5000"), ("world:w", "USD", "-5000"), transfer_id="nobody")
    firm.journal(5_900, "adjustment", ("suspense:main", "USD", "-5000"), ("client:carol", "USD", "5000"), **hands)


def busy(firm: Firm, end: float = 3_600.0) -> Firm:
    """Keep every feed alive for an hour."""
    for number in range(11):
        at = 250.0 + 300 * number
        firm.deposit(f"in-{number}", "alice", "BTC", f"0.{number + 10}", at)
        firm.withdraw(f"out-{number}", "bob", "BTC", f"0.{number + 30}", at + 50)
    polls(firm, end)
    return firm
