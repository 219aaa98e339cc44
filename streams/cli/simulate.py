"""`driftline simulate`: a seeded prime broker in a file."""

from __future__ import annotations

import sys

import click


@click.command(name="simulate", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Write a seeded, simulated prime broker with labelled faults (see `driftline simulate --help`)."""
    from streams.simulate import main  # the simulator has a command line of its own and shares no code with the rest

    sys.exit(main(list(arguments)))
