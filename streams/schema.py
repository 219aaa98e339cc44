"""The event contract as JSON Schema, made from the types that the parser and the alerts use, so the two cannot part."""

from __future__ import annotations

from typing import Any

import msgspec

from alerts.records import Alert
from ledger.events import Control, Posting, Reference, Snapshot, Transfer
from streams.monitor.outputs import Decision, Quarantined
from streams.monitor.report import PositionRow

_TYPES: dict[str, Any] = {
    "transfers": Transfer,
    "ledger": Posting,
    "balances": Snapshot,
    "reference": Reference,
    "control": Control,
    "alerts": Alert,
    "decisions": Decision,
    "positions": PositionRow,
    "quarantine": Quarantined,
}
NAMES = tuple(_TYPES)


def schema(name: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of topic `name`, or one document with all of them under `$defs`."""
    names = NAMES if name is None else (name,)
    schemas, definitions = msgspec.json.schema_components(
        [_TYPES[entry] for entry in names], ref_template="#/$defs/{name}"
    )
    head: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if name is None:
        body: dict[str, Any] = {"properties": dict(zip(names, schemas, strict=True))}
    else:
        body = dict(schemas[0])
    return {**head, "title": f"Driftline {name or 'events'}, version 1", **body, "$defs": definitions}
