"""S25: value under way between own places that does not arrive: stuck, or completed and yet refused by the other side."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, BINANCE, HOT, KRAKEN
from streams.simulate.chain import SIGNING_S, arrive
from streams.simulate.config import WorldConfig
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.faults_money import amount_text, stuck_rebalance
from streams.simulate.movement import Movement
from streams.simulate.reference import routes
from streams.simulate.scenarios.told import following, telling
from streams.simulate.treasury import own_move, start_own
from streams.simulate.units import US, span_us, time_text, units_worth

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_BEAT_S = 60.0
_CENTS = (10_000_000, 20_000_000)  # 100,000 to 200,000 USD
_AHEAD_US, _CLOSED_US = 600 * US, 4_200 * US  # a maintenance longer than any promise for ETH


def _overdue_s(code: str, config: WorldConfig) -> float:
    """Return after how long a move of an asset is overdue by its route."""
    route = next(routes(ASSETS[code], config))
    return float(max(route["sla_s"], 3 * route["p99_s"]))


@scenario(
    "S25", "stuck_move", "a rebalance is debited at its origin and never arrives", ["in_transit_overdue"],
    severity="P3", deadline_s=_overdue_s("BTC", WorldConfig()) + 2 * _BEAT_S, possible=["sla_breach"], awaits=True,
)  # fmt: skip
def stuck_move(desk: Desk, label: Label, rng: Random) -> None:
    """Send a rebalance to a venue, and let it never arrive."""
    stuck_rebalance(desk, label, rng)
    label.deadline_s = _overdue_s(label.scope["asset"], desk.config) + 2 * _BEAT_S


@lookalike("stuck_move", "a rebalance arrives after the announced maintenance of the venue")
def stuck_move_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Announce that a venue stops transfers, and let a rebalance to it wait for the end of that."""
    move = _rebalance(desk, label, rng, KRAKEN)
    opens_us = desk.now_us + _AHEAD_US + _CLOSED_US
    body = {"kind": "maintenance", "scope": KRAKEN, "location": KRAKEN, "what": "transfers",
            "from": time_text(desk.now_us + _AHEAD_US), "until": time_text(opens_us)}  # fmt: skip
    event_id = desk.next_id(f"maintenance-{KRAKEN}")
    desk.standing.records["maintenance"][event_id] = body
    desk.outbox.post("control", KRAKEN, "treasury", event_id, body)
    label.event_ids.append(event_id)
    label.note = f"{move.transfer_id} brings {amount_text(move, move.units)} to {KRAKEN} after its maintenance"
    desk.paused.add(KRAKEN)
    desk.start(_wait_for(desk, move, opens_us + span_us(rng.uniform(30.0, 240.0))))


@scenario(
    "S25", "third_party_failed", "a rebalance is completed, its sub-status says that the other side failed, and it returns",
    ["in_transit_overdue"], severity="P2", deadline_s=5.0, possible=["sla_breach"],
)  # fmt: skip
def third_party_failed(desk: Desk, label: Label, rng: Random) -> None:
    """Complete a rebalance that does not arrive, and take it back half an hour later or more."""
    move = _rebalance(desk, label, rng, rng.choice((BINANCE, KRAKEN)))
    move.tap = telling(desk, label, ("completed",))
    label.note = (
        f"{move.transfer_id} over {amount_text(move, move.units)} to {move.target.location} is completed and not there"
    )
    desk.start(_refused(desk, move))


@lookalike("third_party_failed", "a rebalance arrives with a sub-status that means nothing")
def third_party_failed_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Complete a rebalance with a remark."""
    move = _rebalance(desk, label, rng, rng.choice((BINANCE, KRAKEN)))
    label.note = f"{move.transfer_id} brings {amount_text(move, move.units)} to {move.target.location}, with a remark"

    def tap(moving: Movement, body: dict[str, object]) -> int | None:
        if body["status"] == "completed":
            body["sub_status"] = "3rd_party_confirmed"
        return following(label)(moving, body)

    move.tap = tap
    desk.start(_wait_for(desk, move, desk.now_us + span_us(rng.uniform(400.0, 700.0))))


def _rebalance(desk: Desk, label: Label, rng: Random, venue: str) -> Movement:
    """Return a rebalance of ETH from the hot wallet with no fee, which a refusal would have to give back."""
    worth = units_worth(rng.randint(*_CENTS), desk.firm.prices["ETH"], ASSETS["ETH"].decimals)
    move = own_move(desk, "rebalance", HOT, venue, "ETH", min(worth, desk.vaults.free(HOT, "ETH") // 4))
    move.fee_units = move.executed_fee_units = 0
    move.fee_asset = move.fee_payer = ""
    move.delivered_units = None
    move.tap = following(label)
    label.scope = {"location": venue, "asset": "ETH", "transfer_id": move.transfer_id}
    desk.promise(move)
    return move


def _leave(desk: Desk, move: Movement) -> Process:
    yield from start_own(desk, move)
    desk.say(move, "signing")
    yield desk.wait(*SIGNING_S)
    desk.leave(move)
    desk.say(move, "broadcast")


def _wait_for(desk: Desk, move: Movement, until_us: int) -> Process:
    """Let a move leave now and arrive at a moment; its target takes part in business again."""
    yield from _leave(desk, move)
    yield until_us - desk.now_us
    yield from arrive(desk, move)
    desk.paused.discard(move.target.location)


def _refused(desk: Desk, move: Movement) -> Process:
    yield from _leave(desk, move)
    yield desk.wait(*move.asset.settle_s)
    desk.say(move, "completed", sub_status="completed_but_3rd_party_failed")
    yield desk.wait(1_800.0, 3_600.0)
    desk.come_back(move)
    desk.say(move, "returned")
