"""The habits of those who correct by hand: how many a day, how large; held against their own and those of their peers.

Someone who enters far more corrections within a day than he or any peer ever has, or one far larger, is worth a look.
What was out of the ordinary is not learned, or to be repeated it need only be done once.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from ledger.check import Timer
from ledger.findings import Breach
from ledger.screens import sizes
from ledger.screens.corrected import JOURNAL, MOVEMENT, Correction
from ledger.table import Table
from ledger.times import DAY_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "flow_anomaly"
RULE = "operator_habit"
TIMER = "operator_habit"
SECOND = frozenset(("four_eyes_violation", "policy_violation", "unit_or_decimal_error"))
"""With one of these about one of the corrections it is worse."""
COUNT_MIN = 10
DAYS_TIMES = 3
DAYS_NEEDED = 5
DAYS_KEPT = 35
SIZE_MIN_CENTS = 1_000_000
SIZE_TIMES = 10
MOMENTS_KEPT = 512
REFS_KEPT = 64


class Habit(Struct):
    """One person and kind of correction in a recon group; moments in microseconds of event time, days since 1970.

    A row is kept as JSON, so what counts by number has the number as a text.
    `moments`: those of the last 24 h. `days`: how many on each day. `sizes`: how many of each step of value. `refs`: the
    corrections that were told of; `large`, `often`: how many too large ones, and how many in a day, were told last.
    """

    who: str
    moments: list[int] = []
    days: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    largest_cents: int = 0
    large: int = 0
    often: int = 0
    worse: bool = False
    told: Breach | None = None
    refs: list[str] = []


class Peers(Struct):
    """All corrections of one kind in a recon group: since when, by whom, and how many of each step of value."""

    first_us: int
    people: list[str] = []
    sizes: dict[str, int] = field(default_factory=dict)


class Habits:
    """The habits, by `group|op_type|person`."""

    def __init__(self, context: Context, rows: Table[str, Correction]) -> None:
        self.context = context
        self.rows = rows
        self.habits: Table[str, Habit] = Table(Habit)
        self.peers: Table[str, Peers] = Table(Peers)
        self.signals: Table[str, int] = Table(int)  # `transfer|id`, `journal|id`: when a second bad sign was told

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"operator_habit": self.habits, "operator_peers": self.peers, "operator_signal": self.signals}

    def timers(self) -> Mapping[str, Timer]:
        return {TIMER: self._over}

    def loaded(self) -> None:
        """Nothing follows from the rows."""

    # --- what is heard ---------------------------------------------------------------------------------------
    def take(self, ref: str, row: Correction) -> None:
        """Hold a correction against the habits, and learn it."""
        if not row.who or row.entered:
            return
        row.entered = True
        kind = f"{row.group}|{row.op_type}"
        name = f"{kind}|{row.who}"
        peers = self.peers.edit(kind) or self.peers.put(kind, Peers(row.at_us))
        habit = self.habits.edit(name) or self.habits.put(name, Habit(row.who))
        peers.first_us = min(peers.first_us, row.at_us)
        if row.who not in peers.people:
            peers.people.append(row.who)
        said = [text for text in (self._often(kind, habit, peers, row), self._large(habit, peers, row)) if text]
        if said:
            self._tell(name, habit, row, "; ".join(said))

    def note(self, breach: Breach) -> None:
        """Take note of what else is told of a correction: it makes an odd habit worse."""
        if breach.kind not in SECOND:
            return
        own = (f"{MOVEMENT}|{breach.scope[name]}" for name in ("transfer_id",) if name in breach.scope)
        for ref in dict.fromkeys((*own, *self._refs(breach.links))):
            self.signals.put(ref, self.context.now_us)
            row = self.rows.get(ref)
            name = "" if row is None else f"{row.group}|{row.op_type}|{row.who}"
            habit = self.habits.get(name)
            if habit is not None and habit.told is not None and ref in habit.refs and not habit.worse:
                self._worsen(name, habit)

    def _refs(self, links: Iterable[str]) -> Iterable[str]:
        """Yield the corrections that links are about; a journal may be the booking of one."""
        for link in links:
            kind, _, rest = link.partition("|")
            if kind == JOURNAL:
                journal = self.context.journals.journals.get(rest)
                yield link
                if journal is not None and journal.transfer_id:
                    yield f"{MOVEMENT}|{journal.transfer_id}"

    # --- how many --------------------------------------------------------------------------------------------
    def _often(self, kind: str, habit: Habit, peers: Peers, row: Correction) -> str:
        """Note one more; return what to say where they are too many."""
        insort(habit.moments, row.at_us)
        latest_us = habit.moments[-1]
        del habit.moments[: max(bisect_right(habit.moments, latest_us - DAY_US), len(habit.moments) - MOMENTS_KEPT)]
        count, day = len(habit.moments), row.at_us // DAY_US
        own = _busiest(habit, before=day)
        others = max((self._busiest_of(kind, who, day) for who in peers.people if who != habit.who), default=0)
        allowed = max(COUNT_MIN, DAYS_TIMES * own, DAYS_TIMES * others)
        habit.days[str(day)] = min(habit.days.get(str(day), 0) + 1, allowed)
        for old in sorted(habit.days, key=int)[:-DAYS_KEPT]:
            del habit.days[old]
        enough = latest_us - peers.first_us >= DAYS_NEEDED * DAY_US
        if count <= allowed or not enough or count < 2 * habit.often:
            return ""
        habit.often = count
        return f"has entered {count} {row.op_type}s within 24 h; on his busiest day before it were {own}, on a peer's {others}"

    def _busiest_of(self, kind: str, who: str, before: int) -> int:
        known = self.habits.get(f"{kind}|{who}")
        return 0 if known is None else _busiest(known, before=before)

    # --- how large -------------------------------------------------------------------------------------------
    def _large(self, habit: Habit, peers: Peers, row: Correction) -> str:
        """Learn the value of a correction, or return what to say where it is out of the ordinary."""
        if not row.cents:
            return ""
        peers_cents = sizes.percentile(peers.sizes, habit.sizes)
        usual_cents = max(habit.largest_cents, peers_cents or 0)
        if peers_cents is not None and row.cents >= SIZE_MIN_CENTS and row.cents > SIZE_TIMES * usual_cents:
            habit.large += 1
            if habit.large & (habit.large - 1):
                return ""  # of many, people hear at the powers of two
            own, others = _dollars(habit.largest_cents), _dollars(peers_cents)
            return (
                f"has entered {row.what} over {_dollars(row.cents)}; his largest was {own}, and of peers 99 in 100 are "
                f"below {others}"
            )
        step = sizes.step_of(row.cents)
        habit.largest_cents = max(habit.largest_cents, row.cents)
        habit.sizes[step] = habit.sizes.get(step, 0) + 1
        peers.sizes[step] = peers.sizes.get(step, 0) + 1
        return ""

    # --- telling ---------------------------------------------------------------------------------------------
    def _tell(self, name: str, habit: Habit, row: Correction, why: str) -> None:
        again = habit.told is not None
        habit.refs.append(row.ref)
        del habit.refs[:-REFS_KEPT]
        habit.worse = habit.worse or row.ref in self.signals
        habit.told = Breach(
            kind=KIND,
            key=f"operator|{name}",
            scope={key: value for key, value in row.scope.items() if key in ("transfer_id", "account_id", "asset")},
            sentence=f"{habit.who} {why}.",
            evidence=tuple(row.evidence),
            rule=RULE,
            asset=row.asset or None,
            value_units=abs(row.effects.get(row.asset, 0)) or None,
            worse=habit.worse,
            told=again,
            links=row.links,
        )
        self.context.tell(habit.told)
        self.context.deadlines.set(f"{TIMER}|{name}", self.context.now_us + DAY_US)

    def _worsen(self, name: str, habit: Habit) -> None:
        """Tell it again, worse: there is a second bad sign."""
        assert habit.told is not None, name
        self.habits.touched.add(name)
        habit.worse = True
        habit.told = _worse(habit.told)
        self.context.tell(habit.told)

    def _over(self, name: str, due_us: int) -> None:
        """A day has passed since it was told last."""
        habit = self.habits.edit(name)
        if habit is not None:
            habit.told, habit.worse, habit.refs, habit.often, habit.large = None, False, [], 0, 0
            sentence = f"Nothing more out of the ordinary by {habit.who} for a day."
            self.context.mend(KIND, f"operator|{name}", sentence, explained=False)

    def swept(self, before_us: int) -> None:
        for ref in sorted(ref for ref, at_us in self.signals.rows.items() if at_us < before_us):
            self.signals.drop(ref)


def _worse(breach: Breach) -> Breach:
    return replace(breach, worse=True)


def _busiest(habit: Habit, *, before: int) -> int:
    """Return the most corrections of one day before a day."""
    return max((count for day, count in habit.days.items() if int(day) < before), default=0)


def _dollars(cents: int) -> str:
    return f"{cents // 100:,} USD"
