"""How long a stage of a movement may take and did take, by promise, maintenance and what was learned of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.dossiers import Dossier
from ledger.pace.durations import Durations, learn
from ledger.pace.odds import Odds, hopeless_after_s, odds
from ledger.pace.pledges import Pledges, target_us_of
from ledger.pace.ways import Ways
from ledger.policy.document import Promise, Stage
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context


class Overrun(NamedTuple):
    """A stage of a movement that is looked at, or ended, at `at_us`: how long its clock ran, and may (microseconds).

    `paused_us` do not count. `odds`: what became of others that took so long, where enough are known.
    """

    dossier: Dossier
    stage: Stage
    at_us: int
    ran_us: int
    target_us: int
    paused_us: int
    odds: Odds | None


class Measures:
    """What clocks are read by. `learned`: how long each stage took, by (stage, operation, asset)."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.pledges = Pledges(context)
        self.ways = Ways(context)
        self.learned: Table[tuple[str, str, str], Durations] = Table(Durations)

    def warn_us(self, dossier: Dossier, promise: Promise) -> int:
        """Return after how long it is foreseen that a promise will be broken."""
        warn_us = round(promise.target_s * promise.warn_share * SECOND_US)
        hopeless_s = hopeless_after_s(self._durations(dossier, promise.stage), target_us_of(promise) // SECOND_US)
        return warn_us if hopeless_s is None else min(warn_us, hopeless_s * SECOND_US)

    def passes_us(self, dossier: Dossier, since_us: int, length_us: int, until_us: int | None = None) -> int:
        """Return when a clock has run for so long, as far as maintenance up to a moment (now) has put that off."""
        until_us = self.context.now_us if until_us is None else until_us
        return since_us + length_us + self.ways.paused_us(dossier, since_us, until_us)

    def overrun(self, dossier: Dossier, stage: Stage, target_us: int, since_us: int, at_us: int) -> Overrun:
        """Return what is known of a stage whose clock is looked at, or ended, at a moment."""
        paused_us = self.ways.paused_us(dossier, since_us, at_us)
        ran_us = max(at_us - since_us - paused_us, 0)
        known = odds(self._durations(dossier, stage), ran_us // SECOND_US, target_us // SECOND_US)
        return Overrun(dossier, stage, at_us, ran_us, target_us, paused_us, known)

    def learn(self, dossier: Dossier, stage: Stage, since_us: int, over_us: int) -> None:
        """Take how long a stage took, maintenance left out."""
        key = (stage, dossier.op_type, dossier.asset)
        durations = self.learned.edit(key) or self.learned.put(key, Durations())
        learn(durations, -(-(over_us - since_us - self.ways.paused_us(dossier, since_us, over_us)) // SECOND_US))

    def stake(self, dossier: Dossier) -> tuple[tuple[str, ...], int | None]:
        """Return who could still tell of an end, and what it is worth, in US cents."""
        return self.ways.tellers(dossier), self.context.cents(dossier.asset, dossier.instructed_units)

    def may_be_told(self, dossier: Dossier, by_us: int) -> bool:
        """Tell whether somebody may still have to tell that a stage was over by a moment."""
        tellers, cents = self.stake(dossier)
        return self.context.sources.is_held_up(tellers, by_us, cents)

    def _durations(self, dossier: Dossier, stage: Stage) -> Durations | None:
        return self.learned.get((stage, dossier.op_type, dossier.asset))
