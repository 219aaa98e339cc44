"""The way of a movement: how long it may take, when maintenance stops its clock, and who could still tell of its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.dossiers import Dossier
from ledger.pace.routes import Allowance, Ends

if TYPE_CHECKING:
    from ledger.context import Context


class Ways:
    """What holds for the ways of movements. `left`: it has left, so that its way counts, and not yet what was promised."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def allowance(self, dossier: Dossier, *, left: bool) -> Allowance | None:
        """Return how long it may take; None where nobody can say."""
        ends = ends_of(dossier)
        routes = self.context.routes
        return routes.under_way(ends) if left else routes.promised(ends)

    def paused_us(self, dossier: Dossier, from_us: int, until_us: int) -> int:
        """Return for how long, between two moments, maintenance of either end, of the network or of a source stopped it."""
        maintenance = self.context.maintenance
        if not maintenance.windows.rows:
            return 0
        return maintenance.paused_us(
            "transfers", from_us, until_us, locations=(dossier.origin, dossier.destination), network=dossier.network,
            sources=self._told_by(dossier, (dossier.destination,)),
        )  # fmt: skip

    def tellers(self, dossier: Dossier) -> tuple[str, ...]:
        """Return who could still tell that it has left or ended: who told of it, and who tells of either of its ends.

        One may tell that it was asked for, another that it has left, and a third that it is there.
        """
        return self._told_by(dossier, (dossier.origin, dossier.destination))

    def _told_by(self, dossier: Dossier, places: tuple[str, ...]) -> tuple[str, ...]:
        movement, heard = self.context.holdings.movements.by_id.get(dossier.transfer_id), self.context.heard
        names = [dossier.source] if movement is None else [dossier.source, movement.source]
        for place in places:
            names += heard.sources(("movements", place))
        return tuple(dict.fromkeys(names))

    def in_transit(self, dossier: Dossier) -> tuple[Ends, int]:
        """Return between which ends it moves as its latest reports say, and the units that do."""
        ends = ends_of(dossier)
        movement = self.context.holdings.movements.by_id.get(dossier.transfer_id)
        transit = None if movement is None else movement.in_transit()
        if transit is None:
            return ends, dossier.instructed_units if dossier.executed_units is None else dossier.executed_units
        return ends._replace(destination=transit[0][0]), transit[1]


def ends_of(dossier: Dossier) -> Ends:
    """Return from where to where a movement goes, as it was first said."""
    return Ends(dossier.asset, dossier.network, dossier.origin, dossier.destination)


def is_away(dossier: Dossier) -> bool:
    """Tell whether its value has left and is not there yet, or never will be."""
    return dossier.left and dossier.origin != dossier.destination
