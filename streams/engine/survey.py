"""The log as a worker finds it when it starts: which clock it was begun under, what is in force, how far time has come.

The last checkpoint says so for all before it, so that only what came after it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streams.engine.checkpoints.head import Head
from streams.engine.control import Config, is_partial, read_config
from streams.engine.errors import LogError
from streams.engine.settings import Clock
from streams.engine.watermarks import observed_us
from streams.record import OWN_ORIGIN, Record


@dataclass(frozen=True, slots=True)
class Survey:
    """What the log of a shard says about itself.

    `config` is the latest, `last_tick_us` the moment that the last tick for all inputs claimed.
    """

    end_offset: int = 0
    config: Config | None = None
    last_tick_us: int | None = None
    shard: int = 0

    def needs_config(self, clock: Clock, settings: Mapping[str, Any], inputs: Sequence[str] = ()) -> bool:
        """Say whether a config record must be appended before anything else.

        Raises `LogError` where the log was begun under another clock, with another shard map, or not by Driftline.
        """
        if self.end_offset == 0:
            return True
        if self.config is None:
            raise LogError("the log does not begin with a config record: it was not begun by Driftline")
        if self.config.clock != clock:
            raise LogError(
                f"the log was begun with the clock {self.config.clock!r} and this start asks for {clock!r}: "
                "start with the log's clock, or with another log"
            )
        if _map(self.config.settings) != _map(settings):
            raise LogError(
                "the log was begun with another shard map than this start asks for: start with the log's map, or begin "
                "a new log (another topic prefix) with the new one"
            )
        return self.config.settings != dict(settings) or self.config.inputs != sorted(inputs)


def _map(settings: Mapping[str, Any]) -> object:
    return settings.get("shards") or ()


def survey_log(entries: Iterable[tuple[int, Record]], head: Head | None = None, shard: int = 0) -> Survey:
    """Return what the offsets and records of a log say about it; of those before `head`, it is the head that says so."""
    end_offset, config, last_tick_us = 0, None, None
    if head is not None:
        end_offset, config, last_tick_us = head.position, read_config(head.config.encode()), head.tick_us
    for offset, record in entries:
        end_offset = offset + 1
        if record.origin != OWN_ORIGIN:
            if offset == 0:
                break
            continue
        own_config = read_config(record.value)
        if own_config is not None:
            config = own_config
        elif not is_partial(record.value):  # one reader of several may be far ahead of the others
            last_tick_us = observed_us(record.value)
    return Survey(end_offset, config, last_tick_us, shard)
