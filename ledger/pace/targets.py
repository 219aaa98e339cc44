"""The clocks of what was promised to clients: one for each stage that runs, with one deadline at a time.

First it is foreseen that a promise will be broken (P3): when `warn_share` of its time is over, or, before that, when of
those that took so long fewer than one in five still ended in time. Then it is broken (P2), by the same alert. Maintenance
stops a clock, and nothing is concluded before all who could tell of the end have delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from ledger.dossiers import Dossier
from ledger.pace import promises, told
from ledger.pace.clock import LATE_GRACE_US
from ledger.pace.late import expect, waits_until_us
from ledger.pace.measures import Measures, Overrun
from ledger.pace.pledges import target_us_of
from ledger.policy.document import Promise, Stage
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

FORESEEN, BROKEN = 1, 2
STAGES: Mapping[str, Stage] = {"decide": "decide", "send": "send", "settle": "settle", "whole": "whole"}


class Span(NamedTuple):
    """When a stage began and when it was over, in microseconds; 0 for not yet."""

    stage: Stage
    since_us: int
    over_us: int


class Clock(Struct, gc=False):
    """A stage that was promised a time: since when it runs, how long it may, and after how long it is foreseen to be late.

    Moments and lengths in microseconds. `told`: 0 nothing, 1 that it is foreseen, 2 that the promise is broken.
    """

    since_us: int
    target_us: int
    warn_us: int
    told: int = 0

    def length_us(self, told: int) -> int:
        """Return how long it may run before there is more to tell than `told`."""
        return self.target_us if told else self.warn_us


class Targets:
    """The clocks by (movement, stage)."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.measures = Measures(context)
        self.pledges, self.ways = self.measures.pledges, self.measures.ways
        self.clocks: Table[tuple[str, str], Clock] = Table(Clock)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"promise": self.clocks, "stage_pace": self.measures.learned}

    @property
    def matter(self) -> bool:
        """Whether anything is promised, or was until now."""
        return bool(self.context.limits.policy.promises or self.clocks.rows)

    # --- what is asked of it ---------------------------------------------------------------------------------
    def follow(self, dossier: Dossier, spans: Iterable[Span], event_id: str) -> None:
        """Let the clocks of a movement run, or end, as its stages do."""
        for span in spans:
            promise = self.pledges.of(span.stage, dossier)
            clock = self.clocks.rows.get((dossier.transfer_id, span.stage))
            if promise is not None and span.since_us and not span.over_us:
                self._run(dossier, promise, span.since_us, event_id)
            elif clock is None:
                continue
            elif promise is None or not span.since_us:
                self._take_back(dossier, span.stage, event_id)
            else:
                self.measures.learn(dossier, span.stage, span.since_us, span.over_us)
                how = told.ENDS[span.stage].format(origin=dossier.origin)
                self._end(dossier, span.stage, span.over_us, how, event_id)

    def undone(self, dossier: Dossier, at_us: int, status: str, event_id: str) -> None:
        """End all clocks of a movement that came to nothing: no promise is broken by that."""
        for stage in STAGES.values():
            if (dossier.transfer_id, stage) in self.clocks:
                self._end(dossier, stage, at_us, f"ended as {status}", event_id)

    def forgot(self, dossier: Dossier) -> None:
        """A movement is older than the horizon."""
        why = f"Nothing more was heard of {dossier.transfer_id} for as long as anything is remembered."
        for stage in STAGES.values():
            self._drop(dossier, stage, why, dossier.evidence[:1], explained=False)

    def target_us(self, dossier: Dossier, stage: Stage) -> int:
        """Return when a stage that runs should be over, maintenance left out; 0 where nothing was promised."""
        clock = self.clocks.rows.get((dossier.transfer_id, stage))
        return 0 if clock is None else clock.since_us + clock.target_us

    def due(self, rest: str, due_us: int) -> None:
        """Conclude a deadline, unless the clock has stood still or began to run later than was known."""
        name, _, transfer_id = rest.partition("|")
        dossier, clock, stage = (
            self.context.dossiers.get(transfer_id),
            self.clocks.get((transfer_id, name)),
            STAGES[name],
        )
        if dossier is None or clock is None:
            return
        if self.pledges.of(stage, dossier) is None:
            self._take_back(dossier, stage, dossier.events[-1])
            return
        since_us, length_us, passes_us = clock.since_us, clock.length_us(clock.told), self.measures.passes_us
        wait_us = waits_until_us(
            self.context, due_us, lambda until_us: passes_us(dossier, since_us, length_us, until_us),
            *self.measures.stake(dossier),
        )  # fmt: skip
        if wait_us is None:
            self._tell(dossier, stage, clock)
        else:
            self._expect(dossier, stage, wait_us)

    # --- a clock ---------------------------------------------------------------------------------------------
    def _run(self, dossier: Dossier, promise: Promise, since_us: int, event_id: str) -> None:
        """See to it that the next deadline of a stage that runs comes no later than it should."""
        key, target_us = (dossier.transfer_id, promise.stage), target_us_of(promise)
        clock = self.clocks.rows.get(key)
        if clock is None:
            clock = self.clocks.put(key, Clock(since_us, target_us, self.measures.warn_us(dossier, promise)))
        elif (clock.since_us, clock.target_us) != (since_us, target_us):
            clock.since_us, clock.target_us = since_us, target_us
            if not clock.told:
                clock.warn_us = self.measures.warn_us(dossier, promise)
            self.clocks.touched.add(key)
        if clock.told:
            self._excuse(dossier, promise.stage, clock, event_id)
        if clock.told < BROKEN:
            self._set(dossier, promise.stage, since_us + clock.length_us(clock.told))

    def _set(self, dossier: Dossier, stage: Stage, due_us: int) -> None:
        if due_us <= self.context.now_us:
            due_us = self.context.now_us + LATE_GRACE_US
        known = self.context.absences.waiting.get(_name(dossier, stage))
        if known is None or known.due_us > due_us:
            self._expect(dossier, stage, due_us)

    def _excuse(self, dossier: Dossier, stage: Stage, clock: Clock, event_id: str) -> None:
        """Take back what was said of a clock that, as an event tells now, began later or has stood still since."""
        if self.measures.passes_us(dossier, clock.since_us, clock.length_us(clock.told - 1)) > self.context.now_us:
            why = f"{dossier.transfer_id} still has time in stage `{stage}`, as {event_id} tells."
            self.context.mend(told.KIND, told.key_of(dossier, stage), why, (event_id,), explained=True)
            clock.told = 0
            self.clocks.touched.add((dossier.transfer_id, stage))

    def _tell(self, dossier: Dossier, stage: Stage, clock: Clock) -> None:
        """Say that a promise is likely to be broken, or that it is."""
        if stage == "whole" and not clock.told and self.context.stands(promises.kind_of(dossier), dossier.transfer_id):
            return  # the promise of the route has been told of it; the next report asks again
        now_us = self.context.now_us
        over_us = self.measures.passes_us(dossier, clock.since_us, clock.target_us)
        broken = clock.told == FORESEEN or (over_us <= now_us and not self.measures.may_be_told(dossier, over_us))
        clock.told = BROKEN if broken else FORESEEN
        self.clocks.touched.add((dossier.transfer_id, stage))
        self.context.tell(told.overrun(self.context, self._overrun(dossier, stage, clock, now_us), broken=broken))
        if not broken:
            self._expect(dossier, stage, over_us)

    def _overrun(self, dossier: Dossier, stage: Stage, clock: Clock, at_us: int) -> Overrun:
        return self.measures.overrun(dossier, stage, clock.target_us, clock.since_us, at_us)

    def _end(self, dossier: Dossier, stage: Stage, over_us: int, how: str, event_id: str) -> None:
        """Drop a clock whose stage is over; what was told is explained if it was over before there was reason to."""
        clock, why, in_time = self.clocks.rows[dossier.transfer_id, stage], "", False
        if clock.told:
            overrun = self._overrun(dossier, stage, clock, over_us)
            why = told.ended(self.context, overrun, how)
            in_time = over_us - overrun.paused_us <= clock.since_us + clock.length_us(clock.told - 1)
        self._drop(dossier, stage, why, (event_id,), explained=in_time)

    def _take_back(self, dossier: Dossier, stage: Stage, event_id: str) -> None:
        why = f"{dossier.transfer_id} has no promise to keep in stage `{stage}`, as {event_id} tells."
        self._drop(dossier, stage, why, (event_id,), explained=True)

    def _drop(self, dossier: Dossier, stage: Stage, why: str, evidence: tuple[str, ...], *, explained: bool) -> None:
        if self.clocks.drop((dossier.transfer_id, stage)) is not None:
            self.context.absences.met(_name(dossier, stage))
            self.context.mend(told.KIND, told.key_of(dossier, stage), why, evidence, explained=explained)

    def _expect(self, dossier: Dossier, stage: Stage, due_us: int) -> None:
        expect(self.context, _name(dossier, stage), due_us, *self.measures.stake(dossier))


def _name(dossier: Dossier, stage: Stage) -> str:
    return f"promise|{stage}|{dossier.transfer_id}"
