"""Decisions: a verdict on every movement that is asked for, and another one when what it stood on has changed.

The first verdict is on what was observed before the request arrived. It is judged again, until it has left or come to
nothing, when the brake engages or lets go, when what did not cover it may do so now, and when people have their say;
only a verdict that differs is told. Movements that nobody asks for are classed once, when they are first seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import structs

from ledger.check import Change, Check, Entry
from ledger.dossiers import Dossier
from ledger.events import AccountRef, Reference
from ledger.findings import Failure, Verdict
from ledger.named import Named
from ledger.policy.accounts import ClientAccounts
from ledger.policy.asked import Asked, Known, ask
from ledger.policy.brake import Brakes
from ledger.policy.document import Books, Coverage, Policy, RuleBase
from ledger.policy.history import History
from ledger.policy.requests import Request, request_of
from ledger.policy.rules import REQUESTED_KINDS, action_of, failures, is_for_all, judged
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context


REQUESTS = "all"


class Decisions(Check):
    """All requests within the horizon, reachable as `context.decisions`."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.decisions = self
        self.requests: Table[str, Request] = Table(Request)
        self.brakes = context.brakes = Brakes(context)
        self.known = Known(
            context=context, accounts=ClientAccounts(context), history=History(), brakes=self.brakes
        )  # fmt: skip
        self.arrived: Table[str, int] = Table(int)  # how many requests have arrived ever, under REQUESTS
        self._open: set[str] = set()
        self._short_client, self._short_place = (
            Named[str, str](),
            Named[str, str](),
        )  # not covered: by whose money, where
        self._unasked: dict[str, dict[str, None]] = {}  # accounts to movements of theirs that nobody has asked for

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {
            "request": self.requests, "requests": self.arrived, "debit": self.known.accounts.debits,
            "brake": self.brakes.table,
        }  # fmt: skip

    @property
    def next_order(self) -> int:
        """The place of the next request among all."""
        return self.arrived.get(REQUESTS) or 0

    def loaded(self) -> None:
        self.brakes.loaded()
        self.known.accounts.loaded()
        for transfer_id, request in sorted(self.requests.rows.items(), key=lambda item: item[1].order):
            asked = self._asked(transfer_id, request)
            self._remember(asked, request)
            self._note(asked.dossier, request)
        for dossier in self.context.dossiers.rows.values():
            own = dossier.op_type in REQUESTED_KINDS and self.context.territory.leads(dossier)
            if own and dossier.transfer_id not in self.requests:
                self._see(dossier)

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.context.limits.policy

    # --- what is heard ---------------------------------------------------------------------------------------
    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if dossier.op_type not in REQUESTED_KINDS:
            if change.first:
                self._class(dossier)
            return
        request = self.requests.get(dossier.transfer_id)
        if request is None:
            if change.event.status == "requested":
                self._decide(change)
            else:
                self._see(dossier)
            return
        self._follow(change, request)
        if change.has_arrived or change.is_undone:
            self._cover(dossier)

    def posted(self, entry: Entry) -> None:
        if not self.known.accounts.posted(entry):
            return
        transfer_id = entry.event.transfer_id or ""
        request = self.requests.get(transfer_id)
        if request is not None and not self.context.dossiers.rows[transfer_id].undone:
            self.known.accounts.hold(self._asked(transfer_id, request))
        if self._short_client:
            account = self.context.books.table.rows.get((entry.event.account_id, entry.asset))
            self._judge_uncovered(entry.event.client_id or ("" if account is None else account.client_id))

    def referred(self, event: Reference) -> None:
        if isinstance(event, AccountRef):
            self.known.accounts.referred(event)
            for transfer_id in list(self._unasked.get(event.account_id, ())):  # their money may be another's now
                dossier = self.context.dossiers.get(transfer_id)
                if dossier is not None and transfer_id not in self.requests:
                    self._see(dossier)
            self._judge_uncovered(event.client_id or "")

    def forgot(self, dossier: Dossier) -> None:
        request = self.requests.get(dossier.transfer_id)
        self.known.accounts.debits.drop(dossier.transfer_id)
        if request is None:
            self.known.history.unsee(dossier.transfer_id)
            self._ask_for(dossier)
        else:
            self.known.history.remove(self._asked_of(dossier, request))
            self.known.accounts.release(request.client, dossier.asset, dossier.transfer_id)
            self._close(dossier.transfer_id, request)
            self.requests.drop(dossier.transfer_id)

    def settle(self) -> None:
        """Judge open requests again where the brake has engaged or let go."""
        if self.brakes.changed:
            self.brakes.changed = False
            self._judge_otherwise(self._open, Books)
        self.brakes.tell_counted()

    def _see(self, dossier: Dossier) -> None:
        """Note a movement that nobody was heard to ask for yet: a request for the same may follow."""
        self.known.history.see(ask(self.context, dossier, order=self.next_order, at_us=dossier.begun_us))
        if dossier.origin_account:
            self._unasked.setdefault(dossier.origin_account, {})[dossier.transfer_id] = None

    def _ask_for(self, dossier: Dossier) -> None:
        """A movement is asked for, or forgotten."""
        unasked = self._unasked.get(dossier.origin_account)
        if unasked is not None and unasked.pop(dossier.transfer_id, ...) is None and not unasked:
            del self._unasked[dossier.origin_account]

    # --- verdicts --------------------------------------------------------------------------------------------
    def _class(self, dossier: Dossier) -> None:
        """Say once of what class a movement is that nobody asks for."""
        asked = ask(self.context, dossier, order=self.next_order, at_us=dossier.begun_us)
        failed = failures(self.known, self.policy, asked)
        self.context.decide(self._verdict(dossier.transfer_id, 0, failed), dossier)

    def _decide(self, change: Change) -> None:
        dossier = change.dossier
        asked = ask(self.context, dossier, order=self.next_order, at_us=change.at_us)
        self.arrived.put(REQUESTS, self.next_order + 1)
        self._ask_for(dossier)
        request = self.requests.put(dossier.transfer_id, request_of(asked))
        self._judge(asked, request)
        self._remember(asked, request)
        if dossier.undone:
            self.known.accounts.release(request.client, dossier.asset, dossier.transfer_id)
        self._note(dossier, request)

    def _judge(self, asked: Asked, request: Request, seq: int = 0) -> None:
        """Judge a request, and say so where it is the first time or the verdict is another."""
        failed = failures(self.known, self.policy, asked)
        verdict = self._verdict(asked.dossier.transfer_id, seq, failed)
        if seq and (verdict.action, tuple(rule for rule, *_ in failed)) == (request.action, request.failed):
            return
        request.seq, request.risk_free, request.action = seq, verdict.risk_free, verdict.action
        request.failed = tuple(failure.rule for failure in failed)
        self.requests.touched.add(asked.dossier.transfer_id)
        self.context.decide(verdict, asked.dossier)
        if self._fails(request, Books):
            self.brakes.count(asked, request)

    def _judge_again(self, transfer_id: str) -> None:
        request = self.requests.rows[transfer_id]
        self._judge(self._asked(transfer_id, request), request, request.seq + 1)
        self._note(self.context.dossiers.rows[transfer_id], request)

    def _verdict(self, transfer_id: str, seq: int, failed: tuple[Failure, ...]) -> Verdict:
        return Verdict(
            transfer_id=transfer_id,
            risk_free=not failed,
            action=action_of(self.policy, failed),
            failed=failed,
            policy_version=self.policy.version,
            at_us=self.context.now_us,
            seq=seq,
        )

    # --- what becomes of it ----------------------------------------------------------------------------------
    def _follow(self, change: Change, request: Request) -> None:
        """Take another report of a movement that was asked for."""
        dossier, event = change.dossier, change.event
        if change.is_undone:
            self.known.accounts.release(request.client, dossier.asset, dossier.transfer_id)
        elif change.was_undone and not dossier.undone:
            self.known.accounts.hold(self._asked_of(dossier, request))
        restated = event.status == "requested" and event.revision > 0
        if restated:
            self._restate(change, request)
        if not request.closed and (restated or change.people_spoke):
            self._judge_again(dossier.transfer_id)
        self._note(dossier, request)

    def _restate(self, change: Change, request: Request) -> None:
        """Take over what a request says now, in its old place."""
        transfer_id, before = change.dossier.transfer_id, self._asked_of(change.dossier, request)
        self.known.history.remove(before)
        self.known.accounts.release(request.client, change.dossier.asset, transfer_id)
        now = ask(self.context, change.dossier, order=request.order, at_us=change.at_us, heard_us=request.heard_us)
        request.at_us, request.units, request.client = now.at_us, now.units, now.client
        request.place = now.place
        self.requests.touched.add(transfer_id)
        self._remember(now, request)

    def _note(self, dossier: Dossier, request: Request) -> None:
        """Keep in mind, or no longer, that a request may be judged again."""
        transfer_id = dossier.transfer_id
        closed = dossier.left or dossier.arrived or dossier.undone
        if closed != request.closed:
            request.closed = closed
            self.requests.touched.add(transfer_id)
        if closed:
            self._close(transfer_id, request)
            return
        self._open.add(transfer_id)
        if self._fails(request, Coverage):
            self._short_client.put(transfer_id, request.client)
            self._short_place.put(transfer_id, dossier.origin)
        else:
            self._not_short(transfer_id)

    def _close(self, transfer_id: str, request: Request) -> None:
        self._open.discard(transfer_id)
        self._not_short(transfer_id)

    def _not_short(self, transfer_id: str) -> None:
        self._short_client.drop(transfer_id)
        self._short_place.drop(transfer_id)

    def _cover(self, dossier: Dossier) -> None:
        """A movement has arrived, or takes nothing any more: what waited for its money may be covered now."""
        if self._short_client:
            client = self.requests.rows[dossier.transfer_id].client
            self._judge_uncovered(client, (dossier.origin, dossier.destination))

    def _judge_uncovered(self, client: str, places: tuple[str, ...] = ()) -> None:
        """Judge again what is short of the money of a client, or of what is at some places."""
        short = set(self._short_client.of(client)) if client else set[str]()
        short = short.union(*(self._short_place.of(place) for place in places if place))
        rules = [rule for rule in self.policy.rules if isinstance(rule, Coverage)]
        if all(is_for_all(rule) for rule in rules):
            ids = {rule.id for rule in rules}
            short = {transfer_id for transfer_id in short if self._may_be_covered(transfer_id, ids)}
        self._judge_otherwise(short, Coverage)

    def _may_be_covered(self, transfer_id: str, rules: set[str]) -> bool:
        """Tell whether the place may hold what is asked of it: of hundreds that wait for a wallet few need be looked at.

        One that asks for more fails every rule that asks for coverage; if it failed them all before, nothing is otherwise.
        """
        dossier, request = self.context.dossiers.rows[transfer_id], self.requests.rows[transfer_id]
        there = self.known.held_units(dossier.origin, dossier.asset)
        return there is None or request.units <= there or not rules.issubset(request.failed)

    def _judge_otherwise(self, transfer_ids: Iterable[str], kind: type[RuleBase]) -> None:
        """Judge again those of which the rules of a kind say otherwise now: of thousands that wait, they are few."""
        rules = [rule for rule in self.policy.rules if isinstance(rule, kind)]
        for transfer_id in self._in_order(transfer_ids):
            request = self.requests.rows[transfer_id]
            failed = {rule.id for rule, _ in judged(self.known, rules, self._asked(transfer_id, request))}
            if failed != {rule.id for rule in rules if rule.id in request.failed}:
                self._judge_again(transfer_id)

    def _in_order(self, transfer_ids: Iterable[str]) -> list[str]:
        """Return requests by the order of their arrival."""
        return sorted(transfer_ids, key=lambda transfer_id: self.requests.rows[transfer_id].order)

    def renewed(self) -> None:
        """Another policy is in force: what is short of money by it may be another request."""
        for transfer_id in self._in_order(self._open):
            self._note(self.context.dossiers.rows[transfer_id], self.requests.rows[transfer_id])

    def _fails(self, request: Request, kind: type) -> bool:
        return bool(request.failed) and any(
            isinstance(rule, kind) and rule.id in request.failed for rule in self.policy.rules
        )

    def _remember(self, asked: Asked, request: Request) -> None:
        self.known.history.add(asked)
        if not asked.dossier.undone:
            self.known.accounts.hold(asked)

    def _asked(self, transfer_id: str, request: Request) -> Asked:
        return self._asked_of(self.context.dossiers.rows[transfer_id], request)

    def _asked_of(self, dossier: Dossier, request: Request) -> Asked:
        """Return the question about a request as it was asked, whatever was told of the movement since."""
        asked = ask(self.context, dossier, order=request.order, at_us=request.at_us, heard_us=request.heard_us)
        return structs.replace(
            asked, units=request.units, client=request.client, place=request.place
        )  # fmt: skip
