"""Rows as a checkpoint has them: JSON by JSON keys, both as bytes; what a machine changes is encoded, and put back so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
_decode = msgspec.json.Decoder().decode


def encoded_rows(rows: Mapping[str, Any]) -> dict[bytes, bytes]:
    """Return rows as a checkpoint has them."""
    return {key.encode(): _encode(row) for key, row in rows.items()}


def encoded_lines(rows: Mapping[str, Any]) -> dict[str, bytes | None]:
    """Return changed rows encoded, None for one that is gone; all in one stroke.

    JSON holds no line feed but as an escape, so that the lines are the rows.
    """
    encoded: dict[str, bytes | None] = dict(zip(rows, _encode_lines(rows.values()).split(b"\n"), strict=False))
    encoded.update((key, None) for key, row in rows.items() if row is None)
    return encoded


def plain_rows(rows: Mapping[bytes, bytes]) -> dict[str, Any]:
    """Return the rows of a checkpoint as plain data."""
    return {key.decode(): _decode(value) for key, value in rows.items()}
