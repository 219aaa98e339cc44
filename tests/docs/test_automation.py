"""What docs/automation.md says of the topic is what comes out, and the example of a consumer makes of it what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from click.testing import CliRunner

from docs.examples.execution_client import Verdicts, next_step, read_decision
from ledger.policy.document import default_policy
from streams.cli import cli
from streams.monitor.outputs import Decision

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "automation.md").read_text(encoding="utf-8")


def shown() -> list[str]:
    block = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    return block[1].splitlines()


def test_the_decisions_shown_are_those_that_the_example_gives(tmp_path: Path) -> None:
    out = tmp_path / "decisions.jsonl"
    example = ROOT / "docs" / "examples" / "decisions.jsonl"
    result = CliRunner().invoke(cli, ["replay", str(example), "--decisions", str(out), "--quiet"])
    assert result.exit_code == 0
    assert out.read_text(encoding="utf-8").splitlines() == shown()


def test_a_consumer_acts_on_the_decisions_shown_as_the_page_says() -> None:
    verdicts, steps = Verdicts(), []
    for line in [*shown(), *shown()]:  # the second time as after a restart
        decision = read_decision(line.encode())
        assert decision is not None
        if verdicts.take(decision):
            steps.append((decision.transfer_id, decision.seq, next_step(decision, 0.0)))
    assert steps == [
        ("W-2001", 0, "release"),
        ("W-2002", 0, "person"),
        ("W-2002", 1, "wait"),
        ("W-2003", 0, "wait"),
        ("W-2002", 2, "person"),
        ("W-2003", 1, "release"),
    ]


def test_every_field_action_and_rule_is_explained() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(Decision)}
    assert explained >= fields.keys()
    assert explained >= set(fields["action"].__args__)
    rules = set(re.findall(r"\bR\d+\b", PAGE[PAGE.index("## Reading") : PAGE.index("## The brake")]))
    assert rules == {rule.id for rule in default_policy().rules}


def test_every_alert_that_brakes_by_default_is_named() -> None:
    section = PAGE[PAGE.index("## The brake") : PAGE.index("## When the automation")]
    brakes = {brake.alert for rule in default_policy().rules for brake in getattr(rule, "brakes", ())}
    assert brakes == {alert for alert in brakes if f"`{alert}`" in section}
