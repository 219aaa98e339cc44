"""The checks of the ledger, in their order: what happened goes to each of them, and what they find comes out.

It has no judgement of its own. The order is fixed, since it is the order of what is said to one cause: first whether
the data can be relied on, then the books, then the join of instruction, books and holdings, then shapes and time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ledger.amounts import to_units
from ledger.assets import Assets
from ledger.books import CHECKS as BOOKS
from ledger.books.journals import Journals
from ledger.check import Change, Check, Timer
from ledger.context import Context
from ledger.deadlines import Deadlines
from ledger.dossiers import INSTRUCTED, advance, open_dossier
from ledger.events import AddressRef, ControlEvent, Plan, Posting, Reference, Snapshot, Transfer
from ledger.feeds import CHECKS as FEEDS
from ledger.feeds.absences import Absences
from ledger.feeds.maintenance import Maintenances
from ledger.feeds.sources import Sources
from ledger.feeds.staleness import Staleness
from ledger.findings import Finding
from ledger.fold import RANK
from ledger.heard import PLANS
from ledger.holdings import Holdings
from ledger.limits import Limits
from ledger.matching import CHECKS as MATCHING
from ledger.pace import CHECKS as PACE
from ledger.pace.routes import Routes
from ledger.policy.checks import CHECKS as POLICY
from ledger.references import References
from ledger.screens import CHECKS as SCREENS
from ledger.screens.allowances import Allowances
from ledger.screens.plans import Plans
from ledger.screens.registry import Registry
from ledger.service import CHECKS as SERVICE
from ledger.table import Table


class Reconciliation:
    """All checks over one context. Every method returns what was found, in order."""

    def __init__(self, assets: Assets, references: References, holdings: Holdings, deadlines: Deadlines) -> None:
        self.context = context = Context(assets, references, holdings, deadlines)
        context.absences = Absences(context)
        context.maintenance = Maintenances(context)
        context.sources = Sources(context)
        context.staleness = Staleness(context)
        context.routes = Routes(context)
        context.registry, context.plans, context.allowances = Registry(context), Plans(context), Allowances(context)
        self.journals = context.journals = Journals(context)
        data: list[Check] = [context.absences, context.maintenance, context.sources, context.staleness]
        first: list[Check] = [*data, context.registry, context.plans, context.allowances, self.journals]
        rooms = (*FEEDS, *BOOKS, *POLICY, *MATCHING, *SCREENS, *PACE, *SERVICE)
        self.checks = [*first, *(kind(context) for kind in rooms)]
        self.timers: dict[str, Timer] = {}
        for check in self.checks:
            for kind, timer in check.timers().items():
                assert kind not in self.timers, f"two checks want the deadlines {kind!r}"
                self.timers[kind] = timer
        context.sources.all_timers = self.timers
        context.sources.on_recovery = self._hooks("recovered")
        context.on_told, context.on_decided = self._hooks("told"), self._hooks("decided")
        self.tables = self._all_tables()  # by the name of their rows
        self._heard = self._hooks("heard")
        self._moved = self._hooks("moved")
        self._moved_elsewhere = [hook for hook in self._moved if hook.__self__.everywhere]  # type: ignore[attr-defined]  # bound
        self._posted = self._hooks("posted")
        self._reported = self._hooks("reported")
        self._referred = self._hooks("referred")
        self._introduced = self._hooks("introduced")
        self._controlled = self._hooks("controlled")
        self._forgot = self._hooks("forgot")

    def _hooks(self, name: str) -> list[Callable[..., None]]:
        """Return the hooks that a check has made its own: one that does nothing need not be called."""
        return [getattr(check, name) for check in self.checks if getattr(type(check), name) is not getattr(Check, name)]

    def configure(self, limits: Limits) -> None:
        """Let `limits` decide from now on."""
        self.context.limits = limits
        self.context.decisions.renewed()

    def _all_tables(self) -> dict[str, Table[Any, Any]]:
        tables: dict[str, Table[Any, Any]] = {
            "dossier": self.context.dossiers,
            "heard": self.context.heard.table,
            "breach": self.context.open,
        }
        for check in self.checks:
            for name, table in check.tables().items():
                assert name not in tables, f"two checks call their rows {name!r}"
                tables[name] = table
        return tables

    def loaded(self) -> None:
        """Make what follows from the rows, after all were put back."""
        for check in self.checks:
            check.loaded()

    def at(self, cause_id: str, now_us: int) -> None:
        """Say what is being applied now, and its time."""
        self.context.cause_id, self.context.now_us = cause_id, now_us

    def on_event(self, event: Transfer | Posting | Snapshot, topic: str, event_us: int) -> None:
        """Note that a source was heard of something that happened at `event_us`."""
        self.context.sources.hear(event.source, topic, event_us, event.event_id)
        for hook in self._heard:
            hook(event)

    def on_transfer(self, event: Transfer, asset: str) -> None:
        """Take a report of a movement that has just been applied to the holdings."""
        context = self.context
        outcome = context.holdings.outcome
        units = to_units(event.amount)
        dossier = context.dossiers.edit(event.transfer_id)
        first = dossier is None
        if dossier is None:
            dossier = context.dossiers.put(event.transfer_id, open_dossier(event, asset, units, context.now_us))
        change = Change(
            event=event, dossier=dossier, first=first, was_stages=dossier.stages, was_left=dossier.left,
            was_arrived=dossier.arrived, was_undone=dossier.undone, was_arrived_units=dossier.arrived_units,
            was_fee_units=dossier.fee_units,
        )  # fmt: skip
        said = (dossier.approvers, dossier.kyt_score)
        fee_units = None if event.fee_amount is None else to_units(event.fee_amount)
        advance(dossier, event, units, fee_units, outcome, context.now_us)
        change.people_spoke = said != (dossier.approvers, dossier.kyt_score)
        leads = context.territory.leads(dossier)
        self._hear_movement(change, leads=leads)
        for hook in self._moved if leads else self._moved_elsewhere:
            hook(change)

    def _hear_movement(self, change: Change, *, leads: bool) -> None:
        """Note who tells of what, for those who ask later whether anybody could have."""
        context, event, dossier = self.context, change.event, change.dossier
        heard, source, away = context.heard, event.source, context.territory.away
        for location in dict.fromkeys((event.from_.location, event.to.location)):
            if location not in away:
                heard.note(("movements", location), source)
                context.sources.belongs(source, location)
        if event.status in ("broadcast", "completed"):
            # Who tells what leaves a place tells the end of it too: that makes it no source of the other end.
            of_origin = (*heard.sources(("of", dossier.origin)), *heard.sources(("balances", dossier.origin)))
            arrives = event.status == "completed" and source not in of_origin
            here, there = (dossier.destination, dossier.origin)[:: 1 if arrives else -1]
            heard.note(("of", there if here in away else here), source)
        group = context.groups.of_movement(dossier.origin, dossier.destination)
        if leads and (1 << RANK[event.status]) & INSTRUCTED:
            heard.note(("requests", group), source)
        if change.has_arrived and event.to.location not in away:
            heard.note(("inflows", group, dossier.asset), source)

    def on_posting(self, event: Posting, asset: str) -> None:
        """Take a posting."""
        entries = self.journals.take(event, asset)
        for entry in entries:
            self.context.heard.note(("ledger", entry.group), event.source)
            for hook in self._posted:
                hook(entry)

    def before_snapshot(self, event: Snapshot) -> None:
        """Look at a report of balances before it is held against the positions: it may be an old one."""
        self.context.heard.note(("balances", event.location), event.source)
        self.context.staleness.arrives(event)

    def on_snapshot(self, event: Snapshot) -> None:
        """Take a report of balances that has just been held against the positions."""
        for hook in self._reported:
            hook(event)

    def on_reference(self, event: Reference) -> None:
        """Take a record of the firm."""
        if isinstance(event, AddressRef):
            self.context.heard.note(("addresses", event.network), event.source)
        for hook in self._referred:
            hook(event)

    def on_introduction(self, asset: str) -> None:
        """Take that an asset is on record and that what waited for it has been applied."""
        for hook in self._introduced:
            hook(asset)

    def on_control(self, event: ControlEvent) -> None:
        """Take a control event."""
        if isinstance(event, Plan):
            self.context.heard.note(PLANS, event.source)
        for hook in self._controlled:
            hook(event)

    def settle(self) -> None:
        """What was said to this cause has been told: let the brake hold, or let go of, what it reaches now."""
        self.context.decisions.settle()

    def on_due(self, key: str, due_us: int) -> bool:
        """Conclude a deadline that has passed; False where it belongs to no check."""
        kind, _, rest = key.partition("|")
        timer = self.timers.get(kind)
        if timer is None:
            return False
        if self.context.absences.is_due(key):
            timer(rest, due_us)
        return True

    def forget(self, transfer_ids: Iterable[str]) -> None:
        """Forget movements older than the horizon."""
        for transfer_id in transfer_ids:
            dossier = self.context.dossiers.drop(transfer_id)
            if dossier is not None:
                for hook in self._forgot:
                    hook(dossier)

    def sweep(self, before_us: int) -> None:
        """A day is over: let every check forget what nothing after `before_us` can touch."""
        for check in self.checks:
            check.swept(before_us)

    def drain(self) -> list[Finding]:
        """Return what was found since the last call."""
        found = self.context.found
        if found:
            self.context.found = []
        return found
