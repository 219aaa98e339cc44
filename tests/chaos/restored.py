"""A monitor put back from its rows goes on as the one that wrote them, whatever the order in which its inputs came.

Chaos asks this of the whole engine; here it is asked of the monitor alone, on the same feed and without a broker:
``python -m tests.chaos.restored --seeds 20``. So a row that changes without a mark, or an index that is no function of
the rows, is found in seconds, and by its record.
"""

from __future__ import annotations

import argparse
import sys
from collections import deque
from collections.abc import Iterator
from random import Random
from typing import Any

from ledger.shards import ShardMap
from streams.engine.control import config_record, partial_tick_record
from streams.engine.watermarks import observed_us
from streams.monitor import Monitor, Settings, encode
from streams.monitor.settings import plain
from streams.record import INPUT_TOPICS, OWN_ORIGIN, Output, Record
from streams.rowdata import encoded_lines, encoded_rows
from tests.chaos.feeder import records
from tests.chaos.firms import firm_rules
from tests.chaos.likeness import unlike

NOW_US = 1_795_000_000_000_000
EVENTS, EVERY = 2_500, 60
CHUNK = 200
READER = "reader"
Rows = dict[bytes, bytes]


def uneven(seed: int, events: int = EVENTS, *, ticks: bool = False, shards: int = 1) -> list[Record]:
    """Return the log of shard 0 as a worker writes it that reads its topics unevenly; with `ticks` they move the clock."""
    rng, routes = Random(f"{seed}:uneven"), ShardMap(firm_rules(shards))
    waiting: dict[str, deque[Record]] = {}
    for number, (topic, _, value) in enumerate(records(seed, events, NOW_US, shards)):
        if 0 in routes.shards_of(topic, value or b""):
            waiting.setdefault(topic, deque()).append(Record(topic, value or b"", f"{topic}/0/{number}", NOW_US))
    order = [_config(shards)] if ticks else []
    marks: dict[str, int] = {}
    while waiting:
        topic = rng.choice(sorted(waiting))
        order += [waiting[topic].popleft() for _ in range(min(rng.randint(1, CHUNK), len(waiting[topic])))]
        moment = observed_us(order[-1].value)
        marks[f"{topic}/0"] = NOW_US if moment is None else min(moment, NOW_US)
        if not waiting[topic]:
            del waiting[topic]
        if ticks:
            order.append(Record("control", partial_tick_record(marks, READER), OWN_ORIGIN, NOW_US))
    return order


def _config(shards: int) -> Record:
    settings = plain(Settings(shards=firm_rules(shards)))
    names = [f"{topic}/0" for topic in INPUT_TOPICS]
    return Record("control", config_record("ticks", settings, 0, NOW_US, names), OWN_ORIGIN, NOW_US)


def differences(log: list[Record], shards: int = 1, every: int = EVERY) -> Iterator[str]:
    """Yield what a monitor that is put back all the time does otherwise than one that never ended."""
    deciding = Settings(shards=firm_rules(shards))
    whole, often = Monitor(deciding), Monitor(deciding)
    kept: Rows = {}
    for number, record in enumerate(log):
        ours, theirs = said(whole.step(record)), said(often.step(record))
        if ours != theirs:
            yield f"record {number}, {record.origin}: {theirs} and not {ours}"
            return
        if number % max(every // 3, 1) == 0:
            _keep(kept, whole.calm_rows())
        if number % every == 0:
            _keep(kept, whole.changed_rows())
            yield from (f"record {number}: the row {key} has changed without a mark" for key in _unlike(kept, whole))
            often = Monitor(deciding)
            often.restore(rows_of(whole))
            yield from (f"record {number}: put back, {sentence}" for sentence in unlike(whole, often))
    if rows_of(often) != rows_of(whole):
        yield "the rows at the end differ"


def _keep(kept: Rows, changed: dict[str, Any]) -> None:
    for key, row in encoded_lines(changed).items():
        if row is None:
            kept.pop(key.encode(), None)
        else:
            kept[key.encode()] = row


def _unlike(kept: Rows, monitor: Monitor) -> list[str]:
    rows = rows_of(monitor)
    return sorted(key.decode() for key in kept.keys() | rows.keys() if kept.get(key) != rows.get(key))


def rows_of(monitor: Monitor) -> Rows:
    """Return the rows of a monitor as they are read back."""
    return encoded_rows(monitor.rows())


def said(outputs: list[Output]) -> list[tuple[str, str, bytes]]:
    """Return outputs as they are compared."""
    return [(output.topic, output.key, encode(output.value)) for output in outputs]


def main() -> int:
    """Ask it of so many seeds, under both clocks, and print what is not so."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.restored", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--every", type=int, default=EVERY, help="so many records after which it is put back again")
    asked = parser.parse_args()
    bad = 0
    for seed in range(asked.first, asked.first + asked.seeds):
        for ticks, shards in ((False, 1), (True, 1), (True, 3)):
            found = list(differences(uneven(seed, asked.events, ticks=ticks, shards=shards), shards, asked.every))
            for sentence in found[:3]:
                print(f"seed {seed}, {'ticks' if ticks else 'events'}, {shards} shards: {sentence[:1500]}", flush=True)
            bad += bool(found)
    print(f"{3 * asked.seeds} logs, {bad} with differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
