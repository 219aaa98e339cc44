"""The injection benchmark: faults put into a real bank's year, found or not, and what was invented beside them.

Every kind of fault is run on its own, in order of arrival and out of order. Accounts without a fault are the control:
what stands open there at the end is invented.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

from alerts.records import Alert
from streams.monitor import Monitor
from streams.monitor.report import position_rows
from streams.record import Output, Record
from streams.replay import replay
from tests.bench.faults import KINDS, Fault, Place, cents, inject, places
from tests.bench.stream import Event, out_of_order, read_events

DATASETS_VARIABLE = "DRIFTLINE_DATASETS"
FILE_NAME = "berka_1993.jsonl.gz"
INJECTIONS = 200
QUICK_INJECTIONS = 25
QUICK_ACCOUNTS = 200
MATERIAL_CHANGE_SHARE = 10  # an open break is told again once it has changed by a tenth
ROUNDING_CENTS = 30  # the most by which the bank's own rounding ever moves an account of this file


class MissingDataError(Exception):
    """The data set is not there; the message is one line that says how to name it."""


@dataclass(slots=True)
class Outcome:
    """What became of one run: delays of the faults found, faults missed, alerts invented, alerts that ended."""

    name: str
    kind: str
    injected: int
    delays: list[int] = field(default_factory=list)
    missed: list[Fault] = field(default_factory=list)
    invented: list[Alert] = field(default_factory=list)
    inexact: list[str] = field(default_factory=list)
    stale: int = 0
    ended: int = 0

    @property
    def is_clean(self) -> bool:
        return not (self.missed or self.invented or self.inexact or self.stale)


def data_path() -> Path:
    """Return the path of the bank's file; raise MissingDataError with one clear line."""
    folder = os.environ.get(DATASETS_VARIABLE)
    if not folder:
        raise MissingDataError(f"{DATASETS_VARIABLE} is not set: it names the folder that holds {FILE_NAME}")
    path = Path(folder) / FILE_NAME
    if not path.is_file():
        raise MissingDataError(f"{DATASETS_VARIABLE} is {folder}, where there is no {FILE_NAME}")
    return path


def outcomes(path: Path, seed: int, *, quick: bool) -> Iterator[Outcome]:
    """Yield the outcome of every run: the file as it is and each kind of fault, in order and out of order."""
    events = read_events(path)
    if quick:
        events = some_accounts(events, QUICK_ACCOUNTS, Random(seed))
    wanted = QUICK_INJECTIONS if quick else INJECTIONS
    candidates = places(events)
    plain = drifts(run(events)[0])
    for name in ("in order", "out of order"):
        for kind in ("none", *KINDS):
            yield _outcome(events, candidates, name, kind, wanted, plain, Random(f"{seed} {name} {kind}"))


def some_accounts(events: list[Event], count: int, rng: Random) -> list[Event]:
    """Return the events of `count` accounts only, and the references of all."""
    names = sorted({event.value["location"] for event in events if event.topic == "balances"})
    kept = set(rng.sample(names, count))
    return [event for event in events if event.topic == "reference" or kept & _locations(event)]


def _locations(event: Event) -> set[str]:
    value = event.value
    return {value["location"]} if event.topic == "balances" else {value["from"]["location"], value["to"]["location"]}


def _outcome(
    events: list[Event], candidates: list[Place], name: str, kind: str, wanted: int, plain: dict[str, int], rng: Random
) -> Outcome:
    faults: list[Fault] = []
    if kind != "none":
        events, faults = inject(events, kind, candidates, wanted, rng)
        assert len(faults) == wanted, f"only {len(faults)} places for {kind}"
    if name == "out of order":
        events = out_of_order(events, rng)
    monitor, witness = run(events, {fault.location: fault for fault in faults})
    outcome = Outcome(name, kind, len(faults), ended=witness.ended)
    judge(outcome, faults, witness)
    expected = dict(plain)
    for fault in faults:
        expected[fault.location] += fault.difference_cents
    found = drifts(monitor)
    outcome.inexact = sorted(place for place in expected if found.get(place) != expected[place])
    return outcome


