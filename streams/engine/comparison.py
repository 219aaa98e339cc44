"""Two states of one shard held against each other: which fields of the heads, and which rows, are not the same.

Rows are compared as the bytes that a checkpoint has; a row written again as it was is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec

from streams.engine.checkpoints import Head

NAMED_MAX = 20
VALUE_CHARS_MAX = 120
COMPARED = ("inputs", "input_hash", "outputs", "output_hash", "log_begins", "state_version", "clock")
HASHES = ("input_hash", "output_hash", "log_begins")
_DIGEST_BYTES = 8


class RowDifference(msgspec.Struct, frozen=True):
    """A row that differs: None where a state does not have it."""

    key: bytes
    live: bytes | None
    anew: bytes | None

    @property
    def kind(self) -> str:
        """How the live state is wrong about it, if it is the one that is wrong."""
        if self.live is None:
            return "missing"
        return "extra" if self.anew is None else "different"

    def __str__(self) -> str:
        name = _shortened(self.key)
        if self.live is None:
            return f"missing    {name}: anew {_shortened(self.anew)}"
        if self.anew is None:
            return f"extra      {name}: live {_shortened(self.live)}"
        at = _first_difference(self.live, self.anew)
        return f"different  {name}: live {_shortened(self.live, at)}, anew {_shortened(self.anew, at)}"


def compare_rows(live: Mapping[bytes, bytes], anew: Mapping[bytes, bytes]) -> list[RowDifference]:
    """Return the rows that are not the same, in order of their keys."""
    keys = sorted(key for key in live.keys() | anew.keys() if live.get(key) != anew.get(key))
    return [RowDifference(key, live.get(key), anew.get(key)) for key in keys]


def compare_heads(live: Head, anew: Head) -> list[str]:
    """Return what the heads of two states at one position do not agree in, each as `outputs 12, not 13`."""
    pairs = [(name, getattr(live, name), getattr(anew, name)) for name in COMPARED]
    return [f"{name} {_said(name, ours)}, not {_said(name, theirs)}" for name, ours, theirs in pairs if ours != theirs]


def rows_hash(rows: Mapping[bytes, bytes]) -> str:
    """Return a hash of rows that does not depend on their order: 16 hex digits."""
    total = sum(_digest(key + b"\n" + value) for key, value in rows.items())
    return f"{total % (1 << 8 * _DIGEST_BYTES):016x}"


def counted(differences: Iterable[RowDifference]) -> str:
    """Return how many rows are missing, extra and different."""
    kinds = [difference.kind for difference in differences]
    return ", ".join(f"{kinds.count(kind):,} {kind}" for kind in ("missing", "extra", "different"))


class Mirror:
    """The rows of a live state, as hashes, and which of them are not what the other machine has.

    Between two checkpoints that agree both sides agree in what neither has changed. So it is enough to look at what one
    of them has changed since, and a mark more or less on an unchanged row is no difference.
    """

    def __init__(self) -> None:
        self._live: dict[bytes, int] = {}
        self.differing: dict[bytes, int | None] = {}  # what the other machine has instead

    def __len__(self) -> int:
        return len(self._live)

    def write(self, rows: Mapping[bytes, bytes | None]) -> None:
        """Take over what was written, without comparing it."""
        for key, value in rows.items():
            if value is None:
                self._live.pop(key, None)
            else:
                self._live[key] = _digest(value)

    def compare(self, written: Mapping[bytes, bytes | None], changes: Mapping[bytes, bytes | None]) -> list[bytes]:
        """Take over what was written, hold it against what the other machine has changed; return the keys that differ."""
        before = {key: self.differing.get(key, self._live.get(key)) for key in written.keys() - changes.keys()}
        self.write(written)
        for key in written.keys() | changes.keys():
            ours = _optional_digest(changes[key]) if key in changes else before[key]
            self._note(key, ours)
        return sorted(self.differing)

    def compare_all(self, rows: Mapping[bytes, bytes]) -> list[bytes]:
        """Hold everything against all rows of the other machine; return the keys that differ."""
        self.differing.clear()
        for key in self._live.keys() | rows.keys():
            self._note(key, _optional_digest(rows.get(key)))
        return sorted(self.differing)

    def _note(self, key: bytes, ours: int | None) -> None:
        if self._live.get(key) == ours:
            self.differing.pop(key, None)
        else:
            self.differing[key] = ours


def _digest(value: bytes) -> int:
    return int.from_bytes(blake2b(value, digest_size=_DIGEST_BYTES).digest())


def _optional_digest(value: bytes | None) -> int | None:
    return None if value is None else _digest(value)


def _said(name: str, value: object) -> str:
    return f"{value:08x}" if name in HASHES else repr(value)


def _shortened(value: bytes | None, around: int = 0) -> str:
    """Return a value for people to read: at most so many characters, and if cut, those where it differs."""
    text = (value or b"").decode("utf-8", "replace")
    if len(text) <= VALUE_CHARS_MAX:
        return text
    start = max(min(around - VALUE_CHARS_MAX // 3, len(text) - VALUE_CHARS_MAX), 0)
    end = start + VALUE_CHARS_MAX
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))
