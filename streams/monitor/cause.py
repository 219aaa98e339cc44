"""What is being applied: every output names it, and takes its time from it."""

from __future__ import annotations

from msgspec import Struct


class Cause(Struct, frozen=True, gc=False):
    """The event or deadline being applied now, and its time: when it arrived, or was due (microseconds)."""

    cause_id: str
    at_us: int
