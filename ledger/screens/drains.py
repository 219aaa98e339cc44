"""A place that is being emptied: outflows of several assets within minutes that nobody planned, told as one.

Moves to our own places, what venues and networks take of themselves, and outflows whose requests cannot have been
heard (their source is in trouble) are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Change, Check, Timer
from ledger.dossiers import INSTRUCTED, Dossier
from ledger.findings import Breach
from ledger.fold import EXTERNAL
from ledger.screens import words
from ledger.table import Table
from ledger.times import SECOND_US, to_us

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "multi_asset_drain"
OUTFLOWS_KEPT = 64
AT_ONCE = 3
"""So many unplanned outflows leave no doubt; two wait a moment for a third."""
LATE_US = 60 * SECOND_US
"""What is heard so long after it happened comes with a backlog, of which the requests may come next."""
NAMED = 8
UNASKED = frozenset(("fee", "funding", "interest", "rebate", "reward", "settlement"))


class Outflow(Struct, frozen=True, gc=False):
    """One unplanned outflow: when it left and when that was heard, microseconds."""

    transfer_id: str
    asset: str
    units: int
    left_us: int
    heard_us: int
    event_id: str


class Drain(Struct, gc=False):
    """The latest unplanned outflows of a place, and how many there were in all."""

    outflows: list[Outflow] = []
    count: int = 0


class Drains(Check):
    """Places by what leaves them unplanned."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.table: Table[str, Drain] = Table(Drain)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"drain": self.table}

    def timers(self) -> Mapping[str, Timer]:
        return {"drain": self._second_due, "drain_over": self._over_due}

    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if dossier.destination != EXTERNAL or dossier.origin == EXTERNAL or dossier.op_type in UNASKED:
            return
        if change.has_left:
            if self._is_unplanned(dossier):
                self._add(change)
        elif self.table.rows and self._is_excused(change):
            self._remove(dossier)

    def _is_excused(self, change: Change) -> bool:
        """Tell whether with this report an outflow is undone, or turns out to have been planned."""
        dossier = change.dossier
        if dossier.undone:
            return change.is_undone
        return dossier.instructed and not change.was_stages & INSTRUCTED and not self._is_unplanned(dossier)

    def _is_unplanned(self, dossier: Dossier) -> bool:
        registry, address = self.context.registry, dossier.address
        if dossier.instructed:
            if not address or registry.entries(address) or not registry.knows_others(dossier.network):
                return False
        elif not self._would_be_heard(dossier) or (
            address and registry.place_of(address, dossier.network, dossier.tag)
        ):
            return False
        return not self.context.plans.fits(dossier)

    def _would_be_heard(self, dossier: Dossier) -> bool:
        """Tell whether a request for it would have been heard: only then its absence says something."""
        group = self.context.groups.of_movement(dossier.origin, dossier.destination)
        asked_by = self.context.heard.sources(("requests", group))
        sources = self.context.sources
        return bool(asked_by) and not any(
            sources.is_troubled(name) and not self._is_of_elsewhere(name, dossier.origin) for name in asked_by
        )

    def _is_of_elsewhere(self, name: str, place: str) -> bool:
        """Tell whether a source tells what leaves other places, and never what leaves this one: it asks for nothing here."""
        heard = self.context.heard
        of = [
            topic[1] for topic in heard.table.rows if topic[0] == "of" and name in heard.sources(tuple(map(str, topic)))
        ]
        return bool(of) and place not in of

    def _add(self, change: Change) -> None:
        dossier, now_us, place = change.dossier, self.context.now_us, change.dossier.origin
        drain = self.table.edit(place) or self.table.put(place, Drain())
        left_us = to_us(change.event.event_time)
        drain.outflows.append(
            Outflow(
                dossier.transfer_id, dossier.asset, dossier.instructed_units, left_us, now_us, change.event.event_id
            )
        )
        del drain.outflows[:-OUTFLOWS_KEPT]
        drain.count += 1
        deadlines, limits = self.context.deadlines, self.context.limits
        deadlines.set(f"drain_over|{place}", now_us + round(limits.drain_over_s * SECOND_US))
        together = self._together(drain)
        if self.context.stands(KIND, place):
            self._tell(place, drain, together)
        elif _is_several(together):
            wait_us = round(limits.drain_wait_s * SECOND_US)
            is_late = any(outflow.heard_us - outflow.left_us > LATE_US for outflow in together)
            first_us = min(outflow.heard_us for outflow in together)
            due_us = now_us if len(together) >= AT_ONCE and not is_late else first_us + wait_us
            if due_us <= now_us:
                self._tell(place, drain, together)
            else:
                deadlines.set(f"drain|{place}", due_us)

    def _together(self, drain: Drain) -> list[Outflow]:
        """Return the outflows near the latest one in time."""
        latest_us = max(outflow.left_us for outflow in drain.outflows)
        within_us = round(self.context.limits.drain_s * SECOND_US)
        return [outflow for outflow in drain.outflows if outflow.left_us >= latest_us - within_us]

    def _second_due(self, place: str, due_us: int) -> None:
        drain = self.table.get(place)
        if drain is None or not drain.outflows or self.context.stands(KIND, place):
            return
        together = self._together(drain)
        if _is_several(together):
            self._tell(place, drain, together)

    def _over_due(self, place: str, due_us: int) -> None:
        drain = self.table.drop(place)
        if drain is not None:
            hours = self.context.limits.drain_over_s / 3_600
            sentence = f"Nothing unplanned has left {place} for {hours:g} h, after {drain.count} outflows."
            self.context.mend(KIND, place, sentence, explained=False)

    def _remove(self, dossier: Dossier) -> None:
        """An outflow was planned after all, or was undone; too few left is no drain."""
        place = dossier.origin
        drain = self.table.get(place)
        if drain is None or all(outflow.transfer_id != dossier.transfer_id for outflow in drain.outflows):
            return
        drain.outflows = [outflow for outflow in drain.outflows if outflow.transfer_id != dossier.transfer_id]
        drain.count -= 1
        self.table.touched.add(place)
        if not _is_several(drain.outflows):
            said = f"{dossier.transfer_id} was {'undone' if dossier.undone else 'asked for'}; what else left {place} is no drain."
            self.context.mend(KIND, place, said, dossier.evidence[:1], explained=not dossier.undone)

    def _tell(self, place: str, drain: Drain, together: list[Outflow]) -> None:
        totals: dict[str, int] = {}
        for outflow in drain.outflows:
            totals[outflow.asset] = totals.get(outflow.asset, 0) + outflow.units
        listed = ", ".join(words.amount_text(totals[asset], asset) for asset in sorted(totals)[:NAMED])
        more = f" and {len(totals) - NAMED} assets more" if len(totals) > NAMED else ""
        seconds = (max(flow.left_us for flow in together) - min(flow.left_us for flow in together)) // SECOND_US
        latest = sorted(together, key=lambda flow: (flow.left_us, flow.transfer_id))[-AT_ONCE:]
        self.context.tell(
            Breach(
                kind=KIND,
                key=place,
                scope={"location": place},
                sentence=f"{drain.count} outflows that nobody planned have left {place} in {len(totals)} assets, "
                f"{len(together)} of them within {seconds} s: {listed}{more}.",
                evidence=tuple(outflow.event_id for outflow in reversed(together)),
                rule="unplanned_outflows",
                told=drain.count & (drain.count - 1) == 0,
                links=(f"outflow|{place}", *(f"transfer|{outflow.transfer_id}" for outflow in latest)),
            )
        )


def _is_several(outflows: list[Outflow]) -> bool:
    """Tell whether outflows are of more than one asset: of one alone, it is no drain of a place."""
    return len({outflow.asset for outflow in outflows}) > 1
