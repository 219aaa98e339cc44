"""Which promise to clients holds for a stage of a movement: the first of the policy that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.dossiers import Dossier
from ledger.policy.document import Promise, Stage
from ledger.screens.words import client_of
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

LOOKED_UP_MAX = 4_096


class Pledges:
    """The promises of the policy in force, as looked up; what is remembered follows from the policy and the assets."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._of: tuple[Promise, ...] = ()
        self._found: dict[tuple[str, str, str, str], Promise | None] = {}

    def forget(self) -> None:
        """Look all up again: an asset may have another name now."""
        self._found.clear()

    def of(self, stage: Stage, dossier: Dossier) -> Promise | None:
        """Return what was promised for a stage of a movement; None for nothing."""
        promises, found = self.context.limits.policy.promises, self._found
        if promises is not self._of or len(found) >= LOOKED_UP_MAX:
            self._of = promises
            found.clear()
        key = (stage, dossier.op_type, client_of(dossier), dossier.asset)
        if key not in found:
            found[key] = next((promise for promise in promises if self._fits(promise, *key)), None)
        return found[key]

    def _fits(self, promise: Promise, stage: str, op_type: str, client: str, asset: str) -> bool:
        codes = self.context.assets.codes
        return (
            promise.stage == stage
            and promise.op_type in (None, op_type)
            and promise.client_id in (None, client)
            and (promise.asset is None or codes.get(promise.asset, promise.asset) == asset)
        )


def target_us_of(promise: Promise) -> int:
    """Return how long a stage may take, in microseconds."""
    return round(promise.target_s * SECOND_US)
