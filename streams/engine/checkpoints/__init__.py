"""Checkpoints: the rows of a shard and its place in the log, written together or not at all.

`head` says what a checkpoint is, `writer` writes it in one Kafka transaction that shuts every predecessor out, and
`reader` gives back the last one that was written whole (`tail` its head alone, `follower` one after the other). Nothing
here knows Faust or the monitor: a shard is a function from records to outputs with rows, and its place is an offset.
"""

from __future__ import annotations

from streams.engine.checkpoints.head import Head, Running
from streams.engine.checkpoints.reader import Saved, StateReader, read_saved
from streams.engine.checkpoints.tail import last_head
from streams.engine.checkpoints.writer import CheckpointWriter, FencedError

__all__ = ["CheckpointWriter", "FencedError", "Head", "Running", "Saved", "StateReader", "last_head", "read_saved"]
