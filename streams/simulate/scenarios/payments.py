"""Payments that people let pass and should not have: of the wrong amount, or twice (S02, S05)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.books import FEES, HOUSE
from streams.simulate.catalogue import HOT
from streams.simulate.chain import BOOKING_S
from streams.simulate.emit import Json
from streams.simulate.faults import Expected, Label, lookalike, scenario
from streams.simulate.faults_money import affordable_units, amount_text, holder
from streams.simulate.movement import Movement, Tap
from streams.simulate.scenarios.told import BY_HAND, approve_by_hand, credit, event_id, following, telling
from streams.simulate.trades import book, book_move
from streams.simulate.withdrawals import launch, withdrawal
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_CHARGE_UNITS = 10_000  # 100.00
_AGAIN_S = 240.0
_PASSED = ("approved", "signing", "broadcast", "confirming", "completed")


@scenario(
    "S02", "account_number_as_amount", "a refund by hand has the client's account number as its amount",
    ["unit_or_decimal_error", "amount_mismatch"], severity="P1", deadline_s=5.0,
    possible=["liabilities_exceed_holdings", "policy_violation", "flow_anomaly"],
)  # fmt: skip
def account_number_as_amount(desk: Desk, label: Label, rng: Random) -> None:
    """Refund a charge of 100.00 with millions, which the house can just pay."""
    client, code = _rich(desk)[0]
    affordable = desk.books.balances[HOUSE.account_id, code] // 200  # half of what the house has, in whole units
    number = rng.randint(1_000_000, min(max(affordable, 1_000_001), 9_999_999))
    charge, refund = _charge(desk, client, code), _refund(desk, client, code, number * 100)
    refund.ids["end_to_end_id"] = f"ACCT-{number}"
    refund.tap = telling(desk, label)
    label.scope = {"transfer_id": refund.transfer_id, "client_id": client.client_id, "asset": code}
    label.note = f"{refund.transfer_id} refunds {number} {code}, the client's account number, for a charge of 100"
    desk.start(_charge_and_refund(desk, label, client, charge, refund))


@lookalike("account_number_as_amount", "a refund equal to the charge that it refers to, and one of a part of it")
def usual_refunds(desk: Desk, label: Label, rng: Random) -> None:
    """Refund one charge whole and another in part."""
    label.scope = {"account_id": HOUSE.account_id}
    label.note = "two charges of 100 are refunded, one whole and one in part"
    for (client, code), units in zip(_rich(desk)[:2], (_CHARGE_UNITS, rng.randint(1_000, 9_000)), strict=False):
        charge, refund = _charge(desk, client, code), _refund(desk, client, code, units)
        refund.ids["end_to_end_id"] = f"ACCT-{rng.randint(1_000_000, 9_999_999)}"
        refund.tap = following(label)
        desk.start(_charge_and_refund(desk, label, client, charge, refund))


@scenario(
    "S05", "duplicate_payout", "a payout is asked for, approved and sent once more, four minutes later and under a new id",
    ["duplicate_payment"], severity="P1", deadline_s=5.0, possible=["policy_violation", "flow_anomaly"],
)  # fmt: skip
def duplicate_payout(desk: Desk, label: Label, rng: Random) -> None:
    """Pay a client twice: the second time with no reference of the client's, or with that of the first."""
    first, second = _pair(desk, label, rng)
    del second.ids["client_ref"]
    if rng.random() < 0.5:
        second.ids["client_ref"] = first.ids["client_ref"]
    label.note = f"{second.transfer_id} pays {amount_text(second, second.units)} that {first.transfer_id} pays already"
    label.expected_decisions = [Expected(second.transfer_id, ("review",), ("R8",))]
    first.tap, second.tap = following(label), telling(desk, label, _PASSED)
    _launch_both(desk, first, second)


@lookalike("duplicate_payout", "two equal payouts with client references of their own, and events delivered again")
def equal_payouts(desk: Desk, label: Label, rng: Random) -> None:
    """Pay twice what the client has asked for twice, and tell all of the first once more under the same ids."""
    first, second = _pair(desk, label, rng)
    label.note = f"{first.transfer_id} and {second.transfer_id} pay the same, and the client has asked for both"
    label.expected_decisions = [Expected(move.transfer_id, ("auto_approve",)) for move in (first, second)]
    first.tap, second.tap = _redelivered(desk, label), following(label)
    _launch_both(desk, first, second)


def _rich(desk: Desk) -> list[tuple[Client, str]]:
    """Return clients and the money at a bank that they have most of, the richest first."""
    pairs = [
        (client, max(("USD", "EUR"), key=lambda code: desk.books.spendable[client.client_id, code]))
        for client in desk.firm.clients
    ]
    return sorted(pairs, key=lambda pair: -desk.books.spendable[pair[0].client_id, pair[1]])


def _charge(desk: Desk, client: Client, code: str) -> Movement:
    desk.books.take(client.client_id, code, _CHARGE_UNITS)
    return book_move(desk, "fee", code, _CHARGE_UNITS, client.account, FEES, "fee")


def _refund(desk: Desk, client: Client, code: str, units: int) -> Movement:
    refund = book_move(desk, "refund", code, units, HOUSE, client.account, "ref")
    refund.control = {"origin": "manual", "declared_class": "risky", "initiator": "ops-1", "approvers": ["ops-2"]}
    return refund


def _charge_and_refund(desk: Desk, label: Label, client: Client, charge: Movement, refund: Movement) -> Process:
    yield from book(desk, charge, client.account, FEES, asked=False)
    yield desk.wait(1_200.0, 2_400.0)
    refund.ids["refers_to"] = charge.transfer_id
    yield from approve_by_hand(desk, refund)
    extra = {**BY_HAND, "reason": f"refund of {charge.transfer_id}"}
    credit(desk, label, refund, client.account, giver=HOUSE, tell=False, extra=extra)
    yield desk.wait(*BOOKING_S)
    desk.say(refund, "completed")


def _pair(desk: Desk, label: Label, rng: Random) -> tuple[Movement, Movement]:
    """Return two equal withdrawals that the client and the hot wallet can bear together."""
    client, code = holder(desk)
    units = affordable_units(desk, client, HOT, code, rng.randint(2_000_000, 3_000_000), times=2)
    first, second = (withdrawal(desk, client, code, HOT, units) for _ in range(2))
    label.scope = {"client_id": client.client_id, "location": HOT, "asset": code, "transfer_id": second.transfer_id}
    return first, second


def _launch_both(desk: Desk, first: Movement, second: Movement) -> None:
    launch(desk, first)
    # Kept for the second while it waits: nothing else can take it.
    desk.books.take(second.client_id, second.asset.code, second.units)
    desk.promise(second)
    desk.start(_launch_later(desk, second))


def _launch_later(desk: Desk, move: Movement) -> Process:
    yield desk.wait(_AGAIN_S, _AGAIN_S)
    desk.books.spendable[move.client_id, move.asset.code] += move.units
    desk.release(move)
    launch(desk, move)


def _redelivered(desk: Desk, label: Label) -> Tap:
    """Return a tap by which each event of a movement is delivered again, the same, four minutes later."""

    def tap(move: Movement, body: Json) -> int | None:
        label.event_ids.append(event_id(move))
        desk.start(_deliver_again(desk, move, event_id(move), dict(body), desk.now_us))
        return 0

    return tap


def _deliver_again(desk: Desk, move: Movement, told: str, body: Json, at_us: int) -> Process:
    yield desk.wait(_AGAIN_S, _AGAIN_S)
    desk.outbox.post("transfers", move.transfer_id, move.source, told, body, at_us=at_us, tracked=False)
