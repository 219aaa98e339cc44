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
        # By kind of operation and asset, as asked for: those of each client, and under None those that are for all.
        self._fitting: dict[tuple[str, str], dict[str | None, list[LimitRef]]] = {}

    def referred(self, event: Reference) -> None:
        if isinstance(event, (LimitRef, AssetRef)):  # an asset may have a new alias
            self._fitting.clear()

    def of(self, dossier: Dossier, payer: str = "") -> list[LimitRef]:
        """Return the limits that apply to a movement, by id: what a scope leaves out fits all.

        `payer`: the client whose money it is, where the movement names only the account.
        """
        key = (dossier.op_type, dossier.asset)
        by_client = self._fitting.get(key)
        if by_client is None:
            by_client = self._fitting[key] = self._of_kind(*key)
        limits, own = by_client.get(None, []), by_client.get(payer or client_of(dossier))
        if own:
            limits = sorted([*limits, *own], key=_limit_id)
        return [limit for limit in limits if limit.scope.location in (None, dossier.origin)]

    def single_units(self, dossier: Dossier) -> int | None:
        """Return the largest amount that a movement like this may have, in units; None where nothing says so."""
        return min((to_units(limit.single) for limit in self.of(dossier) if limit.single is not None), default=None)

    def _of_kind(self, op_type: str, asset: str) -> dict[str | None, list[LimitRef]]:
        codes = self.context.assets.codes
        found = (known for known in self.context.references.others.values() if isinstance(known, LimitRef))
        by_client: dict[str | None, list[LimitRef]] = {}
        for limit in sorted(found, key=_limit_id):
            scope = limit.scope
            is_of_asset = scope.asset is None or codes.get(scope.asset, scope.asset) == asset
            if scope.op_type in (None, op_type) and is_of_asset:
                by_client.setdefault(scope.client_id, []).append(limit)
        return by_client


def _limit_id(limit: LimitRef) -> str:
    return limit.limit_id
