"""The state of a shard made anew from its log, held against the one that is there, and put in its place if asked to.

What is written stands where the old state stood in the log: a worker goes on from there, so nothing stays unsaid.
"""

from __future__ import annotations

import msgspec

from streams.engine.checkpoints import CheckpointWriter, Head, Saved, read_saved
from streams.engine.comparison import RowDifference, compare_heads, compare_rows, rows_hash
from streams.engine.errors import StateError
from streams.engine.intake import wall_us
from streams.engine.keeper import transactional_id
from streams.engine.logfile import read_records
from streams.engine.replica import OnApplied, Replayed, Replica
from streams.engine.settings import EngineSettings


class Rebuilt(msgspec.Struct, frozen=True):
    """A state made anew at the place of the live one, and what they do not agree in.

    Rows of two versions cannot be compared: then `rows` is empty and `is_other_version` says why.
    """

    live: Head
    anew: Head
    live_count: int
    live_hash: str
    anew_count: int
    anew_hash: str
    heads: list[str]
    rows: list[RowDifference]
    is_other_version: bool

    @property
    def is_equal(self) -> bool:
        return not self.heads and not self.rows


class Rebuild:
    """Makes the state of one shard anew with a fresh machine. All calls block.

    Raises `StateError` and `LogError`, in one line, where state and log do not belong together or one is not there, and
    `EngineError` where the broker does not answer.
    """

    def __init__(self, settings: EngineSettings, shard: int, machine: Replayed) -> None:
        self._settings, self._shard = settings, shard
        self._replica = Replica(machine, read_records(settings.broker, settings.log_topic, shard=shard))
        self._saved = self._read()
        self._writer: CheckpointWriter | None = None

    @property
    def position(self) -> int:
        """Where the live state stands in the log."""
        return self._head().position

    def take(self) -> None:
        """Take the shard, as a worker does that is started: one that holds it ends. From now on its state stands still.

        It has gone on since it was read: `make` goes on to where it stands now.
        """
        name = transactional_id(self._settings, self._shard)
        self._writer = CheckpointWriter(self._settings.broker, self._settings.state_topic, self._shard, name)
        self._writer.open()
        self._saved = self._read()
        log, start = self._settings.log_topic, self._replica.position
        self._replica.entries = read_records(self._settings.broker, log, shard=self._shard, start=start)

    def make(self, on_applied: OnApplied | None = None) -> None:
        """Apply the log up to where the live state stands."""
        self._replica.advance(self.position, on_applied)

    def compare(self) -> Rebuilt:
        """Return what the two states, both at one place, do not agree in."""
        live, anew = self._head(), self._replica.head()
        rows = self._replica.rows()
        is_other_version = live.state_version != anew.state_version
        return Rebuilt(
            live=live,
            anew=anew,
            live_count=len(self._saved.rows),
            live_hash=rows_hash(self._saved.rows),
            anew_count=len(rows),
            anew_hash=rows_hash(rows),
            heads=compare_heads(live, anew),
            rows=[] if is_other_version else compare_rows(self._saved.rows, rows),
            is_other_version=is_other_version,
        )

    def write(self) -> int:
        """Put the state made anew in the place of the live one, in one transaction; return how many rows it has.

        Raises `FencedError` where a worker has taken the shard back.
        """
        assert self._writer is not None, "the shard was not taken"
        rows = self._replica.rows()
        gone = dict.fromkeys(self._saved.rows.keys() - rows.keys())
        everything = {key.decode(): value for key, value in sorted({**gone, **rows}.items())}
        self._writer.write(everything, self._replica.head(wall_us()))
        return len(rows)

    def _read(self) -> Saved:
        saved = read_saved(self._settings.broker, self._settings.state_topic, self._shard)
        if saved.head is None:
            raise StateError(f"there is no state of shard {self._shard}: a worker makes it from the log by itself")
        ours = self._replica.machine.state_version
        if saved.head.state_version > ours:
            raise StateError(
                f"the state of shard {self._shard} is of version {saved.head.state_version} and this program makes "
                f"{ours}: start the newer program"
            )
        return saved

    def _head(self) -> Head:
        assert self._saved.head is not None, "it was read with a head"
        return self._saved.head
