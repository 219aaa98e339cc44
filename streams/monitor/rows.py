"""The state as keyed rows of plain data, and back: what a checkpoint writes and a recovery reads.

A key is a JSON list (`["position","fireblocks:hot-1","BTC"]`), so that no name can be mistaken for two. A row that is
None is gone. Loading all rows gives a monitor that goes on exactly as the one that wrote them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import astuple

from alerts.rows import row_to_plain
from ledger.movements import Movement
from ledger.places import Complete, Location
from streams.monitor.settings import plain as plain_settings
from streams.monitor.settings import settings_from
from streams.monitor.state import State

STATE_VERSION = 1
Key = tuple[str | int, ...]
_encode_key = msgspec.json.Encoder().encode
_decode_key = msgspec.json.Decoder(list[str | int]).decode
_decode = msgspec.json.Decoder().decode


def all_rows(state: State) -> dict[str, Any]:
    """Return every row by its key; what had been marked as changed stays marked."""
    return {_text(key): msgspec.to_builtins(row) for key in _all_keys(state) if (row := _row(state, key)) is not None}


def take_changed(state: State) -> set[Key]:
    """Return the keys of the rows changed since the last call, and forget that they changed: they are to be told."""
    keys = _changed_keys(state)
    _unmark(state)
    return keys


def rows_of(state: State, keys: Iterable[Key]) -> dict[str, Any]:
    """Return the rows of some keys to be told, None for those that are gone, without those that nobody was told of.

    They may be the state's own objects, so that they are to be encoded before the next event.
    """
    by_text, rows = {_text(key): key for key in keys}, {}
    for text in sorted(by_text):
        kind, *rest = by_text[text]
        table = state.tables.get(str(kind))
        if table is None:
            rows[text] = _WRITERS[str(kind)](state, rest)
        elif table.tell(key := _table_key(rest)):
            rows[text] = table.rows.get(key)
    return rows


def _text(key: Key) -> str:
    return _encode_key(key).decode()


def _all_keys(state: State) -> Iterator[Key]:
    holdings = state.holdings
    yield ("monitor",)
    yield from (("asset", code) for code in sorted({*state.assets.by_code, *state.assets.prices}))
    yield from (("reference", *key) for key in state.references.keys())  # noqa: SIM118  # a method, not a mapping
    yield from (("seen", number) for number in state.seen.numbers())
    yield from (("movement", transfer_id) for transfer_id in holdings.movements.by_id)
    for location in holdings.places.by_name.values():
        yield ("location", location.name)
        for asset, position in location.positions.items():
            yield ("position", location.name, asset)
            yield from (("effects", location.name, asset, bucket.number) for bucket in position.timeline.buckets)
    for name, events in state.set_aside.by_name.items():
        yield from (("set_aside", name, number) for number in events)
    yield from (("alert", key) for key in state.book.rows)
    yield from (("incident", *key) for key in state.book.incidents.keys())  # noqa: SIM118  # a method, not a mapping
    yield from (("trend", *key) for key in state.sentinels.trends)
    yield from (("size", *key) for key, _ in state.sentinels.sizes.rows())
    for name, table in state.tables.items():
        yield from ((name, *_parts(key)) for key in table.rows)


def _parts(key: Any) -> tuple[str | int, ...]:
    return key if isinstance(key, tuple) else (key,)


def _changed_keys(state: State) -> set[Key]:
    holdings = state.holdings
    keys: set[Key] = {("monitor",)}
    keys.update(("asset", code) for code in state.assets.touched)
    keys.update(("reference", *key) for key in state.references.touched)
    keys.update(("seen", number) for number in state.seen.touched)
    keys.update(("movement", transfer_id) for transfer_id in holdings.movements.touched)
    keys.update(("location", name) for name in holdings.places.touched_locations)
    for name, asset in holdings.places.touched_positions:
        keys.add(("position", name, asset))
        timeline = holdings.places.by_name[name].positions[asset].timeline
        keys.update(("effects", name, asset, number) for number in timeline.touched)
    keys.update(("set_aside", *entry) for entry in state.set_aside.touched)
    keys.update(("alert", key) for key in state.book.changed)
    keys.update(("incident", *key) for key in state.book.incidents.touched)
    keys.update(("trend", *key) for key in state.sentinels.touched_trends)
    keys.update(("size", *key) for key in state.sentinels.touched_sizes)
    for name, table in state.tables.items():
        keys.update((name, *_parts(key)) for key in table.touched)
    return keys


def forget_changes(state: State) -> None:
    """Mark every row as unchanged, and as told."""
    _unmark(state)
    for table in state.tables.values():
        table.told()


def _unmark(state: State) -> None:
    holdings = state.holdings
    for name, asset in holdings.places.touched_positions:
        holdings.places.by_name[name].positions[asset].timeline.touched.clear()
    marks: Iterable[set[Any]] = (
        state.assets.touched, state.references.touched, state.seen.touched, holdings.movements.touched,
        holdings.places.touched_positions, holdings.places.touched_locations, state.set_aside.touched,
        state.sentinels.touched_trends, state.sentinels.touched_sizes, state.book.incidents.touched,
    )  # fmt: skip
    for mark in marks:
        mark.clear()
    for table in state.tables.values():
        table.touched.clear()
    state.book.drain_changed()


def _row(state: State, key: Key) -> Any:
    kind, *rest = key
    writer = _WRITERS.get(str(kind))
    if writer is not None:
        return writer(state, rest)
    return state.tables[str(kind)].rows.get(_table_key(rest))


def _monitor_row(state: State, _: list[Any]) -> Any:
    shard = {"shard": state.territory.shard} if state.territory.shard else {}
    return {
        **shard,
        "state_version": STATE_VERSION,
        "settings": plain_settings(state.settings),
        "clock": state.clock,
        "clock_us": state.clock_us,
        "read_us": state.read_us,
        "swept_us": state.swept_us,
        "forgotten_us": state.holdings.forgotten_us,
        "counts": dict(sorted(state.counts.items())),
        "undecided": [list(place) for place in sorted(state.holdings.breaks.undecided)],
        "pending_thresholds": state.pending_thresholds,
        "settling": {key: list(place) for key, place in sorted(state.settling.items())},
        "set_aside_next": state.set_aside.next_number,
    }


def _movement_row(state: State, rest: list[Any]) -> Any:
    movement = state.holdings.movements.by_id.get(rest[0])
    return None if movement is None else movement.to_plain()


def _location_row(state: State, rest: list[Any]) -> Any:
    location = state.holdings.places.by_name[rest[0]]
    opening = [] if location.opening is None else list(astuple(location.opening))
    return [opening, [list(astuple(seen)) for seen in location.complete]]


def _position_row(state: State, rest: list[Any]) -> Any:
    return state.holdings.places.by_name[rest[0]].positions[rest[1]].to_plain()


def _effects_row(state: State, rest: list[Any]) -> Any:
    return state.holdings.places.by_name[rest[0]].positions[rest[1]].timeline.to_plain(rest[2])


def _alert_row(state: State, rest: list[Any]) -> Any:
    row = state.book.rows.get(rest[0])
    return None if row is None else row_to_plain(row)


def _trend_row(state: State, rest: list[Any]) -> Any:
    known = state.sentinels.trends.get(tuple(rest))
    return None if known is None else known.to_plain()


_WRITERS: dict[str, Callable[[State, list[Any]], Any]] = {
    "monitor": _monitor_row,
    "asset": lambda state, rest: state.assets.to_plain(rest[0]),
    "reference": lambda state, rest: state.references.to_plain(tuple(rest)),
    "seen": lambda state, rest: state.seen.to_plain(rest[0]),
    "movement": _movement_row,
    "location": _location_row,
    "position": _position_row,
    "effects": _effects_row,
    "set_aside": lambda state, rest: state.set_aside.to_plain(*rest),
    "alert": _alert_row,
    "incident": lambda state, rest: state.book.incidents.to_plain(*rest),
    "trend": _trend_row,
    "size": lambda state, rest: state.sentinels.sizes.row(tuple(rest)),
}


def _table_key(rest: list[Any]) -> Any:
    """Return the key of a table's row: a single part stands for itself."""
    return rest[0] if len(rest) == 1 else tuple(rest)


