"""Run the demo from start to summary: broker, worker, the desk that acts on verdicts, its feed, and the story."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from streams.demo.feed import Feed
from streams.demo.listener import Listener
from streams.demo.plan import DemoPlan
from streams.demo.screen import Screen
from streams.demo.story import WARM_UP_S, Story
from streams.demo.watch import Watch
from streams.engine.embedded import EmbeddedBroker
from streams.engine.settings import EngineSettings
from streams.engine.worker import plain, run_worker
from streams.monitor import Monitor, Settings
from streams.simulate import Simulation, demo_config

INTERRUPTED = 130


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
        run_worker(settings, lambda _: monitor, configuration=plain(Settings()), on_output=watch.hear, stop=over)

    thread = threading.Thread(target=run, name="worker")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(60)


@contextmanager
def desk_at_work(settings: EngineSettings, world: Simulation, watch: Watch) -> Iterator[Feed]:
    """Play a world in real time for the length of a `with` block, and hear the verdicts that it waits for."""
    listener = Listener(settings, watch.floor.judged)
    feed = Feed(settings, world.events(), watch.floor.hear)
    listener.start()
    feed.start()
    try:
        yield feed
    finally:
        feed.stop()
        listener.stop()


def demo_world(plan: DemoPlan, watch: Watch) -> Simulation:
    """Return a world that begins in a moment, whose movements wait for the verdicts that the watch has heard."""
    start_us = round((time.time() + WARM_UP_S) * 1e6)
    config = demo_config(plan.seed, start_us, fault_at_s=plan.fault_at_s)
    return Simulation(config, faults=[plan.fault], verdicts=watch.floor.newest)


def _watch_world(plan: DemoPlan, screen: Screen, watch: Watch, settings: EngineSettings) -> int:
    world = demo_world(plan, watch)
    interrupted = False
    with desk_at_work(settings, world, watch) as feed:
        screen.note(f"A simulated prime broker trades; {plan.fault} will be injected after {plan.fault_at_s:.0f} s.")
        story = Story(plan, screen, watch, world, feed)
        try:
            story.play()
        except KeyboardInterrupt:
            interrupted = True
    screen.close()
    story.summary()
    if interrupted:
        return 0 if plan.forever else INTERRUPTED
    return 0 if story.caught is not None else 1
