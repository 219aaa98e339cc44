"""S22, S23 and S30: the money is where it should be, and a feed leaves out a page, repeats itself, or falls silent."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, BINANCE, COLD, DEPOSITS, KRAKEN, PLACES
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.emit import Letter
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.faults_money import holder
from streams.simulate.scenarios.told import following, tells
from streams.simulate.trades import book, book_move
from streams.simulate.units import US, span_us
from streams.simulate.venues import rows_of
from streams.simulate.world import draw_units

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_HOUR_S, _BEAT_S = 3_600.0, 60.0
_FROZEN_S = 1_800.0
_TELLING_MAX = 5
_CUSTODIAN = "fireblocks"


@scenario(
    "S22", "lost_page", "a page of a venue's transfers is lost and comes an hour later", ["source_gap"],
    severity="P3", deadline_s=5.0 + _BEAT_S, awaits=True, window=(0.3, 0.4),
    possible=["in_transit_overdue", "sla_breach", "missing_debit"],
)  # fmt: skip
def lost_page(desk: Desk, label: Label, rng: Random) -> None:
    """Lose 5 to 50 consecutive transfer events of a venue (as many as come in 20 minutes), and deliver them late."""
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
    """Repeat what a place last reported, under new ids and moments, while clients pay in there."""
    location = rng.choice((DEPOSITS, BINANCE, KRAKEN))
    label.scope = {"location": location}
    label.forbidden_alert_types = ("position_drift",)
    label.note = f"{location} reports what it held before for {_FROZEN_S:.0f} s, while deposits settle there"
    desk.frozen.add(location)
    desk.outbox.gates[PLACES[location].source].append(_counting(desk, label, location))
    desk.start(_paying_in(desk, rng, location))


@lookalike("stale_snapshot", "a quiet place reports the same balances, and only its books move")
def stale_snapshot_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Keep the treasury from the cold wallet, and let clients pay each other in the books there."""
    label.scope = {"location": COLD}
    label.note = f"nothing reaches or leaves {COLD} for more than an hour; clients pay each other there"
    desk.paused.add(COLD)
    desk.start(_only_books(desk, label, rng))


@scenario(
    "S30", "late_storm", "the custodian is silent for 8 h, then all arrives out of order with duplicates",
    ["source_silent"], severity="P2", deadline_s=960.0, window=(0.1, 0.15), world={"duration_s": 14 * _HOUR_S},
)  # fmt: skip
def late_storm(desk: Desk, label: Label, rng: Random) -> None:
    """Keep back the transfers of the custodian, and in half of the worlds its balances, which else are polled."""
    label.forbidden_from_severity = "P2"
    polled = rng.random() < 0.5
    what = "transfers and heartbeats" if polled else "events"
    label.note = f"no {what} of {_CUSTODIAN} arrive for 8 h, then all of them within half an hour"
    desk.start(_outage(desk, label, rng, 8 * _HOUR_S, _HOUR_S / 2, polled=polled, twice=0.03))


@lookalike("late_storm", "the custodian's feed is late by ten minutes once")
def late_storm_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Keep everything back for ten minutes, then deliver it."""
    label.note = f"what {_CUSTODIAN} tells within ten minutes arrives at their end"
    desk.start(_outage(desk, label, rng, 600.0, 30.0, polled=False, twice=0.0))


def _page(desk: Desk, label: Label, rng: Random, *, lost: bool) -> None:
    """Watch the next transfer events of a venue: a page of them is `lost`, or else delivered as usual and again."""
    source, size, gates = BINANCE, rng.randint(5, 50), desk.outbox.gates
    closes_us = desk.now_us + 1_200 * US
    page: list[Letter] = []

    def gate(letter: Letter) -> bool:
        if letter.topic != "transfers":
            return False
        ident = letter.value["event_id"]
        if not label.telling_ids and len(page) < size and (len(page) < 5 or desk.now_us < closes_us):
            page.append(letter)
            label.event_ids.append(ident)
            return lost
        if not label.telling_ids:
            label.note = f"{len(page)} transfer events of {source} in a row {'are lost' if lost else 'come twice'}"
            desk.start(_backfill(desk, rng, page, lost=lost))
        label.telling_ids.append(ident)  # the first after the page; more of them, as any may be late itself
        if len(label.telling_ids) == _TELLING_MAX:
            gates[source].remove(gate)
        return False

    label.scope = {"source": source}
    gates[source].append(gate)


def _backfill(desk: Desk, rng: Random, page: list[Letter], *, lost: bool) -> Process:
    yield span_us(_HOUR_S)
    for letter in page:
        wait_us = span_us(rng.uniform(0.0, 10.0))
        if lost:  # its source believes it delivered long ago: no heartbeat waits for it
            desk.outbox.forward(letter, wait_us=wait_us, tracked=False)
        else:
            desk.outbox.repeat(letter.topic, letter.key, letter.value, after_us=wait_us)


def _counting(desk: Desk, label: Label, location: str) -> Callable[[Letter], bool]:
    """Return a gate that lets all pass, and finds the third identical body with flows settled before it twice."""
    truths: list[list[Json]] = []

    def gate(letter: Letter) -> bool:
        if letter.topic == "balances" and letter.key == location and location in desk.frozen:
            label.event_ids.append(letter.value["snapshot_id"])
            truths.append(rows_of(desk, PLACES[location]))
            moved = sum(before != after for before, after in pairwise(truths))
            if len(truths) >= 2 and moved >= 1 and truths[0] != letter.value["rows"] and not label.telling_ids:
                tells(desk, label, letter.value["snapshot_id"])
        return False

    return gate
