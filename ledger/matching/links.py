"""Links: movements told under two ids, as when an instruction has one and the report of the chain another.

Two movements of one asset and direction are one where

1. they name the same output of a transaction: hash and index;
2. they name the same transaction, one of them no index, and agree on the amount and, where both say it, the receiver;
3. they share a reference of the client, or of the payment from end to end, and are each other's missing half: one was
   instructed and has not left, the other has left (arrived, for what comes in) and nobody instructed it.

Many may share a reference that is none ("NOTPROVIDED"): more than a few prove nothing. All of it follows from what the
movements say of themselves, so it is an index and no row.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from ledger.dossiers import EXECUTED, Dossier
from ledger.fold import RANK
from ledger.matching.parties import receiver_of

if TYPE_CHECKING:
    from ledger.context import Context

KIN_MAX = 8
"""More movements than this under one name are not one."""
Key = tuple[str | int, ...]
_RETURNED = sum(1 << RANK[status] for status in ("returned", "failed", "reversed"))
_OF_ONE = frozenset(("output", "payment", "client_ref", "end_to_end_id"))


class Links:
    """Which movements over the border of the firm name the same transaction, reference or parent."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._keys: dict[str, tuple[Key, ...]] = {}
        self._sharing: dict[Key, dict[str, None]] = {}

    def loaded(self) -> None:
        for dossier in self.context.dossiers.rows.values():
            if self.context.territory.crosses(dossier):
                self.note(dossier)

    def note(self, dossier: Dossier) -> bool:
        """Take over what a movement says of itself now; return whether it names anything new."""
        keys = _keys_of(dossier, self.context.territory.away)
        before = self._keys.get(dossier.transfer_id, ())
        if keys == before:
            return False
        self._remove(dossier.transfer_id, before)
        self._keys[dossier.transfer_id] = keys
        for key in keys:
            self._sharing.setdefault(key, {})[dossier.transfer_id] = None
        return True

    def forget(self, transfer_id: str) -> None:
        self._remove(transfer_id, self._keys.pop(transfer_id, ()))

    def _remove(self, transfer_id: str, keys: Iterable[Key]) -> None:
        for key in keys:
            sharing = self._sharing[key]
            del sharing[transfer_id]
            if not sharing:
                del self._sharing[key]

    # --- what others ask -------------------------------------------------------------------------------------
    def peers(self, transfer_id: str) -> list[Dossier]:
        """Return the movements that name the same as this one, be they one with it or not; the first heard first."""
        found: dict[str, Dossier] = {}
        for key in self._keys.get(transfer_id, ()):
            sharing = self._sharing[key]
            if 1 < len(sharing) <= KIN_MAX and key[0] in _OF_ONE:
                found.update((other, self.context.dossiers.rows[other]) for other in sharing)
        found.pop(transfer_id, None)
        return first_heard(found.values())

    def is_shared(self, transfer_id: str) -> bool:
        """Tell whether any other movement names what this one names, so that the two may be one."""
        for key in self._keys.get(transfer_id, ()):  # noqa: SIM110  # twice as fast, and asked for each event
            if len(self._sharing[key]) > 1 and key[0] in _OF_ONE:
                return True
        return False

    def kin(self, dossier: Dossier) -> tuple[Dossier, ...]:
        """Return the movements that are one with this one, told under other ids; the first heard first."""
        return tuple(peer for peer in self.peers(dossier.transfer_id) if self._is_one(dossier, peer))

    def in_transaction(self, dossier: Dossier) -> list[Dossier]:
        """Return the other movements in a transaction, of this asset and direction, the first heard first."""
        if not dossier.tx_hash:
            return []
        return [other for other in self._named(("hash", *self._flow(dossier), dossier.tx_hash)) if other is not dossier]

    def children(self, parent_id: str) -> list[Dossier]:
        """Return the movements over the border that are legs of a batch, trade or settlement, the first heard first."""
        return self._named(("parent", parent_id)) if parent_id else []

    def is_told_twice(self, one: Dossier, other: Dossier) -> bool:
        """Tell whether two movements name the same output of the same transaction."""
        if not one.tx_hash or one.tx_hash != other.tx_hash:
            return False
        if one.tx_index and other.tx_index:
            return one.tx_index == other.tx_index
        return said_units(one) == said_units(other) and self._agree(one, other)

    def _flow(self, dossier: Dossier) -> tuple[str, str]:
        return _flow(dossier, self.context.territory.away)

    def _named(self, key: Key) -> list[Dossier]:
        return first_heard(self.context.dossiers.rows[other] for other in self._sharing.get(key, ()))

    def _is_one(self, one: Dossier, other: Dossier) -> bool:
        if self.is_told_twice(one, other):
            return True
        same_reference = (one.client_ref and one.client_ref == other.client_ref) or (
            one.end_to_end_id and one.end_to_end_id == other.end_to_end_id
        )
        if not same_reference or not self._agree(one, other):
            return False
        enters = self.context.territory.enters
        return _is_other_half(one, other, enters=enters(other)) or _is_other_half(other, one, enters=enters(one))

    def _agree(self, one: Dossier, other: Dossier) -> bool:
        """Tell whether two movements may have one receiver: where both say who or where, they say the same."""
        if one.address and other.address and one.address != other.address:
            return False
        parties = receiver_of(self.context, one), receiver_of(self.context, other)
        return not all(parties) or parties[0] == parties[1]


