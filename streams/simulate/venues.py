"""What the places really hold, to the unit, and what they report of it."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import TYPE_CHECKING

from streams.simulate.catalogue import ASSETS, BINANCE, EXTERNAL, Place
from streams.simulate.emit import Json
from streams.simulate.units import decimal_text, span_us, time_text

if TYPE_CHECKING:
    from streams.simulate.agenda import Process
    from streams.simulate.desk import Desk


class Vaults:
    """Holdings by (location, asset) in smallest units; `promised` is what movements under way will take.

    `uncounted` is what a bank has booked and counts only from its value date on (negative: still counts).
    """

    __slots__ = ("held", "promised", "uncounted")

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], int] = defaultdict(int)
        self.promised: dict[tuple[str, str], int] = defaultdict(int)
        self.uncounted: dict[tuple[str, str], int] = defaultdict(int)

    def free(self, location: str, asset: str) -> int:
        """Return what may still be promised or taken."""
        return self.held[location, asset] - self.promised[location, asset]

    def promise(self, location: str, asset: str, units: int) -> None:
        """Keep `units` for a movement; what is outside the firm is not ours to keep."""
        if location != EXTERNAL:
            assert units <= self.free(location, asset), (location, asset, units, self.free(location, asset))
            self.promised[location, asset] += units

    def release(self, location: str, asset: str, units: int) -> None:
        if location != EXTERNAL:
            self.promised[location, asset] -= units

    def add(self, location: str, asset: str, units: int) -> None:
        """Let `units` arrive (or, negative, leave); a place never holds less than nothing."""
        if location != EXTERNAL:
            held = self.held[location, asset] + units
            assert held >= 0, (location, asset, held)
            self.held[location, asset] = held


def snapshots(desk: Desk, place: Place) -> Process:
    """Report the holdings of a place for ever: complete, at moments of its own, the first at once (its opening)."""
    rng = Random(f"{desk.config.seed}:snapshots:{place.location}")
    number = 0
    rows: list[Json] = []
    while True:
        number += 1
        if place.location not in desk.frozen:
            rows = rows_of(desk, place)
        report(desk, place, f"snap-{place.location}-{number}", "actual", rows)
        jitter_s = rng.uniform(-1.0, 1.0) * desk.config.snapshot_jitter_s
        yield span_us(desk.polls.get(place.location, desk.config.snapshot_every_s) + jitter_s)


def mirror(desk: Desk, place: Place) -> Process:
    """Report, now and then, a virtual holding at a venue: value counted elsewhere, which nobody may add."""
    assert place.location == BINANCE
    number = 0
    while True:
        yield span_us(desk.config.snapshot_every_s * 4)
        number += 1
        rows = [{"asset": "BTC", "total": "250"}, {"asset": "USDT", "total": "5000000"}]
        report(desk, place, f"mirror-{place.location}-{number}", "virtual", rows)


def rows_of(desk: Desk, place: Place) -> list[Json]:
    """Return a row for each asset that the place holds; what is missing from a complete report is zero."""
    names = desk.names.get(place.source, {})
    rows = []
    late = sorted(code for location, code in desk.late_assets if location == place.location)
    for code in (*place.assets, *late):
        units = desk.vaults.held[place.location, code] - desk.vaults.uncounted[place.location, code]
        if units:
            decimals = ASSETS[code].decimals
            row: Json = {"asset": names.get(code, code), "total": decimal_text(units, decimals)}
            if place.role == "venue":
                kept = units // 50  # in open orders
                row["available"] = decimal_text(units - kept, decimals)
                row["held"] = decimal_text(kept, decimals)
            elif place.role == "counterparty":
                row["staked"] = row["total"]
            rows.append(row)
    return rows


def report(desk: Desk, place: Place, snapshot_id: str, kind: str, rows: list[Json]) -> None:
    """Send a complete report of a place, as its source sees it now."""
    body: Json = {
        "snapshot_id": snapshot_id,
        "location": place.location,
        "as_of": time_text(desk.now_us),
        "complete": True,
        "holding_kind": kind,
        "rows": rows,
    }
    desk.outbox.post("balances", place.location, place.source, snapshot_id, body)