@dataclass(slots=True)
class Witness:
    """What was heard during a run. `told`: what was said of each spoilt account, and how many reports that could show
    the fault had arrived by then.
    """

    faults: dict[str, Fault]
    reports: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    told: dict[str, list[tuple[Alert, int]]] = field(default_factory=lambda: defaultdict(list))
    standing: dict[str, Alert] = field(default_factory=dict)
    ended: int = 0

    def see(self, event: Event) -> Record:
        if event.topic == "balances":
            fault = self.faults.get(event.value["location"])
            if fault is not None and event.value["as_of"] >= fault.at:
                self.reports[fault.location].add(event.value["snapshot_id"])
        return event.record()

    def hear(self, output: Output) -> None:
        if output.topic != "alerts":
            return
        alert: Alert = output.value
        if alert.state.value not in ("open", "acknowledged"):
            self.standing.pop(alert.alert_id, None)
            self.ended += 1
            return
        self.standing[alert.alert_id] = alert
        fault = self.faults.get(alert.scope.location or "")
        if fault is not None and alert.type == "position_drift" and alert.updated_at >= fault.at:
            self.told[fault.location].append((alert, len(self.reports[fault.location])))


def run(events: list[Event], faults: dict[str, Fault] | None = None) -> tuple[Monitor, Witness]:
    """Replay the events; return the monitor as it ended, and what was heard. Nothing may be quarantined."""
    monitor, witness = Monitor(), Witness(faults or {})
    tally = replay(monitor, map(witness.see, events), witness.hear)
    assert not tally.quarantined, f"in quarantine: {dict(tally.quarantined)}"
    return monitor, witness


def drifts(monitor: Monitor) -> dict[str, int]:
    """Return the last drift of each place with a reported balance, in cents."""
    return {row.location: cents(row.drift) for row in position_rows(monitor.state) if row.drift is not None}


def judge(outcome: Outcome, faults: list[Fault], witness: Witness) -> None:
    """Hold what was heard against the faults: one break stands for each, told after the fault."""
    found: set[str] = set()
    for fault in faults:
        told = witness.told[fault.location]
        if not told or told[-1][0].alert_id not in witness.standing:
            outcome.missed.append(fault)
            continue
        found.add(told[-1][0].alert_id)
        outcome.delays.append(next((reports for alert, reports in told if _tells(alert, fault)), told[-1][1]))
        outcome.stale += not _tells(told[-1][0], fault)
    outcome.invented = [alert for alert in witness.standing.values() if alert.alert_id not in found]


def _difference(alert: Alert) -> int:
    return cents(alert.difference or "0")


def _tells(alert: Alert, fault: Fault) -> bool:
    """Tell whether the alert says the fault's size, but for what is too small a change to be told again."""
    error = abs(_difference(alert) - fault.difference_cents)
    return error <= abs(_difference(alert)) // MATERIAL_CHANGE_SHARE + ROUNDING_CENTS


HEADER = (
    f"{'arrival':<13} {'fault':<15} {'injected':>8} {'found':>6} {'invented':>9} {'inexact':>8} {'stale':>6} {'ended':>6} "
    f"{'median':>7} {'max':>4}"
)
LEGEND = """\
found: a position_drift of the account stands at the end and was told after the fault. invented: any other alert that
stands at the end. inexact: accounts whose final drift is not, to the cent, what was injected and nothing else. stale:
found, but the size last told is more than a tenth off. ended: alerts that explained or resolved themselves on the way.
median, max: reports of the account from the fault until an alert told its size."""


def show(outcome: Outcome) -> str:
    """Return one line of the table."""
    delays = outcome.delays
    delay = f"{median(delays):>7g} {max(delays):>4}" if delays else f"{'-':>7} {'-':>4}"
    return (
        f"{outcome.name:<13} {outcome.kind:<15} {outcome.injected:>8} {len(delays):>6} {len(outcome.invented):>9} "
        f"{len(outcome.inexact):>8} {outcome.stale:>6} {outcome.ended:>6} {delay}"
    )


def main(seed: int, *, quick: bool) -> int:
    """Print the table; return 1 if anything was missed, invented, inexact or stale, 2 if the data is not there, else 0."""
    try:
        path = data_path()
    except MissingDataError as error:
        print(f"bench: {error}")
        return 2
    print(f"Injected faults, {FILE_NAME}, seed {seed}\n{HEADER}")
    clean = True
    for outcome in outcomes(path, seed, quick=quick):
        print(show(outcome), flush=True)
        clean = clean and outcome.is_clean
        for line in _complaints(outcome):
            print(line)
    print(LEGEND)
    return 0 if clean else 1


def _complaints(outcome: Outcome) -> Iterator[str]:
    yield from (f"  missed: {fault}" for fault in outcome.missed[:5])
    yield from (f"  invented: {alert.type} {alert.explanation}" for alert in outcome.invented[:5])
    yield from (f"  inexact: {place}" for place in outcome.inexact[:5])
