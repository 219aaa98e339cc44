"""A second machine beside the worker, from the same log, that says where the state written is not what it should be.

At each checkpoint it is brought to the same place of the log. There all counts and hashes of what went in and came out
must be equal, and so must every row that either side has changed. A machine that is deterministic, on a log that is the
same for both, can only differ where something is broken: a bit, a disk, a program of another version, or our promise.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from streams.engine.checkpoints import Head
from streams.engine.checkpoints.follower import StateFollower, Written
from streams.engine.comparison import Mirror, compare_heads
from streams.engine.errors import EngineError, LogError, StateError
from streams.engine.logfile import read_ends, read_records
from streams.engine.replica import Replayed, Replica
from streams.engine.settings import EngineSettings

WAIT_SECONDS = 0.5
KEYS_NAMED = 3


class StoppedError(EngineError):
    """The witness was told to stop while it was applying the log."""


class Verdict(msgspec.Struct, frozen=True):
    """What the comparison at one checkpoint has given: empty lists where all is equal.

    `moment_us` is how far the machine's time has come there; `is_whole` says that all rows were compared, not only those
    that were changed since the checkpoint before.
    """

    shard: int
    head: Head
    heads: list[str]
    keys: list[bytes]
    rows: int
    moment_us: int
    is_whole: bool

    @property
    def agrees(self) -> bool:
        return not self.heads and not self.keys

    def __str__(self) -> str:
        place = f"shard {self.shard} at {self.head.position:,}"
        if self.agrees:
            return f"{place}: agrees ({self.head.outputs:,} outputs, {self.rows:,} rows)"
        said = [*self.heads, *([self._rows_said()] if self.keys else [])]
        return f"{place}: the state written is not what the log gives: {'; '.join(said)}"

    def _rows_said(self) -> str:
        named = ", ".join(key.decode("utf-8", "replace")[:120] for key in self.keys[:KEYS_NAMED])
        more = f" and {len(self.keys) - KEYS_NAMED:,} more" if len(self.keys) > KEYS_NAMED else ""
        return f"{len(self.keys):,} of {self.rows:,} rows differ ({named}{more})"


class Witness:
    """Follows the log and the state of one shard. All calls block.

    `stop` ends a long way through the log with `StoppedError`, and `on_turn` hears every now and then that it gets on.
    Raises `StateError` and `LogError`, in one line, where state and log do not belong together, and `EngineError` where
    the broker does not answer.
    """

    def __init__(
        self,
        settings: EngineSettings,
        shard: int,
        make: Callable[[], Replayed],
        stop: threading.Event | None = None,
        on_turn: Callable[[], object] = lambda: None,
    ) -> None:
        self._settings, self._shard, self._make, self._on_turn = settings, shard, make, on_turn
        self._stop = stop or threading.Event()
        self._state = StateFollower(settings.broker, settings.state_topic, shard)
        self._mirror = Mirror()
        self._replica: Replica | None = None

    def close(self) -> None:
        """Let go of both topics."""
        self._state.close()
        if self._replica is not None:
            self._replica.close()

    def look(self) -> Verdict | None:
        """Return what the latest checkpoint gives, with all its rows compared; None where none was written so far."""
        self._on_turn()
        written = self._state.last()
        return None if written is None else self._compare_all(written)

    def next(self) -> Verdict | None:
        """Return what the next checkpoint gives; None where none comes within half a second."""
        self._on_turn()
        written = self._state.next(WAIT_SECONDS)
        if written is None:
            return None
        # Rows that compaction has removed are found again in a later checkpoint, the latest at the latest.
        if not written.is_whole or self._replica is None or written.head.position < self._replica.position:
            return self._compare_all(self._with_the_rest(written))
        return self._compare(written, self._replica)

    def _with_the_rest(self, written: Written) -> Written:
        rest = self._state.last()
        return written if rest is None else Written(rest.head, {**written.rows, **rest.rows}, is_whole=True)

    def _compare(self, written: Written, replica: Replica) -> Verdict:
        replica.advance(written.head.position, self._go_on)
        keys = self._mirror.compare(written.rows, replica.changes())
        return self._verdict(written.head, replica, keys, is_whole=False)

    def _compare_all(self, written: Written) -> Verdict:
        self._mirror.write(written.rows)
        replica = self._at(written.head)
        replica.advance(written.head.position, self._go_on)
        replica.changes()  # all rows are compared, so these are not to be looked at again
        return self._verdict(written.head, replica, self._mirror.compare_all(replica.rows()), is_whole=True)

    def _at(self, head: Head) -> Replica:
        """Return the replica, from the beginning of the log where it is beyond this head."""
        self._check(head)
        if self._replica is None or head.position < self._replica.position:
            if self._replica is not None:
                self._replica.close()
            log = self._settings.log_topic
            entries = read_records(self._settings.broker, log, shard=self._shard, follow=self._stop)
            self._replica = Replica(self._make(), entries)
        return self._replica

    def _go_on(self, _: int) -> None:
        self._on_turn()
        if self._stop.is_set():
            raise StoppedError("stopped before the log was applied")

    def _check(self, head: Head) -> None:
        end = read_ends(self._settings.broker, (self._settings.log_topic, self._shard)).end
        if head.position > end:
            raise LogError(f"the log of shard {self._shard} ends at {end} and its state is of {head.position}")

    def _verdict(self, head: Head, replica: Replica, keys: list[bytes], *, is_whole: bool) -> Verdict:
        ours = replica.machine.state_version
        if head.state_version != ours:
            raise StateError(
                f"the state of shard {self._shard} is of version {head.state_version} and this program makes {ours}: "
                "a witness is of the version of its worker"
            )
        heads = compare_heads(head, replica.head())
        moment_us = replica.machine.clock_us
        return Verdict(self._shard, head, heads, keys, len(self._mirror), moment_us, is_whole)
