"""The two legs of one swap in one asset: what is taken out on the one side comes back on the other, less fees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.check import Change, Check
from ledger.dossiers import Dossier
from ledger.findings import Breach
from ledger.fold import EXTERNAL
from ledger.screens import words
from ledger.screens.conformity import tolerance_units
from ledger.screens.ratios import factor_text, power_of_ten

if TYPE_CHECKING:
    from ledger.context import Context

KINDS = ("unit_or_decimal_error", "amount_mismatch")
OP_TYPES = frozenset(("settlement", "mint", "burn"))
LEGS = 2
"""More legs in one asset are a net settlement, of which no two need be equal."""


class Legs(Check):
    """Settlements, mints and burns by what they are legs of. Their index follows from the dossiers and is no row."""

    everywhere = True  # of two legs one may be led by another shard; no two shards have both with one that goes outside

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._of_parent: dict[tuple[str, str], list[str]] = {}  # (parent, asset) to its legs, as they were first heard

    def loaded(self) -> None:
        for dossier in sorted(
            self.context.dossiers.rows.values(), key=lambda known: (known.heard_us, known.transfer_id)
        ):
            self._add(dossier)

    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if not dossier.parent_id or dossier.op_type not in OP_TYPES:
            return
        legs = self._add(dossier)
        if len(legs) >= LEGS:
            self._judge(dossier, [self.context.dossiers.rows[transfer_id] for transfer_id in legs])

    def forgot(self, dossier: Dossier) -> None:
        if not dossier.parent_id or dossier.op_type not in OP_TYPES:
            return
        key = (dossier.parent_id, dossier.asset)
        legs = self._of_parent.get(key, [])
        if dossier.transfer_id in legs:
            legs.remove(dossier.transfer_id)
        if not legs:
            self._of_parent.pop(key, None)
        words.end(self.context, KINDS, _key(dossier), dossier, undone=False)

    def _add(self, dossier: Dossier) -> list[str]:
        if not dossier.parent_id or dossier.op_type not in OP_TYPES:
            return []
        legs = self._of_parent.setdefault((dossier.parent_id, dossier.asset), [])
        if dossier.transfer_id not in legs:
            legs.append(dossier.transfer_id)
        return legs

    def _judge(self, dossier: Dossier, legs: list[Dossier]) -> None:
        standing = [leg for leg in legs if not leg.undone]
        given = [leg for leg in standing if _gives(leg)]
        taken = [leg for leg in standing if not _gives(leg)]
        if len(standing) != LEGS or not given or not taken:
            sentence = f"{dossier.parent_id} is no longer one leg against another in {dossier.asset}."
            self._agree(dossier, sentence)
            return
        out, back = given[0], taken[0]
        out_units, back_units = _units(out), _units(back)
        spared = tolerance_units(self.context, out) + tolerance_units(self.context, back)
        if abs(out_units - back_units) <= spared:
            self._agree(
                dossier, f"The legs of {dossier.parent_id} are equal now, {words.amount_text(out_units, out.asset)}."
            )
            return
        power = power_of_ten(back_units, out_units, spared)
        kind = KINDS[0] if power else KINDS[1]
        if not self.context.stands(kind, _key(dossier)):
            self._tell(kind, dossier.parent_id, out, back, factor_text(power) if power else "")

    def _agree(self, dossier: Dossier, sentence: str) -> None:
        if len(self.context.open):
            for kind in KINDS:
                self.context.mend(kind, _key(dossier), sentence, dossier.evidence[:1], explained=True)

    def _tell(self, kind: str, parent_id: str, out: Dossier, back: Dossier, factor: str) -> None:
        out_units, back_units = _units(out), _units(back)
        for other in KINDS:
            if other != kind:
                said = f"The legs of {parent_id} differ in another way now."
                self.context.mend(other, f"parent|{parent_id}", said, back.evidence[:1], explained=True)
        size = f"{factor} as much" if factor else ("more" if back_units > out_units else "less")
        self.context.tell(
            Breach(
                kind=kind,
                key=f"parent|{parent_id}",
                scope=words.scope_of(back),
                sentence=f"{parent_id} takes out {words.amount_text(out_units, out.asset)} ({out.transfer_id}) and brings back "
                f"{words.amount_text(back_units, back.asset)} ({back.transfer_id}): {size}.",
                evidence=(*back.evidence, *out.evidence),
                rule="legs_of_one_swap",
                asset=out.asset,
                expected=out_units,
                observed=back_units,
                difference=back_units - out_units,
                worse=back_units > out_units,
                links=(f"parent|{parent_id}", f"transfer|{back.transfer_id}", f"transfer|{out.transfer_id}"),
            )
        )


def _key(dossier: Dossier) -> str:
    return f"parent|{dossier.parent_id}"


def _gives(leg: Dossier) -> bool:
    """Tell whether a leg takes value out, rather than bring it back."""
    return leg.op_type == "burn" or (leg.op_type != "mint" and leg.destination == EXTERNAL)


def _units(leg: Dossier) -> int:
    """Return how much a leg moves: what was sent once it was, else what was asked for."""
    return leg.instructed_units if leg.executed_units is None else leg.executed_units
