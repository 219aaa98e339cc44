"""Run the demo from start to summary: what is injected, when it is caught, and whether it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from alerts.records import Alert
from ledger.times import to_text
from streams.demo.feed import Feed
from streams.demo.screen import Screen, figures
from streams.demo.watch import Watch
from streams.engine.embedded import EmbeddedBroker
from streams.engine.settings import EngineSettings
from streams.engine.worker import plain, run_worker
from streams.monitor import Monitor, Settings
from streams.simulate import Simulation, demo_config

REFRESH_S = 0.25
LINGER_S = 8.0  # how long the caught fault stays on the screen before the summary
PATIENCE_S = 30.0  # how long the fault may take to be caught before the demo admits that it was not
INTERRUPTED = 130
WARM_UP_S = 3.0  # the worker joins its group while the world already begins


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """What to show: the seed of the world, the fault and when it is injected, and whether to go on for ever."""

    seed: int = 7
    fault: str = "wrong_amount"
    fault_at_s: float = 60.0
    forever: bool = False


def run_demo(plan: DemoPlan, screen: Screen) -> int:
    """Show the demo; return 0 when the fault was caught (or the user ended it), 1 when it was not."""
    with EmbeddedBroker() as broker, screen:
        screen.note(f"Embedded broker on {broker.address}; it keeps nothing over a restart and is for demos only.")
        monitor = Monitor(Settings())
        watch = Watch(monitor)
        with worker_in_thread(broker.settings(tick_seconds=0.5), monitor, watch):
            code = _watch_world(plan, screen, watch, broker.settings())
    return code


@contextmanager
def worker_in_thread(settings: EngineSettings, monitor: Monitor, watch: Watch) -> Iterator[None]:
    """Run a worker in a thread for the length of a `with` block."""
    over = threading.Event()

    def run() -> None:
        run_worker(settings, monitor, configuration=plain(Settings()), on_output=watch.hear, stop=over)

    thread = threading.Thread(target=run, name="worker")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(60)


def _watch_world(plan: DemoPlan, screen: Screen, watch: Watch, settings: EngineSettings) -> int:
    start_us = round((time.time() + WARM_UP_S) * 1e6)
    world = Simulation(demo_config(plan.seed, start_us, fault_at_s=plan.fault_at_s), faults=[plan.fault])
    feed = Feed(settings, world.events())
    feed.start()
    screen.note(f"A simulated prime broker trades; {plan.fault} will be injected after {plan.fault_at_s:.0f} s.")
    try:
        caught = _until_caught(plan, screen, watch, world, feed)
        code = 0 if caught is not None else 1
    except KeyboardInterrupt:
        caught, code = None, 0 if plan.forever else INTERRUPTED
    feed.stop()
    screen.close()
    _summary(screen, watch, world, feed, caught)
    return code


def _until_caught(plan: DemoPlan, screen: Screen, watch: Watch, world: Simulation, feed: Feed) -> Alert | None:
    """Keep the screen fresh until the fault was caught and shown for a while, or was due long ago."""
    told = False
    caught: Alert | None = None
    end_s = watch.elapsed_s + WARM_UP_S + plan.fault_at_s + PATIENCE_S
    while plan.forever or watch.elapsed_s < end_s:
        fresh = watch.fresh_alerts()
        screen.refresh(watch, feed.sent, fresh)
        if world.truth and not told:
            told = True
            end_s = watch.elapsed_s + PATIENCE_S
            screen.note(f"INJECTED: {world.describe(world.truth[0])}")
        if told and caught is None:
            caught = next((alert for alert in fresh if _is_of(alert, world)), None)
            if caught is not None:
                end_s = watch.elapsed_s + LINGER_S
                screen.note(f"CAUGHT: {caught.severity.value} {caught.type}: {caught.explanation}")
        time.sleep(REFRESH_S)
    return caught


def _is_of(alert: Alert, world: Simulation) -> bool:
    """Tell whether an alert is about the injected fault: one of its types, at its place."""
    label = world.truth[0]
    scope = alert.scope.to_plain()
    places = {name: value for name, value in label.scope.items() if name in scope}
    return alert.type in label.expected_alert_types and all(scope[name] == value for name, value in places.items())


def _summary(screen: Screen, watch: Watch, world: Simulation, feed: Feed, caught: Alert | None) -> None:
    label = world.truth[0] if world.truth else None
    screen.note(figures(watch, feed.sent))
    ended = sum(alert.state.value not in ("open", "acknowledged") for alert in watch.standing.values())
    screen.note(
        f"{len(watch.standing)} alerts opened, {ended} of them closed again, "
        f"{watch.quarantined.total()} records quarantined."
    )
    if label is None:
        screen.note("NOT SHOWN: no fault was injected in time.")
    elif caught is None:
        screen.note(f"NOT CAUGHT by the end: {world.describe(label)}")
    else:
        screen.note(f"The fault of {to_text(label.injected_at_us)[11:19]} was caught at {caught.opened_at[11:19]} UTC.")
