"""The floor of the demo's desk: which requests flow by themselves, which wait for people, and which are held.

It hears what is asked for and done from the feed, and the verdicts from the listener; each from its own thread.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from enum import IntEnum
from statistics import median

from ledger.policy.document import Books, default_policy
from streams.monitor.outputs import Decision
from streams.simulate import SimEvent

ASKED_KINDS = frozenset({"withdrawal", "internal", "rebalance", "sweep"})
LATENCIES_KEPT = 1_000
BRAKE_RULES = frozenset(rule.id for rule in default_policy().rules if isinstance(rule, Books))


class Stage(IntEnum):
    """How far a movement is; it only goes on."""

    WAITING = 0
    MOVING = 1
    OVER = 2


_MOVING = ("approved", "queued", "signing", "broadcast", "confirming", "replaced")
_OVER = ("completed", "rejected", "blocked", "cancelled", "failed", "expired", "returned", "reversed", "reorged")
_PASSED = frozenset({*_MOVING, "completed"})  # a move in the books is completed without further words
STAGES = dict.fromkeys(_MOVING, Stage.MOVING) | dict.fromkeys(_OVER, Stage.OVER)


@dataclass(slots=True)
class Asked:
    """A request under way, with the newest verdict on it; `since_s` by the monotonic clock."""

    place: str
    since_s: float
    stage: Stage = Stage.WAITING
    decision: Decision | None = None
    was_held: bool = False

    @property
    def action(self) -> str:
        return "" if self.decision is None else self.decision.action

    @property
    def is_held(self) -> bool:
        """Whether the brake holds it; what waits for its cover is no matter of the brake."""
        decision = self.decision
        if decision is None or decision.action != "hold":
            return False
        return any(failed.rule in BRAKE_RULES for failed in decision.failed_rules)


@dataclass(frozen=True, slots=True)
class Figures:
    """How things stand. `judged`, `free`, `risky`, `held` and `flowed` are totals; the rest is of this moment."""

    judged: int  # requests with a verdict
    free: int  # those whose newest verdict lets them pass
    risky: int  # those whose newest verdict is for people
    held: int  # those that the brake ever held
    flowed: int  # those that passed with no person
    flowing: int
    unjudged: int
    waiting: int  # in the queue of people
    oldest_s: float  # how long the first in that queue has waited
    holding: int
    held_at: tuple[str, ...]  # where what is held now would leave from
    verdict_ms: float  # median from a request sent to its verdict heard

    @property
    def free_share(self) -> float:
        return self.free / self.judged if self.judged else 0.0


class Floor:
    """Every request that is not over, and totals of all there were."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, Asked] = {}
        self._judged: Counter[str] = Counter()  # requests by their newest action
        self._held = self._flowed = 0
        self._latencies_s: deque[float] = deque(maxlen=LATENCIES_KEPT)

    def hear(self, event: SimEvent) -> None:
        """Take an event right before it is sent."""
        value = event.value
        if event.topic != "transfers" or value["op_type"] not in ASKED_KINDS:
            return
        with self._lock:
            if value["status"] == "requested" and value["transfer_id"] not in self._asked:
                place = f"{value['from']['location']} {value['asset']}"
                self._asked[value["transfer_id"]] = Asked(place, time.monotonic())
            self._advance(value["transfer_id"], value["status"])

    def judged(self, decision: Decision) -> None:
        """Take a verdict; one that is not newer than the one known changes nothing."""
        with self._lock:
            asked = self._asked.get(decision.transfer_id)
            if asked is None or (asked.decision is not None and decision.seq <= asked.decision.seq):
                return
            if asked.decision is None:
                self._latencies_s.append(time.monotonic() - asked.since_s)
            else:
                self._judged[asked.action] -= 1
            asked.decision = decision
            self._judged[asked.action] += 1
            if asked.is_held and asked.stage is Stage.WAITING and not asked.was_held:
                asked.was_held = True  # not so what had passed before the word was out
                self._held += 1

    def newest(self, transfer_id: str) -> str | None:
        """Return the action of the newest verdict, None while there is none."""
        with self._lock:
            asked = self._asked.get(transfer_id)
            return None if asked is None or asked.decision is None else asked.action

    def figures(self) -> Figures:
        """Return how things stand now."""
        with self._lock:
            waiting = [asked for asked in self._asked.values() if asked.stage is Stage.WAITING]
            queue = [asked.since_s for asked in waiting if asked.action == "review"]
            holding = [asked.place for asked in waiting if asked.is_held]
            return Figures(
                judged=self._judged.total(),
                free=self._judged["auto_approve"],
                risky=self._judged["review"],
                held=self._held,
                flowed=self._flowed,
                flowing=sum(a.action == "auto_approve" and a.stage is Stage.MOVING for a in self._asked.values()),
                unjudged=sum(asked.decision is None for asked in waiting),
                waiting=len(queue),
                oldest_s=time.monotonic() - min(queue) if queue else 0.0,
                holding=len(holding),
                held_at=tuple(dict.fromkeys(holding)),
                verdict_ms=median(self._latencies_s) * 1000 if self._latencies_s else 0.0,
            )

    def _advance(self, transfer_id: str, status: str) -> None:
        asked, stage = self._asked.get(transfer_id), STAGES.get(status, Stage.WAITING)
        if asked is None or stage <= asked.stage:
            return
        if asked.stage is Stage.WAITING and status in _PASSED and asked.action == "auto_approve":
            self._flowed += 1
        asked.stage = stage
        if stage is Stage.OVER:
            del self._asked[transfer_id]
