"""`driftline demo`: the main job, to watch."""

from __future__ import annotations

import logging
import sys

import click

from streams.demo.plan import DemoPlan
from streams.demo.run import run_demo
from streams.demo.screen import screen
from streams.engine.clients import KAFKA_LOGGER
from streams.simulate import FAULTS


@click.command(name="demo")
@click.option("--fault", default="wrong_amount", type=click.Choice(sorted(FAULTS)), show_default=True)
@click.option(
    "--fault-after", default=60.0, type=click.FloatRange(1, 86_400), show_default=True, help="Seconds until the fault."
)
@click.option("--seed", default=7, show_default=True, help="Another seed is another world.")
@click.option("--forever", is_flag=True, help="Go on until interrupted.")
@click.option("--plain", is_flag=True, help="Plain lines, also on a terminal.")
def command(fault: str, fault_after: float, seed: int, forever: bool, plain: bool) -> None:
    """Watch a simulated prime broker being reconciled live until a wrong transfer is caught and explained.

    Embedded broker, worker and simulated broker in one process; ends by itself after about 80 seconds. Exits 0 when
    the injected fault was caught, 1 when it was not, 130 when interrupted.
    """
    logging.getLogger().setLevel(logging.ERROR)
    KAFKA_LOGGER.setLevel(logging.CRITICAL)  # the embedded broker goes away with its clients: no news
    sys.exit(run_demo(DemoPlan(seed, fault, fault_after, forever), screen(plain)))
