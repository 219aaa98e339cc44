"""S22 and S23: the money is where it should be, and a venue leaves out a page, or a place repeats itself."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import BINANCE, COLD, DEPOSITS, KRAKEN, PLACES
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.emit import Gate, Json, Letter
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.faults_money import holder
from streams.simulate.scenarios.told import following, tells
from streams.simulate.trades import book, book_move
from streams.simulate.units import US, span_us
from streams.simulate.venues import rows_of
from streams.simulate.world import draw_units

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_BEAT_S = 60.0
_PAGE, _PAGE_US = (5, 50), 1_200 * US
_BACKFILL_S = 3_600.0
_AFTER_PAGE = 5  # how many of the events after a page tell that it is missing: any of them may be late itself
_FROZEN_S = 1_800.0
_QUIET_S = 4_800.0


@scenario(
    "S22", "lost_page", "a page of a venue's transfers is lost and comes an hour later", ["source_gap"],
    severity="P3", deadline_s=5.0 + _BEAT_S, awaits=True, window=(0.3, 0.4),
    possible=["in_transit_overdue", "sla_breach", "missing_debit"],
)  # fmt: skip
def lost_page(desk: Desk, label: Label, rng: Random) -> None:
    """Lose 5 to 50 transfer events of a venue in a row (at most what comes in 20 minutes), and bring them late."""
    label.forbidden_alert_types = ("position_drift",)
    _page(desk, label, rng, lost=True)


@lookalike("lost_page", "a page of a venue's transfers comes again an hour later")
def lost_page_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Deliver the page as usual, and then all of it once more."""
    _page(desk, label, rng, lost=False)


@scenario(
    "S23", "stale_snapshot", "a place reports the same balances for half an hour while flows settle there",
    ["stale_snapshot"], severity="P3", deadline_s=5.0 + _BEAT_S, awaits=True,
)  # fmt: skip
def stale_snapshot(desk: Desk, label: Label, rng: Random) -> None:
    """Let a place repeat what it last reported, under new ids and moments, while clients pay in there."""
    location = rng.choice((DEPOSITS, BINANCE, KRAKEN))
    label.scope = {"location": location}
    label.forbidden_alert_types = ("position_drift",)
    label.note = f"{location} reports for {_FROZEN_S / 60:.0f} min what it held before, while deposits settle there"
    desk.frozen.add(location)
    desk.outbox.gates[PLACES[location].source].append(_counting(desk, label, location))
    desk.start(_pay_in(desk, rng, location))


@lookalike("stale_snapshot", "a quiet place reports the same balances, and only its books move")
def stale_snapshot_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Keep the treasury from the cold wallet, and let a client pay others in the books there."""
    label.scope = {"location": COLD}
    label.note = f"no move to or from {COLD} begins for {_QUIET_S / 60:.0f} min; clients pay each other in its books"
    desk.start(_only_books(desk, label, rng))


def _page(desk: Desk, label: Label, rng: Random, *, lost: bool) -> None:
    """Watch the next transfer events of a venue: a page of them is `lost`, or delivered as usual and then again."""
    source, size, closes_us = PLACES[BINANCE].source, rng.randint(*_PAGE), desk.now_us + _PAGE_US
    label.scope = {"source": source, "location": BINANCE}
    page: list[Letter] = []
    after: list[str] = []

    def gate(letter: Letter) -> bool:
        if letter.topic != "transfers":
            return False
        if not after and _goes_on(page, size, overdue=desk.now_us >= closes_us):
            page.append(letter)
            label.event_ids.append(letter.value["event_id"])
            label.note = f"{len(page)} transfer events of {source} in a row {'are lost' if lost else 'come twice'}"
            return lost
        if not after:
            desk.start(_backfill(desk, rng, page, lost=lost))
        after.append(letter.value["event_id"])
        if lost:
            tells(desk, label, letter.value["event_id"])
        if len(after) == _AFTER_PAGE:
            desk.outbox.gates[source].remove(gate)
        return False

    desk.outbox.gates[source].append(gate)


def _goes_on(page: list[Letter], size: int, *, overdue: bool) -> bool:
    """Whether more belongs to a page: it has some length, and what changes holdings is in it."""
    if len(page) < _PAGE[0] or all(letter.value["status"] != "completed" for letter in page):
        return True
    return len(page) < size and not overdue


def _backfill(desk: Desk, rng: Random, page: list[Letter], *, lost: bool) -> Process:
    yield span_us(_BACKFILL_S)
    for letter in page:
        wait_us = span_us(rng.uniform(0.0, 10.0))
        if lost:  # its source believes it delivered long ago: no heartbeat waits for it
            desk.outbox.forward(letter, wait_us=wait_us, tracked=False)
        else:
            desk.outbox.repeat(letter.topic, letter.key, letter.value, after_us=wait_us)


def _counting(desk: Desk, label: Label, location: str) -> Gate:
    """Return a gate that keeps nothing back and finds the third identical body, with flows settled before each."""
    held: list[list[Json]] = []

    def gate(letter: Letter) -> bool:
        if letter.key != location or letter.topic != "balances" or letter.value["holding_kind"] != "actual":
            return False
        if location in desk.frozen:
            label.event_ids.append(letter.value["snapshot_id"])
            held.append(rows_of(desk, PLACES[location]))
            before = [letter.value["rows"], *held][-3:]
            if len(before) == 3 and before[0] != before[1] != before[2] and not label.telling_ids:
                tells(desk, label, letter.value["snapshot_id"])
        return False

    return gate


def _pay_in(desk: Desk, rng: Random, location: str) -> Process:
    """Let clients pay in at a place every minute or so, and let it report the truth again after a while."""
    until_us = desk.now_us + span_us(_FROZEN_S)
    while desk.now_us < until_us:
        client, code = desk.firm.pick_client(rng), rng.choice(("ETH", "USDC"))
        units = draw_units(client, code, desk.firm.prices[code], rng)
        desk.start(run_deposit(desk, deposit(desk, client, code, location, units)))
        yield span_us(rng.uniform(60.0, 100.0))
    desk.frozen.discard(location)


def _only_books(desk: Desk, label: Label, rng: Random) -> Process:
    desk.paused.add(COLD)
    until_us = desk.now_us + span_us(_QUIET_S)
    while desk.now_us < until_us:
        giver, code = holder(desk)
        taker = rng.choice([client for client in desk.firm.clients if client is not giver])
        units = desk.books.spendable[giver.client_id, code] // rng.randint(50, 100)
        desk.books.take(giver.client_id, code, units)
        move = book_move(desk, "internal", code, units, giver.account, taker.account, "int")
        move.origin, move.target = replace(move.origin, location=COLD), replace(move.target, location=COLD)
        move.control = {"origin": "auto", "initiator": f"user:{giver.client_id}", "approvers": []}
        move.tap = following(label)
        desk.start(book(desk, move, giver.account, taker.account))
        yield span_us(rng.uniform(120.0, 300.0))
    desk.paused.discard(COLD)