class StateVersionError(ValueError):
    """Rows of another program version: refused, never guessed."""


def load(state: State, rows: Mapping[bytes, bytes]) -> None:
    """Fill a fresh `state` from encoded rows in any order; raise StateVersionError for rows of another version."""
    by_kind: dict[Any, list[tuple[list[str | int], bytes]]] = {}
    for text in sorted(rows):
        kind, *rest = _decode_key(text)
        by_kind.setdefault(kind, []).append((rest, rows[text]))
    [(_, row)] = by_kind.pop("monitor")
    _load_monitor(state, _decode(row))
    for kind in _LOAD_ORDER:
        for rest, row in sorted(by_kind.pop(kind, ()), key=_in_order):
            _LOADERS[kind](state, rest, _decode(row))
    tables = state.tables
    for kind, entries in by_kind.items():
        assert kind in tables, f"rows of an unknown kind {kind!r}"
        load_row = tables[kind].load
        for rest, row in entries:
            load_row(_table_key(rest), row)
    state.reconciliation.loaded()
    forget_changes(state)


def _in_order(entry: tuple[list[str | int], bytes]) -> list[tuple[int, str]]:
    """Return what puts rows of a kind into the order of their keys, numbers by their size."""
    return [(part, "") if isinstance(part, int) else (-1, part) for part in entry[0]]


