"""The audit of what others let pass: each movement that passed is judged again, from the stream's own facts.

What passed without anybody's decision, or was declared free of risk, must be free of risk; what people approved must have
been approved by enough of them; and what was not free of risk must have been decided by somebody. Only what known numbers
or records prove is told: that nobody has told the monitor something is no fault of those who let it pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Change, Check, Entry
from ledger.dossiers import APPROVED, PASSED, Dossier
from ledger.events import AccountRef, AddressRef, AssetRef, ControlEvent, LimitRef, Plan, Reference
from ledger.findings import Breach, Failure
from ledger.named import Named
from ledger.policy.asked import Asked, ask
from ledger.policy.document import Amount, Approval, Compliance, Destination, Operation, RuleBase
from ledger.policy.kinds import NEVER
from ledger.policy.people import too_few
from ledger.policy.rules import REQUESTED_KINDS, is_for, judged
from ledger.screens import words
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "policy_violation"
OF_OTHERS = (Amount, Compliance)
"""What kinds that nobody asks for are held to; of those that leave the firm, the address as well."""


class Passed(Struct, frozen=True, gc=False):
    """How a movement that is told of has passed: when, and whether nobody decided it."""

    at_us: int
    how: str


class Audit(Check):
    """Movements that have passed. `table`: those that are told of, to be judged again when more is known."""

    everywhere = True  # whose a movement is that is told of may be told where another shard leads it by now

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.table: Table[str, Passed] = Table(Passed)
        self._of_client = Named[str, str]()
        self._against: dict[str, str] = {}  # by which rule it was found last that a movement passed against the policy

    def loaded(self) -> None:
        self._of_client, self._against = Named[str, str](), {}
        for transfer_id in self.table.rows:
            self._index(self.context.dossiers.rows[transfer_id])

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"audit": self.table}

    # --- what is heard ---------------------------------------------------------------------------------------
    def moved(self, change: Change) -> None:
        dossier = change.dossier
        self._index(dossier)  # also where another shard leads: whose it is may be told here
        if not self.context.territory.leads(dossier):
            return
        if dossier.approvers:
            group = self.context.groups.of_movement(dossier.origin, dossier.destination)
            self.context.heard.note(("approvals", group), change.event.source)
        if dossier.undone:
            if change.is_undone:
                self._end(dossier, undone=True)
        elif dossier.stages & PASSED and not change.was_stages & PASSED:
            self._judge(dossier, Passed(change.at_us, _how(dossier)))
        elif change.has_left and _how(dossier) == "undecided":
            self._judge(dossier, Passed(change.at_us, "undecided"))
        elif dossier.transfer_id in self.table:
            self._judge(dossier, self.table.rows[dossier.transfer_id])

    def posted(self, entry: Entry) -> None:
        if self.table.rows and entry.event.account_class == "client":
            self._judge_all(entry.event.client_id or "")

    def referred(self, event: Reference) -> None:
        if self.table.rows and isinstance(event, (AddressRef, AccountRef, AssetRef, LimitRef)):
            self._judge_all()

    def controlled(self, event: ControlEvent) -> None:
        if self.table.rows and isinstance(event, Plan):
            self._judge_all()

    def forgot(self, dossier: Dossier) -> None:
        self._end(dossier, undone=False)

    # --- judgement -------------------------------------------------------------------------------------------
    def _judge_all(self, client: str = "") -> None:
        """Judge again what is told of: of one client, or all."""
        for transfer_id in sorted(self._of_client.of(client) if client else self.table.rows):
            self._judge(self.context.dossiers.rows[transfer_id], self.table.rows[transfer_id])

    def _judge(self, dossier: Dossier, passed: Passed) -> None:
        asked, name = self._asked(dossier, passed.at_us), dossier.transfer_id
        if name in self.table:
            if not self._stands(asked, passed):
                self._drop(name)
                why = f"By what is known now, {name} was free of risk when it passed."
                self.context.mend(KIND, name, why, dossier.evidence[:1], explained=True)
            return
        failed = [failure for failure in self._failures(asked, passed) if failure.proved]
        if failed:
            self.table.put(name, passed)
            self._index(dossier)
            self._tell(dossier, passed, failed)

    def _stands(self, asked: Asked, passed: Passed) -> bool:
        """Tell whether a movement is known to have passed against the policy: by the rule of last time, most likely."""
        name = asked.dossier.transfer_id
        found = self._failures(asked, passed, first=self._against.get(name, ""))
        failure = next((failure for failure in found if failure.proved), None)
        if failure is not None:
            self._against[name] = failure.rule
        return failure is not None

    def _index(self, dossier: Dossier) -> None:
        """Note whose movement it is, where it is told of."""
        if dossier.transfer_id in self.table:
            self._of_client.put(dossier.transfer_id, words.client_of(dossier))

    def _drop(self, transfer_id: str) -> bool:
        self._of_client.drop(transfer_id)
        self._against.pop(transfer_id, None)
        return self.table.drop(transfer_id) is not None

    def _failures(self, asked: Asked, passed: Passed, first: str = "") -> Iterator[Failure]:
        """Yield the rules against which a movement has passed, in the order of the policy, but one of them before the others."""
        if passed.how == "people":
            yield from self._too_few(asked)
            return
        if passed.how == "undecided" and not self._is_undecided(asked):
            return
        own = asked.dossier.initiator in asked.dossier.approvers  # that is told as `four_eyes_violation`
        rules = self._rules(asked)
        if first:
            rules = iter(sorted(rules, key=lambda rule: rule.id != first))
        for rule, failure in judged(self.context.decisions.known, rules, asked):
            if rule.audit and not (own and isinstance(rule, Approval)):
                yield failure

    def _too_few(self, asked: Asked) -> Iterator[Failure]:
        """Yield that fewer people let it pass than must; when they did is theirs to decide."""
        for rule in self.context.limits.policy.rules:
            if isinstance(rule, Approval) and rule.audit and is_for(self.context.decisions.known, rule, asked):
                answer = too_few(asked)
                if answer is not None:
                    yield Failure(rule.id, *answer)

    def _rules(self, asked: Asked) -> Iterator[RuleBase]:
        """Yield the rules that a movement is held to, by what it is."""
        requested = asked.dossier.op_type in REQUESTED_KINDS
        for rule in self.context.limits.policy.rules:
            if requested:
                wanted = True
            elif isinstance(rule, Operation):
                wanted = asked.dossier.op_type in NEVER  # the others come without a request
            else:
                wanted = isinstance(rule, OF_OTHERS) or (
                    isinstance(rule, Destination) and asked.dossier.leaves_firm and bool(asked.dossier.address)
                )
            if wanted:
                yield rule

    def _is_undecided(self, asked: Asked) -> bool:
        """Tell whether somebody should have decided: it was asked for, and where it is people's decisions are told."""
        group = self.context.groups.of_movement(asked.dossier.origin, asked.dossier.destination)
        if asked.dossier.op_type not in REQUESTED_KINDS:
            return False
        return asked.dossier.instructed and self.context.heard.any(("approvals", group))

    def _asked(self, dossier: Dossier, at_us: int) -> Asked:
        """Return the question about a movement: as it was asked for where that is known, else as it passed."""
        known = self.context.decisions
        request = known.requests.get(dossier.transfer_id)
        if request is None:
            return ask(self.context, dossier, order=known.next_order, at_us=at_us)
        return ask(self.context, dossier, order=request.order, at_us=request.at_us, heard_us=request.heard_us)

    # --- words -----------------------------------------------------------------------------------------------
    def _tell(self, dossier: Dossier, passed: Passed, failed: list[Failure]) -> None:
        how = {
            "machine": "passed without anybody's decision",
            "declared": "passed as free of risk",
            "people": "passed by people's decision",
            "undecided": "left with no decision by anybody",
        }[passed.how]
        reasons = "; ".join(f"{failure.rule}: {failure.why}" for failure in failed)
        self.context.tell(
            Breach(
                kind=KIND,
                key=dossier.transfer_id,
                scope=words.scope_of(dossier),
                sentence=f"{words.movement_text(dossier)} {how}, and {reasons}.",
                evidence=dossier.evidence,
                rule="no_decision" if passed.how == "undecided" else "passed_against_policy",
                asset=dossier.asset,
                value_units=dossier.instructed_units,
                links=words.links_of(dossier),
            )
        )

    def _end(self, dossier: Dossier, *, undone: bool) -> None:
        if self._drop(dossier.transfer_id):
            words.end(self.context, (KIND,), dossier.transfer_id, dossier, undone=undone)


def _how(dossier: Dossier) -> str:
    """Return who let a movement pass: a machine, those who declared it free of risk, people, or nobody."""
    if dossier.control_origin == "auto":
        return "machine"
    if dossier.declared_class == "risk_free":
        return "declared"
    decided = dossier.stages & APPROVED or dossier.approvers or dossier.control_origin
    return "undecided" if dossier.left and not decided else "people"
