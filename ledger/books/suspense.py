"""Suspense accounts: money of which nobody knows whose it is, how old the oldest of it is, and whether it grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ledger.amounts import to_decimal
from ledger.books.receipts import Receipt, Suspense, add, gained, note, pass_days, take
from ledger.check import Check, Entry, Timer
from ledger.findings import EVIDENCE_MAX, Breach
from ledger.table import Table
from ledger.times import DAY_US, SECOND_US, to_text, to_us

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "suspense_growth"
HOUR_US = 3_600 * SECOND_US
DAYS_LEAST = 3
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
        key, now_us = (event.account_id, entry.asset), self.context.now_us
        row = self.table.edit(key) or self.table.put(key, Suspense(event.source, now_us // DAY_US))
        pass_days(row, now_us // DAY_US)
        if entry.units > 0:
            add(row, Receipt(entry.units, to_us(event.event_time), event.event_id))
        elif entry.units < 0:
            take(row, -entry.units)
        note(row.hours, now_us // HOUR_US, self._balance(key))
        self._judge(key, row)

    def _balance(self, key: tuple[str, str]) -> int:
        account = self.context.books.table.rows.get(key)
        return 0 if account is None else account.balance

    def _due(self, rest: str, due_us: int) -> None:
        account_id, _, asset = rest.rpartition("|")
        row = self.table.edit((account_id, asset))
        if row is not None:
            pass_days(row, self.context.now_us // DAY_US)
            self._judge((account_id, asset), row)

    def _judge(self, key: tuple[str, str], row: Suspense) -> None:
        now_us, age_us = self.context.now_us, round(self.context.limits.suspense_age_s * SECOND_US)
        is_old = bool(row.items) and now_us - row.items[0].at_us >= age_us
        grown = gained(row.hours, now_us // HOUR_US, self._balance(key))
        is_growing = self._is_unusual(key[1], grown, row.usual_days)
        signals = " and ".join(name for name, is_so in (("age", is_old), ("growth", is_growing)) if is_so)
        if signals and signals != row.told:
            self._tell(key, row, grown, signals)
        elif not signals and row.told:
            sentence = (
                f"Suspense account {key[0]} holds {to_decimal(self._balance(key))} {key[1]}, none of it old or unusual."
            )
            self.context.mend(KIND, "|".join(key), sentence, (self.context.cause_id,), explained=False)
        row.told = signals
        self._look_again(key, row, now_us, age_us, is_old=is_old, is_growing=is_growing)

    def _is_unusual(self, asset: str, grown: int, days: list[int]) -> bool:
        cents = self.context.cents(asset, grown)
        if len(days) < DAYS_LEAST or cents is None or cents < self.context.limits.suspense_usd * 100:
            return False
        return grown * len(days) > TIMES_USUAL * sum(days)

    def _look_again(
        self, key: tuple[str, str], row: Suspense, now_us: int, age_us: int, *, is_old: bool, is_growing: bool
    ) -> None:
        """Set when something may be concluded that no posting brings about: an item grows old, growth is over."""
        moments = [now_us + HOUR_US] if is_growing else []
        if row.items and not is_old:
            moments.append(row.items[0].at_us + age_us)
        timer = f"suspense|{key[0]}|{key[1]}"
        if moments:
            self.context.absences.expect(timer, min(moments), (row.source,))
        else:
            self.context.absences.met(timer)

    def _tell(self, key: tuple[str, str], row: Suspense, grown: int, signals: str) -> None:
        account_id, asset = key
        balance, step = self._balance(key), self.context.assets.by_code[asset].step
        usual = sum(row.usual_days) // max(len(row.usual_days), 1) // step * step
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