def _load_monitor(state: State, row: dict[str, Any]) -> None:
    if row["state_version"] != STATE_VERSION:
        raise StateVersionError(f"state version {row['state_version']}, this program reads {STATE_VERSION}")
    shard = row.get("shard", 0)
    if shard != state.territory.shard:
        raise StateVersionError(f"the state of shard {shard}, for shard {state.territory.shard}")
    state.configure(settings_from(row["settings"]))
    state.set_clock(row["clock"])
    state.clock_us, state.swept_us = row["clock_us"], row["swept_us"]
    state.holdings.forgotten_us = row["forgotten_us"]
    state.read_us = dict(row["read_us"])
    state.counts = Counter(row["counts"])
    state.holdings.breaks.undecided = {(place[0], place[1]) for place in row["undecided"]}
    state.pending_thresholds = dict(row["pending_thresholds"])
    state.settling = {key: (item[0], item[1], item[2]) for key, item in row["settling"].items()}
    state.set_aside.next_number = row["set_aside_next"]


def _load_location(state: State, rest: list[Any], row: list[Any]) -> None:
    location = state.holdings.places.by_name[rest[0]] = Location(rest[0])
    location.opening = _complete(row[0]) if row[0] else None
    location.complete = [_complete(seen) for seen in row[1]]


def _complete(plain: list[Any]) -> Complete:
    return Complete(plain[0], plain[1], plain[2], plain[3], tuple(plain[4]))


def _load_position(state: State, rest: list[Any], row: dict[str, Any]) -> None:
    state.holdings.places.bare_position(rest[0], rest[1]).load(row)


def _load_effects(state: State, rest: list[Any], row: list[Any]) -> None:
    state.holdings.places.bare_position(rest[0], rest[1]).timeline.load(rest[2], row)


def _load_movement(state: State, rest: list[Any], row: list[Any]) -> None:
    state.holdings.load_movement(Movement.from_plain(rest[0], row))


_LOADERS: dict[str, Callable[[State, list[Any], Any], None]] = {
    "asset": lambda state, rest, row: state.assets.load(rest[0], row),
    "reference": lambda state, rest, row: state.references.load(row),
    "seen": lambda state, rest, row: state.seen.load(rest[0], row),
    "location": _load_location,
    "movement": _load_movement,
    "value_date": lambda state, rest, row: state.holdings.value_dates.load(rest[0], row),
    "effects": _load_effects,
    "position": _load_position,
    "set_aside": lambda state, rest, row: state.set_aside.load(rest[0], rest[1], row),
    "deadline": lambda state, rest, row: state.deadlines.load(rest[0], row),
    "alert": lambda state, rest, row: state.book.load_row(rest[0], row),
    "incident": lambda state, rest, row: state.book.incidents.load(rest[0], rest[1], row),
    "trend": lambda state, rest, row: state.sentinels.load_trend(tuple(rest), row),
    "size": lambda state, rest, row: state.sentinels.sizes.load_row(tuple(rest), row),
}
_LOAD_ORDER = tuple(_LOADERS)
