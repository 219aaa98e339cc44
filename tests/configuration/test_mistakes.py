"""Every mistake in a settings file is told at once, each on its line and with what was expected."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import ValidationError, convert

from ledger.policy.document import CHECKS, Policy, Rule, default_text
from ledger.policy.kinds import NEVER
from streams.configuration import Document, read
from streams.configuration.sense import NEVER_AUTOMATIC
from streams.configuration.shape import misfits
from streams.monitor import Settings, SettingsError, load_settings

WITHOUT_ALL = f"[policy]\nversion = 'v'\nwithout = {[name for name in CHECKS if name != 'coverage']}\n"
RULE = "[[policy.rule]]\nid = 'c'\ncheck = 'coverage'\n"
SOUND = WITHOUT_ALL + RULE


def said(text: str) -> list[str]:
    """Return the mistakes in a settings file, without the name of the file."""
    return [line.removeprefix("f.toml:") for line in Document("f.toml", text).mistakes(Settings)]


def test_a_sound_policy_and_an_empty_file_have_no_mistakes() -> None:
    assert said(SOUND) == said("") == said(default_text()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("horizon_days = 'ten'", "1: horizon_days: Expected `integer`, got `string`"),
        ("\n\nsilent_s = 0", "3: silent_s: Expected `float` > 0.0"),
        ("silent_s = nan", "1: silent_s: Expected a finite number, got nan"),
        ("silent_s = true", "1: silent_s: Expected `float`, got `boolean`"),
        ("silent_s = 1979-05-27", "1: silent_s: Expected `float`, got `date`"),
        ("silnt_s = 3", "1: silnt_s: Expected no such key; did you mean `silent_s`?"),
        ("'a\\u001b[1m' = 3", '1: "a\\\\u001b[1m": Expected no such key'),
        ("policy = 3", "1: policy: Expected `table`, got `integer`"),
        ("[policy]\nversion = 'v'", "1: policy.rule: Expected a value, but the key is missing"),
        ("[policy]\nversion = 'v'\nrule = 3", "3: policy.rule: Expected `array`, got `integer`"),
        ("[policy]\nversion = 'v'\nwithout = ['operation']\nrule = []", "4: policy.rule: Expected `array` of length >= 1"),
        (SOUND + "colour = 1", "7: policy.rule[0].colour: Expected no such key"),
        (SOUND + "action = 'hodl'", "7: policy.rule[0].action: Expected one of `review`, `hold`, got `hodl`; did you mean `hold`?"),
        (SOUND + "clients = ['a', '']", "7: policy.rule[0].clients[1]: Expected `string` of length >= 1"),
        (SOUND + "clients = [\n'a',\n3]", "9: policy.rule[0].clients[1]: Expected `string`, got `integer`"),
        (SOUND + "clients = 'a'", "7: policy.rule[0].clients: Expected `array`, got `string`"),
        (SOUND + "[[policy.rule]]\nid = 'a b'\ncheck = 'chain'", "8: policy.rule[1].id: Expected `string` matching regex"),
        (SOUND + "[[policy.rule]]\ncheck = 'role'", "7: policy.rule[1].id: Expected a value, but the key is missing"),
        (SOUND + "[[policy.rule]]\nid = 'x'", "7: policy.rule[1].check: Expected one of `operation`"),
        (SOUND + "[[policy.rule]]\nid = 'x'\ncheck = 3", "9: policy.rule[1].check: Expected one of `operation`"),
        (SOUND + "[[policy.promise]]\nstage = 'send'", "7: policy.promise[0].target_s: Expected a value, but the key is missing"),
    ],
)  # fmt: skip
def test_what_does_not_fit_its_type_is_told_on_its_line(text: str, expected: str) -> None:
    assert any(line.startswith(expected) for line in said(text)), said(text)


def test_a_rule_of_an_unknown_kind_is_held_against_what_all_rules_share() -> None:
    told = said(SOUND + "[[policy.rule]]\nid = 3\ncheck = 'chian'\nactoin = 'hold'\nwithin_s = 'x'\n")
    assert [re.sub(r"Expected one of .*, got", "got", line) for line in told] == [
        "8: policy.rule[1].id: Expected `string`, got `integer`",
        "9: policy.rule[1].check: got `chian`; did you mean `chain`?",
        "10: policy.rule[1].actoin: Expected no such key; did you mean `action`?",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SOUND + RULE, "8: policy.rule[1].id: Expected an id of its own: policy.rule[0] is `c` too"),
        (SOUND.replace("'operation', ", ""), ("1: policy: Nobody asks `operation`: every movement would pass it; "
         "name it in `without` if that is meant")),
        (SOUND + "assets = ['BTC']", ("1: policy: Only rules for some movements ask `coverage`: every other one would pass it; "
         "name it in `without` if that is meant")),
        (SOUND + "locations = []", "7: policy.rule[0].locations: Expected at least one: a rule for all of them goes without this key"),
        (SOUND.replace("'operation'", "'coverage', 'operation'"), "3: policy.without[0]: Expected no `coverage`: a rule asks it of every movement"),
        (SOUND.replace("'operation'", "'colour', 'operation'"), "3: policy.without[0]: Expected one of `operation`, "),
        (SOUND + "[[policy.rule]]\nid = 'o'\ncheck = 'operation'\nop_types = ['fee']\nautomatic = ['fee', 'mint']",
         "11: policy.rule[1].automatic[1]: Expected no `mint`: `adjustment`, `refund`, `reversal`, `mint`, `burn` always need a person"),
        (SOUND + "[[policy.rule]]\nid = 'o'\ncheck = 'operation'\nop_types = ['fee']\nwith_plan = ['refund']",
         "11: policy.rule[1].with_plan[0]: Expected no `refund`"),
        (SOUND + "[[policy.rule]]\nid = 'o'\ncheck = 'operation'\nop_types = ['fee']\nautomatic = ['fee']\nwith_plan = [\n'fee']",
         "13: policy.rule[1].with_plan[0]: Expected `fee` once: as `automatic` it needs no plan"),
        (SOUND + "[[policy.rule]]\nid = 'b'\ncheck = 'books'\nclients = ['a']\nbrakes = [{ alert = 'negative_balanc', reach = ['client'] }]",
         "11: policy.rule[1].brakes[0].alert: Expected a type of alert, got `negative_balanc`; did you mean `negative_balance`?"),
        (SOUND + "[[policy.rule]]\nid = 'b'\ncheck = 'books'\nclients = ['a']\nbrakes = [{ alert = 'brake_applied', reach = ['client'] }]",
         "11: policy.rule[1].brakes[0].alert: Expected another alert: `brake_applied` is the brake's own"),
        (SOUND + "[[policy.promise]]\nstage = 'send'\ntarget_s = 1\n[[policy.promise]]\nstage = 'send'\ntarget_s = 2\nasset = 'BTC'",
         "10: policy.promise[1]: This promise never counts: policy.promise[0] fits all that it fits"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_on_its_line(text: str, expected: str) -> None:
    told = said(text)
    assert any(line.startswith(expected) for line in told), told
    assert len(told) == 1


@pytest.mark.parametrize(
    "text",
    [
        SOUND.replace("'operation'", "'coverage', 'operation'") + "clients = ['a']",
        SOUND + RULE.replace("'c'", "'d'"),
        SOUND
        + "[[policy.promise]]\nstage = 'send'\ntarget_s = 1\nasset = 'BTC'\n[[policy.promise]]\nstage = 'send'\ntarget_s = 2",
        SOUND + "[[policy.promise]]\nstage = 'send'\ntarget_s = 1\n[[policy.promise]]\nstage = 'whole'\ntarget_s = 2",
    ],
    ids=["asked of some, and gone without by all others", "asked twice", "the narrow promise first", "two stages"],
)
def test_what_makes_sense_is_left_alone(text: str) -> None:
    assert said(text) == []


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    told = said(SOUND.replace("'v'", "3") + "action = 3\ncolour = 1\n[[policy.rule]]\nid = 'c'\ncheck = 'nothing'\n")
    assert [int(line.split(":")[0]) for line in told] == [2, 7, 8, 10, 11]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a = 1\nb = ", ":2: not TOML: Invalid value at the end of the file"),
        (b"a = 1\n[x\n", ":2: not TOML: "),
        (b"a = 1\na = 2\n", ":2: not TOML: Cannot overwrite a value"),
        (b"a = 1\n\xff\n", ":2: Expected UTF-8, got a byte that is not"),
        (b"a = " + b"[" * 9_000, ": values stand inside each other too deeply"),
        (b"a = " + b"1" * 9_000, ":1: not TOML: a number has too many digits"),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(tmp_path: Path, raw: bytes, expected: str) -> None:
    file = tmp_path / "f.toml"
    file.write_bytes(raw)
    (told,) = read(file).mistakes(Settings)
    assert told.startswith(f"{file}{expected}")


def test_a_worker_is_told_every_mistake_when_it_refuses_to_start(tmp_path: Path) -> None:
    file = tmp_path / "f.toml"
    file.write_text("silent_s = 0\nhorizon_days = 'x'\n")
    with pytest.raises(SettingsError) as refused:
        load_settings(file)
    assert str(refused.value).splitlines() == [
        f"{file}:1: silent_s: Expected `float` > 0.0",
        f"{file}:2: horizon_days: Expected `integer`, got `string`",
    ]
    with pytest.raises(SettingsError, match="No such file"):
        load_settings(tmp_path / "none.toml")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10) | st.sampled_from([*CHECKS, "hold", "v", "", "withdrawal", "send", 0.5]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "check", "version", "rule", "promise", "stage", "target_s", "brakes", "x", "sweep"]), inner
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["version", "rule", "without", "promise", "x"]), PLAIN))
def test_a_mistake_is_found_exactly_where_msgspec_refuses(plain: dict[str, Any]) -> None:
    try:
        convert(plain, Policy)
    except ValidationError:
        assert list(misfits(plain, Policy))
    else:
        assert not list(misfits(plain, Policy))


@given(PLAIN)
def test_whatever_a_policy_holds_its_sense_can_be_asked(plain: Any) -> None:
    document = Document("f", "")
    document.plain = {"policy": {"rule": plain, "promise": plain, "without": plain}}
    assert document.mistakes(Settings)


def test_what_is_never_automatic_is_what_the_monitor_never_lets_pass() -> None:
    assert set(NEVER_AUTOMATIC) == NEVER


def test_every_check_is_a_kind_of_rule() -> None:
    assert tuple(kind.__struct_config__.tag for kind in get_args(Rule)) == CHECKS


SHARD = "[[shards]]\nshard = {}\nlocations = [{}]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SHARD.format(2, '"b.*"'), "2: shards[0].shard: Expected shards without a gap: no rule is of shard 1"),
        (SHARD.format(-1, '"b.*"'), "2: shards[0].shard: Expected `integer` >= 0"),
        (SHARD.format(256, '"b.*"'), "2: shards[0].shard: Expected `integer` <= 255"),
        (SHARD.format(1, ""), "3: shards[0].locations: Expected at least one pattern, or no such key"),
        (SHARD.format(1, '""'), "3: shards[0].locations[0]: Expected `string` of length >= 1"),
        ("[[shards]]\nshard = 1\n", "1: shards[0]: Expected `locations` or `accounts`: this rule names nothing"),
        (
            SHARD.format(1, '"external"'),
            "3: shards[0].locations[0]: Expected a place of ours: `external` is of no shard",
        ),
        (
            "[[shards]]\nshard = 1\nlocation = ['x']\n",
            "3: shards[0].location: Expected no such key; did you mean `locations`?",
        ),
        ("[shards]\nshard = 1\n", "1: shards: Expected `array`, got `table`"),
    ],
)
def test_a_map_of_shards_that_says_nothing_sensible_is_refused(text: str, expected: str) -> None:
    assert expected in said(text)


@pytest.mark.parametrize(
    ("earlier", "later", "idle"),
    [
        ("b.*", "b.1", True), ("*", "b.*", True), ("b.*", "b.x*", True), ("b.?", "b.1", True), ("b.1", "b.1", True),
        ("b.*", "b*", False), ("b.1", "b.*", False), ("b.*", "a.*", False), ("b.[12]", "b.?", False), ("B.*", "b.1", False),
    ],
)  # fmt: skip
def test_a_pattern_that_an_earlier_one_makes_idle_is_told(earlier: str, later: str, idle: bool) -> None:
    found = said(SHARD.format(1, f'"{earlier}"') + SHARD.format(2, f'"{later}"'))
    expected = (
        f"6: shards[1].locations[0]: `{later}` never counts: shards[0].locations[0] comes before and matches the same"
    )
    assert found == ([expected] if idle else [])


def test_a_sound_map_is_read_as_it_is_meant(tmp_path: Path) -> None:
    file = tmp_path / "map.toml"
    file.write_text(SHARD.format(1, '"b.*"') + "accounts = ['b.*']\n" + SHARD.format(2, '"c.?", "d"'), encoding="utf-8")
    shards = load_settings(file).shards
    assert [(rule.shard, rule.locations, rule.accounts) for rule in shards] == [
        (1, ("b.*",), ("b.*",)),
        (2, ("c.?", "d"), ()),
    ]
