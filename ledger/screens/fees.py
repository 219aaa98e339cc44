"""Fees out of all proportion: against what is paid lately for the same, and against the amount that they are paid for.

When a network is congested everybody pays many times the usual, and the fees of the moment say so. An outlier is not
learned from, until several in a row say that this is the price now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Change, Check
from ledger.dossiers import Dossier
from ledger.findings import Breach
from ledger.fold import EXTERNAL
from ledger.screens import words
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "fee_outlier"
FEES_KEPT = 101
FEES_NEEDED = 10
OF_THE_MOMENT = 5
"""So many of the latest fees are what is paid at the moment; as many outliers in a row are the price now."""
ALIKE = 10
"""Outliers are one price where the largest is at most so many times the smallest."""
PART = 4
"""A fee of more than one part in so many of the amount is worth a second look."""
Key = tuple[str, str, str]


class Fees(Struct, gc=False):
    """The latest fees of a kind, and the outliers since the last that was none; units of the fee's asset."""

    latest: list[int] = []
    refused: list[int] = []


class FeeOutliers(Check):
    """The fees that our movements pay, by asset, network and role of the place."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.table: Table[Key, Fees] = Table(Fees)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"fees": self.table}

    def moved(self, change: Change) -> None:
        event, dossier = change.event, change.dossier
        if dossier.undone:
            if change.is_undone:
                words.end(self.context, (KIND,), dossier.transfer_id, dossier, undone=True)
            return
        fee = dossier.fee_units
        if fee == change.was_fee_units or not fee or event.fee_amount is None or event.fee_payer == "third_party":
            return
        asset = self.context.assets.codes.get(dossier.fee_asset, dossier.fee_asset)
        place = dossier.destination if dossier.origin == EXTERNAL else dossier.origin
        key = (asset, dossier.network, self.context.references.role(place) or "")
        fees = self.table.edit(key) or self.table.put(key, Fees())
        usual = self._usual_if_outlier(fees, dossier, asset, fee)
        if usual is None:
            _learn(fees, fee)
            said = f"The fee of {dossier.transfer_id} is stated as {words.amount_text(fee, asset)} now."
            if len(self.context.open):
                self.context.mend(KIND, dossier.transfer_id, said, (event.event_id,), explained=True)
        else:
            _refuse(fees, fee)
            self._tell(dossier, asset, fee, usual, len(fees.latest))

    def forgot(self, dossier: Dossier) -> None:
        words.end(self.context, (KIND,), dossier.transfer_id, dossier, undone=False)

    def _usual_if_outlier(self, fees: Fees, dossier: Dossier, asset: str, fee: int) -> int | None:
        """Return what is usual where a fee is beyond it, 0 where nobody knows what is; None where it is none."""
        limits, known = self.context.limits, fees.latest
        cents = self.context.cents(asset, fee)
        if cents is not None and cents < limits.fee_min_usd * 100:
            return None
        times = round(limits.fee_times)
        if len(known) < FEES_NEEDED:
            return self._usual_at_first(known, fee, cents, times) if self._is_large_part(dossier, asset, fee) else None
        moment = known[-OF_THE_MOMENT:]
        if 2 * fee <= times * min(moment):
            return None  # which no fee beyond the median of the moment is
        usual = max(_median(known), _median(moment))
        if fee > times * usual or (2 * fee > times * usual and asset == dossier.asset and self._exceeds(dossier, fee)):
            return usual
        return None

    def _usual_at_first(self, known: list[int], fee: int, cents: int | None, times: int) -> int | None:
        """Return what is usual where few fees are known: worth much it is an outlier, or without a price far beyond them."""
        if cents is not None:
            return 0 if cents >= self.context.limits.fee_alone_usd * 100 else None
        return _median(known) if len(known) >= OF_THE_MOMENT and fee > times * _median(known) else None

    def _is_large_part(self, dossier: Dossier, asset: str, fee: int) -> bool:
        if asset == dossier.asset:
            return self._exceeds(dossier, fee)
        cents, worth = self.context.cents(asset, fee), self.context.cents(dossier.asset, dossier.instructed_units)
        return cents is not None and worth is not None and PART * cents > worth

    def _exceeds(self, dossier: Dossier, fee: int) -> bool:
        return PART * fee > dossier.instructed_units

    def _tell(self, dossier: Dossier, asset: str, fee: int, usual: int, known: int) -> None:
        compared = (
            f"{fee // usual} times the usual {words.amount_text(usual, asset)} of the last {known} like it"
            if usual
            else "more than a quarter of that, and no other fees like it are known"
        )
        self.context.tell(
            Breach(
                kind=KIND,
                key=dossier.transfer_id,
                scope={**words.scope_of(dossier), "asset": asset},
                sentence=f"{words.movement_text(dossier)} pays a fee of {words.amount_text(fee, asset)}: {compared}.",
                evidence=dossier.evidence,
                rule="fee_against_usual" if usual else "fee_against_amount",
                asset=asset,
                expected=usual or None,
                observed=fee,
                difference=fee - usual,
                value_units=fee,
                told=True,
                threshold=self.context.limits.fee_times,
                links=words.links_of(dossier),
            )
        )


def _median(fees: list[int]) -> int:
    return sorted(fees)[len(fees) // 2]


def _learn(fees: Fees, fee: int) -> None:
    fees.latest.append(fee)
    del fees.latest[:-FEES_KEPT]
    if fees.refused:
        fees.refused = []


def _refuse(fees: Fees, fee: int) -> None:
    """Note an outlier; where several in a row are alike, they are what is paid now."""
    fees.refused.append(fee)
    del fees.refused[:-OF_THE_MOMENT]
    if len(fees.refused) == OF_THE_MOMENT and max(fees.refused) <= ALIKE * min(fees.refused):
        fees.latest = [*fees.latest, *fees.refused][-FEES_KEPT:]
        fees.refused = []
