"""What was asked for before: by kind and time for the windows of limits, and by likeness for requests made twice.

Both follow from the requests that were judged and their dossiers, so they are indexes and no rows.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import NamedTuple

from ledger.events import LimitRef
from ledger.policy.asked import Asked
from ledger.times import SECOND_US


class Made(NamedTuple):
    """A request by when it was made, and for whose limits it counts."""

    at_us: int
    order: int
    units: int
    transfer_id: str
    origin: str
    client: str


Kind = tuple[str, str]  # operation and asset
Like = tuple[str, str, str, int]  # client, where to, asset, units


class History:
    """All requests within the horizon."""

    def __init__(self) -> None:
        self._made: dict[Kind, dict[str, list[Made]]] = {}  # by client, in order of their moments
        self._alike: dict[Like, dict[str, int]] = {}  # to movements, and when they were asked for or begun
        self._like_of: dict[str, Like] = {}

    def add(self, asked: Asked) -> None:
        """Take a request that has been judged."""
        dossier, made = asked.dossier, _made(asked)
        of_kind = self._made.setdefault((dossier.op_type, dossier.asset), {})
        insort(of_kind.setdefault(asked.client, []), made)
        self.see(asked)

    def see(self, asked: Asked) -> None:
        """Take a movement of which others may be the same: asked for, or only seen so far."""
        transfer_id, like = asked.dossier.transfer_id, _like(asked)
        if self._like_of.get(transfer_id) != like:
            self.unsee(transfer_id)
        if asked.client:
            self._like_of[transfer_id] = like
            self._alike.setdefault(like, {})[transfer_id] = asked.at_us

    def unsee(self, transfer_id: str) -> None:
        """Forget a movement that others may be the same as."""
        like = self._like_of.pop(transfer_id, None)
        if like is not None:
            alike = self._alike[like]
            del alike[transfer_id]
            if not alike:
                del self._alike[like]

    def remove(self, asked: Asked) -> None:
        """Forget a movement."""
        dossier, made = asked.dossier, _made(asked)
        of_kind = self._made.get((dossier.op_type, dossier.asset), {})
        of_client = of_kind.get(asked.client, [])
        index = bisect_left(of_client, made)
        if index < len(of_client) and of_client[index] == made:
            del of_client[index]
            if not of_client:
                del of_kind[asked.client]
        self.unsee(dossier.transfer_id)

    def within(self, asked: Asked, limit: LimitRef, window_us: int, asset: str | None) -> list[Made]:
        """Return the requests made before this one that a limit counts with it: of its scope, and within a time.

        `asset`: of that one only; None for any that the limit is for.
        """
        scope, found = limit.scope, list[Made]()
        for (op_type, of_asset), of_kind in self._made.items():
            if scope.op_type not in (None, op_type) or asset not in (None, of_asset):
                continue
            lists = of_kind.values() if scope.client_id is None else [of_kind.get(scope.client_id, [])]
            for made in lists:
                start = bisect_left(made, (asked.at_us - window_us,))
                found += [
                    one for one in made[start:] if one.order < asked.order and scope.location in (None, one.origin)
                ]
        return found

    def alike(self, asked: Asked, within_us: int) -> list[str]:
        """Return the other movements that do the same within a time of this one, the earliest first."""
        found = [
            (at_us, transfer_id)
            for transfer_id, at_us in self._alike.get(_like(asked), {}).items()
            if transfer_id != asked.dossier.transfer_id and abs(at_us - asked.at_us) <= within_us
        ]
        return [transfer_id for _, transfer_id in sorted(found)]


def window_us(limit: LimitRef) -> int:
    """Return the time over which a limit counts, in microseconds."""
    return round((limit.window_s or 0) * SECOND_US)


def _made(asked: Asked) -> Made:
    dossier = asked.dossier
    return Made(
        asked.at_us, asked.order, asked.units, dossier.transfer_id, dossier.origin, asked.client
    )  # fmt: skip


def _like(asked: Asked) -> Like:
    return asked.client, asked.place, asked.dossier.asset, asked.units
