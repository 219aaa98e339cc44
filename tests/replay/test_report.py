"""`driftline report`: a day of files in tables and as JSON, and what it says to what it cannot use."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cli.report import percent
from streams.monitor.service_rows import day_of, day_text, share, usd_text
from tests.replay.command import command

EXAMPLE = str(Path(__file__).parents[2] / "docs" / "examples" / "service_day.jsonl")


def test_the_json_says_what_the_day_was() -> None:
    code, out, _ = command("report", EXAMPLE, "--json", "-")
    report = json.loads(out)
    assert code == 0
    assert (report["day"], report["as_of"], report["policy_version"]) == (
        "2026-03-02",
        "2026-03-02T10:15:00Z",
        "driftline-1",
    )
    total = report["total"]
    counted = {name: total[name] for name in ("movements", "risk_free", "passed_auto", "passed_manual", "completed")}
    assert counted == {"movements": 6, "risk_free": 3, "passed_auto": 3, "passed_manual": 1, "completed": 4}
    assert (total["risk_free_share"], total["straight_through_rate"], total["manual_share"]) == (
        "0.5000",
        "0.7500",
        "0.2500",
    )
    assert (total["undone"], total["errors"]) == ({"rejected": 1}, {"unregistered_address": 1})
    assert (total["corrections"], total["corrections_usd"]) == (1, "128.00")
    assert [row["name"] for row in report["clients"]] == ["acme", "birch"]
    assert [(row["rule"], row["for_people"], row["sole"]) for row in report["rules"]] == [("R5", 2, 2), ("R2", 1, 1)]
    assert [(row["stage"], row["count"], row["oldest_s"]) for row in report["backlog"]] == [("decide", 1, 34 * 60)]
    json.loads(out, parse_float=lambda text: pytest.fail(f"{text} is not exact"))


def test_another_day_is_another_report_and_the_backlog_is_of_the_end() -> None:
    report = json.loads(command("report", EXAMPLE, "--day", "2026-03-01", "--json", "-")[1])
    assert (report["day"], report["total"]["movements"], report["operations"]) == ("2026-03-01", 0, [])
    assert "straight_through_rate" not in report["total"], "there is no share of nothing"
    assert [row["count"] for row in report["backlog"]] == [1]


def test_a_file_of_json_comes_besides_the_tables(tmp_path: Path) -> None:
    code, out, _ = command("report", EXAMPLE, "--json", str(tmp_path / "day.json"))
    assert code == 0
    assert "Service of 2026-03-02" in out
    assert (tmp_path / "day.json").read_text() == command("report", EXAMPLE, "--json", "-")[1]


def test_another_policy_makes_another_day(tmp_path: Path) -> None:
    policy = tmp_path / "strict.toml"
    policy.write_text(
        '[policy]\nversion = "strict"\nwithout = ["destination", "role", "chain", "velocity", "coverage", "unique",'
        ' "compliance", "approval", "fresh", "books", "operation"]\n'
        '[[policy.rule]]\nid = "Small"\ncheck = "amount"\nsingle_usd = 20000\n',
        encoding="utf-8",
    )
    report = json.loads(command("report", EXAMPLE, "--config", str(policy), "--json", "-")[1])
    assert report["policy_version"] == "strict"
    assert [(row["rule"], row["movements"]) for row in report["rules"] if row["op_type"] == "withdrawal"] == [
        ("Small", 5)
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.jsonl"], "cannot read nowhere.jsonl"),
        ([EXAMPLE, "--day", "yesterday"], "--day yesterday is not a day"),
        ([EXAMPLE, "--config", "nowhere.toml"], "nowhere.toml"),
        ([EXAMPLE, "--json", "nowhere/out.json"], "cannot write nowhere/out.json"),
    ],
)
def test_what_cannot_be_used_is_named(arguments: list[str], said: str) -> None:
    code, out, err = command("report", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("driftline: ")
    assert said in err


def test_no_line_of_the_table_is_cut_whatever_a_client_is_called(tmp_path: Path) -> None:
    renamed = tmp_path / "day.jsonl"
    renamed.write_text(Path(EXAMPLE).read_text().replace("acme", "[red]acme[/red]"), encoding="utf-8")
    out = command("report", str(renamed))[1]
    assert "[red]acme[/red]" in out


# --- Figures ----------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_is_exact_to_half_of_its_last_place(part: int, whole: int) -> None:
    part = min(part, whole)
    text = share(part, whole)
    assert text is not None
    assert abs(Fraction(text) - Fraction(part, whole)) <= Fraction(1, 20_000)
    shown = percent(text)
    assert shown is not None
    assert Fraction(shown.removesuffix(" %")) == 100 * Fraction(text)


@given(st.integers(-(10**30), 10**30))
def test_dollars_are_cents(cents: int) -> None:
    assert Fraction(usd_text(cents)) == Fraction(cents, 100)


@given(st.integers(0, 100_000))
def test_a_day_is_read_as_it_is_written(day: int) -> None:
    assert day_of(day_text(day)) == day
