"""docs/reporting.md shows what comes out, and explains every field and every metric."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from click.testing import CliRunner

from streams.cli import cli
from streams.metrics.declared import METRICS
from streams.monitor.service_rows import BacklogRow, MissRow, RuleRow, ServiceReport, ServiceRow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reporting.md").read_text(encoding="utf-8")


def test_the_report_shown_is_the_one_that_comes_out() -> None:
    shown = re.search(r"\$ driftline (report docs/examples/\S+)\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    result = CliRunner().invoke(cli, shown[1].replace("docs/", f"{ROOT}/docs/").split())
    assert result.exit_code == 0
    assert [line.rstrip() for line in result.stdout.splitlines()] == shown[2].splitlines()


def test_every_field_of_the_json_is_explained() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    for row in (ServiceReport, ServiceRow, RuleRow, BacklogRow, MissRow):
        assert named >= {field.encode_name for field in msgspec.structs.fields(row)}, row.__name__


def test_every_metric_is_listed_with_its_labels() -> None:
    listed = re.findall(r"^\| `(driftline_\w+)` \| (.*?) \|", PAGE, re.MULTILINE)
    assert {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in listed} == {
        metric.name + ("_total" if metric.kind == "counter" else ""): metric.labels for metric in METRICS
    }
    questions = PAGE[PAGE.rindex("```\n", 0, -5) :]
    assert set(re.findall(r"driftline_\w+", questions)) <= {name for name, _ in listed}
