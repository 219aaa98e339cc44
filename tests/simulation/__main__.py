"""``python -m tests.simulation --seeds 2000 --first 0``: so many worlds, and the first one that goes wrong with its trace."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from contextlib import nullcontext

from tests.simulation.clients import installed
from tests.simulation.defects import DEFECTS
from tests.simulation.world import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    parser.add_argument("--defect", choices=sorted(DEFECTS), help="plant one: a world must go wrong")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    logging.disable()
    begun_s = time.monotonic()
    with installed(), DEFECTS[given.defect]() if given.defect else nullcontext():
        for seed in range(given.first, given.first + given.seeds):
            outcome = run(seed)
            counts.update(outcome.counts)
            if outcome.wrong is not None:
                print("\n".join(outcome.trace))
                print(f"seed {seed}: {outcome.wrong}")
                return 1
    minutes = (time.monotonic() - begun_s) / 60
    print(", ".join(f"{name} {count:,}" for name, count in counts.items()))
    print(f"{given.seeds:,} seeds, none wrong; {given.seeds / minutes:,.0f} a minute")
    return 0


if __name__ == "__main__":
    sys.exit(main())
