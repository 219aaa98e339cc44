"""What was asked for before: by kind and time for the windows of limits, and by likeness for requests made twice.

Both follow from the requests that were judged and their dossiers, so they are indexes and no rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.events import LimitRef, LimitScope
from ledger.named import Named
from ledger.policy.asked import Asked
from ledger.policy.totals import Made, RunningTotal, Total
from ledger.times import SECOND_US

Kind = tuple[str, str]  # operation and asset
OfKind = dict[str | None, dict[str, RunningTotal]]  # by client (None for all), and where from
Like = tuple[str, str, str, int]  # client, where to, asset, units


class History:
    """All requests within the horizon."""

    def __init__(self) -> None:
        self._made: dict[Kind, OfKind] = {}
        self._alike = Named[str, Like]()
        self._begun_us: dict[str, int] = {}  # when these movements were asked for, or begun

    def add(self, asked: Asked) -> None:
        """Take a request that has been judged."""
        of_kind, made = self._made.setdefault(_kind(asked), {}), _made(asked)
        for client in (asked.client, None):
            of_kind.setdefault(client, {}).setdefault(asked.dossier.origin, RunningTotal()).add(made)
        self.see(asked)

    def see(self, asked: Asked) -> None:
        """Take a movement of which others may be the same: asked for, or only seen so far."""
        transfer_id = asked.dossier.transfer_id
        if not asked.client:
            self.unsee(transfer_id)
            return
        self._alike.put(transfer_id, _like(asked))
        self._begun_us[transfer_id] = asked.at_us

    def unsee(self, transfer_id: str) -> None:
        """Forget a movement that others may be the same as."""
        self._alike.drop(transfer_id)
        self._begun_us.pop(transfer_id, None)

    def remove(self, asked: Asked) -> None:
        """Forget a movement."""
        kind, made = _kind(asked), _made(asked)
        of_kind = self._made.get(kind, {})
        for client in (asked.client, None):
            by_origin = of_kind.get(client, {})
            running = by_origin.get(asked.dossier.origin)
            if running is not None:
                running.remove(made)
                if not running:
                    del by_origin[asked.dossier.origin]
                if not by_origin:
                    del of_kind[client]
        if not of_kind:
            self._made.pop(kind, None)
        self.unsee(asked.dossier.transfer_id)

    def before(self, asked: Asked, limit: LimitRef, asset: str | None) -> Total:
        """Return what was asked for before this request that a limit counts with it: of its scope, and within its time.

        `asset`: of that one only; None for any that the limit is for.
        """
        since_us, requests, units = asked.at_us - _window_us(limit), 0, 0
        for running in self._of(limit.scope, asset):
            total = running.since(since_us, asked.order)
            requests, units = requests + total.requests, units + total.units
        return Total(requests, units)

    def _of(self, scope: LimitScope, asset: str | None) -> Iterator[RunningTotal]:
        for (op_type, of_asset), of_kind in self._made.items():
            if scope.op_type in (None, op_type) and asset in (None, of_asset):
                for origin, running in of_kind.get(scope.client_id, {}).items():
                    if scope.location in (None, origin):
                        yield running

    def alike(self, asked: Asked, within_us: int) -> list[str]:
        """Return the other movements that do the same within a time of this one, the earliest first."""
        found = [
            (self._begun_us[transfer_id], transfer_id)
            for transfer_id in self._alike.of(_like(asked))
            if transfer_id != asked.dossier.transfer_id and abs(self._begun_us[transfer_id] - asked.at_us) <= within_us
        ]
        return [transfer_id for _, transfer_id in sorted(found)]


def _kind(asked: Asked) -> Kind:
    return asked.dossier.op_type, asked.dossier.asset


def _made(asked: Asked) -> Made:
    return Made(asked.at_us, asked.order, asked.units)


def _window_us(limit: LimitRef) -> int:
    """Return the time over which a limit counts, in microseconds."""
    return round((limit.window_s or 0) * SECOND_US)


def _like(asked: Asked) -> Like:
    return asked.client, asked.place, asked.dossier.asset, asked.units
