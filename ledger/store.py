"""The movements that are known, for as long as the horizon lasts; value on its way is never forgotten."""

from __future__ import annotations

from ledger.amounts import places
from ledger.movements import Movement
from ledger.table import Table
from ledger.times import DAY_US


class MovementStore:
    """Movements by id. `value_dates`: when a bank counts a movement, where that is a later day (microseconds)."""

    def __init__(self) -> None:
        self.by_id: dict[str, Movement] = {}
        self.value_dates: Table[str, int] = Table(int)
        self.touched: set[str] = set()
        self._by_day: dict[int, list[str]] = {}  # by the days of their facts: what a day's end may forget

    def get(self, transfer_id: str) -> Movement:
        """Return the movement, made on first mention, as changed."""
        self.touched.add(transfer_id)
        movement = self.by_id.get(transfer_id)
        if movement is None:
            movement = self.by_id[transfer_id] = Movement(transfer_id)
        return movement

    def date(self, transfer_id: str, at_us: int) -> None:
        """Note that a movement was reported of on a day, so that it is kept for the horizon from then."""
        day = at_us // DAY_US
        if day in self._by_day:
            self._by_day[day].append(transfer_id)
        else:
            self._by_day[day] = [transfer_id]

    def load(self, movement: Movement) -> None:
        """Put back a movement of a row."""
        self.by_id[movement.transfer_id] = movement
        for fact in movement.facts:
            self.date(movement.transfer_id, fact.at_us)

    def forget_before(self, at_us: int) -> list[Movement]:
        """Drop, and return, the movements that nothing within the horizon can touch any more."""
        over = [day for day in self._by_day if (day + 1) * DAY_US <= at_us]
        dropped = []
        for transfer_id in sorted({transfer_id for day in over for transfer_id in self._by_day.pop(day)}):
            movement = self.by_id.get(transfer_id)
            if movement is None or (movement.facts[-1].at_us // DAY_US + 1) * DAY_US > at_us:
                continue
            if movement.in_transit() is not None:
                self.date(transfer_id, movement.facts[-1].at_us)  # to be looked at again by the next day's end
                continue
            self._drop(transfer_id)
            dropped.append(movement)
        return dropped

    def _drop(self, transfer_id: str) -> None:
        del self.by_id[transfer_id]
        self.value_dates.drop(transfer_id)
        self.touched.add(transfer_id)

    def finest(self, asset: str) -> int | None:
        """Return the amount in `asset` that needs the most decimals, in units; None where none is known."""
        amounts = (
            amount
            for movement in self.by_id.values()
            for fact in movement.facts
            for amount, code in ((fact.amount, fact.asset), (fact.delivered, fact.asset), (fact.fee, fact.fee_asset))
            if amount and code == asset
        )
        return max(amounts, key=places, default=None)
