"""When unusual requests come, and what becomes of them: people turn most down, let some pass, and clients give up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.approval import approve, ask, ask_in_vain, decide
from streams.simulate.chain import BOOKING_S, SCREENING_S, send_on_chain
from streams.simulate.desk import Corner
from streams.simulate.emit import Json
from streams.simulate.faults import Expected, Label
from streams.simulate.movement import Movement, Tap
from streams.simulate.units import DAY_S, span_us
from streams.simulate.unusual import amounts, destinations
from streams.simulate.unusual.kinds import KINDS, Kind, Request
from streams.simulate.withdrawals import launch

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_APPROVED_SHARE = 0.3  # of what people may let pass
_TRIES = 8
_GIVEN_UP_S = (300.0, 1_800.0)
_HEARD_S = 30.0  # after which everybody knows of it
_REQUESTS_PER_TRANSFER = 0.45  # the rest are deposits, trades, fees and interest


def arrivals(whole: Desk, truth: list[Label]) -> Process:
    """Make unusual requests for ever, as large a share of all requests as the configuration says."""
    share = whole.config.unusual_share
    if not share:
        return
    desk = Corner(whole, "unusual")
    amounts.prepare(desk)
    yield from destinations.prepare(desk)
    a_day = whole.config.transfers_per_day * _REQUESTS_PER_TRANSFER * share / (1 - share)
    while True:
        yield span_us(desk.rng.expovariate(a_day / DAY_S))
        _one(desk, truth)


def _one(desk: Corner, truth: list[Label]) -> None:
    """Make a request of a kind drawn at random; some kinds need circumstances that are not always there."""
    for _ in range(_TRIES):
        kind = desk.rng.choice(KINDS)
        made = kind.make(desk)
        if made is not None:
            desk.start(_handle(desk, kind, made, truth))
            return


def _handle(desk: Corner, kind: Kind, made: Request, truth: list[Label]) -> Process:
    """Make the requests that come first, and then the one that is unusual."""
    for earlier in made.first:
        if not _is_there(desk, earlier):
            return
        earlier.prompt = True
        launch(desk, earlier)
        yield span_us(desk.rng.uniform(*made.after_s))
    if not made.first and made.after_s[1]:
        yield span_us(desk.rng.uniform(*made.after_s))
    move = made.move
    move.prompt, move.tap = True, _labelling(desk, kind, truth)
    if kind.action == "hold":
        yield from _give_up(desk, move)
    elif _is_there(desk, move):
        passes = kind.approvable and desk.rng.random() < _APPROVED_SHARE
        yield from (_let_pass(desk, move) if passes else _refuse(desk, move))


def _is_there(desk: Corner, move: Movement) -> bool:
    """Tell whether client and place still have what is going to be asked for."""
    purse = (move.client_id, move.asset.code)
    if move.client_id and (desk.books.spendable[purse] < move.units or desk.standing.asked_in_vain[purse]):
        return False
    return desk.vaults.free(move.origin.location, move.asset.code) >= move.units


def _labelling(desk: Corner, kind: Kind, truth: list[Label]) -> Tap:
    """Return a tap that tells a request on the network that it names, and labels it when it is made."""
    label = Label(f"unusual_{kind.name}", desk.now_us, (), kind.alerts)

    def tap(move: Movement, body: Json) -> int | None:
        if move.told_network:
            body["network"] = move.told_network
            del body["asset_id"]
        if body["status"] == "requested":
            label.injected_at_us = desk.now_us
            label.note = f"{move.transfer_id} {kind.text}"
            label.scope = {"transfer_id": move.transfer_id}
            label.telling_ids.append(f"{move.transfer_id}/{move.said}")
            label.expected_decisions.append(Expected(move.transfer_id, (kind.action,), kind.rules))
            truth.append(label)
        label.event_ids.append(f"{move.transfer_id}/{move.said}")
        return 0

    return tap


def _refuse(desk: Corner, move: Movement) -> Process:
    """Let people look at a request and turn it down, or the client think better of it."""
    _set_aside(desk, move)
    ask(desk, move)
    if desk.rng.random() < 0.3:
        yield desk.wait(*SCREENING_S)
        desk.say(move, "screening")
    yield from decide(desk, move)
    desk.say(move, "rejected" if desk.rng.random() < 0.7 else "cancelled")
    desk.release(move)
    if move.client_id:
        desk.books.spendable[move.client_id, move.asset.code] += move.units


def _give_up(desk: Corner, move: Movement) -> Process:
    """Ask for what is not there, wait in vain, and withdraw the request."""
    ask_in_vain(desk, move)
    desk.standing.asked_in_vain[move.client_id, move.asset.code] += move.units
    yield desk.wait(*_GIVEN_UP_S)
    desk.say(move, "cancelled")
    yield span_us(_HEARD_S)
    desk.standing.asked_in_vain[move.client_id, move.asset.code] -= move.units


def _let_pass(desk: Corner, move: Movement) -> Process:
    """Let people look at a request and approve it."""
    _set_aside(desk, move)
    ask(desk, move)
    yield desk.wait(*BOOKING_S)
    if move.client_id:
        bookings.hold(desk, move)
    yield from decide(desk, move)
    approve(desk, move)
    yield desk.wait(*BOOKING_S)
    if move.asset.is_fiat:
        desk.say(move, "queued")
        yield desk.wait(*move.asset.settle_s)
        desk.leave(move)
        desk.say(move, "completed")
    else:
        yield from send_on_chain(desk, move)
    yield desk.wait(*BOOKING_S)
    if move.client_id:
        bookings.settle(desk, move)


def _set_aside(desk: Corner, move: Movement) -> None:
    if move.client_id:
        desk.books.take(move.client_id, move.asset.code, move.units)
    desk.promise(move)
