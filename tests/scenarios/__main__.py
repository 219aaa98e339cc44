"""`make scenarios`: every incident of the field and its look-alike over many seeds, one row a scenario.

    python -m tests.scenarios --seeds 20 --only S05

A row says how often the scenario was found in time, as what, how late at the median and at worst against what is
allowed, in how many incidents, and in how many worlds its look-alike raised an alarm.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from multiprocessing import Pool
from statistics import median

from rich.console import Console
from rich.table import Table

from streams.simulate import FAULTS
from tests.scenarios.runs import run
from tests.scenarios.verdicts import Verdict, judge

GOALS = {"P1": 1.0, "P2": 0.95, "P3": 0.95}


def main(argv: list[str] | None = None) -> int:
    """Run them, print the table, and return 1 where a goal is missed."""
    wanted = _parser().parse_args(argv)
    names = [name for name in FAULTS if FAULTS[name].number and _is_wanted(name, wanted.only)]
    jobs = [(name, seed) for name in names for seed in range(wanted.first, wanted.first + wanted.seeds)]
    with Pool(wanted.processes) as pool:
        verdicts = list(pool.imap_unordered(_verdict, jobs, chunksize=1))
    by_name: dict[str, list[Verdict]] = {name: [] for name in names}
    for verdict in sorted(verdicts, key=lambda verdict: verdict.seed):
        by_name[verdict.name].append(verdict)
    missed = _print(by_name)
    for verdict in (verdict for rows in by_name.values() for verdict in rows if not verdict.passed):
        if wanted.verbose:
            print(
                f"{verdict.name} seed {verdict.seed}: {verdict.why} {'; '.join((*verdict.alarms, *verdict.misjudged))}"
            )
    return 1 if missed else 0


def _verdict(job: tuple[str, int]) -> Verdict:
    return judge(run(*job))


def _print(by_name: dict[str, list[Verdict]]) -> bool:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "scenario", "found", "as", "delay s, median", "worst", "allowed", "incidents", "look-alike"):
        table.add_column(heading, justify="left" if heading in ("", "scenario", "as") else "right")
    missed = False
    scenarios = sorted(
        (name for name in by_name if not FAULTS[name].lookalike_of), key=lambda name: FAULTS[name].number
    )
    for name in scenarios:
        verdicts = by_name[name]
        likes = [verdict for like in by_name if FAULTS[like].lookalike_of == name for verdict in by_name[like]]
        quiet = [verdict for verdict in likes if verdict.passed]
        cells, failed = _row(name, verdicts)
        table.add_row(*cells, f"{len(quiet)}/{len(likes)} quiet" if likes else "-")
        missed = missed or failed or len(quiet) < len(likes)
    Console(width=160).print(table)
    return missed


def _row(name: str, verdicts: list[Verdict]) -> tuple[list[str], bool]:
    found = [verdict for verdict in verdicts if verdict.passed]
    heard = [verdict for verdict in verdicts if verdict.alert_type]
    delays = [verdict.delay_s for verdict in heard]
    as_what = ", ".join(
        f"{what} {n}" for what, n in Counter(f"{v.alert_type} {v.severity}" for v in heard).most_common()
    )
    share = len(found) / len(verdicts)
    cells = [
        FAULTS[name].number, name, f"{len(found)}/{len(verdicts)}", as_what,
        f"{median(delays):.1f}" if delays else "-", f"{max(delays):.1f}" if delays else "-",
        f"{max(v.allowed_s for v in verdicts):.0f}", str(max((v.incidents for v in heard), default=0)),
    ]  # fmt: skip
    return cells, share < GOALS[FAULTS[name].severity]


def _is_wanted(name: str, only: list[str]) -> bool:
    return not only or name in only or FAULTS[name].number in only or FAULTS[name].lookalike_of in only


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="worlds of each scenario and look-alike (20)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="a scenario, or its number")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--verbose", action="store_true", help="say why each failed run failed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
