"""What the postings for a movement come to."""

from __future__ import annotations

from ledger.matching.claims import Leg


class Sums:
    """What legs come to, in units of one asset: net by party, by class, and by journal that faces the outside.

    `clients` counts client accounts only. `outside` holds what each journal brings in (positive) or takes out, of
    `outside_clients` what went to client accounts by it. `booked` is what clients, house and suspense have, and `charged`
    what the firm took for itself; `pending_units` are in journals whose other side is not known yet.
    """

    __slots__ = (
        "booked",
        "charged",
        "clients",
        "clients_total",
        "house",
        "outside",
        "outside_clients",
        "pending_units",
    )

    def __init__(self, legs: list[Leg], asset: str) -> None:
        self.clients: dict[str, int] = {}
        self.outside: dict[str, int] = {}
        self.outside_clients: dict[str, int] = {}
        self.booked = self.charged = self.clients_total = self.house = self.pending_units = 0
        for leg in legs:
            if leg.asset == asset:
                self._add(leg)

    def _add(self, leg: Leg) -> None:
        units, journal_id = leg.units, leg.journal_id
        is_client = leg.account_class == "client"
        if is_client:
            self.clients[leg.party] = self.clients.get(leg.party, 0) + units
            self.clients_total += units
        elif leg.account_class == "house":
            self.house += units
        if leg.account_class in ("client", "house", "suspense"):
            self.booked += units
        elif leg.account_class == "in_transit":
            return
        else:
            self.charged += units
        if leg.outside:
            self.outside[journal_id] = self.outside.get(journal_id, 0) + units
            if is_client:
                self.outside_clients[journal_id] = self.outside_clients.get(journal_id, 0) + units
        elif leg.outside is None:
            self.pending_units += units

    @property
    def brought(self) -> int:
        """What the books say came from outside, all journals together."""
        return sum(self.outside.values())

    @property
    def brought_to_clients(self) -> int:
        """What of it went to clients."""
        return sum(self.outside_clients.values())
