"""What a policy must not say although every value of it fits: what contradicts itself, and what has no effect.

These questions are asked of the plain data, so they can be asked besides the questions of form; what does not have the
right form is passed over here, since it has been told already.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from alerts.types import ALERT_TYPES
from ledger.policy.document import CHECKS
from streams.configuration.mistakes import Mistake, Path, listed, meant, shown, written

SCOPES: Final = ("op_types", "clients", "assets", "locations")
NEVER_AUTOMATIC: Final = ("adjustment", "refund", "reversal", "mint", "burn")
OWN_ALERT: Final = "brake_applied"


def contradictions(policy: Any, path: Path) -> Iterator[Mistake]:
    """Yield what is wrong with the sense of the policy, as plain data, that stands at `path`."""
    if not isinstance(policy, dict):
        return
    rules = list(_tables(policy.get("rule"), (*path, "rule")))
    yield from _same_ids(rules)
    for rule_path, rule in rules:
        if rule.get("check") == "operation":
            yield from _operations(rule, rule_path)
        yield from _brakes(rule, rule_path)
    if isinstance(policy.get("rule"), list):
        yield from _unasked(policy, [rule for _, rule in rules], path)
    yield from _idle_promises(list(_tables(policy.get("promise"), (*path, "promise"))))


def _tables(plain: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the tables in an array, each with its path."""
    for number, element in enumerate(plain if isinstance(plain, list) else ()):
        if isinstance(element, dict):
            yield (*path, number), element


def _texts(plain: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the strings in an array, each with its path."""
    for number, element in enumerate(plain if isinstance(plain, list) else ()):
        if isinstance(element, str):
            yield (*path, number), element


def _same_ids(rules: list[tuple[Path, dict[str, Any]]]) -> Iterator[Mistake]:
    first: dict[str, Path] = {}
    for path, rule in rules:
        rule_id = rule.get("id")
        if not isinstance(rule_id, str):
            continue
        if rule_id in first:
            yield Mistake(
                (*path, "id"), f"Expected an id of its own: {written(first[rule_id])} is {shown(rule_id)} too"
            )
        first.setdefault(rule_id, path)


def empty_scopes(policy: Any, path: Path) -> Iterator[Mistake]:
    """Yield the scopes that somebody has written and left empty; a machine writes them so where a rule has none."""
    for rule_path, rule in _tables(policy.get("rule") if isinstance(policy, dict) else None, (*path, "rule")):
        for name in SCOPES:
            if rule.get(name) == []:
                yield Mistake((*rule_path, name), "Expected at least one: a rule for all of them goes without this key")


def _operations(rule: dict[str, Any], path: Path) -> Iterator[Mistake]:
    automatic = {text for _, text in _texts(rule.get("automatic"), path)}
    for name in ("automatic", "with_plan"):
        for place, op_type in _texts(rule.get(name), (*path, name)):
            if op_type in NEVER_AUTOMATIC:
                yield Mistake(place, f"Expected no `{op_type}`: {listed(NEVER_AUTOMATIC)} always need a person")
            elif name == "with_plan" and op_type in automatic:
                yield Mistake(place, f"Expected {shown(op_type)} once: as `automatic` it needs no plan")


def _brakes(rule: dict[str, Any], path: Path) -> Iterator[Mistake]:
    for place, brake in _tables(rule.get("brakes"), (*path, "brakes")):
        alert = brake.get("alert")
        if alert == OWN_ALERT:
            yield Mistake(
                (*place, "alert"), f"Expected another alert: `{OWN_ALERT}` is the brake's own, and would never end"
            )
        elif isinstance(alert, str) and alert and alert not in ALERT_TYPES:
            yield Mistake((*place, "alert"), f"Expected a type of alert, got {shown(alert)}{meant(alert, ALERT_TYPES)}")


def _unasked(policy: dict[str, Any], rules: list[dict[str, Any]], path: Path) -> Iterator[Mistake]:
    """Yield the questions that nobody asks, and what is said of `without` that cannot be."""
    of_all = {str(rule.get("check")) for rule in rules if not any(rule.get(name) for name in SCOPES)}
    of_some = {str(rule.get("check")) for rule in rules}
    without = list(_texts(policy.get("without"), (*path, "without")))
    for place, check in without:
        if check not in CHECKS:
            yield Mistake(place, f"Expected one of {listed(CHECKS)}, got {shown(check)}{meant(check, CHECKS)}")
        elif check in of_all:
            yield Mistake(place, f"Expected no `{check}`: a rule asks it of every movement")
    for check in CHECKS:
        if check in of_all or check in (named for _, named in without):
            continue
        if check in of_some:
            told = f"Only rules for some movements ask `{check}`: every other one would pass it"
        else:
            told = f"Nobody asks `{check}`: every movement would pass it"
        yield Mistake(path, f"{told}; name it in `without` if that is meant")


def _idle_promises(promises: list[tuple[Path, dict[str, Any]]]) -> Iterator[Mistake]:
    """Yield promises that an earlier one, which fits all that they fit, always comes before."""
    for number, (path, promise) in enumerate(promises):
        for earlier_path, earlier in promises[:number]:
            if _covers(earlier, promise):
                yield Mistake(path, f"This promise never counts: {written(earlier_path)} fits all that it fits")
                break


def _covers(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    same_stage = "stage" in earlier and earlier["stage"] == later.get("stage")
    parts = ("op_type", "client_id", "asset")
    return same_stage and all(earlier.get(name) in (None, later.get(name)) for name in parts)
