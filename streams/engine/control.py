"""The records that Driftline writes into the log itself: `config`, which says what is in force, and `tick`.

The first record of every log is a `config`; it says which clock moves the monitor. Under ``ticks`` only the ticks do:
each says up to when the inputs have been read. Under ``events`` there are none, and each record's own `observed_at`
does; the config then claims the first moment of all, so that it moves no clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import msgspec

from ledger.times import to_text
from streams.engine.settings import Clock

OWN_SOURCE = "driftline"


class Config(msgspec.Struct, frozen=True, gc=False):
    """What a `config` record says: the clock in force and the settings that decide, as plain data."""

    kind: str
    clock: Clock
    settings: dict[str, Any]
    inputs: list[str] = []


class _Partial(msgspec.Struct, frozen=True, gc=False):
    inputs: dict[str, str] = {}


_decode_partial = msgspec.json.Decoder(_Partial).decode
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_config = msgspec.json.Decoder(Config).decode


def tick_record(at_us: int) -> bytes:
    """Return the tick that says: every input has been read up to `at_us`."""
    return _encode(_envelope("tick", f"tick:{at_us}", at_us))


def partial_tick_record(marks_us: Mapping[str, int], reader: str) -> bytes:
    """Return the tick of one reader of several: how far each input partition that it reads has been, by name."""
    at_us = min(marks_us.values())
    inputs = {name: to_text(moment) for name, moment in sorted(marks_us.items())}
    return _encode({**_envelope("tick", f"tick:{reader}:{at_us}", at_us), "inputs": inputs})


def is_partial(tick: bytes) -> bool:
    """Say whether a tick of Driftline's own speaks for some of the inputs only."""
    try:
        return bool(_decode_partial(tick).inputs)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def config_record(
    clock: Clock, settings: Mapping[str, Any], log_offset: int, now_us: int, inputs: Sequence[str] = ()
) -> bytes:
    """Return the config record for the log's next offset.

    It claims the moment `now_us` under ``ticks``, where only ticks move the clock. The one that begins a log, and all under
    ``events``, claim the first moment of all: there it would take the clock past what is waiting in the inputs. Two
    workers that begin a log at once write the same bytes so, of which the second are a repetition.
    """
    at_us = now_us if clock == "ticks" and log_offset else 0
    body = {"clock": clock, "settings": dict(settings), "inputs": sorted(inputs)}
    said = crc32(_encode(body), at_us & 0xFFFFFFFF)  # two that start at once may say different things at one offset
    return _encode({**_envelope("config", f"config:{log_offset}:{said:08x}", at_us), **body})


def is_config(value: bytes) -> bool:
    """Say whether a record of Driftline's own is a config."""
    return read_config(value) is not None


def read_config(value: bytes) -> Config | None:
    """Return what a config record says, or None where `value` is no config record."""
    try:
        config = _decode_config(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return config if config.kind == "config" else None


def _envelope(kind: str, event_id: str, at_us: int) -> dict[str, Any]:
    moment = to_text(at_us)
    return {
        "schema_version": 1,
        "event_id": event_id,
        "source": OWN_SOURCE,
        "event_time": moment,
        "observed_at": moment,
        "revision": 0,
        "kind": kind,
        "scope": "*",
    }
