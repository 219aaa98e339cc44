"""Decisions against labels: worlds in which a share of the requests is of a known unusual kind.

    python -m tests.scenarios.labelled --seeds 20 --transfers-per-day 5000

The label of an unusual request says which rules fail at least, and whether it is looked at or held. What the desk lets the
machine pass by its own judgement must be approved by the monitor as well. A row says how many of each are otherwise, and
how many urgent alerts name none of the unusual requests; the exit code is 1 where there are any.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import Pool

from streams.monitor import Monitor
from streams.monitor.outputs import Decision
from streams.simulate import Label, SimEvent, Simulation, WorldConfig
from tests.scenarios.clean import listen
from tests.scenarios.decided import KINDS

SHARE = 0.2
URGENT = ("P1", "P2")
DAY_S = 86_400


@dataclass
class World:
    """One world: its labels by movement, the first decision on each request, who passed it, and the urgent alerts."""

    labels: dict[str, Label] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)  # by movement, who was to let it pass: auto, manual or ""
    first: dict[str, Decision] = field(default_factory=dict)
    urgent: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # by alert: movement, type, explanation

    def wrong_labels(self) -> Iterator[str]:
        """Yield of which unusual requests something else was decided than their labels say."""
        for transfer_id, label in self.labels.items():
            (expected,), decision = label.expected_decisions, self.first.get(transfer_id)
            failed = [rule.rule for rule in decision.failed_rules] if decision else []
            action = decision.action if decision else "nothing"
            if action != expected.actions[0] or not set(expected.rules) <= set(failed):
                yield f"{label.note}: {action} ({' '.join(failed)})"

    def wrong_passes(self) -> Iterator[str]:
        """Yield what the desk let the machine pass and the monitor did not."""
        for transfer_id, origin in self.requests.items():
            decision = self.first[transfer_id]
            if origin == "auto" and decision.action != "auto_approve":
                yield f"{transfer_id}: {decision.action}: {'; '.join(rule.why for rule in decision.failed_rules)}"

    def wrong_alerts(self) -> Iterator[str]:
        """Yield urgent alerts that are not of the kinds that an unusual request may raise."""
        for transfer_id, kind, explanation in self.urgent.values():
            label = self.labels.get(transfer_id)
            if label is None or kind not in label.possible_alert_types:
                yield f"{kind}: {explanation}"


def live_through(config: WorldConfig) -> World:
    """Let a monitor hear a whole world."""
    world, simulation = World(), Simulation(config)
    for event, outputs in listen(Monitor(), simulation.events()):
        _note_request(world, event)
        for output in outputs:
            if output.topic == "decisions" and output.value.seq == 0:
                world.first[output.value.transfer_id] = output.value
            elif output.topic == "alerts" and output.value.severity.value in URGENT:
                alert = output.value
                named = alert.scope.to_plain().get("transfer_id", "")
                world.urgent.setdefault(alert.alert_id, (named, alert.type, alert.explanation))
    world.labels = {label.expected_decisions[0].transfer_id: label for label in simulation.truth}
    return world


def _note_request(world: World, event: SimEvent) -> None:
    value = event.value
    if event.topic == "transfers" and value["status"] == "requested" and value["op_type"] in KINDS:
        world.requests.setdefault(value["transfer_id"], value.get("control", {}).get("origin", ""))


def main(argv: list[str] | None = None) -> int:
    """Run the worlds, print a row for each and what is wrong, and return 1 where anything is."""
    wanted = _parser().parse_args(argv)
    jobs = [
        WorldConfig(
            seed=seed, duration_s=wanted.days * DAY_S, transfers_per_day=wanted.transfers_per_day,
            unusual_share=wanted.share,
        )
        for seed in range(wanted.first, wanted.first + wanted.seeds)
    ]  # fmt: skip
    failed = False
    with Pool(wanted.processes) as pool:
        for config, world in zip(jobs, pool.imap(live_through, jobs), strict=True):
            wrong = [list(found) for found in (world.wrong_labels(), world.wrong_passes(), world.wrong_alerts())]
            counts = "{} labels, {} passes and {} urgent alerts".format(*map(len, wrong))
            print(
                f"seed {config.seed}: {len(world.first):,} decisions, {len(world.requests):,} requests, "
                f"{len(world.labels):,} unusual; wrong: {counts}"
            )
            for line in (line for found in wrong for line in found[: wanted.listed]):
                print(f"  {line}")
            failed = failed or any(wrong)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.labelled", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="how many worlds (20)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--days", type=float, default=1.0, help="length of each world in days (1)")
    parser.add_argument("--transfers-per-day", type=int, default=5_000, metavar="N")
    parser.add_argument("--share", type=float, default=SHARE, help="share of requests that are unusual (0.2)")
    parser.add_argument("--listed", type=int, default=5, help="how many of each wrong kind are printed (5)")
    parser.add_argument("--processes", type=int, default=2)
    return parser


if __name__ == "__main__":
    sys.exit(main())
