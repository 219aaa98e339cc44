"""The monitors of all shards over one file: which of them hears a line, and in what order they speak.

An exported line says its shard, and goes (and moves time) there only. A line of a plain file goes where the map says, as
intake would send it, and moves the time of all shards: the file is all that there is to hear. What several shards say to
a line comes in the order of their numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from msgspec.structs import replace

from ledger.events import Config
from ledger.parser import parse
from ledger.shards import ShardMap
from streams.lines import Placed
from streams.monitor import Monitor, Settings, SettingsError
from streams.monitor.settings import settings_from
from streams.record import Output

BROADCAST = ("reference", "control")
HELD_MAX = 200_000
"""So many lines before the first movement, posting or balance may come before the record that has the map."""


class Monitors:
    """A monitor for each shard; `settings` and `pinned` are as of a monitor."""

    def __init__(self, settings: Settings | None = None, *, pinned: bool = False) -> None:
        self.settings, self.pinned = settings or Settings(), pinned
        self._by_number: dict[int, Monitor] = {}
        self._take_map()

    def _take_map(self) -> None:
        self.map = ShardMap(self.settings.shards)
        self._by_number = {number: self._monitor(number) for number in self.map.all}

    def _monitor(self, number: int) -> Monitor:
        return Monitor(self.settings, pinned=self.pinned, shard=number)

    @property
    def monitors(self) -> list[Monitor]:
        """The monitors in the order of their shards."""
        return [self._by_number[number] for number in sorted(self._by_number)]

    @property
    def several(self) -> bool:
        """Whether there is more than one shard."""
        return len(self._by_number) > 1

    @property
    def counts(self) -> Counter[str]:
        """What was read, by kind: what all shards hear once, a movement between two shards in both."""
        all_counts = [monitor.state.counts for monitor in self.monitors]
        counts = sum(all_counts, Counter[str]())
        for kind in ("reference", "control", "ticks"):
            counts[kind] = max(each[kind] for each in all_counts)
        return counts

    def mapped(self, lines: Iterable[Placed]) -> Iterator[Placed]:
        """Yield the lines, once the map that they bring along, if no other was given, is known."""
        lines, held = iter(lines), list[Placed]()
        if not self.settings.shards:
            for line in lines:
                held.append(line)
                if self._is_settled(line) or len(held) >= HELD_MAX:
                    break
        return chain(held, lines)

    def _is_settled(self, line: Placed) -> bool:
        """Tell whether nothing after this line can bring a map: it brings one, says its shard, or is to be applied."""
        if line.shard is not None or line.record.topic not in BROADCAST:
            return True
        if line.record.topic != "control" or b'"shards"' not in line.record.value:
            return False
        event = parse("control", line.record.value)
        if not isinstance(event, Config) or "shards" not in event.settings:
            return False
        try:
            shards = settings_from({"shards": event.settings["shards"]}).shards
        except SettingsError:
            return False  # the monitor quarantines it
        self.settings = replace(self.settings, shards=shards)
        self._take_map()
        return True

    def step(self, line: Placed) -> list[Output]:
        """Take the next line; return what all shards say to it, the lowest first."""
        record, shard = line
        if shard is not None:
            return self._of(shard).step(record)
        if not self.several:
            return self._by_number[0].step(record)
        hears = self.map.shards_of(record.topic, record.value)
        said = {number: self._by_number[number].step(record) for number in hears}
        now_us = max(self._by_number[number].clock_us for number in hears)
        for number, monitor in self._by_number.items():
            if number not in said:
                said[number] = monitor.pass_time(now_us)
        return [output for number in sorted(said) for output in said[number]]

    def _of(self, number: int) -> Monitor:
        monitor = self._by_number.get(number)
        if monitor is None:
            monitor = self._by_number[number] = self._monitor(number)
        return monitor

    def forget_changes(self) -> None:
        """Forget which rows have changed, where nobody writes them down."""
        for monitor in self._by_number.values():
            monitor.forget_changes()
