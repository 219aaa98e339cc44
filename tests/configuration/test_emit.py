"""A policy written as TOML is the same policy when it is read back."""

from __future__ import annotations

import tomllib
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert

from ledger.events.common import LocationRole, OpType
from ledger.policy import document
from ledger.policy.document import CHECKS, Brake, Policy, Promise, Rule, default_policy
from streams.configuration import Document, policy_toml
from streams.monitor import Settings

TEXTS = st.text(min_size=1, max_size=12) | st.sampled_from(["a\x7fb", '"', "\\", "\x00", "\r\n", "\u2028", "'''"])
SECONDS = st.floats(0, 366 * 86_400)
OP_TYPES = st.sampled_from(get_args(OpType))
REACHES = st.sampled_from(get_args(document.Reach))
BRAKES = st.builds(
    Brake,
    alert=TEXTS,
    reach=st.lists(REACHES, min_size=1, max_size=3).map(tuple),
    from_severity=st.sampled_from(get_args(document.Severity)),
)
PROMISES = st.builds(
    Promise,
    stage=st.sampled_from(get_args(document.Stage)),
    target_s=st.floats(1e-300, 366 * 86_400),
    op_type=st.none() | OP_TYPES,
    client_id=st.none() | TEXTS,
    asset=st.none() | TEXTS,
    warn_share=st.floats(0.001, 1),
)
OWN_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "automatic": st.lists(OP_TYPES, max_size=20).map(tuple),
    "with_plan": st.lists(OP_TYPES, max_size=3).map(tuple),
    "hold_s": SECONDS,
    "unplanned": st.dictionaries(OP_TYPES, st.lists(st.sampled_from(get_args(LocationRole)), max_size=3).map(tuple)),
    "single_usd": st.none() | st.integers(0, 10**15),
    "within_s": SECONDS,
    "kyt_max": st.none() | st.floats(0, 1),
    "snapshot_age_s": st.none() | SECONDS,
    "brakes": st.lists(BRAKES, max_size=3).map(tuple),
}
SCOPES = {
    "action": st.sampled_from(get_args(document.Action)),
    "audit": st.booleans(),
    "op_types": st.lists(OP_TYPES, max_size=3).map(tuple),
    "clients": st.lists(TEXTS, max_size=3).map(tuple),
    "assets": st.lists(TEXTS, max_size=3).map(tuple),
    "locations": st.lists(TEXTS, max_size=3).map(tuple),
}


def rules(kind: Any) -> st.SearchStrategy[Any]:
    """Return what makes rules of one kind, with every field that it has."""
    shared = SCOPES | {"id": st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,31}", fullmatch=True)}
    own = {name: OWN_FIELDS[name] for name in kind.__struct_fields__ if name not in shared}
    return st.builds(kind, **shared, **own)


POLICIES = st.builds(
    Policy,
    version=TEXTS,
    rules=st.lists(st.one_of([rules(kind) for kind in get_args(Rule)]), min_size=1, max_size=4).map(tuple),
    without=st.lists(st.sampled_from(CHECKS), max_size=3).map(tuple),
    promises=st.lists(PROMISES, max_size=3).map(tuple),
)


@given(POLICIES)
def test_a_policy_written_and_read_is_the_same(policy: Policy) -> None:
    assert convert(tomllib.loads(policy_toml(policy))["policy"], Policy) == policy


def test_the_default_policy_written_out_has_no_mistake() -> None:
    assert Document("default", policy_toml(default_policy())).mistakes(Settings) == []


def test_what_is_written_says_every_default_but_no_scope_that_a_rule_lacks() -> None:
    written = policy_toml(default_policy())
    assert 'id = "R8"\ncheck = "unique"\naction = "review"\naudit = true\nwithin_s = 86400.0\n' in written
    assert "clients" not in written
