"""One simulated world from its start to its end, as a stream of events in order of arrival, and as a file."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from streams.simulate import unusual
from streams.simulate.agenda import Process
from streams.simulate.catalogue import BINANCE, PLACES, SOURCES
from streams.simulate.config import WorldConfig
from streams.simulate.desk import Desk
from streams.simulate.emit import SimEvent
from streams.simulate.faults import FaultPlan, Label, plan_of, schedule
from streams.simulate.patterns.registry import start as start_patterns
from streams.simulate.reference import heartbeats, prices, tell_all
from streams.simulate.rhythm import arrivals
from streams.simulate.trades import daily_interest
from streams.simulate.treasury import watch_levels
from streams.simulate.units import span_us
from streams.simulate.venues import mirror, snapshots

OPENING_S = 2.0  # the reference comes first, then the opening, then business
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Simulation:
    """A seeded prime broker. `events` may be read once; `truth` grows as faults are injected.

    `faults` are names from `FAULTS`, or `FaultPlan`s that also say when. Raises ValueError where the configuration names
    a pattern that there is not. With `verdicts` the desk does not judge requests itself: it asks for the newest action on a
    `transfer_id` (auto_approve, review, hold; None: not known yet) until it may pass, or people are to look.
    """

    def __init__(
        self,
        config: WorldConfig,
        faults: Sequence[str | FaultPlan] = (),
        *,
        verdicts: Callable[[str], str | None] | None = None,
    ) -> None:
        self.config = config
        self.desk = Desk(config)
        self.desk.verdicts = verdicts
        self.truth: list[Label] = []
        desk = self.desk
        tell_all(desk)
        opening_us = span_us(max(OPENING_S, config.lateness))
        desk.agenda.start(_opening(desk), wait_us=opening_us)
        for process in (arrivals(desk), watch_levels(desk), prices(desk), daily_interest(desk)):
            desk.agenda.start(process, wait_us=2 * opening_us)
        desk.agenda.start(unusual.arrivals(desk, self.truth), wait_us=2 * opening_us)
        start_patterns(desk, wait_us=2 * opening_us)
        schedule(desk, [plan_of(fault) for fault in faults], self.truth)

    def events(self) -> Iterator[SimEvent]:
        """Yield every event in order of arrival; memory does not grow with the length of the world."""
        agenda, outbox, end_us = self.desk.agenda, self.desk.outbox, self.config.end_us
        while (at_us := agenda.next_us()) is not None and (end_us is None or at_us <= end_us):
            yield from outbox.arrived(at_us)
            agenda.step()
        yield from outbox.arrived(None)

    def describe(self, label: Label) -> str:
        """Return a sentence that says what was injected, when and where."""
        return label.sentence()


def _opening(desk: Desk) -> Process:
    """Open the books on what is held, report it, and let the places and sources begin to speak."""
    desk.firm.open_books(desk.books, desk.vaults, desk.rng)
    for place in PLACES.values():
        desk.agenda.start(snapshots(desk, place), last=True)
    desk.agenda.start(mirror(desk, PLACES[BINANCE]), last=True)
    for source in SOURCES:
        desk.agenda.start(heartbeats(desk, source), last=True)
    yield from ()


def write(simulation: Simulation, out_path: Path | str, truth_path: Path | str | None = None) -> int:
    """Write a world as JSON lines of the contract (compressed if the name ends in `.gz`); return how many.

    `truth_path` receives one line for each fault injected.
    """
    lines = 0
    with _opened(Path(out_path)) as out:
        for event in simulation.events():
            out.write(f'{{"topic":"{event.topic}","value":{_encode(event.value)}}}\n')
            lines += 1
    if truth_path is not None:
        with _opened(Path(truth_path)) as out:
            for label in simulation.truth:
                out.write(_encode(label.as_json()) + "\n")
    return lines


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    if path.suffix != ".gz":
        with path.open("w", encoding="utf-8", newline="\n") as plain:
            yield plain
        return
    # No name and no moment in the header: the same world is the same bytes.
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as text,
    ):
        yield text
