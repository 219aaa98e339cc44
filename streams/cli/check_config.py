"""`driftline check-config`: every mistake in a settings file, before a worker has to refuse it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ledger.shards import ShardMap
from streams.monitor import Settings, SettingsError, load_settings
from streams.monitor.settings import plain


@click.command(name="check-config")
@click.argument("file", type=Path, metavar="FILE")
def command(file: Path) -> None:
    """Check the settings in FILE (TOML), with the policy among them.

    Prints every mistake on a line of its own, `FILE:LINE: key: what was expected`, and exits 2; or says in one line what
    is in force with FILE, and exits 0.
    """
    try:
        settings = load_settings(file)
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    click.echo(summary(settings))


def summary(settings: Settings) -> str:
    """Return in one line what is in force."""
    policy, usual = settings.policy, plain(Settings())
    brakes = sum(len(getattr(rule, "brakes", ())) for rule in policy.rules)
    counts = ((len(policy.rules), "rule"), (brakes, "brake"), (len(policy.promises), "promise"))
    parts = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts]
    if settings.shards:
        parts.append(f"{ShardMap(settings.shards).count} shards")
    others = sum(value != usual[name] for name, value in plain(settings).items() if name not in ("policy", "shards"))
    return f"ok: policy {policy.version}, {', '.join(parts)}; other settings changed: {others}"
