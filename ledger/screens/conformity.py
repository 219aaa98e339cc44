"""Whether a movement is what a plan says: asset, places, role and amount, each with its sentence where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.dossiers import Dossier
from ledger.fold import EXTERNAL
from ledger.screens.ratios import factor_text, power_of_ten, power_of_ten_into
from ledger.screens.words import amount_text

if TYPE_CHECKING:
    from ledger.context import Context
    from ledger.screens.plans import Intention

RANGE_POWER_MIN = 2
"""Into a range of amounts ten times too much is often just more; from a hundred times on it is a slip of the unit."""
OTHERS_NET = frozenset(("settlement", "collateral"))
"""Kinds whose amount is met by the net of all that claim the plan, which is judged when it is due."""
_CLIENT_SIDE = frozenset((EXTERNAL, "client"))


class Deviation(NamedTuple):
    """One way in which a movement is not what its plan says, as the kind of alert that it is."""

    kind: str
    rule: str
    why: str
    expected_units: int | None = None
    observed_units: int | None = None
    worse: bool = False


def deviations(context: Context, plan: Intention, dossier: Dossier) -> list[Deviation]:
    """Return all ways in which a movement is not what a plan says; none where it is."""
    asset = context.assets.codes.get(plan.asset, plan.asset)
    if asset != dossier.asset:  # then neither its places nor its amount are those of the plan
        why = f"is in {dossier.asset}, and the plan is for {asset}"
        return [Deviation("unit_or_decimal_error", "asset_of_plan", why)]
    found = [_place(context, plan, dossier), _amount(context, plan, dossier)]
    return [deviation for deviation in found if deviation is not None]


def misplaced(context: Context, plan: Intention, dossier: Dossier) -> str:
    """Return why the place where a movement ends is not the one of a plan; "" where it is."""
    ends_at = _ends_at(context, dossier)
    if plan.destination and plan.destination not in (dossier.destination, ends_at):
        return f"goes to {_named(dossier)}, and the plan says {plan.destination}"
    role = context.references.role(ends_at)
    if not plan.to_role or role is None or role == plan.to_role or {role, plan.to_role} <= _CLIENT_SIDE:
        return ""
    if plan.to_role == "client" and dossier.in_books_only and dossier.client:
        return ""
    return f"goes to {_named(dossier)} ({role}), and the plan says a place of role {plan.to_role}"


def _place(context: Context, plan: Intention, dossier: Dossier) -> Deviation | None:
    if plan.origin != dossier.origin:
        why = f"leaves {dossier.origin}, and the plan says {plan.origin}"
    else:
        why = misplaced(context, plan, dossier)
    return Deviation("unexpected_destination", "place_of_plan", why) if why else None


def _ends_at(context: Context, dossier: Dossier) -> str:
    """Return the place where a movement ends: the one of the address, where the address is on record as ours."""
    if dossier.destination != EXTERNAL or not dossier.address:
        return dossier.destination
    return context.registry.place_of(dossier.address, dossier.network, dossier.tag) or EXTERNAL


def _named(dossier: Dossier) -> str:
    """Return where a movement ends, as people look it up."""
    return f"{dossier.address} outside" if dossier.destination == EXTERNAL and dossier.address else dossier.destination


def _amount(context: Context, plan: Intention, dossier: Dossier) -> Deviation | None:
    units, spared = dossier.instructed_units, tolerance_units(context, dossier)
    least, most = plan.least_units, plan.most_units
    if most is not None and units > most + spared:
        bound, more = most, True
    elif least is not None and units < least - spared:
        bound, more = least, False
    else:
        return None
    said = f"moves {amount_text(units, dossier.asset)}"
    power = _slip(plan, units, spared)
    if power:
        why = f"{said}, {factor_text(power)} what the plan says ({_bounds(plan)})"
        return Deviation("unit_or_decimal_error", "power_of_ten_of_plan", why, bound, units)
    if dossier.op_type in OTHERS_NET:
        return None
    why = f"{said}, {'more' if more else 'less'} than the plan says ({_bounds(plan)})"
    return Deviation("amount_mismatch", "amount_of_plan", why, bound, units, worse=more)


def _slip(plan: Intention, units: int, spared: int) -> int:
    least, most = plan.least_units, plan.most_units
    if plan.exact or least is None or most is None:
        return power_of_ten(units, most or least or 0, spared)
    return power_of_ten_into(units, least, most, at_least=RANGE_POWER_MIN)


def tolerance_units(context: Context, dossier: Dossier) -> int:
    """Return by how many units an amount may differ from what was meant: the dust, and the fee if it is of the asset."""
    assets = context.assets
    fee = dossier.fee_units if assets.codes.get(dossier.fee_asset) == dossier.asset else 0
    known = assets.by_code.get(dossier.asset)
    return fee + (0 if known is None else known.dust)


def _bounds(plan: Intention) -> str:
    if plan.exact and plan.most_units is not None:
        return amount_text(plan.most_units, plan.asset)
    least = "" if plan.least_units is None else f"at least {amount_text(plan.least_units, plan.asset)}"
    most = "" if plan.most_units is None else f"at most {amount_text(plan.most_units, plan.asset)}"
    return " and ".join(part for part in (least, most) if part)
