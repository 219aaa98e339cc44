"""Several firms in one feed: simulated worlds whose names begin with the firm's, merged in the order of observation.

Each firm is a shard. One transfer in fifty goes to a place of the next firm, so that it belongs to two shards.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

from ledger.shards import ShardRule
from streams.simulate.config import WorldConfig
from streams.simulate.emit import SimEvent
from streams.simulate.simulation import Simulation

EXTERNAL = "external"
ACROSS_EVERY = 50
# What names something of the firm's own; what is not here (assets, networks, roles, amounts, times) is everybody's.
_NAMES = frozenset((
    "event_id", "source", "of_source", "scope", "transfer_id", "journal_id", "posting_id", "snapshot_id", "account_id",
    "client_id", "owner", "location", "recon_group", "plan_id", "parent_id", "limit_id", "id", "address", "from", "to",
    "refers_to", "reverses", "tx_hash", "venue_id", "client_ref", "end_to_end_id", "alert_id",
))  # fmt: skip
_KEPT = frozenset((EXTERNAL, "*"))


def firm_rules(firms: int) -> tuple[ShardRule, ...]:
    """Return the map that gives each firm its shard; of one firm, none."""
    if firms == 1:
        return ()
    return tuple(ShardRule(shard, (f"{mark_of(shard)}*",), (f"{mark_of(shard)}*",)) for shard in range(firms))


def events_of(configs: Sequence[WorldConfig], faults: Sequence[str]) -> Iterator[SimEvent]:
    """Yield the events of so many firms in order of observation; of a single one as they are."""
    if len(configs) == 1:
        return Simulation(configs[0], faults).events()
    worlds = [_named(Simulation(config, faults), number, len(configs)) for number, config in enumerate(configs)]
    return heapq.merge(*worlds, key=lambda event: event.observed_at_us)


def _named(world: Simulation, number: int, firms: int) -> Iterator[SimEvent]:
    mark, other = mark_of(number), mark_of((number + 1) % firms)
    for event in world.events():
        value = _marked(event.value, mark)
        if event.topic == "transfers" and crc32(event.value["transfer_id"].encode()) % ACROSS_EVERY == 0:
            value = _across(value, mark, other)
        yield SimEvent(event.observed_at_us, event.topic, mark + event.key, value)


def mark_of(number: int) -> str:
    """Return what the names of a firm begin with."""
    return f"firm-{number}."


def _marked(value: dict[str, Any], mark: str) -> dict[str, Any]:
    return {name: _marked_field(name, found, mark) for name, found in value.items()}


def _marked_field(name: str, found: Any, mark: str) -> Any:
    if isinstance(found, dict):
        return _marked(found, mark)
    if isinstance(found, list):
        return [_marked_field(name, one, mark) for one in found]
    if name in _NAMES and isinstance(found, str) and found not in _KEPT:
        return mark + found
    return found


def _across(value: dict[str, Any], mark: str, other: str) -> dict[str, Any]:
    """Let a movement between two places of a firm end at the place of the same name of another."""
    end = value["to"]
    if not end["location"].startswith(mark):
        return value
    return {**value, "to": {**end, "location": other + end["location"].removeprefix(mark)}}
