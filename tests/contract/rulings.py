"""What was decided about the movements of a world: every record of `decisions`, by movement and in order."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from streams.cli import cli
from tests.contract.verdicts import lines
from tests.contract.ways import seconds
from tests.contract.worlds import Line, World

Record = dict[str, Any]
FIELDS = ["transfer_id", "class", "action", "failed_rules", "policy_version", "decided_at", "seq"]


@dataclass(frozen=True)
class Rulings:
    """Everything that a replay decided, and the alerts beside it."""

    records: tuple[Record, ...]
    alerts: tuple[Record, ...]

    def of(self, transfer_id: str) -> list[Record]:
        """Return the verdicts on a movement, from its first to its last."""
        return [record for record in self.records if record["transfer_id"] == transfer_id]

    def first(self, transfer_id: str) -> Record:
        found = self.of(transfer_id)
        assert found, f"nothing was decided about {transfer_id}: {self.records}"
        return found[0]

    def last(self, transfer_id: str) -> Record:
        return self.of(transfer_id)[-1]

    def failed(self, transfer_id: str) -> list[str]:
        """Return the ids of the rules that failed at first."""
        return failed(self.first(transfer_id))

    def alert(self, kind: str) -> Record:
        """Return the first record of the only alert of a type."""
        found = [record for record in self.alerts if record["type"] == kind and record["seq"] == 0]
        assert len(found) == 1, f"{len(found)} {kind}: {self.alerts}"
        return found[0]


def failed(record: Record) -> list[str]:
    return [failure["rule"] for failure in record["failed_rules"]]


def decided_at(record: Record) -> float:
    """Return when it was decided, in seconds after the start."""
    return seconds(record["decided_at"])


def everything(line: Line) -> bool:
    return True


def decide(world: World, keep: Callable[[Line], bool] = everything) -> Rulings:
    """Replay a world by the command and return what was decided; the records must have the form of section 7."""
    told = [*world.numbered(), *world.heartbeats()]
    rows = [{"topic": line[2], "value": line[3]} for line in sorted(told, key=lambda line: line[:2]) if keep(line)]
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder, f"{name}.jsonl") for name in ("input", "alerts", "decisions", "quarantine")}
        paths["input"].write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        outputs = [part for name in ("alerts", "decisions", "quarantine") for part in (f"--{name}", str(paths[name]))]
        result = CliRunner().invoke(cli, ["replay", str(paths["input"]), *outputs, "--quiet"])
        assert result.exit_code == 0, result.output or result.exception
        assert not lines(paths["quarantine"]), lines(paths["quarantine"])
        rulings = Rulings(lines(paths["decisions"]), lines(paths["alerts"]))
    for transfer_id in dict.fromkeys(record["transfer_id"] for record in rulings.records):
        assert_form(rulings.of(transfer_id))
    return rulings


def assert_form(records: list[Record]) -> None:
    """Assert what section 7 says of every record, and that a later one says something else."""
    for seq, record in enumerate(records):
        assert list(record) == FIELDS
        assert record["seq"] == seq, f"seq counts the verdicts on a movement: {records}"
        assert (record["class"] == "risk_free") == (not record["failed_rules"]), record
        assert (record["action"] == "auto_approve") == (not record["failed_rules"]), record
        assert all(failure["why"] for failure in record["failed_rules"]), record
        assert record["policy_version"]
    for before, after in pairwise(records):
        assert (before["action"], failed(before)) != (after["action"], failed(after)), "said twice"
        assert before["decided_at"] <= after["decided_at"]
