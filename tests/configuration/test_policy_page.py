"""The page about the policy names every key of it with its default, and its example is sound."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from ledger.policy.document import Brake, Policy, Promise, Rule, RuleBase
from streams.configuration import policy_toml
from streams.monitor import load_settings

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
REQUIRED = "required"
SHARED = {field.encode_name for field in fields(RuleBase)}


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading of the page."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None
    lines = [line for line in section[1].splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines]


def documented(written: str) -> Any:
    """Return the value that the page gives as a default."""
    return None if written == "none" else tomllib.loads(f"x = {written}")["x"]


def default(field: FieldInfo) -> Any:
    """Return the default of a field as TOML has it."""
    if field.required:
        return REQUIRED
    value = field.default if field.default is not NODEFAULT else field.default_factory()  # type: ignore[operator,unused-ignore]  # one of the two is there
    return list(value) if isinstance(value, tuple) else value


def defaults(kind: type[Struct]) -> dict[str, Any]:
    return {field.encode_name: default(field) for field in fields(kind)}


@pytest.mark.parametrize(
    ("heading", "kind", "besides"),
    [("A policy", Policy, {}), ("A rule", RuleBase, {"check": REQUIRED}), ("A brake", Brake, {}), ("A promise", Promise, {})],
)  # fmt: skip
def test_every_key_is_documented_with_its_default(heading: str, kind: type[Struct], besides: dict[str, str]) -> None:
    told = {key: REQUIRED if text == REQUIRED else documented(text) for key, text, *_ in rows(heading)}
    assert told == defaults(kind) | besides


def test_every_check_is_documented_with_its_keys_and_their_defaults() -> None:
    told = [(check, key, None if key == "–" else documented(text)) for check, key, text, *_ in rows("The checks")]
    expected: list[tuple[str, str, Any]] = []
    for kind in get_args(Rule):
        own = {key: value for key, value in defaults(kind).items() if key not in SHARED} or {"–": None}
        expected += [(kind.__struct_config__.tag, key, value) for key, value in own.items()]
    assert told == expected


def test_the_policy_of_a_firm_in_the_examples_is_sound(tmp_path: Path) -> None:
    settings = load_settings(ROOT / "docs" / "examples" / "policy.toml")
    assert {name for rule in settings.policy.rules for name in rule.clients} == {"lindner", "quay-trading"}
    assert settings.policy.promises
    again = tmp_path / "again.toml"
    again.write_text(policy_toml(settings.policy), encoding="utf-8")
    assert load_settings(again).policy == settings.policy
