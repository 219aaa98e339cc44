"""Write a policy as TOML, with its defaults filled in, so that it can be read, kept and changed."""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import to_builtins

from ledger.policy.document import Policy
from streams.configuration.sense import SCOPES

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 110


def policy_toml(policy: Policy) -> str:
    """Return the `[policy]` table of a settings file; read back, it is the same policy."""
    plain: dict[str, Any] = to_builtins(policy)
    rules, promises = plain.pop("rule"), plain.pop("promise")
    blocks = ["[policy]\n" + _pairs(plain)]
    blocks += ["[[policy.rule]]\n" + _pairs(_rule(rule)) for rule in rules]
    blocks += ["[[policy.promise]]\n" + _pairs(promise) for promise in promises]
    return "\n".join(blocks)


def _rule(plain: dict[str, Any]) -> dict[str, Any]:
    """Return a rule with its id first, and without the scopes that it does not have."""
    first = {"id": plain["id"], "check": plain["check"]}
    return first | {name: value for name, value in plain.items() if value or name not in SCOPES}


def _pairs(plain: dict[str, Any]) -> str:
    """Return a line for each key; TOML has no word for nothing, so what is None stays out."""
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in plain.items() if value is not None)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(key)} = {_value(part)}" for key, part in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, (list, tuple)):
        return _array([_value(part) for part in value], tables=any(isinstance(part, dict) for part in value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value) if isinstance(value, str) else repr(value)


def _array(parts: list[str], *, tables: bool) -> str:
    """Return an array on one line, or on a line for each part where it is long or of tables."""
    flat = "[" + ", ".join(parts) + "]"
    if not tables and len(flat) <= _WIDTH:
        return flat
    return "[\n" + "".join(f"    {part},\n" for part in parts) + "]"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    """Return a basic string: JSON's way of writing it, and the one sign that TOML forbids besides."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
