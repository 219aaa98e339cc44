"""Announced stoppages: a venue or a network pauses, and what has waited is released in a burst."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.approval import approve, ask, decide
from streams.simulate.catalogue import ASSETS, BITCOIN, ETHEREUM, KRAKEN, PLACES
from streams.simulate.chain import BOOKING_S, CREDIT_S, arrive, send_on_chain, tx_hash
from streams.simulate.deposits import deposit
from streams.simulate.emit import Gate, Json, Letter
from streams.simulate.faults_money import affordable_units
from streams.simulate.movement import Movement
from streams.simulate.patterns.moments import hours_us
from streams.simulate.patterns.registry import pattern
from streams.simulate.units import DAY_S, US, span_us, time_text
from streams.simulate.withdrawals import withdrawal
from streams.simulate.world import draw_units

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_NOTICE_H = (1.1, 1.6)  # nothing begins at the venue meanwhile: what is under way arrives before it closes
_CLOSED_H = (0.7, 2.0)
_RELEASE_S = 600.0  # in which all that waited is released
_WAITING = (20, 40)
_CENTS = (100_000, 2_000_000)


@pattern(
    8, "maintenance", "a venue or a network pauses as announced, and what has waited comes in a burst after it",
    every_s=2.0 * DAY_S,
)  # fmt: skip
def maintenance(desk: Corner) -> Process:
    """Close a venue for transfers, or for all, or halt a network."""
    draw = desk.rng.random()
    if draw < 0.3:
        yield from _halt(desk, desk.rng.choice((BITCOIN, ETHEREUM)))
    else:
        yield from _close_venue(desk, "transfers" if draw < 0.65 else "all")


def _halt(desk: Corner, network: str) -> Process:
    """Announce that a network makes no blocks for a while; what waits for one goes on after it."""
    notice_us = hours_us(desk, 0.3, 0.6)
    until_us = desk.now_us + notice_us + hours_us(desk, 0.4, 1.0)
    _announce(desk, {"network": network}, "transfers", desk.now_us + notice_us, until_us)
    yield notice_us
    desk.halts[network] = until_us
    yield until_us - desk.now_us + hours_us(desk, 0.2, 0.3)


def _close_venue(desk: Corner, what: str) -> Process:
    """Announce that a venue is closed for a while, let clients ask and pay in all the same, and release it all."""
    if KRAKEN in desk.paused:
        return
    desk.paused.add(KRAKEN)
    notice_us = hours_us(desk, *_NOTICE_H)
    opens_us = desk.now_us + notice_us + hours_us(desk, *_CLOSED_H)
    source, kept = PLACES[KRAKEN].source, list[Letter]()
    gate = _silence(kept)
    _announce(desk, {"location": KRAKEN}, what, desk.now_us + notice_us, opens_us)
    if what == "all":
        _announce(desk, {"of_source": source}, what, desk.now_us + notice_us, opens_us)
    yield notice_us
    if what == "all":
        desk.outbox.gates[source].append(gate)
    number = desk.rng.randint(*_WAITING)
    for _ in range(number):
        release_us = opens_us + span_us(desk.rng.uniform(5.0, _RELEASE_S))
        if desk.rng.random() < 0.5:
            _ask_to_withdraw(desk, release_us)
        else:
            _begin_deposit(desk, release_us)
        yield (opens_us - desk.now_us) // (number + 1)
    yield opens_us - desk.now_us
    if what == "all":
        desk.outbox.gates[source].remove(gate)
        for letter in kept:
            desk.outbox.forward(letter, wait_us=span_us(desk.rng.uniform(1.0, 60.0)))
    yield span_us(_RELEASE_S)
    desk.paused.discard(KRAKEN)


def _announce(desk: Corner, where: Json, what: str, from_us: int, until_us: int) -> None:
    scope = desk.next_id("maintenance")
    until = time_text(until_us + 300 * US)
    body: Json = {
        "kind": "maintenance",
        "scope": scope,
        "from": time_text(from_us),
        "until": until,
        "what": what,
        **where,
    }
    desk.standing.records["maintenance"][scope] = body
    desk.outbox.post("control", scope, "treasury", scope, body)


def _silence(kept: list[Letter]) -> Gate:
    """Return a gate that keeps what is told of movements for later; balances are not polled, heartbeats are not sent."""

    def gate(letter: Letter) -> bool:
        if letter.topic == "transfers":
            kept.append(letter)
        return True

    return gate


def _ask_to_withdraw(desk: Corner, release_us: int) -> None:
    """Let a client ask for money at the venue, which sends it once it is open."""
    client, code = desk.firm.pick_client(desk.rng), desk.rng.choice(("BTC", "ETH", "USDC"))
    cents = desk.rng.randint(*_CENTS)
    units = affordable_units(desk, client, KRAKEN, code, cents, times=10)
    if units > ASSETS[code].dust_units * 1_000:  # the venue has ten times as much, and so the fee
        move = withdrawal(desk, client, code, KRAKEN, units, "deducted")
        desk.books.take(client.client_id, code, units)
        desk.promise(move)
        desk.start(_wait_and_withdraw(desk, move, release_us))


def _wait_and_withdraw(desk: Corner, move: Movement, release_us: int) -> Process:
    ask(desk, move)
    yield desk.wait(*BOOKING_S)
    bookings.hold(desk, move)
    yield from decide(desk, move)
    approve(desk, move)
    yield max(release_us - desk.now_us, span_us(1.0))
    yield from send_on_chain(desk, move)
    yield desk.wait(*BOOKING_S)
    bookings.settle(desk, move)


def _begin_deposit(desk: Corner, release_us: int) -> None:
    """Let a client's payment be in the chain while the venue is closed, and be told and credited when it is open."""
    client, code = desk.firm.pick_client(desk.rng), desk.rng.choice(("BTC", "ETH", "USDC"))
    move = deposit(desk, client, code, KRAKEN, draw_units(client, code, desk.firm.prices[code], desk.rng))
    desk.start(_wait_and_arrive(desk, move, release_us))


def _wait_and_arrive(desk: Corner, move: Movement, release_us: int) -> Process:
    move.ids["tx_hash"] = tx_hash(desk)
    desk.leave(move)
    desk.say(move, "broadcast")
    yield release_us - desk.now_us
    yield from arrive(desk, move)
    yield desk.wait(*CREDIT_S)
    bookings.credit(desk, move)
