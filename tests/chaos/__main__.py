"""Break a running Driftline in every way that the seed says, and judge what is left (exit 1: something is wrong)."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from streams.engine.logfile import export_log
from tests.chaos.run import BROKER_PROPERTIES, Plan, run
from tests.chaos.schedule import OTHERS
from tests.kafka.broker import KafkaBroker


def main() -> int:
    """Run the chaos that the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--workers", type=int, default=2, choices=(1, 2, 3))
    parser.add_argument("--shards", type=int, default=1, help="each is fed by a firm of its own")
    parser.add_argument("--clock", default="ticks", choices=("ticks", "events"))
    parser.add_argument("--without", action="append", default=[], choices=OTHERS, metavar="FAULT", help="not this one")
    parser.add_argument("--folder", type=Path, help="where what the workers and the broker say is kept")
    parser.add_argument("--quiet", action="store_true", help="do not name each fault as it happens")
    asked = parser.parse_args()
    kinds = frozenset(OTHERS).difference(asked.without)
    plan = Plan(asked.seed, asked.faults, asked.events, asked.workers, asked.shards, asked.clock, kinds)
    began = time.monotonic()

    def say(text: str) -> None:
        if not asked.quiet:
            print(f"{time.monotonic() - began:6.0f} s  {text}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        with KafkaBroker(folder / "broker", BROKER_PROPERTIES, doors=asked.workers) as broker:
            result = run(broker, folder / "workers", plan, say)
            if not result.is_good:
                kept = Path.cwd() / f"chaos-{asked.seed}.jsonl.gz" if asked.folder is None else folder / "log.jsonl.gz"
                export_log(broker.address, kept, topic=f"{plan.prefix}log")
                print(f"the log: {kept}")
        print(result)
        return 0 if result.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
