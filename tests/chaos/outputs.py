"""An output topic held against what the reference machines say: each first occurrence in the order of its shard.

The topic does not say whose record one is; the machines do. Where two shards say the very same bytes, one record may be
the next of both, and there must be as many of it as there are shards that say it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.chaos.reading import short
from tests.chaos.verdict import Verdict

Pair = tuple[bytes, bytes]  # key and value


class OutputCheck:
    """One output topic, record by record; `said` is what each shard says to it, in its order."""

    def __init__(self, verdict: Verdict, topic: str, said: Sequence[Sequence[Pair]]) -> None:
        self._verdict, self._topic, self._said = verdict, topic, said
        self._reached = [0] * len(said)
        self._found: Counter[Pair] = Counter()
        self._before: set[Pair] = set()
        self._speakers: dict[Pair, set[int]] = {}
        for shard, pairs in enumerate(said):
            for pair in pairs:
                self._speakers.setdefault(pair, set()).add(shard)

    def take(self, pair: Pair) -> None:
        """Look at the next record of the topic."""
        speakers = self._speakers.get(pair)
        if speakers is None:
            self._verdict.wrong("output invented", f"{self._topic}: {short(pair[1])}")
            return
        self._found[pair] += 1
        due = [shard for shard in speakers if self._next(shard) == pair]
        for shard in due:
            self._reached[shard] += 1
        if due:
            self._before.add(pair)
        elif pair not in self._before:
            self._verdict.wrong("output out of order", f"{self._topic}: {short(pair[1])} comes too early")

    def end(self) -> None:
        """Look for what has not come, and note the figures."""
        wanted = Counter(pair for pairs in self._said for pair in pairs)
        for pair, times in wanted.items():
            if self._found[pair] < times:
                self._verdict.wrong("output lost", f"{self._topic}: {short(pair[1])}")
        figures = self._verdict.figures
        figures[self._topic] = wanted.total()
        figures[f"{self._topic} repeated"] = self._found.total() - wanted.total()

    def _next(self, shard: int) -> Pair | None:
        said, reached = self._said[shard], self._reached[shard]
        return said[reached] if reached < len(said) else None


def check_outputs(verdict: Verdict, topic: str, said: Sequence[Sequence[Pair]], found: Iterable[Pair]) -> None:
    """Hold all of an output topic against what the shards say."""
    check = OutputCheck(verdict, topic, said)
    for pair in found:
        check.take(pair)
    check.end()
