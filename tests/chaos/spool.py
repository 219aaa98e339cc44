"""The state of every shard followed as it is written: how far its checkpoints are, and all of them kept in files.

Compaction takes the rows of older checkpoints away while a run goes on. Who is to compare each of them must have read
them before; what is kept here is what was committed, in order, with its offsets.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Self

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from streams.engine.clients import READING_ON
from streams.engine.settings import EngineSettings
from tests.chaos.reading import HEAD, read

Kept = tuple[bytes, bytes | None]  # key and value
_pack, _unpack = msgspec.msgpack.encode, msgspec.msgpack.Decoder(tuple[bytes, bytes | None]).decode
_LENGTH = struct.Struct(">I")


class Heads:
    """Follows the checkpoints of all shards in a thread, for the length of a `with` block; in `folder` they are kept."""

    def __init__(self, settings: EngineSettings, folder: Path | None = None) -> None:
        self._topic, self._shards = settings.state_topic, settings.shards
        self._consumer = Consumer(
            {
                "bootstrap.servers": settings.broker, "group.id": "chaos-heads", "enable.auto.commit": False,
                "auto.offset.reset": "earliest", "isolation.level": "read_committed", "log_level": 0,
                "fetch.wait.max.ms": 50, "enable.partition.eof": True, "queued.max.messages.kbytes": 32_768, **READING_ON,
            }
        )  # fmt: skip
        self._next = [0] * self._shards  # offsets
        self._assign()
        self._files = [_opened(folder, shard) for shard in range(self._shards)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.positions = [-1] * self._shards
        self.counts = [0] * self._shards
        self.heads: list[dict[str, Any]] = [{}] * self._shards
        self.went_back: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Read to where the state ends now, and close the files."""
        self._over.set()
        self._thread.join()
        self._assign()  # anew, for the end of a partition is told once
        ended: set[int] = set()
        while len(ended) < self._shards:
            ended |= self._turn()
        self._consumer.close()
        for file in self._files:
            if file is not None:
                file.close()

    def position(self) -> int:
        """Return the position of the last checkpoint of the shard that is least far, -1 where one has none."""
        return min(self.positions)

    @property
    def count(self) -> int:
        """How many checkpoints there are of the shard that has the fewest."""
        return min(self.counts)

    def _assign(self) -> None:
        self._consumer.assign([TopicPartition(self._topic, shard, offset) for shard, offset in enumerate(self._next)])

    def _follow(self) -> None:
        while not self._over.is_set():
            self._turn()

    def _turn(self) -> set[int]:
        """Take what has come; return the shards of which the end was met."""
        ended: set[int] = set()
        for message in self._consumer.consume(5_000, 0.05):
            problem = message.error()
            if problem is None:
                self._take(message)
            elif problem.code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition() or 0)
        return ended

    def _take(self, message: Message) -> None:
        shard, key, value = message.partition() or 0, message.key() or b"", message.value()
        self._next[shard] = (message.offset() or 0) + 1
        file = self._files[shard]
        if file is not None:
            packed = _pack((key, value))
            file.write(_LENGTH.pack(len(packed)))
            file.write(packed)
        if key == HEAD:
            self._note(shard, msgspec.json.decode(value or b"{}"), message.offset() or 0)

    def _note(self, shard: int, head: dict[str, Any], offset: int) -> None:
        if head["position"] < self.positions[shard]:
            self.went_back.append(f"shard {shard}: {head['position']} at {offset}, after {self.positions[shard]}")
        self.positions[shard], self.heads[shard] = head["position"], head
        self.counts[shard] += 1


def _opened(folder: Path | None, shard: int) -> BinaryIO | None:
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return _file(folder, shard).open("wb")


def _file(folder: Path, shard: int) -> Path:
    return folder / f"state-{shard}.spool"


def kept(folder: Path, shard: int) -> Iterator[Kept]:
    """Yield what was kept of a shard, in order."""
    with _file(folder, shard).open("rb") as file:
        while length := file.read(_LENGTH.size):
            yield _unpack(file.read(_LENGTH.unpack(length)[0]))


def written(settings: EngineSettings, shard: int) -> Iterator[Kept]:
    """Yield what the topic holds of a shard now, in order."""
    for message in read(settings.broker, settings.state_topic, shard):
        yield message.key() or b"", message.value()
