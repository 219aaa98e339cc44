"""The judge: what must hold at every step, and what must have come about once all is quiet.

It knows the broker's records and nothing of the engine. Its reference is the same machine over the log of each shard from
the beginning; whatever the workers say, write and commit is held against that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from streams.engine.bookmarks import Partition
from tests.simulation.broker import LOG, Broker, Stored
from tests.simulation.judge import Findings, ShardJudge, WrongError
from tests.simulation.reference import Facts
from tests.simulation.routes import Route
from tests.simulation.transactions import Rows


class Oracle:
    """Listens to a broker and raises `WrongError`. A machine says the number of its shard before the key of an output."""

    def __init__(self, inputs: list[Partition], shards: int, route: Route) -> None:
        self.broker = Broker(inputs, shards, self)
        self._facts = Facts(self.broker, route)
        self._all = Findings()
        self.shards: list[ShardJudge] = []

    def expect(self, new_machine: Callable[[int], Any], clock: str) -> None:
        """Set up what is to be held against; before anything happens."""
        self.shards += [
            ShardJudge(shard, new_machine, clock, self.broker, self._facts, self._all)
            for shard in range(len(self.broker.logs))
        ]

    @property
    def found(self) -> WrongError | None:
        return self._all.found

    @property
    def counts(self) -> dict[str, int]:
        return self._all.counts

    # -------------------------------------------------------------------------------------------- what a broker tells

    def logged(self, record: Stored) -> None:
        self.shards[record.partition].logged(record)

    def said(self, record: Stored) -> None:
        key = record.key or b""
        self.shards[int(key.partition(b"/")[0])].said(record.topic, (key, record.value or b""))

    def saved(self, name: str, shard: int, rows: Rows) -> None:
        if len(self.shards) > 1 and not name.endswith(f"shard-{shard}"):
            raise self._all.wrong(f"{name} has written the state of shard {shard}")
        self.shards[shard].saved(rows)

    def taken(self, name: str, *, has_let_go: bool) -> None:
        """A shard is taken: whoever has let go of it, and said so to the group, would shut out who has it by then."""
        if has_let_go:
            raise self._all.wrong(f"{name} is taken by one that has let go of it")

    def noted(self, place: Partition, offset: int) -> None:
        """An offset is committed: all before it is in the log of each shard to which it belongs."""
        for judge in self.shards if place[0] != LOG else ():
            if (due := judge.due(place, offset)) < offset:
                raise self._all.wrong(f"{offset} of {place} is committed and shard {judge.number} has no {due}")

    # ------------------------------------------------------------------------------------------- how a worker starts

    def ends(self) -> list[int]:
        """Return where the logs end."""
        return [judge.end() for judge in self.shards]

    def started(self, settings: Mapping[str, Any], ends_before: list[int]) -> None:
        """A worker goes on, which began when the logs ended there: what it was given is in force in every shard."""
        for judge, end in zip(self.shards, ends_before, strict=True):
            judge.started(dict(settings), end)

    # ---------------------------------------------------------------------------------------------------- once quiet

    def unfinished(self, now_us: int) -> list[str]:
        """Return what has not come about yet, once nothing more happens; time has stopped at `now_us`."""
        found = [
            f"{place}: {self.broker.committed.get(place)} of {self.broker.end(place)} committed"
            for place in self.broker.inputs
            if self.broker.committed.get(place, 0) < self.broker.end(place)
        ]
        for judge in self.shards:
            found += judge.unfinished(now_us)
        return found

    def check_whole(self) -> None:
        for judge in self.shards:
            judge.check_whole()
