"""`python -m tests.bench`: what Driftline finds in a real bank's year, how fast it reads, and what it remembers."""

from __future__ import annotations

import argparse
import sys

from tests.bench import berka, memory, speed

NAMES = ("berka", "speed", "memory")


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks that `argv` names, all of them by default; return the worst of their exit codes."""
    parser = _parser()
    wanted = parser.parse_args(argv)
    names = wanted.names or NAMES
    if not set(names) <= set(NAMES):
        parser.error(f"there are {', '.join(NAMES)}")
    codes: list[int] = []
    for name in names:
        print("" if codes else f"Python {sys.version.split()[0]}", flush=True)
        codes.append(_run(name, wanted.seed, quick=wanted.quick))
    return max(codes)


def _run(name: str, seed: int, *, quick: bool) -> int:
    if name == "berka":
        return berka.main(seed, quick=quick)
    return speed.main(quick=quick) if name == "speed" else memory.main(quick=quick)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)} (all)")
    parser.add_argument("--seed", type=int, default=1993, help="decides where the faults fall (1993)")
    parser.add_argument("--quick", action="store_true", help="fewer faults, rounds and positions")
    return parser


if __name__ == "__main__":
    sys.exit(main())
