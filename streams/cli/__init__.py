"""The command line: one file per command, each imported only when it is asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

import click

COMMANDS: Final = {
    "check-config": "Check a settings file, and say every mistake with its line.",
    "demo": "Watch a simulated prime broker being reconciled until a wrong transfer is caught.",
    "export-log": "Write the log of a broker as a file that `replay` reads.",
    "policy": "Show the policy in force, or try another one on what has happened.",
    "rebuild": "Make the state anew from the log, and say where the live one differs.",
    "replay": "Run the monitor over files of events, with no broker.",
    "report": "Say how a day went: what went through by itself, and where people had to decide.",
    "schema": "Print the event contract as JSON Schema.",
    "simulate": "Write a seeded, simulated prime broker with labelled faults.",
    "topics": "Make the topics on a broker, or check those that are there.",
    "witness": "Follow a worker with a second machine, and say where its state is not what the log gives.",
    "worker": "Run the monitor on Kafka.",
}


class _Commands(click.Group):
    """Find a command by name and import only its own file: `schema` need not wait for Faust."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"streams.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="driftline", prog_name="driftline")
def cli() -> None:
    """Driftline watches the flows of a prime broker and says which part of its books nobody can explain."""


def main() -> None:
    """Run the command line; a reader that has gone away ends it quietly."""
    try:
        cli()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
