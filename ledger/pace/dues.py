"""One occurrence of a planned settlement, or of a call for collateral: what it asks for, what pays it, and in words.

What pays it are the movements that name the plan, or that are what it says; parts add up, and what was undone pays nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ledger.dossiers import Dossier
from ledger.findings import EVIDENCE_MAX, Breach
from ledger.fold import EXTERNAL
from ledger.pace.words import seconds_text, value_text
from ledger.screens.conformity import misplaced, tolerance_units
from ledger.screens.words import amount_text
from ledger.times import to_text

if TYPE_CHECKING:
    from ledger.context import Context
    from ledger.screens.plans import Intention

KIND = "settlement_overdue"
OPERATIONS = frozenset(("settlement", "collateral"))
_PARTS_TOLD = 4


class Due(NamedTuple):
    """An occurrence that ends at `until_us`, and what pays it: amounts in units, `spare_units` for dust and fees.

    `arrived_units` is there; `total_units` has the rest as well that is still on its way.
    """

    plan: Intention
    asset: str
    until_us: int
    parts: tuple[Dossier, ...]
    arrived_units: int
    total_units: int
    spare_units: int

    @property
    def met(self) -> bool:
        """Whether enough is there."""
        enough = self.arrived_units + self.spare_units >= (self.plan.least_units or 0)
        return enough and any(part.arrived for part in self.parts)

    @property
    def covered(self) -> bool:
        """Whether enough is there or on its way."""
        return bool(self.parts) and self.total_units + self.spare_units >= (self.plan.least_units or 0)

    @property
    def excess_units(self) -> int:
        """By how much more is there, or asked for, than the plan says; zero for none."""
        most = self.plan.most_units
        return 0 if most is None or self.total_units <= most + self.spare_units else self.total_units - most

    @property
    def name(self) -> str:
        """The occurrence, as keys of conditions name it."""
        return f"{self.plan.plan_id}|{to_text(self.until_us)}"


def due(context: Context, plan: Intention, until_us: int, movements: Sequence[Dossier]) -> Due:
    """Return an occurrence with those of some movements that pay it."""
    asset = context.assets.codes.get(plan.asset, plan.asset)
    parts = tuple(movement for movement in movements if not movement.undone and pays(context, plan, movement))
    arrived = sum(part.arrived_units for part in parts if part.arrived)
    coming = sum(_units(part) for part in parts if not part.arrived)
    spare = sum(tolerance_units(context, part) for part in parts)
    return Due(plan, asset, until_us, parts, arrived, arrived + coming, spare)


def pays(context: Context, plan: Intention, movement: Dossier) -> bool:
    """Tell whether a movement goes where a plan says, in what it says."""
    asset = context.assets.codes.get(plan.asset, plan.asset)
    return movement.asset == asset and movement.origin == plan.origin and not misplaced(context, plan, movement)


def fits(context: Context, plan: Intention, movement: Dossier) -> bool:
    """Tell whether a movement alone is what a plan says, amount and all."""
    units, spare = _units(movement), tolerance_units(context, movement)
    least, most = plan.least_units or 0, plan.most_units
    return pays(context, plan, movement) and least - spare <= units and (most is None or units <= most + spare)


def unmet(context: Context, due: Due) -> Breach:
    """Return the breach of what is not there, or not enough of it, some time after its end."""
    plan, missing = due.plan, max((due.plan.least_units or 0) - due.arrived_units, 0)
    after_s = seconds_text(context.now_us - due.until_us)
    got = f"only {amount_text(due.arrived_units, due.asset)}" if due.arrived_units else "nothing"
    sentence = (
        f"{_named(context, due)} was due by {to_text(due.until_us)}, and {after_s} s later {got} has arrived"
        f"{_parts_text(due)}."
    )
    return _breach(due, "unmet", sentence, rule="plan_deadline", expected=plan.least_units, observed=due.arrived_units,
                   value_units=missing or plan.least_units)  # fmt: skip


def exceeded(context: Context, due: Due) -> Breach:
    """Return the breach of more than was planned: paid twice, or another amount."""
    plan, twice = due.plan, len(due.parts) > 1
    verb = "posted" if plan.op_type == "collateral" else "paid"
    again = f" It is {verb} twice, unless one of them is taken back." if twice else ""
    sentence = (
        f"{_named(context, due)} is due by {to_text(due.until_us)}, and {amount_text(due.total_units, due.asset)} is "
        f"{verb} for it, {amount_text(due.excess_units, due.asset)} more{_parts_text(due)}.{again}"
    )
    return _breach(due, "exceeded", sentence, rule="posted_twice" if twice else "net_differs", expected=plan.most_units,
                   observed=due.total_units, value_units=due.excess_units)  # fmt: skip


def _units(movement: Dossier) -> int:
    """Return what a movement brings, as far as is known."""
    if movement.arrived:
        return movement.arrived_units
    return movement.instructed_units if movement.executed_units is None else movement.executed_units


def _named(context: Context, due: Due) -> str:
    plan = due.plan
    units = plan.least_units or plan.most_units or 0
    amount = value_text(context, due.asset, units) if units else due.asset
    more = "at least " if plan.least_units and not plan.exact else ""
    target = plan.destination or (f"a place of role {plan.to_role}" if plan.to_role else "any place")
    return f"{plan.op_type.capitalize()} of {more}{amount} from {plan.origin} to {target} (plan {plan.plan_id})"


def _parts_text(due: Due) -> str:
    """Name what pays it, the latest last."""
    told = [
        f"{part.transfer_id} of {amount_text(_units(part), due.asset)}{'' if part.arrived else ' still under way'}"
        for part in due.parts[:_PARTS_TOLD]
    ]
    more = f" and {len(due.parts) - len(told)} more" if len(due.parts) > len(told) else ""
    return f": {', '.join(told)}{more}" if told else ""


def _breach(
    due: Due, what: str, sentence: str, *, rule: str, expected: int | None, observed: int, value_units: int | None
) -> Breach:
    plan, parts = due.plan, due.parts
    place = plan.destination if plan.destination not in ("", EXTERNAL) else plan.origin
    evidence = (*(part.events[-1] for part in reversed(parts)), plan.event_id)
    return Breach(
        kind=KIND,
        key=f"{due.name}|{what}",
        scope={"location": place, "asset": due.asset} | ({"transfer_id": parts[-1].transfer_id} if parts else {}),
        sentence=sentence,
        evidence=evidence[:EVIDENCE_MAX],
        rule=rule,
        asset=due.asset,
        expected=expected,
        observed=observed,
        difference=None if expected is None else observed - expected,
        value_units=value_units,
        worse=True,
        told=True,
        links=(f"plan|{plan.plan_id}", *(f"transfer|{part.transfer_id}" for part in parts)),
    )
