"""Value dates: a bank that books a movement today may count it only days later, and says until when."""

from __future__ import annotations

from ledger.fold import Place
from ledger.places import Places
from ledger.store import MovementStore
from ledger.times import DAY_US

KEPT_US = 3 * DAY_US  # so long a past value date is kept for snapshots that come late


class ValueDates:
    """When banks count movements, by movement in the store, and noted at the positions that they touch."""

    def __init__(self, places: Places, movements: MovementStore) -> None:
        self.places = places
        self.movements = movements
        self._noted: set[Place] = set()

    def set(self, transfer_id: str, value_us: int) -> None:
        """Note that a bank counts a movement only until `value_us` at the latest: till then it may show or not."""
        self.movements.value_dates.put(transfer_id, value_us)
        self.note(transfer_id)

    def note(self, transfer_id: str) -> None:
        """Note at the positions that a movement touches when it counts there."""
        value_us = self.movements.value_dates.get(transfer_id)
        movement = self.movements.by_id.get(transfer_id)
        if value_us is None or movement is None:
            return
        for effect in movement.effects():
            if effect.at_us < value_us:
                position = self.places.bare_position(effect.location, effect.asset)
                self.places.touched_positions.add((effect.location, effect.asset))
                position.value_dated[transfer_id] = (effect.at_us, value_us, effect.delta)
                self._noted.add((effect.location, effect.asset))

    def load(self, transfer_id: str, value_us: int) -> None:
        """Put back when a bank counts a movement; the movements are loaded before."""
        self.movements.value_dates.rows[transfer_id] = value_us
        self.note(transfer_id)

    def forget_before(self, now_us: int) -> None:
        """Drop the value dates that are past, also of movements that never came."""
        before_us = now_us - KEPT_US
        for location, asset in sorted(self._noted):
            position = self.places.position(location, asset)
            for ref in position.forget_value_dates(before_us):
                self.movements.value_dates.drop(ref)
            if not position.value_dated:
                self._noted.discard((location, asset))
        dates = self.movements.value_dates
        for ref in [ref for ref, at_us in dates.rows.items() if at_us < before_us and ref not in self.movements.by_id]:
            dates.drop(ref)
