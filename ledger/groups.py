"""Recon groups: the smallest sets of books and places that must agree with each other."""

from __future__ import annotations

from ledger.dossiers import Dossier
from ledger.events import AccountRef
from ledger.references import References


class Groups:
    """Which group a place or an account belongs to; a firm that names a single group means it for all."""

    def __init__(self, references: References) -> None:
        self.references = references
        self._known: dict[str, str] = {}  # of places, until a record of one changes
        self._version = -1

    def _sole(self) -> str:
        names = self.references.group_names
        return next(iter(names)) if len(names) == 1 else ""

    def of_location(self, location: str) -> str:
        """Return the group of one of our places; "" where none is named."""
        if self._version != self.references.locations_version:
            self._known, self._version = {}, self.references.locations_version
        group = self._known.get(location)
        if group is None:
            known = self.references.locations.get(location)
            group = self._known[location] = (known.recon_group if known is not None else None) or self._sole()
        return group

    def of_account(self, account_id: str) -> str:
        """Return the group of an account; "" where none is named."""
        known = self.references.others.get(("account", account_id))
        return (known.recon_group if isinstance(known, AccountRef) else None) or self._sole()

    def of_movement(self, origin: str, destination: str) -> str:
        """Return the group that answers for a movement: of where it leaves us, or of where it reaches us."""
        return self.of_location(destination if origin in self.references.territory.away else origin)

    def of_books(self, dossier: Dossier) -> str:
        """Return the group in whose books a movement is: its own, or of its account where both places are away."""
        territory = self.references.territory
        if not territory.sole and dossier.origin in territory.away and dossier.destination in territory.away:
            return self.of_account(dossier.account if territory.credits(dossier) else dossier.origin_account)
        return self.of_movement(dossier.origin, dossier.destination)
