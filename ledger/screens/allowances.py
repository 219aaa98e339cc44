"""The limits on record by what they apply to: a movement is held against all whose scope fits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.amounts import to_units
from ledger.check import Check
from ledger.dossiers import Dossier
from ledger.events import AssetRef, LimitRef, Reference
from ledger.screens.words import client_of

if TYPE_CHECKING:
    from ledger.context import Context


class Allowances(Check):
    """All limits of the policy, reachable as `context.allowances`; an index of the references."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._fitting: dict[tuple[str, str, str], list[LimitRef]] = {}  # by operation, asset and client, as asked for

    def referred(self, event: Reference) -> None:
        if isinstance(event, (LimitRef, AssetRef)):  # an asset may have a new alias
            self._fitting.clear()

    def of(self, dossier: Dossier, payer: str = "") -> list[LimitRef]:
        """Return the limits that apply to a movement, by id: what a scope leaves out fits all.

        `payer`: the client whose money it is, where the movement names only the account.
        """
        key = (dossier.op_type, dossier.asset, payer or client_of(dossier))
        limits = self._fitting.get(key)
        if limits is None:
            limits = self._fitting[key] = self._of_kind(*key)
        return [limit for limit in limits if limit.scope.location in (None, dossier.origin)]

    def single_units(self, dossier: Dossier) -> int | None:
        """Return the largest amount that a movement like this may have, in units; None where nothing says so."""
        return min((to_units(limit.single) for limit in self.of(dossier) if limit.single is not None), default=None)

    def _of_kind(self, op_type: str, asset: str, client: str) -> list[LimitRef]:
        codes = self.context.assets.codes
        found = (known for known in self.context.references.others.values() if isinstance(known, LimitRef))
        fitting = [
            limit
            for limit in found
            if limit.scope.op_type in (None, op_type)
            and limit.scope.client_id in (None, client)
            and (limit.scope.asset is None or codes.get(limit.scope.asset, limit.scope.asset) == asset)
        ]
        return sorted(fitting, key=lambda limit: limit.limit_id)
