"""Four eyes: what one person has entered by hand, another has to check."""

from __future__ import annotations

from ledger.amounts import to_decimal
from ledger.check import Check, Entry
from ledger.findings import Breach


class FourEyes(Check):
    """Manual postings whose maker is their checker; told with the first leg of a journal that is heard."""

    def posted(self, entry: Entry) -> None:
        event = entry.event
        if event.origin != "manual" or not event.maker or not event.checker:
            return
        maker = event.maker.strip().casefold()
        if not maker or maker != event.checker.strip().casefold():
            return
        journal = self.context.journals.of_posting(event.posting_id)
        if journal is None or next(iter(journal.legs)) != event.posting_id:
            return
        client = {"client_id": event.client_id} if event.client_id else {}
        transfer = {"transfer_id": event.transfer_id} if event.transfer_id else {}
        reason = f" ({event.reason})" if event.reason else ""
        self.context.tell(
            Breach(
                kind="four_eyes_violation",
                key=f"journal|{event.journal_id}",
                scope={"account_id": event.account_id, "asset": entry.asset, **client, **transfer},
                sentence=f"{event.maker} has entered and checked journal {event.journal_id}{reason} alone: "
                f"{to_decimal(entry.whole_units)} {entry.asset} on {event.account_id}.",
                evidence=(event.event_id,),
                rule="maker_is_checker",
                asset=entry.asset,
                observed=entry.whole_units,
                value_units=entry.whole_units,
                one_off=True,
                links=(f"journal|{event.journal_id}", *(f"transfer|{name}" for name in transfer.values())),
            )
        )
