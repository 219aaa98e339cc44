"""The command line of the simulated broker: write a world, and the truth about its faults, to files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from streams.simulate.config import WorldConfig
from streams.simulate.faults import FAULTS
from streams.simulate.patterns.registry import ALL, PATTERNS
from streams.simulate.simulation import Simulation, write
from streams.simulate.units import DAY_S


def main(argv: Sequence[str] | None = None) -> int:
    """Write the world that `argv` asks for; return 0, or 2 with one line on standard error if it cannot be."""
    wanted = _parser().parse_args(argv)
    try:
        config = WorldConfig(
            seed=wanted.seed, duration_s=wanted.days * DAY_S, transfers_per_day=wanted.transfers_per_day,
            clients=wanted.clients, unusual_share=wanted.unusual_share, fault_at_s=wanted.fault_at, patterns=tuple(wanted.pattern),
        )  # fmt: skip
        simulation = Simulation(config, wanted.scenario)
        lines = write(simulation, wanted.out, wanted.truth)
    except (OSError, ValueError) as error:
        print(f"driftline simulate: {error}", file=sys.stderr)
        return 2
    print(f"{lines:,} events to {wanted.out}", file=sys.stderr)
    for label in simulation.truth:
        print(simulation.describe(label), file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, FAULTS))
    known = "\n".join(f"  {name:<{width}} {kind.description}" for name, kind in FAULTS.items())
    quiet = "\n".join(
        f"  {kind.number:>2} {kind.name:<{width - 3}} {kind.description}"
        for kind in sorted(PATTERNS.values(), key=lambda kind: kind.number)
    )
    parser = argparse.ArgumentParser(
        prog="driftline simulate",
        description="Write a seeded prime broker as JSON lines, with labelled faults.",
        epilog=f"scenarios:\n{known}\n\npatterns, all of them legitimate:\n{quiet}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed writes the same bytes (1)")
    parser.add_argument("--days", type=float, default=1.0, help="length of the world in days (1)")
    parser.add_argument(
        "--scenario", action="append", default=[], choices=sorted(FAULTS), metavar="NAME",
        help="a fault to inject; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--pattern", action="append", default=[], choices=[*sorted(PATTERNS), ALL], metavar="NAME",
        help=f"a legitimate pattern that comes again and again, or `{ALL}` of them; may be repeated",
    )  # fmt: skip
    parser.add_argument("--out", required=True, metavar="FILE", help="where to write; compressed if it ends in .gz")
    parser.add_argument("--truth", metavar="FILE", help="where to write the labels of the faults")
    parser.add_argument("--transfers-per-day", type=int, default=WorldConfig().transfers_per_day, metavar="N")
    parser.add_argument("--clients", type=int, default=WorldConfig().clients, metavar="N")
    parser.add_argument(
        "--unusual-share", type=float, default=0.0, metavar="SHARE",
        help="share of requests that are of a labelled unusual kind, from 0 to below 1 (0)",
    )  # fmt: skip
    parser.add_argument(
        "--fault-at", type=float, metavar="SECONDS",
        help="inject every scenario this long after the start (each at its own moment in the second half)",
    )  # fmt: skip
    return parser
