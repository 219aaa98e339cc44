"""The figures of a monitor as it stands, for the metrics that are declared. Nothing is counted here a second time.

It is read beside the thread that changes it: every table is copied in one step, and what only grows is one number each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ledger.context import Context
from ledger.service.tallies import ALWAYS
from ledger.times import SECOND_US
from streams.metrics import declared
from streams.metrics.declared import Metric
from streams.monitor.state import State

CLIENTS_MAX = 50
OTHERS = "other"
APPLIED = ("transfers", "ledger", "balances", "reference", "control", "ticks", "redelivered")
Sample = tuple[Metric, tuple[str, ...], int | float]


def samples(state: State) -> Iterator[Sample]:
    """Yield all that there is to say; raise RuntimeError where something changed its size while it was read."""
    context = state.reconciliation.context
    yield from _records(state)
    yield from _movements(context)
    yield from _rules(context)
    yield from _clients(context)
    yield from _backlog(context, state.clock_us)
    yield from _alerts(state)
    yield from _policy(context)


def _records(state: State) -> Iterator[Sample]:
    yield declared.CLOCK, (), state.clock_us / SECOND_US
    for name, count in sorted(dict(state.counts).items()):
        if name in APPLIED:
            yield declared.RECORDS, (name,), count
        elif name.startswith("quarantined "):
            yield declared.QUARANTINED, (name.removeprefix("quarantined "),), count


def _movements(context: Context) -> Iterator[Sample]:
    for (day, op_type, _), row in sorted(context.tallies.tally.rows.items()):
        if day != ALWAYS:
            break
        of_op = (op_type,)
        yield declared.MOVEMENTS, of_op, row.movements
        yield declared.REQUESTED, of_op, row.requested
        yield declared.HELD, of_op, row.held
        yield declared.COMPLETED, of_op, row.completed
        yield declared.STRAIGHT, of_op, row.straight_through
        yield declared.STRAIGHT_OF, of_op, row.asked_completed
        yield declared.CORRECTIONS, of_op, row.corrections
        yield declared.CORRECTIONS_USD, of_op, row.cents / 100
        for by, count in (("auto", row.auto), ("manual", row.manual), ("unsaid", row.unsaid)):
            yield declared.PASSED, (op_type, by), count
        for said, count in sorted(dict(row.verdicts).items()):
            yield declared.VERDICTS, (op_type, *said.split("|")), count
        for metric, counts in (
            (declared.UNDONE, row.undone), (declared.TOLD_OF, row.errors), (declared.KEPT, row.kept), (declared.BROKEN, row.broken),
        ):  # fmt: skip
            for name, count in sorted(dict(counts).items()):
                yield metric, (op_type, name), count
    now = Counter(mark.op_type for mark in list(context.tallies.on_hold.values()))
    for op_type, count in sorted(now.items()):
        yield declared.HELD_NOW, (op_type,), count


def _rules(context: Context) -> Iterator[Sample]:
    for (day, rule, op_type), row in sorted(context.tallies.rules.rows.items()):
        if day == ALWAYS:
            yield declared.RULE_VERDICTS, (rule, op_type), row.verdicts
            yield declared.RULE_MANUAL, (rule, op_type), row.for_people


def _clients(context: Context) -> Iterator[Sample]:
    """Yield the clients that make most work, and the rest together; a client of that name is among the rest."""
    manual: Counter[str] = Counter()
    for (day, _, client), row in list(context.tallies.tally.rows.items()):
        if day != ALWAYS and client and row.manual:
            manual[client] += row.manual
    ranked = sorted(manual.items(), key=lambda entry: (-entry[1], entry[0]))
    named = [entry for entry in ranked if entry[0] != OTHERS][:CLIENTS_MAX]
    for client, count in named:
        yield declared.CLIENT_MANUAL, (client,), count
    yield declared.CLIENT_MANUAL, (OTHERS,), manual.total() - sum(count for _, count in named)


def _backlog(context: Context, now_us: int) -> Iterator[Sample]:
    for op_type, stage, count, since_us in context.stages.backlog():
        yield declared.BACKLOG, (op_type, stage), count
        yield declared.BACKLOG_AGE, (op_type, stage), max(now_us - since_us, 0) / SECOND_US


def _alerts(state: State) -> Iterator[Sample]:
    open_now = Counter((row.type, row.severity.value) for row in list(state.book.rows.values()))
    for labels, count in sorted(open_now.items()):
        yield declared.ALERTS, labels, count
    brakes = Counter(row.type for row in list(state.reconciliation.context.brakes.table.rows.values()))
    for kind, count in sorted(brakes.items()):
        yield declared.BRAKES, (kind,), count


def _policy(context: Context) -> Iterator[Sample]:
    counts = dict(context.followed.counts.rows)
    yield declared.CONFIRMED, (), counts.pop(("confirmed", ""), 0)
    for labels, count in sorted(counts.items()):
        yield declared.MISSED, labels, count
