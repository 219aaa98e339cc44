"""R1 and R3: kinds of operation that pass without a person, and destinations of the role that was meant."""

from __future__ import annotations

from ledger.events import AccountRef, AddressRef
from ledger.fold import EXTERNAL
from ledger.heard import PLANS
from ledger.policy.asked import Answer, Asked, Known, proved, unknown
from ledger.policy.document import Operation, Role
from ledger.screens import conformity
from ledger.screens.plans import Intention

NEVER = frozenset(("adjustment", "refund", "reversal", "mint", "burn"))
"""What only people decide, whatever a policy says."""


def operation(known: Known, rule: Operation, asked: Asked) -> Answer:
    """R1: its kind is automatic, or is so with a plan that it fulfils."""
    dossier = asked.dossier
    if dossier.op_type in NEVER:
        return proved(f"a {dossier.op_type} is for people to decide")
    if dossier.op_type in rule.automatic:
        return None
    if dossier.op_type not in rule.with_plan:
        return proved(f"a {dossier.op_type} does not pass without a person")
    return _planned(known, asked)


def _planned(known: Known, asked: Asked) -> Answer:
    """Tell why no plan asks for a movement of a kind that needs one."""
    context, dossier = known.context, asked.dossier
    if not dossier.plan_id:
        if _meant(known, asked):
            return None
        why = f"the {dossier.op_type} names no plan, and none asks for it"
        return proved(why) if context.heard.any(PLANS) else unknown(why)
    plan = context.plans.plan(dossier.plan_id)
    if plan is None:
        return unknown(f"the plan {dossier.plan_id} that it names is not on record")
    if plan.op_type != dossier.op_type:
        return proved(f"the plan {plan.plan_id} that it names is for a {plan.op_type}")
    if not plan.is_open(asked.at_us):
        return proved(f"the plan {plan.plan_id} is not open at that time")
    for deviation in conformity.deviations(context, plan, dossier):
        if deviation.why != conformity.misplaced(context, plan, dossier):  # where it goes is asked by R3
            return proved(f"it {deviation.why} (plan {plan.plan_id})")
    return None


def role(known: Known, rule: Role, asked: Asked) -> Answer:
    """R3: the destination is of the role that the plan says, or is the client's own."""
    context, dossier = known.context, asked.dossier
    plan = context.plans.plan(dossier.plan_id) if dossier.plan_id else None
    if plan is not None and says_where(plan):
        return _role_of_plan(known, asked, plan)
    if dossier.plan_id and plan is None:
        return unknown(f"the plan {dossier.plan_id} that says where it goes is not on record")
    if asked.leaves_firm:
        return _owner_outside(known, asked)
    if dossier.client or dossier.account:
        owner = dossier.client or _owner_of_account(known, dossier.account)
        if owner and asked.client:
            # Between two clients nobody is robbed who says so himself: it is for people, and no proof of an error.
            return None if owner == asked.client else unknown(f"it goes to {owner}, and the money is {asked.client}'s")
    found = context.references.role(dossier.destination)
    if found is None:
        return unknown(f"nobody has told the role of {dossier.destination}")
    allowed = rule.unplanned.get(dossier.op_type, ())  # type: ignore[call-overload]  # keys are operations
    if found in allowed or any(says_where(plan) for plan in _meant(known, asked)):
        return None
    return unknown(f"it goes to {dossier.destination} ({found}), and no plan says so")


def _meant(known: Known, asked: Asked) -> list[Intention]:
    """Return the plans that ask for just this movement now, of one that names none."""
    return [plan for plan in known.context.plans.fitting(asked.dossier) if plan.is_open(asked.at_us)]


def says_where(plan: Intention) -> bool:
    """Tell whether a plan says to which place, or to a place of which role."""
    return bool(plan.destination or plan.to_role)


def _role_of_plan(known: Known, asked: Asked, plan: Intention) -> Answer:
    why = conformity.misplaced(known.context, plan, asked.dossier)
    return proved(f"it {why} (plan {plan.plan_id})") if why else None


def _owner_outside(known: Known, asked: Asked) -> Answer:
    """Tell why an address outside is not the client's own."""
    dossier = asked.dossier
    entry = known.context.registry.find(dossier.address, dossier.network, dossier.tag) if dossier.address else None
    if entry is None:
        return unknown("nobody has told whose the destination is")
    if entry.role != "client":
        return proved(f"{dossier.address} is of role {entry.role}, and no plan says so")
    if not asked.client:
        return unknown("nobody has told whose money it is")
    return None if entry.owner == asked.client else _foreign(entry, asked)


def _foreign(entry: AddressRef, asked: Asked) -> Answer:
    return proved(f"{entry.address} is {entry.owner}'s, and the money is {asked.client}'s")


def _owner_of_account(known: Known, account_id: str) -> str:
    found = known.context.references.others.get(("account", account_id))
    return (found.client_id or "") if isinstance(found, AccountRef) else ""


def is_own_place(known: Known, location: str) -> bool:
    """Tell whether a place is one of ours, by the records."""
    return location != EXTERNAL and known.context.references.role(location) is not None
