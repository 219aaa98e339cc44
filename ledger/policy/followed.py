"""What became of the movements that the policy called free of risk: each is followed until it is reconciled.

It is confirmed once it has arrived, the client is debited for it, and nothing was found wrong with it; it is missed where
something was, and the miss is counted at the question that should have seen it. A rule that misses is to be mended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ledger.check import Change, Check, Entry, Timer
from ledger.dossiers import Dossier
from ledger.findings import Breach
from ledger.policy.requests import Request
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

MISSED_BY: Mapping[str, str] = {
    "unexpected_destination": "role",
    "unregistered_address": "destination",
    "lookalike_address": "destination",
    "unproved_address": "destination",
    "wrong_network": "chain",
    "missing_tag": "chain",
    "unit_or_decimal_error": "amount",
    "amount_mismatch": "amount",
    "fee_outlier": "amount",
    "duplicate_payment": "unique",
    "four_eyes_violation": "approval",
    "missing_debit": "coverage",
    "multi_asset_drain": "velocity",
}
"""The question of the policy that should have seen what an alert tells of a movement."""
NO_MISS = frozenset(
    ("brake_applied", "sla_breach", "in_transit_overdue", "restatement", "policy_violation", "flow_anomaly")
)
"""What says nothing about whether the movement was free of risk when it was asked for."""
ELSEWHERE = "none"
CONFIRMED, MISSED = "confirmed", "missed"
WAIT_US = 60 * SECOND_US
"""So long after its end something may still turn up."""


class Followed(Check):
    """Movements that were free of risk. `counts`: by question and kind of alert the misses; ("confirmed", "") the rest."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.followed = self
        self.counts: Table[tuple[str, str], int] = Table(int)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"followed": self.counts}

    def timers(self) -> Mapping[str, Timer]:
        return {"followed": self._ended}

    def moved(self, change: Change) -> None:
        if change.has_arrived:
            self._await(change.dossier)

    def posted(self, entry: Entry) -> None:
        dossier = self.context.dossiers.get(entry.event.transfer_id or "")
        if dossier is not None and dossier.arrived:
            self._await(dossier)

    def told(self, breach: Breach) -> None:
        if breach.kind in NO_MISS:
            return
        transfer_id = breach.scope.get("transfer_id", "")
        request = self._followed(transfer_id)
        if request is not None:
            self._end(transfer_id, request, MISSED)
            self._count(MISSED_BY.get(breach.kind, ELSEWHERE), breach.kind)

    def forgot(self, dossier: Dossier) -> None:
        self.context.deadlines.cancel(f"followed|{dossier.transfer_id}")

    def _await(self, dossier: Dossier) -> None:
        """It has arrived, or was booked since: give what may be wrong with it its time."""
        if self._followed(dossier.transfer_id) is not None:
            self.context.deadlines.set(f"followed|{dossier.transfer_id}", self.context.now_us + WAIT_US)

    def _ended(self, transfer_id: str, due_us: int) -> None:
        request, dossier = self._followed(transfer_id), self.context.dossiers.get(transfer_id)
        if request is None or dossier is None or not dossier.arrived or dossier.undone:
            return
        if request.client and not self.context.decisions.known.accounts.debited_units(transfer_id, request.client):
            return  # a posting brings it up again, and if none comes `missing_debit` does
        self._end(transfer_id, request, CONFIRMED)
        self._count(CONFIRMED, "")

    def _followed(self, transfer_id: str) -> Request | None:
        request = self.context.decisions.requests.get(transfer_id)
        return request if request is not None and request.risk_free and not request.outcome else None

    def _end(self, transfer_id: str, request: Request, outcome: str) -> None:
        request.outcome = outcome
        self.context.decisions.requests.touched.add(transfer_id)

    def _count(self, check: str, kind: str) -> None:
        self.counts.put((check, kind), (self.counts.get((check, kind)) or 0) + 1)
