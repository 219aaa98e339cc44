"""Suspense accounts: money of which nobody knows whose it is, how old the oldest of it is, and whether it grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ledger.amounts import to_decimal
from ledger.books.receipts import Receipt, Suspense, add, note, pass_hours, take
from ledger.check import Check, Entry, Timer
from ledger.findings import EVIDENCE_MAX, Breach
from ledger.table import Table
from ledger.times import DAY_US, SECOND_US, to_text, to_us

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "suspense_growth"
HOUR_US = 3_600 * SECOND_US
TIMES_USUAL = 3


class SuspenseAccounts(Check):
    """All suspense accounts, by account and asset."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.table: Table[tuple[str, str], Suspense] = Table(Suspense)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"suspense": self.table}

    def timers(self) -> Mapping[str, Timer]:
        return {"suspense": self._due}

    def posted(self, entry: Entry) -> None:
        event = entry.event
        if event.account_class != "suspense":
            return
        key, hour = (event.account_id, entry.asset), self.context.now_us // HOUR_US
        balance = self._balance(key)
        row = self.table.edit(key) or self.table.put(key, Suspense(event.source, hour - 1, balance - entry.units))
        if entry.units > 0:
            add(row, Receipt(entry.units, to_us(event.event_time), event.event_id))
        elif entry.units < 0:
            take(row, -entry.units)
        pass_hours(row, hour)
        note(row, hour, balance, max(entry.units, 0))
        self._judge(key, row)

    def _balance(self, key: tuple[str, str]) -> int:
        account = self.context.books.table.rows.get(key)
        return 0 if account is None else account.balance

    def _due(self, rest: str, due_us: int) -> None:
        account_id, _, asset = rest.rpartition("|")
        row = self.table.edit((account_id, asset))
        if row is not None:
            pass_hours(row, self.context.now_us // HOUR_US)
            self._judge((account_id, asset), row)

    def _judge(self, key: tuple[str, str], row: Suspense) -> None:
        now_us, limits = self.context.now_us, self.context.limits
        age_us, wait_us = (round(s * SECOND_US) for s in (limits.suspense_age_s, limits.suspense_growth_s))
        is_old = bool(row.items) and now_us - row.items[0].at_us >= age_us
        if self._is_unusual(key, row):
            row.grown_us = row.grown_us or now_us
        else:
            row.grown_us = 0
        is_growing = bool(row.grown_us) and now_us - row.grown_us >= wait_us
        signals = " and ".join(name for name, is_so in (("age", is_old), ("growth", is_growing)) if is_so)
        if (is_old and "age" not in row.told) or (is_growing and "growth" not in row.told):
            self._tell(key, row, signals)
        elif not signals and row.told:
            sentence = (
                f"Suspense account {key[0]} holds {to_decimal(self._balance(key))} {key[1]}, none of it old or unusual."
            )
            self.context.mend(KIND, "|".join(key), sentence, (self.context.cause_id,), explained=False)
        row.told = signals
        moments = [row.items[0].at_us + age_us] if row.items and not is_old else []
        if row.grown_us:  # and whether it still stands is seen every hour
            moments.append(now_us + HOUR_US if is_growing else row.grown_us + wait_us)
        timer = f"suspense|{key[0]}|{key[1]}"
        if moments:
            self.context.absences.expect(timer, min(moments), (row.source,))
        else:
            self.context.absences.met(timer)

    def _is_unusual(self, key: tuple[str, str], row: Suspense) -> bool:
        grown = self._balance(key) - row.base
        cents, usual = self.context.cents(key[1], grown), row.usual_day
        if usual is None or grown <= 0 or cents is None or cents < self.context.limits.suspense_usd * 100:
            return False
        return grown > TIMES_USUAL * usual

    def _tell(self, key: tuple[str, str], row: Suspense, signals: str) -> None:
        account_id, asset = key
        balance, step = self._balance(key), self.context.assets.by_code[asset].step
        grown, usual = balance - row.base, (row.usual_day or 0) // step * step
        days = (self.context.now_us - row.items[0].at_us) // DAY_US if row.items else 0
        oldest = (
            f", the oldest {to_decimal(row.items[0].units)} since {to_text(row.items[0].at_us)}" if row.items else ""
        )
        growth = f" It has grown by {to_decimal(grown)} within a day, where {to_decimal(usual)} come on a usual day."
        self.context.tell(
            Breach(
                kind=KIND,
                key="|".join(key),
                scope={"account_id": account_id, "asset": asset},
                sentence=f"Suspense account {account_id} holds {to_decimal(balance)} {asset} in {len(row.items)} receipts"
                f"{oldest} ({days} days).{growth if 'growth' in signals else ''}",
                evidence=tuple(item.event_id for item in row.items[:EVIDENCE_MAX]),
                rule=signals.replace(" ", "_"),
                asset=asset,
                observed=balance,
                value_units=balance,
                worse=signals == "age and growth",
                told=bool(row.told),
                links=(f"account|{account_id}|{asset}",),
            )
        )
