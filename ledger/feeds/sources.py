"""Sources: how far each has delivered, whether it has fallen silent, and what has to wait until it has caught up.

While a source is in trouble (silent, or with a hole in its sequence) what depends on it is held back, and the alert that
says so counts it. Nothing is closed for it, and nothing is held for ever (`suppress_s`) or whatever its value
(`suppress_usd`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from ledger.check import Timer
from ledger.events import ControlEvent, Heartbeat
from ledger.feeds.cadence import Cadence, allowance_us, lag_allowed_us, learn, learn_beat, pause_allowed_us
from ledger.feeds.reliance import CATCHING_UP_US, Reliance, Source
from ledger.findings import Breach
from ledger.times import SECOND_US, to_text, to_us

if TYPE_CHECKING:
    from ledger.context import Context

CAUGHT_UP_US = 300 * SECOND_US  # so long nothing old may come before a source counts as caught up
OLD_US = 600 * SECOND_US
LOCATIONS_MAX = 64


class Sources(Reliance):
    """All sources that tell of movements, postings or balances, or that send heartbeats."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.all_timers: Mapping[str, Timer] = {}
        self.on_recovery: list[Callable[[str], None]] = []
        self.changed = False  # positions that waited may be judged again

    def timers(self) -> Mapping[str, Timer]:
        return {"silence": self._silence_due, "caught_up": self._caught_up_due, "suppressed": self._suppressed_due}

    def hear(self, name: str, topic: str, event_us: int, event_id: str) -> None:
        """Note an event of a source, at the time of the cause."""
        now_us = self.context.now_us
        source = self.table.edit(name)
        if source is None:
            source = self.table.put(name, Source(now_us, now_us, now_us, event_id))
            self._watch(name, source)
            return
        if not source.beats and not source.trouble_us:
            learn(source.cadence, now_us - source.heard_us)
        source.heard_us, source.event_id = now_us, event_id
        if topic != "balances":
            source.told_us = now_us
            if source.trouble_us:
                self._speaks(name, source)
        if source.trouble_us and (now_us - event_us > OLD_US or not source.beats):
            self._await_catching_up(name, now_us)

    def belongs(self, name: str, location: str) -> None:
        """Note that a source tells of a place."""
        source = self.table.rows.get(name)
        if source is not None and location not in source.locations and len(source.locations) < LOCATIONS_MAX:
            source.locations.append(location)
            self.table.touched.add(name)

    def controlled(self, event: ControlEvent) -> None:
        if not isinstance(event, Heartbeat):
            return
        name, now_us, mark_us = event.of_source, self.context.now_us, to_us(event.watermark)
        source = self.table.edit(name) or self.table.put(name, Source(now_us, now_us, now_us, event.event_id))
        if source.beats:
            learn_beat(source.cadence, now_us - source.beat_us, None if source.trouble_us else max(now_us - mark_us, 0))
        else:
            source.cadence = Cadence()  # its heartbeats say more than its pauses
        source.beats, source.event_id = True, event.event_id
        source.heard_us = source.told_us = source.beat_us = now_us
        advanced = mark_us > source.watermark_us
        if source.trouble_us and advanced:
            self._speaks(name, source)
        if advanced:
            source.watermark_us, source.advanced_us = mark_us, now_us
        self._watch(name, source)
        is_back = source.trouble_us and not self._is_behind_now(name, source, now_us)
        if is_back and f"caught_up|{name}" not in self.context.deadlines.due_us:
            self._await_catching_up(name, now_us)
        if advanced:
            self.changed = True
            self.context.absences.retry(self.all_timers, name)

    def count_held(self, names: Iterable[str]) -> None:
        """Count one more conclusion at those of these sources that hold it back, and tell the counts in powers of two."""
        for name in names:
            source = self.table.rows.get(name)
            if source is not None and source.trouble_us:
                source.held_back += 1
                self.table.touched.add(name)
                if source.held_back & (source.held_back - 1) == 0:
                    self._tell(name, source, told=True)

    def has_hole(self, name: str) -> None:
        """Note that numbers are missing in the sequence of a source."""
        source = self.table.edit(name)
        if source is not None and not source.hole_us:
            source.hole_us = self.context.now_us

    def hole_told(self, name: str) -> None:
        """Note that people know of the hole: from now on it excuses what depends on it for so long and no longer."""
        source = self.table.edit(name)
        if source is not None:
            source.hole_us = self.context.now_us
            self._set_suppressed(name)

    def hole_filled(self, name: str) -> None:
        """Note that none is missing any more."""
        source = self.table.edit(name)
        if source is not None and source.hole_us:
            source.hole_us = 0
            # What waited is judged when the event that fills the hole has been applied, and not before.
            self.context.deadlines.set(f"suppressed|{name}", self.context.now_us)

    def _watch(self, name: str, source: Source) -> None:
        """Set when silence is concluded, unless that is set already: a deadline that fires early is set again."""
        key = f"silence|{name}"
        if key in self.context.deadlines.due_us or source.trouble_us:
            return
        self.context.deadlines.set(key, self._silent_from_us(name, source) or self.context.now_us + CAUGHT_UP_US)

    def _silent_from_us(self, name: str, source: Source) -> int | None:
        """Return when the source is silent if nothing more comes of it; None where its habits say nothing yet."""
        limit_us = round(self.context.limits.silent_s * SECOND_US)
        if source.beats:
            since_us, allowed_us = source.advanced_us, pause_allowed_us(source.cadence, limit_us)
        else:
            history_us = source.heard_us - source.first_us
            since_us, habit_us = source.heard_us, allowance_us(source.cadence, limit_us, history_us)
            if habit_us is None:
                return None
            allowed_us = habit_us
        return since_us + allowed_us + self._paused_us(name, source, since_us)

    def _paused_us(self, name: str, source: Source, since_us: int) -> int:
        places = source.locations if len(source.locations) == 1 else ()
        maintenance, now_us = self.context.maintenance, self.context.now_us
        return max(
            maintenance.paused_us(what, since_us, now_us, locations=places, sources=(name,))
            for what in ("transfers", "snapshots")
        )

    def _is_behind_now(self, name: str, source: Source, now_us: int) -> bool:
        """Tell whether a source is still silent, or has yet to deliver much of what happened in its silence."""
        silent_us = self._silent_from_us(name, source)
        if silent_us is not None and silent_us <= now_us:
            return True
        limit_us = round(self.context.limits.silent_s * SECOND_US)
        return source.beats and source.watermark_us + lag_allowed_us(source.cadence, limit_us) < now_us

    def _silence_due(self, name: str, due_us: int) -> None:
        source = self.table.edit(name)
        if source is None or source.trouble_us:
            return
        silent_us = self._silent_from_us(name, source)
        if silent_us is None or silent_us > due_us:
            self.context.deadlines.set(f"silence|{name}", silent_us or due_us + CAUGHT_UP_US)
            return
        source.trouble_us, source.speaks_us, source.held_back = due_us, 0, 0
        self._tell(name, source, told=False)
        self._set_suppressed(name)
        self.context.absences.retry(self.all_timers, name)  # what is worth too much to wait any longer

    def _is_told_here(self, name: str) -> bool:
        """Tell whether this shard tells of a source's silence: it is its own, or nobody's in particular and heard here."""
        own = self.context.territory.has_source(name)
        return self.context.heard.is_teller(name) if own is None else own

    def _tell(self, name: str, source: Source, *, told: bool) -> None:
        if not self._is_told_here(name):
            self.context.note_open("source_silent", name)  # what depends on it here waits all the same
            return
        since_us = source.watermark_us if source.beats else source.heard_us
        minutes = (source.trouble_us - since_us) // (60 * SECOND_US)
        what = "has delivered nothing that happened" if source.beats else "has said nothing"
        held = (
            f" {source.held_back} conclusions that depend on it are held back until it has caught up, "
            f"for {self.context.limits.suppress_s / 3600:g} hours at most."
            if source.held_back
            else " What depends on it is held back until it has caught up."
        )
        self.context.tell(
            Breach(
                kind="source_silent",
                key=name,
                scope={"source": name},
                sentence=f"{name} {what} since {to_text(since_us)}: {minutes} minutes at {to_text(source.trouble_us)}.{held}",
                evidence=(source.event_id,),
                rule="heartbeat" if source.beats else "cadence",
                told=told,
                links=(f"source|{name}",),
            )
        )

    def _speaks(self, name: str, source: Source) -> None:
        """Note that a silent source speaks again: what it owes is on its way, for so long and no longer."""
        if not source.speaks_us:
            source.speaks_us = self.context.now_us
            until_us = self.context.now_us + CATCHING_UP_US
            if until_us > self.context.deadlines.due_us.get(f"suppressed|{name}", 0):
                self.context.deadlines.set(f"suppressed|{name}", until_us)

    def _await_catching_up(self, name: str, now_us: int) -> None:
        self.context.deadlines.set(f"caught_up|{name}", now_us + CAUGHT_UP_US)

    def _caught_up_due(self, name: str, due_us: int) -> None:
        source = self.table.edit(name)
        if source is None or not source.trouble_us or self._is_behind_now(name, source, due_us):
            return
        held, source.held_back = source.held_back, 0
        source.trouble_us = source.speaks_us = 0
        sentence = f"{name} has caught up; {held} conclusions that waited for it are judged now."
        self.context.mend("source_silent", name, sentence, (source.event_id,), explained=False)
        self._watch(name, source)
        self._recover(name)

    def _set_suppressed(self, name: str) -> None:
        due_us = self.context.now_us + round(self.context.limits.suppress_s * SECOND_US)
        self.context.deadlines.set(f"suppressed|{name}", due_us)

    def _suppressed_due(self, name: str, due_us: int) -> None:
        """What was held back for long enough is concluded, however the source is doing."""
        self._recover(name)

    def _recover(self, name: str) -> None:
        self.changed = True
        self.context.absences.retry(self.all_timers, name)
        for hook in self.on_recovery:
            hook(name)
