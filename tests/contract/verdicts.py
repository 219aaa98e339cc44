"""What the monitor said about a world: every record, told alert by alert, and the last positions."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from streams.cli import cli
from tests.contract.ways import seconds
from tests.contract.worlds import World

Record = dict[str, Any]
LOUD = ("P1", "P2", "P3")
OVER = ("explained", "resolved", "false_positive")


@dataclass(frozen=True)
class Story:
    """One alert from its first record to its last."""

    records: tuple[Record, ...]

    @property
    def kind(self) -> str:
        return str(self.records[0]["type"])

    @property
    def scope(self) -> dict[str, str]:
        return {key: part for key, part in self.records[-1]["scope"].items() if part is not None}

    @property
    def opened(self) -> float:
        return seconds(self.records[0]["opened_at"])

    @property
    def severity(self) -> str:
        """The severity with which it opened."""
        return str(self.records[0]["severity"])

    @property
    def worst(self) -> str:
        return min(str(record["severity"]) for record in self.records)

    @property
    def evidence(self) -> set[str]:
        return {event for record in self.records for event in record["evidence"]}

    @property
    def over(self) -> bool:
        return self.records[-1]["state"] in OVER

    def reached(self, severity: str) -> float | None:
        """Return when it first had a severity."""
        moments = [seconds(record["updated_at"]) for record in self.records if record["severity"] == severity]
        return moments[0] if moments else None

    def __repr__(self) -> str:
        told = [f"{one['severity']} {one['state']} @{seconds(one['updated_at']):g}" for one in self.records]
        return f"{self.kind} {self.scope} {told}: {self.records[-1]['explanation']}"


@dataclass(frozen=True)
class Verdict:
    """Everything that a replay said."""

    records: tuple[Record, ...]
    positions: dict[tuple[str, str], Record]
    quarantined: tuple[Record, ...]

    @property
    def stories(self) -> list[Story]:
        ids = dict.fromkeys(record["alert_id"] for record in self.records)
        return [Story(tuple(one for one in self.records if one["alert_id"] == alert)) for alert in ids]

    def loud(self, *, but: tuple[str, ...] = ()) -> list[Story]:
        """Return the alerts that disturb somebody."""
        return [story for story in self.stories if story.worst in LOUD and story.kind not in but]

    def all(self, kind: str, **scope: str) -> list[Story]:
        return [one for one in self.stories if one.kind == kind and scope.items() <= one.scope.items()]

    def one(self, kind: str, **scope: str) -> Story:
        """Return the only alert of a type; what was said instead is the message."""
        found = self.all(kind, **scope)
        assert len(found) == 1, f"{len(found)} {kind} {scope}; told: {self.stories}"
        return found[0]

    def first(self, *kinds: str, severity: str, since: float, by: float) -> Story:
        """Return the first alert of some kinds; it has its severity and comes in time."""
        found = [story for story in self.loud() if story.kind in kinds]
        assert found, f"none of {kinds}; told: {self.stories}"
        assert found[0].worst == severity, found[0]
        assert since <= found[0].opened <= by, found[0]
        return found[0]

    def quiet(self, *, but: tuple[str, ...] = ()) -> None:
        """Assert that nobody was disturbed."""
        loud = self.loud(but=but)
        assert not loud, "\n".join(map(repr, loud))

    def expected(self, location: str, asset: str) -> Decimal:
        return Decimal(self.positions[location, asset]["expected"])

    def in_transit(self, location: str, asset: str) -> Decimal:
        return Decimal(self.positions[location, asset]["in_transit"])


def lines(path: Path) -> tuple[Record, ...]:
    return tuple(json.loads(line) for line in path.read_text("utf-8").splitlines()) if path.exists() else ()


def examine(world: World, *, keep: Callable[[str], bool] = lambda topic: True, rejects: bool = False) -> Verdict:
    """Replay a world and return what was said; the records must have the form of section 8."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder, f"{name}.jsonl") for name in ("input", "alerts", "positions", "quarantine")}
        world.write(paths["input"], keep)
        outputs = [part for name in ("alerts", "positions", "quarantine") for part in (f"--{name}", str(paths[name]))]
        result = CliRunner().invoke(cli, ["replay", str(paths["input"]), *outputs, "--quiet"])
        assert result.exit_code == 0, result.output or result.exception
        said = {name: lines(path) for name, path in paths.items()}
    assert rejects or not said["quarantine"], said["quarantine"]
    verdict = Verdict(
        said["alerts"], {(row["location"], row["asset"]): row for row in said["positions"]}, said["quarantine"]
    )
    told = {line["value"]["event_id"] for line in said["input"]}
    for story in verdict.stories:
        assert_form(story, told)
    return verdict


def assert_form(story: Story, told: set[str]) -> None:
    """Assert what section 8 says of every alert."""
    first = story.records[0]
    for seq, record in enumerate(story.records):
        assert record["seq"] == seq, f"seq counts the records of an alert: {story}"
        assert record["severity"] in ("P1", "P2", "P3", "P4")
        assert record["opened_at"] == first["opened_at"]
        assert seconds(record["updated_at"]) >= seconds(record["opened_at"])
        assert len(record["evidence"]) <= 20
        assert set(record["evidence"]) <= told, f"evidence names events: {set(record['evidence']) - told}"
        assert all(isinstance(part, str) for part in record["scope"].values() if part is not None)
        assert record["runbook"], "a runbook"
        assert record["suggested_action"], "an action"
    assert re.search(r"\d", first["explanation"]), f"the explanation has numbers: {first['explanation']}"
    assert first["evidence"], f"an alert has evidence: {story}"
