"""How long a movement may take between two places: what the firm has on record for the route, else what it usually took.

A promise runs from the instruction to the end and only a record makes one. The way itself, from the moment the value
has left until it is there, is learned as well: where the record leaves out `p99_s`, and where there is no record at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.events import AssetRef, LocationRef, Reference, RouteRef
from ledger.pace.durations import Durations, learn, quantile_s
from ledger.pace.words import seconds_text
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

ROUTES_MAX = 4_096
"""So many routes are learned, and remembered as looked up; the names of networks are anybody's."""
TIMES_P99 = 3
SLAS_MAX = 3
"""What was learned never allows more than so many times what the route promises."""
_P99 = 990


class Ends(NamedTuple):
    """From where to where, in what: the asset's code, the network ("" for none), two places (`external` is one)."""

    asset: str
    network: str
    origin: str
    destination: str


class Allowance(NamedTuple):
    """How long something may take, which rule says so, and in words: "600 s are allowed on this route"."""

    us: int
    rule: str
    why: str


class Promise(NamedTuple):
    """What the record of a route allows, and whether it says how long the slowest take."""

    allowance: Allowance
    exact: bool


class Routes:
    """The routes on record, and how long their movements took: a row for each (asset, network, role, role)."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.learned: Table[tuple[str, ...], Durations] = Table(Durations)
        self._on_record: dict[Ends, Promise | None] = {}

    def hear(self, event: Reference) -> bool:
        """Look all routes up again where a place, an asset or a route may not be what it was; return whether it may."""
        changed = isinstance(event, (LocationRef, RouteRef, AssetRef))
        if changed:
            self._on_record.clear()
        return changed

    def promised(self, ends: Ends) -> Allowance | None:
        """Return how long a movement may take in all; None where no route says so."""
        promise = self._promise(ends)
        return None if promise is None else promise.allowance

    def under_way(self, ends: Ends) -> Allowance | None:
        """Return how long value may be under way; None where neither a record nor enough movements say so."""
        promise, limits = self._promise(ends), self.context.limits
        if promise is not None and promise.exact:
            return promise.allowance
        needed = limits.learned_only_moves if promise is None else limits.learned_p99_moves
        usual_us, count = self._usual_us(ends, needed)
        longest_us = min(TIMES_P99 * usual_us, round(limits.transit_max_s * SECOND_US))
        if promise is None:
            return _learned(longest_us, count) if usual_us else None
        longest_us = min(longest_us, SLAS_MAX * promise.allowance.us)
        return _learned(longest_us, count) if longest_us > promise.allowance.us else promise.allowance

    def learn(self, ends: Ends, took_us: int) -> bool:
        """Take how long a movement was under way; return whether that is just enough to judge others by."""
        key = self._roles(ends)
        if key is None:
            return False
        durations = self.learned.edit(key)
        if durations is None:
            if len(self.learned) >= ROUTES_MAX:
                return False
            durations = self.learned.put(key, Durations())
        learn(durations, -(-took_us // SECOND_US))
        return durations.count == self.context.limits.learned_only_moves

    def _usual_us(self, ends: Ends, needed: int) -> tuple[int, int]:
        """Return what all but one in a hundred took, and of how many; zero where fewer than `needed` were seen."""
        key = self._roles(ends)
        durations = None if key is None else self.learned.get(key)
        if durations is None or durations.count < needed:
            return 0, 0
        return (quantile_s(durations, _P99) or 0) * SECOND_US, durations.count

    def _roles(self, ends: Ends) -> tuple[str, ...] | None:
        role = self.context.references.role
        origin, destination = role(ends.origin), role(ends.destination)
        return None if origin is None or destination is None else (ends.asset, ends.network, origin, destination)

    def _promise(self, ends: Ends) -> Promise | None:
        known = self._on_record
        if ends not in known:
            if len(known) >= ROUTES_MAX:
                known.clear()
            names = self.context.assets.names(ends.asset)
            route = self.context.references.route(names, ends.network, ends.origin, ends.destination)
            known[ends] = None if route is None else _promise(route)
        return known[ends]


def _promise(route: RouteRef) -> Promise:
    us = round(max(route.sla_s, TIMES_P99 * (route.p99_s or 0)) * SECOND_US)
    allowance = Allowance(us, "route_deadline", f"{seconds_text(us)} s are allowed on this route")
    return Promise(allowance, route.p99_s is not None)


def _learned(us: int, count: int) -> Allowance:
    why = f"{seconds_text(us)} s are allowed, three times the slowest in a hundred of the last {count} on this route"
    return Allowance(us, "learned_deadline", why)
