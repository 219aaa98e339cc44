"""What a map of the shards must not say although every value of it fits: gaps, rules that name nothing or never count."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from ledger.fold import EXTERNAL
from streams.configuration.mistakes import Mistake, Path, shown, written

KINDS: Final = ("locations", "accounts", "sources")
_WILD = frozenset("*?[")


def map_mistakes(plain: Any, path: Path) -> Iterator[Mistake]:
    """Yield what is wrong with the sense of the map, as plain data, that stands at `path`."""
    rules = list(_tables(plain, path))
    yield from _gaps(rules)
    for kind in KINDS:
        yield from _never(rules, kind)


def empty_rules(plain: Any, path: Path) -> Iterator[Mistake]:
    """Yield what somebody has written and left empty; a machine may write it so where a rule has none."""
    for rule_path, rule in _tables(plain, path):
        yield from _empty(rule, rule_path)


def _tables(plain: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for number, rule in enumerate(plain if isinstance(plain, list) else ()):
        if isinstance(rule, dict):
            yield (*path, number), rule


def _gaps(rules: list[tuple[Path, dict[str, Any]]]) -> Iterator[Mistake]:
    """Yield the rules of a shard below which one has no rule; only 0 may go without, as it has all that is not named."""
    named = {rule.get("shard") for _, rule in rules} | {0}
    for path, rule in rules:
        shard = rule.get("shard")
        if isinstance(shard, int) and shard > 0 and shard - 1 not in named:
            yield Mistake((*path, "shard"), f"Expected shards without a gap: no rule is of shard {shard - 1}")


def _empty(rule: dict[str, Any], path: Path) -> Iterator[Mistake]:
    for kind in KINDS:
        if rule.get(kind) == []:
            yield Mistake((*path, kind), "Expected at least one pattern, or no such key")
    if not any(kind in rule for kind in KINDS):
        yield Mistake(path, "Expected `locations` or `accounts`: this rule names nothing")


def _never(rules: list[tuple[Path, dict[str, Any]]], kind: str) -> Iterator[Mistake]:
    """Yield patterns that can never count, since an earlier one matches all that they match."""
    before: list[tuple[Path, str]] = []
    for path, rule in rules:
        patterns = rule.get(kind)
        for number, pattern in enumerate(patterns if isinstance(patterns, list) else ()):
            if not isinstance(pattern, str):
                continue
            place = (*path, kind, number)
            if kind == "locations" and pattern == EXTERNAL:
                yield Mistake(place, f"Expected a place of ours: `{EXTERNAL}` is of no shard")
            covering = next((earlier for earlier in before if _covers(earlier[1], pattern)), None)
            if covering is not None:
                yield Mistake(
                    place, f"{shown(pattern)} never counts: {written(covering[0])} comes before and matches the same"
                )
            before.append((place, pattern))


def _covers(earlier: str, later: str) -> bool:
    """Tell whether a pattern surely matches all that another one does: some that do are not seen."""
    if earlier == later or earlier == "*":
        return True
    stem = earlier.removesuffix("*")
    if stem != earlier and not _WILD & set(stem):
        return later.startswith(stem)
    return not _WILD & set(later) and fnmatchcase(later, earlier)
