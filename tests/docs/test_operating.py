"""What the page on operating lists is what there is: metrics of the engine with their labels, paths, exit codes."""

from __future__ import annotations

import re
from pathlib import Path

from streams.cli import COMMANDS
from streams.engine.settings import EngineSettings
from streams.metrics.declared import METRICS
from streams.metrics.declared_engine import ENGINE_METRICS, WITNESS_METRICS

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")


def test_every_metric_of_the_engine_and_the_witness_is_listed_as_declared() -> None:
    listed = {
        name: (kind, says, tuple(re.findall(r"`(\w+)`", labels)))
        for name, kind, says, labels in re.findall(
            r"^\| `(driftline_\w+)` \| (\w+): (.*?) \| (.*?) ?\|$", PAGE, re.MULTILINE
        )
    }
    assert listed == {
        metric.name + ("_total" if metric.kind == "counter" else ""): (
            metric.kind,
            metric.says.rstrip("."),
            metric.labels,
        )
        for metric in (*ENGINE_METRICS, *WITNESS_METRICS)
    }


def test_every_metric_is_declared_once_with_its_unit() -> None:
    declared = [metric.name for metric in (*METRICS, *ENGINE_METRICS, *WITNESS_METRICS)]
    assert len(set(declared)) == len(declared)
    for metric in (*ENGINE_METRICS, *WITNESS_METRICS):
        assert metric.says.endswith(".")
        assert not metric.name.endswith("_total"), "a counter gets it when it is exposed"
        if metric.kind == "histogram":
            assert metric.name.endswith("_seconds")


def test_alert_rules_on_the_page_name_metrics_that_there_are() -> None:
    declared = (*METRICS, *ENGINE_METRICS, *WITNESS_METRICS)
    exposed = {f"{metric.name}{'_total' * (metric.kind == 'counter')}" for metric in declared}
    rules = PAGE[PAGE.index("Worth an alert") :].split("\n\n")[0]
    assert set(re.findall(r"driftline_\w+", rules)) <= exposed


def test_the_defaults_in_the_text_are_those_of_the_settings() -> None:
    settings = EngineSettings(broker="x:1")
    assert f"`ready_lag_records` ({settings.ready_lag_records:,})" in PAGE
    assert f"`DRIFTLINE_CHECKPOINT_SECONDS` is {settings.checkpoint_seconds:g} by default" in PAGE


def test_commands_that_say_something_by_their_exit_code_are_in_the_table() -> None:
    table = PAGE[PAGE.index("## Exit codes") :].split("\n## ")[0]
    named = set(re.findall(r"^\| `([a-z-]+)", table, re.MULTILINE))
    assert named <= set(COMMANDS)
    assert {"rebuild", "witness", "worker"} <= named
