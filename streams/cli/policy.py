"""`driftline policy`: show the policy in force, and try another one on what has happened."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import click
import msgspec

from ledger.policy.document import default_text
from streams.cli.trial import Trial, try_policy
from streams.cli.trial_outcome import outcome
from streams.cli.trial_report import lines
from streams.configuration import policy_toml
from streams.files import InputError, read_placed
from streams.monitor import SettingsError, load_settings


@click.group(name="policy")
def command() -> None:
    """Show the policy in force, or try another one on what has happened."""


@command.command(name="show")
@click.option("--config", type=Path, metavar="FILE", help="Settings (TOML) whose policy is shown.")
def show(config: Path | None) -> None:
    """Print the policy in force as TOML: the default one, or that of FILE with its defaults filled in."""
    try:
        text = policy_toml(load_settings(config).policy) if config else default_text()
    except SettingsError as error:
        _fail(str(error))
    click.echo(text, nl=False)


@command.command(name="test")
@click.argument("file", type=Path, metavar="FILE")
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--events", multiple=True, required=True, metavar="EVENTS...", help="Files of events (`-`: standard input)."
)
@click.option("--against", type=Path, metavar="OTHER", help="Settings to compare with, in place of what is in force.")
@click.option("--json", "json_file", type=Path, metavar="OUT", help="Write all that would change here, as JSON.")
def test(
    file: Path, more: tuple[str, ...], events: tuple[str, ...], against: Path | None, json_file: Path | None
) -> None:
    """Replay EVENTS with the policy in force and with that of FILE, and print what would change.

    In force is what the events' own `config` records say, else the default policy; --against names another. The other
    settings of FILE hold in both runs until the events say otherwise. Exits 0 when the events were read to their end.
    """
    files = [*events, *more]
    try:
        _check_output(json_file, files)
        trial = try_policy(load_settings(file), load_settings(against).policy if against else None, read_placed(files))
        if json_file:
            json_file.write_bytes(_json(trial))
    except (InputError, SettingsError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"cannot write {error.filename or 'the output'}: {error.strerror}")
    click.echo("\n".join(lines(outcome(trial))))


def _json(trial: Trial) -> bytes:
    return msgspec.json.format(msgspec.json.encode(outcome(trial)), indent=2) + b"\n"


def _check_output(output: Path | None, files: list[str]) -> None:
    """Refuse to write over what is to be read."""
    if output and os.path.realpath(output) in {os.path.realpath(name) for name in files if name != "-"}:
        raise InputError(f"{output} is named twice: it cannot be written as well")


def _fail(message: str) -> NoReturn:
    click.echo(f"driftline policy: {message}", err=True)
    sys.exit(2)
