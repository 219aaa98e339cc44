"""What was decided of the requests of a world: how many were ever held, for which rules, and for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from streams.monitor.outputs import Decision
from streams.simulate import SimEvent

KINDS = ("withdrawal", "internal", "rebalance", "sweep")
_OVER = ("completed", "rejected", "cancelled", "failed", "expired")


@dataclass
class Hold:
    """One time that a request was held: the rules that failed at first, since when, and until when (None: still)."""

    rules: tuple[str, ...]
    since: str
    until: str | None = None

    @property
    def seconds(self) -> float | None:
        return None if self.until is None else _seconds(self.since, self.until)


@dataclass
class Decided:
    """All requests of a world, and those that were held. What was over while it was held is not held any more."""

    requests: set[str] = field(default_factory=set)
    actions: Counter[str] = field(default_factory=Counter)
    holds: dict[str, list[Hold]] = field(default_factory=dict)

    def hear(self, event: SimEvent) -> None:
        """Note a request, or its end."""
        value = event.value
        if event.topic != "transfers" or value["op_type"] not in KINDS:
            return
        if value["status"] == "requested":
            self.requests.add(value["transfer_id"])
        elif value["status"] in _OVER:
            self._end(value["transfer_id"], value["observed_at"])

    def note(self, decision: Decision) -> None:
        """Note a decision on a request."""
        if decision.transfer_id not in self.requests:
            return
        if decision.seq == 0:
            self.actions[decision.action] += 1
        if decision.action != "hold":
            self._end(decision.transfer_id, decision.decided_at)
            return
        holds = self.holds.setdefault(decision.transfer_id, [])
        if not holds or holds[-1].until is not None:
            holds.append(Hold(tuple(rule.rule for rule in decision.failed_rules), decision.decided_at))

    def _end(self, transfer_id: str, at: str) -> None:
        holds = self.holds.get(transfer_id)
        if holds and holds[-1].until is None:
            holds[-1].until = at

    @property
    def held_share(self) -> float:
        """The share of all requests that were ever held."""
        return len(self.holds) / len(self.requests) if self.requests else 0.0

    def lines(self) -> Iterator[str]:
        """Yield what people read of it."""
        first = ", ".join(f"{action} {count:,}" for action, count in sorted(self.actions.items()))
        yield f"{len(self.requests):,} requests: {first}"
        yield f"held at any time: {len(self.holds):,} ({self.held_share:.3%})"
        by_rule: dict[str, list[Hold]] = {}
        for holds in self.holds.values():
            for hold in holds:
                for rule in hold.rules:
                    by_rule.setdefault(rule, []).append(hold)
        for rule in sorted(by_rule, key=lambda rule: int(rule[1:]) if rule[1:].isdigit() else 0):
            ended = [seconds for hold in by_rule[rule] if (seconds := hold.seconds) is not None]
            how_long = f", {median(ended):.0f} s at the median, {max(ended):.0f} s at most" if ended else ""
            yield f"{len(by_rule[rule]):>6} for {rule}{how_long}"


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
