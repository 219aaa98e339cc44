"""Four eyes: nobody approves what they asked for, and nobody checks what they made."""

from __future__ import annotations

from ledger.check import Change, Check, Entry
from ledger.dossiers import PASSED, Dossier
from ledger.findings import Breach
from ledger.screens import words

KIND = "four_eyes_violation"


class Controls(Check):
    """Movements that have passed, and postings by hand, by who let them pass."""

    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if dossier.undone:
            if change.is_undone:
                words.end(self.context, (KIND,), dossier.transfer_id, dossier, undone=True)
            return
        if not dossier.stages & PASSED:
            return
        control = change.event.control
        if control is not None and control.approvers and dossier.initiator in control.approvers:
            self._tell(dossier)

    def posted(self, entry: Entry) -> None:
        event = entry.event
        if event.maker is None or event.maker != event.checker or event.origin != "manual":
            return
        key = f"journal|{event.journal_id}"
        if self.context.stands(KIND, key):
            return
        scope = {"account_id": event.account_id, "asset": entry.asset}
        self.context.tell(
            Breach(
                kind=KIND,
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
        words.end(self.context, (KIND,), dossier.transfer_id, dossier, undone=False)

    def _tell(self, dossier: Dossier) -> None:
        if self.context.stands(KIND, dossier.transfer_id):
            return
        self.context.tell(
            Breach(
                kind=KIND,
                key=dossier.transfer_id,
                scope=words.scope_of(dossier),
                sentence=f"{words.movement_text(dossier)} was asked for and approved by {dossier.initiator}.",
                evidence=dossier.evidence,
                rule="initiator_approves",
                asset=dossier.asset,
                value_units=dossier.instructed_units,
                links=words.links_of(dossier),
            )
        )
