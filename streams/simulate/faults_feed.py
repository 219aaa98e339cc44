"""Faults of the feed: the money is where it should be, and what is told of it is not so, or late, or twice."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.books import HOUSE
from streams.simulate.catalogue import ASSETS, BANKS, CHAIN_ASSETS, DEPOSITS, KRAKEN
from streams.simulate.chain import SENDING_S
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.emit import Json
from streams.simulate.faults import Label, fault
from streams.simulate.faults_money import holder
from streams.simulate.movement import Movement, Tap
from streams.simulate.reference import tell_asset
from streams.simulate.trades import book, book_move
from streams.simulate.units import DAY_S, US, decimal_text, span_us, units_worth

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_CENTS = (3_000_000, 6_000_000)  # 30,000 to 60,000 USD
_AHEAD_US = 600 * US  # well beyond the five minutes that are forgiven
_OLD_US = 40 * DAY_S * US  # beyond any horizon


@fault("dropped_event", "the events of a completed deposit never arrive", ["position_drift"], possible=["drift_trend"])
def dropped_event(desk: Desk, label: Label, rng: Random) -> None:
    """Let a deposit happen of which no event arrives, and which the books never learn of."""
    move = _deposit(desk, label, rng, DEPOSITS, rng.choice(CHAIN_ASSETS))
    label.difference_units = move.units
    label.note = f"{_said(move)} arrived at {DEPOSITS} as {move.transfer_id}, and none of its events did"

    def tap(moving: Movement, body: Json) -> int | None:
        _date(desk, label, body)
        label.event_ids.append(_event_id(moving))
        return None

    move.tap = tap
    desk.start(run_deposit(desk, move, booked=False))


@fault(
    "duplicated_event", "a deposit is told again under a new transfer_id and new event_ids", ["position_drift"],
    possible=["double_credit", "missing_credit", "liabilities_exceed_holdings", "drift_trend"],
)  # fmt: skip
def duplicated_event(desk: Desk, label: Label, rng: Random) -> None:
    """Tell all stages of one deposit twice, as if there were two."""
    move = _deposit(desk, label, rng, DEPOSITS, rng.choice(CHAIN_ASSETS))
    label.difference_units = -move.units
    label.note = f"{_said(move)} came to {DEPOSITS} once and is told twice, as {move.transfer_id} and {_again(move)}"

    def tap(moving: Movement, body: Json) -> int | None:
        _date(desk, label, body)
        event_id = f"{_again(moving)}/{moving.said}"
        label.event_ids.append(event_id)
        copy = {**body, "transfer_id": _again(moving)}
        desk.outbox.post("transfers", _again(moving), moving.source, event_id, copy)
        return 0

    move.tap = tap
    desk.start(run_deposit(desk, move))


@fault(
    "sign_flip", "a deposit is told as a withdrawal", ["position_drift"],
    possible=["phantom_credit", "unmatched_outflow", "missing_debit", "wrong_account", "drift_trend"],
)  # fmt: skip
def sign_flip(desk: Desk, label: Label, rng: Random) -> None:
    """Tell a deposit at a bank as a withdrawal: the events are wrong by twice the amount."""
    move = _deposit(desk, label, rng, BANKS["USD"], "USD")
    label.difference_units = 2 * move.units
    label.note = f"{move.transfer_id} brought {_said(move)} to {BANKS['USD']} and is told as a withdrawal of them"

    def change(body: Json) -> None:
        body.update({"op_type": "withdrawal", "from": body["to"], "to": body["from"]})

    _tell_otherwise(desk, label, move, change)


@fault(
    "off_by_one", "the amount of a deposit is told 1.00 too high or too low", ["position_drift"],
    possible=["amount_mismatch", "drift_trend"],
)  # fmt: skip
def off_by_one(desk: Desk, label: Label, rng: Random) -> None:
    """Let a deposit at a bank bring 1.00 more or less than its events say."""
    move = _deposit(desk, label, rng, BANKS["USD"], "USD")
    label.difference_units = rng.choice((-100, 100))
    told = decimal_text(move.units - label.difference_units, move.asset.decimals)
    label.note = f"{move.transfer_id} brought {_said(move)} to {BANKS['USD']} and is told as {told}"
    _tell_otherwise(desk, label, move, lambda body: body.update(amount=told))


@fault(
    "late_event", "the completion of a deposit arrives an hour late", ["position_drift"],
    possible=["phantom_credit", "liabilities_exceed_holdings", "drift_trend", "sla_breach", "in_transit_overdue"],
    window=(0.5, 0.6),
)  # fmt: skip
def late_event(desk: Desk, label: Label, rng: Random) -> None:
    """Hold the completion of a deposit back: a break opens, and must be explained when it comes."""
    move = _deposit(desk, label, rng, DEPOSITS, rng.choice(CHAIN_ASSETS))
    late_us = span_us(desk.config.late_fault_s)
    label.note = (
        f"{move.transfer_id} brought {_said(move)} to {DEPOSITS}; its completion arrives {late_us // US} s late"
    )

    def tap(moving: Movement, body: Json) -> int | None:
        if body["status"] != "completed":
            return 0
        _date(desk, label, body)
        label.event_ids.append(_event_id(moving))
        return late_us

    move.tap = tap
    desk.start(run_deposit(desk, move))


@fault("event_conflict", "an event arrives again under its id with another amount", ["event_conflict"], severity="P2")
def event_conflict(desk: Desk, label: Label, rng: Random) -> None:
    """Deliver the completion of a deposit once more with another amount: the first stands."""
    move = _deposit(desk, label, rng, DEPOSITS, rng.choice(CHAIN_ASSETS))
    label.scope = {"source": move.source}
    label.note = f"the completion of {move.transfer_id} over {_said(move)} arrives again with twice the amount"

    def tap(moving: Movement, body: Json) -> int | None:
        if body["status"] == "completed":
            label.event_ids.append(_event_id(moving))
            desk.start(_contradict(desk, label, moving, dict(body)))
        return 0

    move.tap = tap
    desk.start(run_deposit(desk, move))


@fault(
    "unknown_asset", "value comes in an asset whose reference arrives only later", ["unknown_asset"], severity="P2",
    possible=["position_drift", "phantom_credit"], window=(0.5, 0.6),
)  # fmt: skip
def unknown_asset(desk: Desk, label: Label, rng: Random) -> None:
    """Let SOL arrive at a venue; what SOL is, the reference says four snapshots later."""
    move = _deposit(desk, label, rng, KRAKEN, "SOL")
    label.scope = {"asset": "SOL"}
    label.note = f"{move.transfer_id} brings {_said(move)} to {KRAKEN} before the reference knows SOL"
    move.tap = _collecting(label)
    desk.late_assets.add((KRAKEN, "SOL"))
    desk.start(run_deposit(desk, move))
    desk.start(_tell_late(desk, move))


@fault("clock_skew", "a source stamps its events ten minutes ahead", ["clock_skew"], severity="P2")
def clock_skew(desk: Desk, label: Label, rng: Random) -> None:
    """Stamp a book transfer, which moves no holding, ten minutes ahead of its arrival."""
    giver, code = holder(desk)
    taker = next((client.account for client in desk.firm.clients if client is not giver), HOUSE)
    units = desk.books.spendable[giver.client_id, code] // 10
    desk.books.take(giver.client_id, code, units)
    move = book_move(desk, "internal", code, units, giver.account, taker, "int")
    move.clock_ahead_us = _AHEAD_US
    move.tap = _collecting(label)
    label.scope = {"source": move.source}
    label.note = f"{move.source} stamps {move.transfer_id} ten minutes ahead"
    desk.start(book(desk, move, giver.account, taker))


@fault("beyond_horizon", "an event forty days old arrives", ["beyond_horizon"], severity="P2")
def beyond_horizon(desk: Desk, label: Label, rng: Random) -> None:
    """Deliver the completion of a deposit from before the opening: nothing that is held now depends on it."""
    move = _deposit(desk, label, rng, DEPOSITS, rng.choice(CHAIN_ASSETS))
    label.scope = {"source": move.source}
    label.note = f"the completion of {move.transfer_id} over {_said(move)} arrives forty days after it happened"
    body = {**move.body(), "status": "completed"}
    event_id = f"{move.transfer_id}/1"
    label.event_ids.append(event_id)
    at_us = desk.now_us - _OLD_US
    desk.outbox.post("transfers", move.transfer_id, move.source, event_id, body, at_us=at_us, tracked=False)


def _deposit(desk: Desk, label: Label, rng: Random, location: str, code: str) -> Movement:
    """Return a deposit of a usual size, and scope the label to where it goes."""
    units = units_worth(rng.randint(*_CENTS), desk.firm.prices[code], ASSETS[code].decimals)
    label.scope = {"location": location, "asset": code}
    return deposit(desk, desk.firm.pick_client(rng), code, location, units)


def _collecting(label: Label) -> Tap:
    """Return a tap that changes nothing and keeps the ids of the events."""

    def tap(moving: Movement, body: Json) -> int | None:
        label.event_ids.append(_event_id(moving))
        return 0

    return tap


def _tell_otherwise(desk: Desk, label: Label, move: Movement, change: Callable[[Json], None]) -> None:
    def tap(moving: Movement, body: Json) -> int | None:
        _date(desk, label, body)
        label.event_ids.append(_event_id(moving))
        change(body)
        return 0

    move.tap = tap
    desk.start(run_deposit(desk, move))


def _date(desk: Desk, label: Label, body: Json) -> None:
    """Date the label from the moment at which holdings change."""
    if body["status"] == "completed":
        label.injected_at_us = desk.now_us


def _contradict(desk: Desk, label: Label, move: Movement, body: Json) -> Process:
    event_id, at_us = _event_id(move), desk.now_us
    yield desk.wait(*SENDING_S) + span_us(30 * desk.config.lateness)
    label.injected_at_us = desk.now_us
    body["amount"] = decimal_text(2 * move.units, move.asset.decimals)
    desk.outbox.post("transfers", move.transfer_id, move.source, event_id, body, at_us=at_us, tracked=False)


def _tell_late(desk: Desk, move: Movement) -> Process:
    yield desk.wait(*move.asset.settle_s) + span_us(4 * desk.config.snapshot_every_s)
    tell_asset(desk, move.asset)


def _again(move: Movement) -> str:
    return f"{move.transfer_id}-again"


def _event_id(move: Movement) -> str:
    return f"{move.transfer_id}/{move.said}"


def _said(move: Movement) -> str:
    return f"{decimal_text(move.units, move.asset.decimals)} {move.asset.code}"
