"""What a shard remembers over a restart: opened from its last checkpoint, and checkpointed as it goes on.

A shard is opened by shutting every earlier holder out, reading the last checkpoint, and holding it against the log. From
then on its changed rows are taken every few seconds, and written once all that was said up to there is confirmed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from streams.engine.checkpoints import CheckpointWriter, Head, StateReader, last_head, read_saved
from streams.engine.checkpoints.head import begins, encode_head
from streams.engine.crashpoints import reached
from streams.engine.errors import LogError, StateError
from streams.engine.logfile import LogEnds, read_ends
from streams.engine.memory import kept, let_go
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard, Steps
from streams.rowdata import encoded_lines

logger = logging.getLogger(__name__)

Rows = dict[str, bytes | None]
AHEAD_SECONDS_MAX = 600.0  # what was read ahead is no older, by a clock that may be put forward or back
# Two shards that are opened at once are put back one after the other: msgspec makes what it knows of a type when it first
# meets it, and two threads that make it at once end the process with a segmentation fault.
_restoring = threading.Lock()


class Remembers(Steps, Protocol):
    """A machine whose state can be written down, and put back from the rows of a checkpoint."""

    state_version: int

    def changed_rows(self) -> dict[str, Any]: ...
    def restore(self, rows: Mapping[bytes, bytes]) -> None: ...


class Capture(msgspec.Struct, frozen=True):
    """A checkpoint about to be written: the rows changed since the one before, encoded, and its head."""

    rows: Rows
    head: Head


class Keeper:
    """Opens and checkpoints one shard.

    `read_ahead`, `open` and `write` block and belong into a thread, all else onto the event loop.
    """

    def __init__(self, settings: EngineSettings, shard: Shard, machine: Remembers) -> None:
        self._settings = settings
        self._shard, self._machine = shard, machine
        name = transactional_id(settings, shard.number)
        self._writer = CheckpointWriter(settings.broker, settings.topic("state"), shard.number, name)
        # Of what has changed, what is best encoded now; the rest is when a checkpoint is taken.
        self._calm_rows: Callable[[], dict[str, Any]] = getattr(machine, "calm_rows", machine.changed_rows)
        self._owed: Rows = {}  # changed since the last capture, encoded
        self._captured: Rows = {}  # of a checkpoint that is not known to be written
        self.is_whole = False  # whether the machine is at the shard's position: what it knows can be gone on with
        self._saved: Head | None = None  # of the last checkpoint that was read or written here
        self._under_way: Head | None = None  # of one that was about to be written, and may be there
        self.begun: StateReader | None = None  # what was read ahead, of a shard that is not remembered
        self.goes_on = False  # whether the last opening went on from what was remembered
        self.is_taking = False  # whether earlier holders are being shut out just now
        self.records_read = 0  # of the state, to open it

    @property
    def saved_position(self) -> int:
        """The position of the last checkpoint that was read or written here."""
        return 0 if self._saved is None else self._saved.position

    @property
    def written_us(self) -> int | None:
        """When that one was written, in microseconds since 1970 UTC; None where there is none."""
        return None if self._saved is None else self._saved.written_us

    def read_ahead(self, is_enough: Callable[[int], bool]) -> StateReader | None:
        """Return what there is of the state, read until so many bytes are enough; None where that cannot be done now."""
        begun = StateReader(self._settings.broker, self._settings.topic("state"), self._shard.number)
        try:
            begun.read(lambda: is_enough(begun.size_bytes))
        except Exception:  # nothing needs it: the opening reads all, and says what is wrong
            logger.warning("nothing of shard %d is read ahead", self._shard.number, exc_info=True)
            return None
        return begun

    def open(self, is_wanted: Callable[[], bool] = lambda: True) -> int | None:
        """Take the shard and put its state back; return the offset from which its log is to be applied.

        None where the shard went to another before it was taken: it is left alone. One that comes back, and whose state
        nobody has written meanwhile, goes on from what is remembered of it: see `goes_on`. Raises `StateError` or
        `LogError`, in one line, where state and log do not belong together.
        """
        begun, self.begun = self.begun, None
        self.is_taking = True  # before it is asked: who lets go of the shard says so first, and looks at this then
        try:
            if not is_wanted():
                return None
            self._writer.open()
        finally:
            self.is_taking = False
        reached("open.fenced")
        self.goes_on = self.is_whole and self._is_last()
        if self.goes_on:
            self.records_read = 0
            self._shard.go_on()
            return self._shard.position
        return self._put_back(begun)

    def _is_last(self) -> bool:
        """Say whether the last checkpoint is the one that was read or written here last: then the rest is owed."""
        head = last_head(self._settings.broker, self._settings.topic("state"), self._shard.number)
        if head is None:
            return self._saved is None
        self._check(head, read_ends(self._settings.broker, (self._settings.log_topic, self._shard.number)))
        return encode_head(head) in [encode_head(one) for one in (self._saved, self._under_way) if one is not None]

    def _put_back(self, begun: StateReader | None) -> int:
        if begun is not None and abs(time.time() - begun.begun_s) > AHEAD_SECONDS_MAX:
            begun = None
        saved = read_saved(self._settings.broker, self._settings.topic("state"), self._shard.number, begun)
        reached("open.read")
        if saved.head is not None:
            # Only now: before the shard was taken, its last holder may have come further than the log that was seen.
            log = read_ends(self._settings.broker, (self._settings.log_topic, self._shard.number))
            self._check(saved.head, log)
        self.records_read = saved.records
        replaces, self.is_whole = self.is_whole, False
        with _restoring, kept():
            self._machine.restore(saved.rows)
        if replaces:
            let_go()
        self._owed, self._captured = {}, {}
        self._saved = saved.head
        self._shard.resume(saved.head)
        self.is_whole = True
        reached("open.restored")
        return self.saved_position

    def collect(self) -> None:
        """Encode rows that have changed, for the next checkpoint.

        Called several times for each, so that the monitor never stands still for the rows of seconds.
        """
        self._owed.update(encoded_lines(self._calm_rows()))

    def capture(self, written_us: int) -> Capture | None:
        """Return what is to be written for where the shard stands now; None where nothing has been applied since."""
        position = self._shard.position
        if position == self.saved_position and not self._owed and not self._captured:
            return None
        self._owed.update(encoded_lines(self._machine.changed_rows()))
        self._captured = {**self._captured, **self._owed} if self._captured else self._owed
        self._owed = {}
        head = self._shard.running.head(
            position=position,
            state_version=self._machine.state_version,
            clock=self._settings.clock,
            written_us=written_us,
        )
        return Capture(self._captured, head)

    def write(self, capture: Capture) -> None:
        """Write a checkpoint; see `CheckpointWriter.write` for what it raises."""
        self._under_way = capture.head
        self._writer.write(capture.rows, capture.head)
        self._saved = capture.head

    def written(self, capture: Capture) -> None:
        """Forget what has been written; what has changed since is owed."""
        if self._captured is capture.rows:
            self._captured = {}

    def forget(self) -> None:
        """Remember nothing of the shard: another worker has it now."""
        self.begun = None
        if self.is_whole:
            self.is_whole = False
            self._machine.restore({})
            self._owed, self._captured = {}, {}
            let_go()

    def _check(self, head: Head, log: LogEnds) -> None:
        ours, name = self._machine.state_version, f"shard {self._shard.number}"
        if head.state_version > ours:
            raise StateError(
                f"the state of {name} is of version {head.state_version} and this program reads {ours}: "
                "start the newer program"
            )
        if head.state_version < ours:
            raise StateError(
                f"the state of {name} is of version {head.state_version} and this program writes {ours}: "
                "make it anew from the log with `driftline rebuild`"
            )
        if head.clock != self._settings.clock:
            raise StateError(
                f"the state of {name} was made under the clock {head.clock!r}, not {self._settings.clock!r}"
            )
        if head.position > log.end:
            raise LogError(
                f"the log of {name} ends at {log.end} and its state is of {head.position}: "
                "the log was cut short or made anew"
            )
        if log.first > head.position:
            raise LogError(f"the log of {name} begins at {log.first} and is needed from {head.position} on")
        if log.begins is not None and head.inputs and begins(*log.begins) != head.log_begins:
            raise LogError(f"the log of {name} is not the one that its state was made of: it was made anew")


def transactional_id(settings: EngineSettings, shard: int) -> str:
    """Return the name under which the state of a shard is written: whoever takes it shuts out who had it before."""
    return f"{settings.topic_prefix}{settings.group_id}-shard-{shard}"
