"""Events as they come over the wire: plain dicts for the tests to bend, and what a monitor makes of them.

Nothing here uses the code under test to write an event. Times are seconds since `START`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from streams.monitor import Monitor, encode
from streams.monitor.report import position_rows
from streams.record import Output, Record

Event = dict[str, Any]
Sent = tuple[str, Event]
"""An event with its topic, before anybody has received it: it has no `observed_at` yet."""

START = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def stamp(seconds: float) -> str:
    """Return the RFC 3339 text of a moment."""
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def _sent(topic: str, event_id: str, seconds: float, fields: Mapping[str, Any]) -> Sent:
    head = {"schema_version": 1, "event_id": event_id, "source": "desk", "event_time": stamp(seconds)}
    return topic, {**head, **{name: value for name, value in fields.items() if value is not None}}


def transfer(
    event_id: str,
    seconds: float,
    transfer_id: str,
    status: str,
    origin: str,
    destination: str,
    amount: str,
    **more: Any,
) -> Sent:
    """Return one lifecycle change of a movement, of BTC where `more` does not say otherwise."""
    fields = {
        "transfer_id": transfer_id,
        "op_type": "internal",
        "status": status,
        "from": {"location": origin},
        "to": {"location": destination},
        "asset": "BTC",
        "amount": amount,
    }
    return _sent("transfers", event_id, seconds, fields | more)


def snapshot(event_id: str, seconds: float, location: str, totals: Mapping[str, str], **more: Any) -> Sent:
    """Return what a place reports, by asset; complete and actual where `more` does not say otherwise."""
    fields = {
        "snapshot_id": f"snap-{event_id}",
        "location": location,
        "as_of": stamp(seconds),
        "complete": True,
        "holding_kind": "actual",
        "rows": [{"asset": asset, "total": total} for asset, total in totals.items()],
    }
    return _sent("balances", event_id, seconds, fields | more)


def posting(event_id: str, seconds: float, **more: Any) -> Sent:
    """Return one leg of a journal."""
    fields = {
        "posting_id": f"posting-{event_id}",
        "journal_id": f"journal-{event_id}",
        "leg_no": 1,
        "legs_total": 2,
        "account_id": "client:acme",
        "account_class": "client",
        "asset": "BTC",
        "amount": "-1.5",
        "booked_at": stamp(seconds),
        "op_type": "withdrawal",
        "source_seq": "000017",
    }
    return _sent("ledger", event_id, seconds, fields | more)


def reference(kind: str, event_id: str, seconds: float = 0, **fields: Any) -> Sent:
    """Return a reference of a kind."""
    return _sent("reference", event_id, seconds, {"kind": kind, **fields})


def asset(code: str, dust: str = "0", decimals: int = 8, **more: Any) -> Sent:
    """Return the reference of an asset, under an id of its own."""
    return reference("asset", f"ref-{code}-{decimals}-{dust}", asset=code, decimals=decimals, dust=dust, **more)


def control(kind: str, event_id: str, seconds: float = 0, **fields: Any) -> Sent:
    """Return a control event of a kind."""
    return _sent("control", event_id, seconds, {"kind": kind, "scope": "", **fields})


def received(sent: Sent, seconds: float) -> Record:
    """Return the record of an event that arrives at `seconds`."""
    topic, event = sent
    return Record(topic, json.dumps({**event, "observed_at": stamp(seconds)}).encode())


def outputs(monitor: Monitor, records: Iterable[Record]) -> list[Output]:
    """Return all that a monitor says to some records."""
    return [output for record in records for output in monitor.step(record)]


def spoken(monitor: Monitor, records: Iterable[Record]) -> list[bytes]:
    """Return all that a monitor says to some records, as the bytes of its topics."""
    return [output.topic.encode() + b" " + encode(output.value) for output in outputs(monitor, records)]


def positions(monitor: Monitor) -> dict[tuple[str, str], tuple[str | None, ...]]:
    """Return expected, reported, drift, dust absorbed and in transit by place and asset."""
    return {
        (row.location, row.asset): (row.expected, row.reported, row.drift, row.dust_absorbed, row.in_transit)
        for row in position_rows(monitor.state)
    }
