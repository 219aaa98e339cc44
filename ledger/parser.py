"""Bytes to events: the only parser, and the one place where outside data becomes typed or is turned away.

Nothing raises here. What cannot be read comes back as `Rejected` with its reason, a machine-readable code, and the
bytes, so that it can be kept, counted and shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

import msgspec

from ledger.amounts import to_units
from ledger.events import AnyEvent, Control, Heartbeat, Posting, Reference, Snapshot, Thresholds, Transfer

RECORD_BYTES_MAX = 1 << 20
_DIGEST_BYTES = 8
_YEAR_MIN, _YEAR_MAX = 1900, 9000
_OTHER_MOMENTS: dict[type, tuple[str, ...]] = {
    Snapshot: ("as_of",),
    Posting: ("booked_at",),
    Heartbeat: ("watermark",),
    Thresholds: ("effective_from",),
}
_OBSERVED_AT = b'"observed_at":'


@dataclass(frozen=True, slots=True)
class Rejected:
    """Bytes that are not an event of the contract: `code` is a closed set for counting, `reason` is for people."""

    code: str
    reason: str
    raw: bytes


_encoder = msgspec.json.Encoder(order="deterministic")  # maps may come in any order
_transfer = msgspec.json.Decoder(Transfer).decode
_decoders: dict[str, Callable[[bytes], AnyEvent]] = {
    "transfers": _transfer,
    "ledger": msgspec.json.Decoder(Posting).decode,
    "balances": msgspec.json.Decoder(Snapshot).decode,
    "reference": msgspec.json.Decoder(Reference).decode,
    "control": msgspec.json.Decoder(Control).decode,
}


def parse(topic: str, raw: bytes) -> AnyEvent | Rejected:
    """Return the event that `raw` says on `topic`, or why it is none. Never raises."""
    decode = _decoders.get(topic)
    if decode is None:
        if not topic:
            return Rejected("not_envelope", "not a JSON object with a topic and a value", raw)
        return Rejected("unknown_topic", f"unknown topic {topic[:80]!r}", raw)
    if len(raw) > RECORD_BYTES_MAX:
        return Rejected("too_large", f"{len(raw)} bytes, at most {RECORD_BYTES_MAX} are read", raw)
    try:
        event = decode(raw)
        _check(event)
    except msgspec.ValidationError as error:
        return Rejected("invalid_field", str(error), raw)
    except msgspec.DecodeError as error:
        return Rejected("not_json", str(error), raw)
    except RecursionError:
        return Rejected("too_deep", "nested too deeply", raw)
    except UnicodeDecodeError as error:
        return Rejected("bad_utf8", f"not UTF-8: {error.reason} at byte {error.start}", raw)
    except (ValueError, OverflowError) as error:
        return Rejected("bad_value", str(error), raw)
    return event


def digest(event: AnyEvent) -> int:
    """Return 64 bits that tell two contents of one `event_id` apart: every field but `observed_at`."""
    data = _encoder.encode(event)  # not into a buffer that is kept: two monitors may run in two threads
    start = data.index(_OBSERVED_AT)  # escaped quotes keep this out of any value, and it stands before all maps
    rest = data.index(b'"', start + len(_OBSERVED_AT) + 1)
    return int.from_bytes(blake2b(data[:start] + data[rest:], digest_size=_DIGEST_BYTES).digest(), "big")


def _check(event: AnyEvent) -> None:
    """Raise ValueError at what the types let pass: moments that cannot be computed with, amounts that are none."""
    if not (_YEAR_MIN <= event.event_time.year <= _YEAR_MAX and _YEAR_MIN <= event.observed_at.year <= _YEAR_MAX):
        raise ValueError(f"a time outside the years {_YEAR_MIN} to {_YEAR_MAX}")
    for name in _OTHER_MOMENTS.get(type(event), ()):
        moment = getattr(event, name)
        if moment is not None and not _YEAR_MIN <= moment.year <= _YEAR_MAX:
            raise ValueError(f"{name} is outside the years {_YEAR_MIN} to {_YEAR_MAX}")
    if type(event) is Transfer:
        _check_transfer(event)
    elif type(event) is Snapshot:
        for row in event.rows:
            to_units(row.total)
            if row.available is not None or row.held is not None or row.staked is not None or row.debt is not None:
                _check_parts(row)
    else:
        _check_others(event)


def _check_transfer(event: Transfer) -> None:
    _unsigned("amount", event.amount)
    if event.amount_delivered is not None:
        _unsigned("amount_delivered", event.amount_delivered)
    if event.fee_amount is not None:
        _unsigned("fee_amount", event.fee_amount)
    if event.control is not None and isinstance(event.control.kyt_score, str):
        _share("kyt_score", event.control.kyt_score)


def _check_parts(row: msgspec.Struct) -> None:
    for name in ("available", "held", "staked", "debt"):
        text = getattr(row, name)
        if text is not None:
            to_units(text)


_DATE = re.compile(r"(\d{4}-\d\d-\d\d)([Tt ].*)?", re.ASCII)
_UNSIGNED_FIELDS = ("amount", "dust", "single", "window_sum", "usd", "amount_min", "amount_max")


def _check_others(event: AnyEvent) -> None:
    if isinstance(event, Posting):
        to_units(event.amount)
        if event.balance_after is not None:
            to_units(event.balance_after)
        if event.value_date is not None:
            _check_date(event.value_date)
        return
    for name in _UNSIGNED_FIELDS:
        text = getattr(event, name, None)
        if text is not None:
            _unsigned(name, text)
    for name in ("share_of_balance", "kyt_max"):
        share = getattr(event, name, None)
        if isinstance(share, str):
            _share(name, share)
    for text in (getattr(event, "credit_line", None) or {}).values():
        _unsigned("credit_line", text)


def _check_date(text: str) -> None:
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError("value_date is not a date")
    date.fromisoformat(found[1])  # raises ValueError for a day that is in no calendar


def _unsigned(name: str, text: str) -> None:
    try:
        units = to_units(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if units < 0 or text[0] == "-":
        raise ValueError(f"{name} is negative")


def _share(name: str, text: str) -> None:
    _unsigned(name, text)
    if to_units(text) > to_units("1"):
        raise ValueError(f"{name} is above 1")
