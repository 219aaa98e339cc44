"""What the desk has on record and what was asked for lately: all that it needs to judge a request."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from streams.simulate.catalogue import EXTERNAL
from streams.simulate.emit import Json
from streams.simulate.movement import Movement
from streams.simulate.units import DAY_S, US

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

KINDS = ("withdrawal", "internal", "rebalance", "sweep")  # what is decided upon
_Like = tuple[str, str, str, int]


class Standing:
    """Records by kind and id, as last told, and the requests of the day.

    `brakes` are what is known to be unexplained: (client_id, location or asset; its name). Requests of one limit are kept
    for its window, (when, smallest units, asset); those that ask for the same thing for a day, (when, client_ref). What is
    `asked_in_vain` is open by (client_id, asset) with no money set aside for it.
    """

    __slots__ = ("_alike", "_made", "_noted", "asked_in_vain", "brakes", "records")

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Json]] = defaultdict(dict)
        self.brakes: set[tuple[str, str]] = set()
        self.asked_in_vain: Counter[tuple[str, str]] = Counter()
        self._made: dict[str, deque[tuple[int, int, str]]] = defaultdict(deque)
        self._alike: dict[_Like, list[tuple[int, str]]] = {}
        self._noted = 0

    def limits(self, move: Movement) -> Iterator[Json]:
        """Yield the limits whose scope fits a movement; what a scope leaves out fits all."""
        clients = {move.client_id, move.origin.client_id, move.target.client_id} - {""}
        for limit in self.records["limit"].values():
            scope = limit["scope"]
            if (
                scope.get("op_type", move.op_type) == move.op_type
                and scope.get("asset", move.asset.code) == move.asset.code
                and scope.get("location", move.origin.location) == move.origin.location
                and ("client_id" not in scope or scope["client_id"] in clients)
            ):
                yield limit

    def note(self, desk: Desk, move: Movement) -> None:
        """Remember that a movement is asked for now."""
        for limit in self.limits(move):
            if "window_s" in limit:
                self._made[limit["limit_id"]].append((desk.now_us, move.units, move.asset.code))
        if move.client_id:
            self._alike.setdefault(like(move), []).append((desk.now_us, move.ids.get("client_ref", "")))
        self._noted += 1
        if self._noted % 10_000 == 0:
            self._forget(desk.now_us - DAY_S * US)

    def within(self, desk: Desk, limit: Json) -> Iterator[tuple[int, str]]:
        """Yield units and asset of the requests that a limit counts up to now."""
        made, since_us = self._made[limit["limit_id"]], desk.now_us - int(limit["window_s"]) * US
        while made and made[0][0] < since_us:
            made.popleft()
        yield from ((units, code) for _, units, code in made)

    def alike(self, desk: Desk, move: Movement) -> Iterator[str]:
        """Yield the references of those that asked for the same within the last day ("" where they had none)."""
        since_us = desk.now_us - DAY_S * US
        yield from (ref for at_us, ref in self._alike.get(like(move), ()) if at_us >= since_us)

    def _forget(self, before_us: int) -> None:
        self._alike = {
            key: kept for key, made in self._alike.items() if (kept := [m for m in made if m[0] >= before_us])
        }


def like(move: Movement) -> _Like:
    """Return what two requests for the same thing have in common."""
    target = move.target
    place = target.address or target.account_id or target.location
    return move.client_id, place, move.asset.code, move.units


def address_of(desk: Desk, move: Movement) -> Json | None:
    """Return what is on record of the exact address, network and tag that a movement goes to."""
    target = move.target
    ident = ":".join(filter(None, (target.network or move.asset.network, target.address, target.tag)))
    return desk.standing.records["address"].get(ident)


def role_of(desk: Desk, location: str) -> str:
    """Return the role of a place on record, "" for one that nobody knows."""
    if location == EXTERNAL:
        return EXTERNAL
    record = desk.standing.records["location"].get(location)
    return record["role"] if record else ""
