"""Incidents: which alerts belong together, told by what they share.

An alert that opens joins the incident of an alert that was active within the last twelve hours and shares its cause or
one of its links; of several the oldest. No clock, and nothing but the order in which alerts open and are seen again
decides: a link that has expired or was dropped is gone before anybody asks for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

import msgspec

from alerts.ids import incident_id
from alerts.records import Scope, scope_of
from alerts.signals import Signal
from alerts.storms import Telling

ACTIVE_US: Final = 12 * 60 * 60 * 1_000_000
"""How long, in microseconds of event time, an alert draws others into its incident after it was last seen."""
LINKS_KEPT: Final = 20_000
"""Of links and causes together; beyond it those least recently seen are dropped."""

Key = tuple[str, str]  # ("link" or "cause", its name), or ("opened", an incident)


class Incident(msgspec.Struct, kw_only=True):
    """One incident: when its first alert opened (microseconds since 1970 UTC), on what, and what was told of it."""

    opened_us: int
    scope: Scope
    telling: Telling


class Path(NamedTuple):
    """Where a link or a cause leads to, and when an alert that has it was last seen."""

    incident_id: str
    last_us: int


class Incidents:
    """The incidents that an open alert or a live link belongs to, the paths to them, and which rows changed."""

    __slots__ = ("_heap", "_paths", "_uses", "known", "touched")

    def __init__(self) -> None:
        self.known: dict[str, Incident] = {}
        self.touched: set[Key] = set()
        self._paths: dict[Key, Path] = {}
        # One entry for each path, at a moment when it was seen, which need not be the last: that is put right on top.
        self._heap: list[tuple[int, Key]] = []
        self._uses: Counter[str] = Counter()  # paths that lead to an incident, and open alerts of it

    def join(self, signal: Signal) -> str:
        """Return the incident of the alert that `signal` opens, which counts as one of its open alerts from now on.

        The cause decides before the links: alerts of one cause share an incident, whatever else they are tied to.
        """
        self._forget_before(signal.at_us)
        cause = ("cause", signal.cause_id)
        links = [("link", name) for name in signal.links]
        of_cause = self._paths.get(cause)
        oldest = self._oldest(links, None if of_cause is None else of_cause.incident_id)
        joined = oldest or incident_id(signal.cause_id)
        if joined not in self.known:
            self._begin(joined, signal.at_us, scope_of(signal.scope))
        own = joined if of_cause is None else of_cause.incident_id
        self.take_in(own)
        self._lead([cause], own, signal.at_us)
        self._lead(links, joined, signal.at_us)
        self._drop_oldest()
        return own

    def see(self, signal: Signal, of: str) -> None:
        """Note one more sighting of an alert of the incident `of`: it renews the links that the signal names.

        Its cause is not one of them: else whatever a balance opens would join all that the same balance shows again.
        """
        if signal.links:
            self._forget_before(signal.at_us)
            links = [("link", name) for name in signal.links]
            self._lead(links, self._oldest(links, of) or of, signal.at_us)
            self._drop_oldest()

    def take_in(self, of: str) -> None:
        """Count one more open alert of an incident."""
        self._uses[of] += 1

    def leave(self, of: str) -> None:
        """Count one open alert of an incident less; what nothing leads to any more is forgotten."""
        self._uses[of] -= 1
        if not self._uses[of]:
            del self._uses[of]
            self.known.pop(of, None)
            self.touched.add(("opened", of))

    def telling(self, of: str) -> Telling:
        """Return what was told of an incident, to be changed."""
        self.touched.add(("opened", of))
        return self.known[of].telling

    def keys(self) -> Iterator[Key]:
        """Yield the key of every row."""
        yield from self._paths
        yield from (("opened", of) for of in self.known)

    def to_plain(self, kind: str, name: str) -> Any:
        """Return a row as plain data that JSON can hold; None where there is none any more."""
        if kind == "opened":
            incident = self.known.get(name)
            return None if incident is None else msgspec.to_builtins(incident)
        path = self._paths.get((kind, name))
        return None if path is None else list(path)

    def load(self, kind: str, name: str, plain: Any) -> None:
        """Put back a row that `to_plain` wrote, as unchanged; the rows may come in any order."""
        if kind == "opened":
            self.known[name] = msgspec.convert(plain, Incident)
            return
        path = self._paths[kind, name] = Path(*plain)
        heappush(self._heap, (path.last_us, (kind, name)))
        self.take_in(path.incident_id)

    def _oldest(self, links: Iterable[Key], own: str | None) -> str | None:
        found = {self._paths[key].incident_id for key in links if key in self._paths}
        if own is not None:
            found.add(own)
        return min(found, key=lambda of: (self.known[of].opened_us, of), default=None)

    def _begin(self, of: str, at_us: int, scope: Scope) -> None:
        self.known[of] = Incident(opened_us=at_us, scope=scope, telling=Telling())
        self.touched.add(("opened", of))

    def _lead(self, keys: Iterable[Key], to: str, at_us: int) -> None:
        """Let these links lead to an incident from now on."""
        for key in keys:
            before = self._paths.get(key)
            path = Path(to, at_us if before is None else max(before.last_us, at_us))
            if path == before:
                continue
            self._paths[key] = path
            self.touched.add(key)
            self.take_in(to)
            if before is None:
                heappush(self._heap, (at_us, key))
            else:
                self.leave(before.incident_id)

    def _forget_before(self, at_us: int) -> None:
        """Forget the links of alerts that were last seen more than twelve hours before `at_us`."""
        while self._heap and self._heap[0][0] < at_us - ACTIVE_US:
            self._drop_top()

    def _drop_oldest(self) -> None:
        """Keep no more links than may be kept; of those seen at one moment the first by name goes."""
        while len(self._paths) > LINKS_KEPT:
            self._drop_top()

    def _drop_top(self) -> None:
        """Drop the path on top of the heap; if it was seen later than it stands there, put it where it belongs."""
        stands_us, key = heappop(self._heap)
        path = self._paths[key]
        if path.last_us > stands_us:
            heappush(self._heap, (path.last_us, key))
            return
        del self._paths[key]
        self.touched.add(key)
        self.leave(path.incident_id)
