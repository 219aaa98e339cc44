"""The usual: one debit of a payer, or credit of a payee, of the very amount that moves. There is nothing to ask of it.

It answers at a glance what all questions together would (a law in the tests): by far most movements are like this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.dossiers import Dossier
from ledger.matching.cases import NEED_A_LEG
from ledger.matching.claims import Claim, Leg
from ledger.matching.parties import payee_of
from ledger.matching.refunds import KINDS

if TYPE_CHECKING:
    from ledger.context import Context

LEGS_MAX = 2


def is_usual(context: Context, dossier: Dossier | None, claim: Claim) -> bool:
    """Tell whether no question about a movement that names what no other names can have a condition that holds."""
    legs = claim.legs
    if not legs or len(legs) > LEGS_MAX or claim.partner:
        return False
    if dossier is None:
        return all(leg.outside is False or (leg.outside and leg.units < 0) for leg in legs.values())
    if dossier.undone or dossier.revision or dossier.op_type in KINDS:
        return False
    away = context.territory.away
    if dossier.origin in away:
        return _is_usual_inflow(context, dossier, legs)
    if dossier.executed_units is not None and dossier.executed_units != dossier.instructed_units:
        return False
    if dossier.destination in away:
        return _is_usual_payment(dossier, legs)
    if dossier.arrived and dossier.arrived_units != dossier.instructed_units:
        return False
    return all(_is_usual_leg(dossier, leg) for leg in legs.values())


def _is_usual_inflow(context: Context, dossier: Dossier, legs: dict[str, Leg]) -> bool:
    if not dossier.arrived or len(legs) > 1:
        return False
    (leg,) = legs.values()
    return (
        leg.units == dossier.arrived_units
        and leg.account_class == "client"
        and leg.asset == dossier.asset
        and leg.outside is True
        and leg.party == payee_of(context, dossier)
    )


def _is_usual_payment(dossier: Dossier, legs: dict[str, Leg]) -> bool:
    if not dossier.instructed and dossier.op_type not in NEED_A_LEG:
        return False
    debit, *fee = legs.values()
    if fee and not _is_usual_fee(dossier, fee[0]):
        return False
    return (
        debit.units == -dossier.instructed_units
        and debit.account_class == "client"
        and debit.party == dossier.origin_client
        and debit.asset == dossier.asset
    )


def _is_usual_fee(dossier: Dossier, leg: Leg) -> bool:
    """Tell whether a leg is the network's fee, borne by the house."""
    if leg.account_class != "house":
        return False
    return leg.asset != dossier.asset or (leg.units == -dossier.fee_units and dossier.fee_asset == dossier.asset)


def _is_usual_leg(dossier: Dossier, leg: Leg) -> bool:
    """Tell whether a leg of a move inside the firm takes the amount from its payer, or gives it to its payee."""
    if leg.outside is not False or leg.asset != dossier.asset:
        return False
    if leg.account_class != "client":
        return True
    if leg.units < 0:
        return leg.units == -dossier.instructed_units and leg.party == dossier.origin_client
    return leg.units == dossier.instructed_units and leg.party == dossier.client