def said_units(dossier: Dossier) -> int:
    """Return the amount that a movement says it moves: as executed, else as instructed."""
    return dossier.instructed_units if dossier.executed_units is None else dossier.executed_units


def booked_units(dossier: Dossier, away: Container[str]) -> int:
    """Return what should be booked for a movement now: positive for what comes in from `away`, or came back."""
    if dossier.origin in away:
        return dossier.arrived_units
    return said_units(dossier) if came_back(dossier) else -said_units(dossier)


def came_back(dossier: Dossier) -> bool:
    """Tell whether a payment had left and was returned."""
    return bool(dossier.undone and dossier.stages & _RETURNED and dossier.stages & EXECUTED)


def _keys_of(dossier: Dossier, away: Container[str]) -> tuple[Key, ...]:
    """Return the names under which a movement may be found."""
    flow = _flow(dossier, away)
    keys: list[Key] = []
    if dossier.tx_hash:
        if dossier.tx_index:
            keys.append(("output", *flow, dossier.tx_hash, dossier.tx_index))
        keys.append(("payment", *flow, dossier.tx_hash, said_units(dossier)))
        keys.append(("hash", *flow, dossier.tx_hash))
    if dossier.client_ref:
        keys.append(("client_ref", *flow, dossier.client_ref))
    if dossier.end_to_end_id:
        keys.append(("end_to_end_id", *flow, dossier.end_to_end_id))
    if dossier.parent_id:
        keys.append(("parent", dossier.parent_id))
    return tuple(keys)


def _flow(dossier: Dossier, away: Container[str]) -> tuple[str, str]:
    return dossier.asset, "in" if dossier.origin in away else "out"


def first_heard(dossiers: Iterable[Dossier]) -> list[Dossier]:
    """Return movements in the order in which they were heard of, and by id where that says nothing."""
    return sorted(dossiers, key=lambda dossier: (dossier.heard_us, dossier.transfer_id))


def _is_other_half(announced: Dossier, done: Dossier, *, enters: bool) -> bool:
    """Tell whether the one was announced and did not happen, and the other happened and nobody announced it."""
    if announced.left or announced.arrived or announced.undone or not announced.instructed:
        return False
    happened = done.arrived if enters else done.left and not done.instructed
    spare_units = max(announced.fee_units, done.fee_units)
    return happened and abs(said_units(announced) - said_units(done)) <= spare_units
