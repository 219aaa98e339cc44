"""What is remembered of each movement that was asked for: what was asked, in which order, and what the policy said last."""

from __future__ import annotations

from msgspec import Struct

from ledger.policy.asked import Asked


class Request(Struct, gc=False):
    """One request by its latest verdict.

    `order` to `place` are what was asked for (see `Asked`), as it was told then. `failed` are the ids of the rules that
    fail, in order. `held_by` are the alerts that have held it, and `closed` says that nothing is to be judged any more:
    it has left, or has come to nothing. `outcome`: what became of one that was called free of risk ("" while nobody
    knows, else confirmed or missed).
    """

    order: int
    heard_us: int
    at_us: int
    units: int
    client: str
    place: str
    seq: int = 0
    risk_free: bool = False
    action: str = ""
    failed: tuple[str, ...] = ()
    held_by: list[str] = []
    closed: bool = False
    outcome: str = ""


def request_of(asked: Asked) -> Request:
    """Return the memory of a movement that has just been asked for."""
    return Request(asked.order, asked.heard_us, asked.at_us, asked.units, asked.client, asked.place)
