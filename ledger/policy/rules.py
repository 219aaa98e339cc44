"""The policy in force, asked: every rule that is for a movement, in the order of the document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from ledger.findings import Failure
from ledger.policy import amounts, brake, destinations, freshness, kinds, people
from ledger.policy.asked import Asked, Judge, Known
from ledger.policy.document import (
    Amount,
    Approval,
    Books,
    Chain,
    Compliance,
    Coverage,
    Destination,
    Fresh,
    Operation,
    Policy,
    Role,
    RuleBase,
    Unique,
    Velocity,
)

JUDGES: Mapping[type[RuleBase], Judge] = {
    Operation: kinds.operation,
    Destination: destinations.destination,
    Role: kinds.role,
    Chain: destinations.chain,
    Amount: amounts.amount,
    Velocity: amounts.velocity,
    Coverage: amounts.coverage,
    Unique: amounts.unique,
    Compliance: people.compliance,
    Approval: people.approval,
    Fresh: freshness.fresh,
    Books: brake.books,
}
REQUESTED_KINDS = frozenset(("withdrawal", "internal", "rebalance", "sweep"))
"""Kinds that somebody asks for; others are classed when they are first seen."""
INCOMING = (Destination, Role, Unique, Coverage)
"""What is not asked of value that comes from outside, where a policy lets such pass without a person."""


def failures(known: Known, policy: Policy, asked: Asked) -> tuple[Failure, ...]:
    """Return every rule that does not hold for a movement, in the order of the policy."""
    if asked.dossier.op_type not in REQUESTED_KINDS:
        kind = _failed(known, (rule for rule in policy.rules if isinstance(rule, Operation)), asked)
        if kind:
            return kind  # what is no business of a machine is judged no further
    return _failed(known, policy.rules, asked)


def judged(known: Known, rules: Iterable[RuleBase], asked: Asked) -> Iterator[tuple[RuleBase, Failure]]:
    """Yield those of these rules that do not hold for a movement, with why."""
    for rule in rules:
        if is_for(known, rule, asked):
            answer = JUDGES[type(rule)](known, rule, asked)
            if answer is not None:
                yield rule, Failure(rule.id, *answer)


def action_of(policy: Policy, failed: Iterable[Failure]) -> Literal["auto_approve", "review", "hold"]:
    """Return what is to be done with a movement for which these rules do not hold."""
    ids = {failure.rule for failure in failed}
    if not ids:
        return "auto_approve"
    return "hold" if any(rule.id in ids and rule.action == "hold" for rule in policy.rules) else "review"


def is_for_all(rule: RuleBase) -> bool:
    """Tell whether a rule is for every movement that it makes sense of."""
    return not (rule.op_types or rule.clients or rule.assets or rule.locations)


def is_for(known: Known, rule: RuleBase, asked: Asked) -> bool:
    """Tell whether a rule is for a movement: by its own scope, and since it makes sense of it."""
    dossier = asked.dossier
    if dossier.origin == "external" and isinstance(rule, INCOMING):
        return False
    if rule.op_types and dossier.op_type not in rule.op_types:
        return False
    if rule.clients and asked.client not in rule.clients:
        return False
    if rule.locations and dossier.origin not in rule.locations:
        return False
    codes = known.context.assets.codes
    return not rule.assets or dossier.asset in {codes.get(name, name) for name in rule.assets}


def _failed(known: Known, rules: Iterable[RuleBase], asked: Asked) -> tuple[Failure, ...]:
    return tuple(failure for _, failure in judged(known, rules, asked))
