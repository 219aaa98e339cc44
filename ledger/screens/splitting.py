"""One large withdrawal made into several that each stay just under a limit, by a client who does not do so usually."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Change, Check
from ledger.dossiers import Dossier
from ledger.findings import Breach
from ledger.screens import words
from ledger.table import Table
from ledger.times import DAY_US, SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

RECENT_MAX = 32
DAYS_KEPT = 8
USUAL_PARTS = 3
"""Where a third of what a client withdraws in these hours is not just under the limit, it is not what he is after."""


class Habit(Struct, gc=False):
    """A client's latest withdrawals, and on which days (since 1970) how many were just under a limit."""

    recent: list[tuple[int, str, bool]] = []  # when it began, the movement, whether it is just under
    days: list[tuple[int, int]] = []


class Splitting(Check):
    """Withdrawals of each client by how near they come to what passes without people."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.table: Table[str, Habit] = Table(Habit)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"withdrawal_habit": self.table}

    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if not change.first or dossier.op_type != "withdrawal":
            return
        client, limits = words.client_of(dossier), self.context.limits
        single_units = self.context.allowances.single_units(dossier) if client else None
        if single_units is None:
            return
        is_near = limits.split_percent * single_units <= 100 * dossier.instructed_units <= 100 * single_units
        habit = self.table.edit(client) or self.table.put(client, Habit())
        habit.recent.append((dossier.begun_us, dossier.transfer_id, is_near))
        del habit.recent[:-RECENT_MAX]
        if is_near:
            self._judge(habit, dossier, single_units)

    def swept(self, before_us: int) -> None:
        for client in [client for client, habit in self.table.rows.items() if habit.recent[-1][0] < before_us]:
            self.table.drop(client)

    def _judge(self, habit: Habit, dossier: Dossier, single_units: int) -> None:
        limits, today = self.context.limits, dossier.begun_us // DAY_US
        days = dict(habit.days)
        days[today] = days.get(today, 0) + 1
        habit.days = sorted(days.items())[-DAYS_KEPT:]
        since_us = dossier.begun_us - round(limits.split_s * SECOND_US)
        lately = [made for made in habit.recent if made[0] >= since_us]
        near = [transfer_id for _, transfer_id, is_near in lately if is_near]
        before = any(count >= limits.split_count for day, count in habit.days if day < today)
        if len(near) < limits.split_count or USUAL_PARTS * (len(lately) - len(near)) > len(lately) or before:
            return
        rows = self.context.dossiers.rows
        made = [rows[transfer_id] for transfer_id in near if transfer_id in rows]
        client = words.client_of(dossier)
        hours = limits.split_s / 3_600
        self.context.tell(
            Breach(
                kind="flow_anomaly",
                key=f"just_under_limit|{client}",
                scope={"client_id": client, "asset": dossier.asset, "location": dossier.origin},
                sentence=f"{client} has asked for {len(near)} withdrawals within {hours:g} h that each stay just under what "
                f"passes without people, the latest {words.amount_text(dossier.instructed_units, dossier.asset)} of "
                f"{words.amount_text(single_units, dossier.asset)}; on no earlier day did that happen.",
                evidence=tuple(one.events[0] for one in reversed(made)),
                rule="just_under_limit",
                asset=dossier.asset,
                value_units=dossier.instructed_units,
                worse=True,
                one_off=True,
                links=(f"transfer|{dossier.transfer_id}",),
            )
        )
