"""The service rendered on a day, as people and programs read it: by operation, by client, by rule, and what waits now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ledger.context import Context
from ledger.pace.durations import quantile_s
from ledger.service.tallies import ALWAYS
from ledger.service.tally import Tally, add
from ledger.times import DAY_US, SECOND_US, to_text
from streams.monitor.service_rows import (
    BacklogRow,
    MissRow,
    RuleRow,
    ServiceReport,
    ServiceRow,
    day_text,
    share,
    usd_text,
)
from streams.monitor.state import State

CLIENTS_MAX = 20
ALL = "all"


def last_day(state: State) -> int:
    """Return the last day of which any movement is known, else that of the clock; in days since 1970."""
    rows = state.reconciliation.context.tallies.tally.rows
    days = [day for (day, op_type, _), row in rows.items() if op_type and day != ALWAYS and row.movements]
    return max(days, default=state.clock_us // DAY_US)


def service_report(state: State, day: int | None = None) -> ServiceReport:
    """Return the report of a day, in days since 1970; without one, of the last."""
    context = state.reconciliation.context
    day = last_day(state) if day is None else day
    by_op, by_client = _of_day(context, day)
    held = _Holds(context, day, state.clock_us)
    total = Tally()
    for tally in by_op.values():
        add(total, tally)
    operations = [_row(op_type, by_op[op_type], held.of_op(op_type)) for op_type in sorted(by_op) if op_type]
    clients = [_row(client, by_client[client], held.of_client(client)) for client in sorted(by_client) if client]
    clients.sort(key=lambda row: (-row.passed_manual, -row.risky, -row.movements, row.name))
    return ServiceReport(
        day=day_text(day),
        as_of=to_text(state.clock_us),
        policy_version=state.settings.policy.version,
        total=_row(ALL, total, held.of_all()),
        operations=tuple(operations),
        clients=tuple(clients[:CLIENTS_MAX]),
        rules=tuple(_rules(context, day)),
        backlog=tuple(_backlog(context, state.clock_us)),
        confirmed=context.followed.counts.get(("confirmed", "")) or 0,
        missed=tuple(
            MissRow(check=check, alert_type=kind, count=count)
            for (check, kind), count in sorted(context.followed.counts.rows.items())
            if kind
        ),
    )


def _of_day(context: Context, day: int) -> tuple[dict[str, Tally], dict[str, Tally]]:
    """Return the tallies of a day by operation, and by client."""
    by_op: dict[str, Tally] = {}
    by_client: dict[str, Tally] = {}
    for (of_day, op_type, client), tally in list(context.tallies.tally.rows.items()):
        if of_day == day:
            add(by_op.setdefault(op_type, Tally()), tally)
            add(by_client.setdefault(client, Tally()), tally)
    return by_op, by_client


class _Holds:
    """The movements of a day that are held now, as (how many, for how long so far in microseconds)."""

    def __init__(self, context: Context, day: int, now_us: int) -> None:
        marks = list(context.tallies.on_hold.values())
        self._held = [
            (mark.op_type, mark.client, max(now_us - mark.held_since_us, 0)) for mark in marks if mark.day == day
        ]

    def of_all(self) -> tuple[int, int]:
        return _sum(length_us for _, _, length_us in self._held)

    def of_op(self, op_type: str) -> tuple[int, int]:
        return _sum(length_us for name, _, length_us in self._held if name == op_type)

    def of_client(self, client: str) -> tuple[int, int]:
        return _sum(length_us for _, name, length_us in self._held if name == client)


def _sum(lengths_us: Iterable[int]) -> tuple[int, int]:
    lengths = list(lengths_us)
    return len(lengths), sum(lengths)


def _row(name: str, tally: Tally, held: tuple[int, int]) -> ServiceRow:
    held_now, so_far_us = held
    return ServiceRow(
        name=name,
        movements=tally.movements,
        requested=tally.requested,
        risk_free=tally.risk_free,
        risky=tally.risky,
        asked_risky=tally.asked_risky,
        risk_free_share=share(tally.risk_free, tally.risk_free + tally.asked_risky),
        passed_auto=tally.auto,
        passed_manual=tally.manual,
        manual_share=share(tally.manual, tally.auto + tally.manual),
        completed=tally.completed,
        asked_completed=tally.asked_completed,
        straight_through=tally.straight_through,
        straight_through_rate=share(tally.straight_through, tally.asked_completed),
        undone=_sorted(tally.undone),
        held=tally.held,
        held_now=held_now,
        held_s=(tally.held_us + so_far_us) // SECOND_US,
        errors=_sorted(tally.errors),
        corrections=tally.corrections,
        corrections_usd=usd_text(tally.cents),
        corrections_unpriced=tally.unpriced,
        promises_kept=_sorted(tally.kept),
        promises_broken=_sorted(tally.broken),
        took_mean_s=tally.took_s // tally.completed if tally.completed else None,
        took_p50_s=quantile_s(tally.took, 500),
        took_p95_s=quantile_s(tally.took, 950),
    )


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _rules(context: Context, day: int) -> list[RuleRow]:
    """Return the rules that blamed anything, those that made most work for people first."""
    rows = [
        RuleRow(rule=rule, op_type=op_type, for_people=row.for_people, sole=row.sole, movements=row.movements)
        for (of_day, rule, op_type), row in list(context.tallies.rules.rows.items())
        if of_day == day and row.movements
    ]
    return sorted(rows, key=lambda row: (-row.for_people, -row.movements, row.rule, row.op_type))


def _backlog(context: Context, now_us: int) -> list[BacklogRow]:
    overdue = Counter(
        (row.op_type, row.stage) for row in list(context.stages.table.rows.values()) if 0 < row.target_us < now_us
    )
    return [
        BacklogRow(
            op_type=op_type,
            stage=stage,
            count=count,
            overdue=overdue[op_type, stage],
            oldest_since=to_text(since_us),
            oldest_s=max(now_us - since_us, 0) // SECOND_US,
        )
        for op_type, stage, count, since_us in context.stages.backlog()
    ]
