"""Who let it pass: nobody approves what they asked for, and what people must decide no machine lets pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ledger.amounts import to_units
from ledger.check import Change, Check, Entry
from ledger.dossiers import PASSED, Dossier
from ledger.events.transfers import TransferControl
from ledger.findings import Breach
from ledger.screens import words
from ledger.times import SECOND_US, to_us

if TYPE_CHECKING:
    from ledger.events import LimitRef

KINDS = ("four_eyes_violation", "policy_violation")
BY_HAND_ONLY = frozenset(("adjustment", "refund", "reversal", "mint", "burn"))


class Controls(Check):
    """Movements that have passed, and postings by hand, by who let them."""

    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if dossier.undone:
            if change.is_undone:
                words.end(self.context, KINDS, dossier.transfer_id, dossier, undone=True)
            return
        if not dossier.stages & PASSED:
            return
        control = change.event.control
        if control is not None and control.approvers and dossier.initiator in control.approvers:
            self._tell_four_eyes(dossier)
        if not change.was_stages & PASSED:
            self._judge_policy(change, control)

    def posted(self, entry: Entry) -> None:
        event = entry.event
        if event.maker is None or event.maker != event.checker or event.origin != "manual":
            return
        key = f"journal|{event.journal_id}"
        if self.context.stands(KINDS[0], key):
            return
        scope = {"account_id": event.account_id, "asset": entry.asset}
        self.context.tell(
            Breach(
                kind=KINDS[0],
                key=key,
                scope=scope | ({"client_id": event.client_id} if event.client_id else {}),
                sentence=f"{event.maker} made and checked journal {event.journal_id}: "
                f"{words.amount_text(entry.units, entry.asset)} on {event.account_id}.",
                evidence=(event.event_id,),
                rule="maker_is_checker",
                asset=entry.asset,
                value_units=entry.units,
                one_off=True,
                links=(f"journal|{event.journal_id}",),
            )
        )

    def forgot(self, dossier: Dossier) -> None:
        words.end(self.context, KINDS, dossier.transfer_id, dossier, undone=False)

    def _tell_four_eyes(self, dossier: Dossier) -> None:
        if not self.context.stands(KINDS[0], dossier.transfer_id):
            self._tell(KINDS[0], dossier, f"was asked for and approved by {dossier.initiator}", "initiator_approves")

    def _judge_policy(self, change: Change, control: TransferControl | None) -> None:
        dossier = change.dossier
        by_machine = dossier.control_origin == "auto"
        if not by_machine and (control is None or control.declared_class != "risk_free"):
            return
        limits = self.context.allowances.of(dossier)
        reasons = list(self._reasons(change, control, limits, by_machine=by_machine))
        if reasons:
            how = "passed without anybody's decision" if by_machine else "passed as free of risk"
            self._tell(KINDS[1], dossier, f"{how}, and {'; '.join(reasons)}", "passed_against_policy")

    def _reasons(
        self, change: Change, control: TransferControl | None, limits: list[LimitRef], *, by_machine: bool
    ) -> Iterator[str]:
        dossier = change.dossier
        if by_machine and dossier.op_type in BY_HAND_ONLY:
            yield f"a {dossier.op_type} is for people to decide"
        for limit in limits:
            if limit.single is not None and dossier.instructed_units > to_units(limit.single):
                yield f"more than {limit.single} {dossier.asset} are ({limit.limit_id})"
            kyt = None if control is None else control.kyt_score
            if kyt is not None and limit.kyt_max is not None and float(kyt) > float(limit.kyt_max):
                yield f"its score of {kyt} is above {limit.kyt_max} ({limit.limit_id})"
            if by_machine and limit.address_hold_s and dossier.address:
                added_us = self._added_us(dossier, control)
                age_us = None if added_us is None else to_us(change.event.event_time) - added_us
                if age_us is not None and age_us < limit.address_hold_s * SECOND_US:
                    hours = age_us / (3_600 * SECOND_US)
                    yield f"its address is {hours:.1f} h old, with {limit.address_hold_s / 3_600:g} h to wait ({limit.limit_id})"

    def _added_us(self, dossier: Dossier, control: TransferControl | None) -> int | None:
        """Return when the address was registered, by its record, else by what the movement says; None where unknown."""
        known = self.context.registry.find(dossier.address, dossier.network, dossier.tag)
        if known is not None and known.added_at is not None:
            return to_us(known.added_at)
        stated = None if control is None else control.address_added_at
        return None if stated is None else to_us(stated)

    def _tell(self, kind: str, dossier: Dossier, why: str, rule: str) -> None:
        self.context.tell(
            Breach(
                kind=kind,
                key=dossier.transfer_id,
                scope=words.scope_of(dossier),
                sentence=f"{words.movement_text(dossier)} {why}.",
                evidence=dossier.evidence,
                rule=rule,
                asset=dossier.asset,
                value_units=dossier.instructed_units,
                links=words.links_of(dossier),
            )
        )
