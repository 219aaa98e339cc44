"""One movement: the reports of its lifecycle as they came, and the fold of them while it is under way."""

from __future__ import annotations

from bisect import insort
from typing import Any

from msgspec import Struct, field

from ledger.events import Status
from ledger.fold import DECISIVE, RANK, Effect, Fact, Fold, Place

FACTS_MAX = 500
FACTS_SOON_FOLDED = 8


class Movement(Struct, eq=False):
    """All that is known of one movement: its facts in order, and the fold of them while it is under way.

    `source` reported last: its watermark says whether more may be on the way. Most movements are at rest most of the
    time; at rest only the facts are kept, and the fold is made again when asked for.
    """

    transfer_id: str
    network: str | None = None
    source: str = ""
    facts: list[Fact] = field(default_factory=list)
    _fold: Fold | None = None

    @property
    def fold(self) -> Fold:
        """The fold of all facts."""
        if self._fold is None:
            self._fold = _folded(self.facts)[0]
        return self._fold

    def takes(self, status: Status) -> bool:
        """Tell whether another report of this stage is kept: beyond a bound only of stages that move value."""
        count = len(self.facts)
        return count < FACTS_MAX or (RANK[status] in DECISIVE and count < 2 * FACTS_MAX)

    def in_transit(self) -> tuple[Place, int] | None:
        """Return where value is on its way to and how much, in units; None when nothing is."""
        return None if self._fold is None else self._fold.in_transit()

    def set_off_us(self) -> int:
        """Return when the value left that is under way: the first fact after which it was."""
        fold, under_way = Fold(), False
        since_us = self.facts[-1].at_us
        for fact in self.facts:
            fold.apply(fact)
            was_under_way, under_way = under_way, fold.in_transit() is not None
            if under_way and not was_under_way:
                since_us = fact.at_us
        return since_us

    def effects(self) -> list[Effect]:
        """Return the effects of all facts, in order."""
        return _folded(self.facts)[1]

    def add(self, fact: Fact) -> tuple[list[Effect], list[Effect]]:
        """Take a fact that arrived now; return the effects to take back and the effects to add."""
        if not self.facts or fact > self.facts[-1]:
            fold = self.fold
            self.facts.append(fact)
            return [], fold.apply(fact)
        before = self.effects()
        insort(self.facts, fact)
        self._fold, after = _folded(self.facts)
        return _less(before, after), _less(after, before)

    @property
    def at_rest(self) -> bool:
        """Whether it has arrived, or will not."""
        return self._fold is None or self._fold.arrived or not self._fold.open

    def rest(self) -> None:
        """Let go of the fold if the movement is at rest and quickly folded again."""
        if len(self.facts) <= FACTS_SOON_FOLDED and self.at_rest:
            self._fold = None

    def to_plain(self) -> list[Any]:
        return [self.network, self.source, self.facts]

    @classmethod
    def from_plain(cls, transfer_id: str, plain: list[Any]) -> Movement:
        """Return the movement of a row; folding its facts again gives the same state."""
        movement = cls(transfer_id)
        movement.network, movement.source = plain[0], plain[1]
        movement.facts = [Fact(*row) for row in plain[2]]
        movement._fold = _folded(movement.facts)[0]
        movement.rest()
        return movement


def _folded(facts: list[Fact]) -> tuple[Fold, list[Effect]]:
    fold = Fold()
    return fold, [effect for fact in facts for effect in fold.apply(fact)]


def _less(effects: list[Effect], others: list[Effect]) -> list[Effect]:
    """Return `effects` without those that also stand in `others`, as multisets, in order."""
    left = list(effects)
    for other in others:
        if other in left:
            left.remove(other)
    return left
