"""`driftline schema`: the contract as JSON Schema, from the same types that read the events."""

from __future__ import annotations

import json

import click

from streams.schema import NAMES, schema


@click.command(name="schema")
@click.argument("name", required=False, type=click.Choice(NAMES), metavar="[NAME]")
def command(name: str | None) -> None:
    """Print the JSON Schema of one topic (transfers, ledger, balances, reference, control, alerts, decisions, positions, quarantine), or of all."""
    click.echo(json.dumps(schema(name), indent=2))
