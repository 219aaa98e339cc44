"""What all checks share: the records of the firm, the positions, the clock of the cause, and the way to speak."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ledger.assets import Assets
from ledger.deadlines import Deadlines
from ledger.dossiers import Dossier
from ledger.findings import EVIDENCE_MAX, Breach, Finding, Mended, Verdict
from ledger.groups import Groups
from ledger.heard import Heard
from ledger.holdings import Holdings
from ledger.limits import Limits
from ledger.references import References
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.books.accounts import Accounts
    from ledger.books.journals import Journals
    from ledger.feeds.absences import Absences
    from ledger.feeds.maintenance import Maintenances
    from ledger.feeds.sequences import Sequences
    from ledger.feeds.sources import Sources
    from ledger.feeds.staleness import Staleness
    from ledger.pace.routes import Routes
    from ledger.pace.stages import Stages
    from ledger.policy.brake import Brakes
    from ledger.policy.decisions import Decisions
    from ledger.policy.followed import Followed
    from ledger.screens.allowances import Allowances
    from ledger.screens.destinations import Destinations
    from ledger.screens.plans import Plans
    from ledger.screens.registry import Registry
    from ledger.service.tallies import Tallies


def no_alert(alert_id: str) -> str | None:
    """Know of no alert: nobody keeps any."""
    return None


class Context:
    """Shared by all checks. `now_us` is the time of the cause being applied (arrival or deadline) and `cause_id` its id.

    `found` collects what the checks say to one cause, in order. `open` holds the (kind, key) of the breaches told that
    have not been mended, so that a check need not remember what it has said.
    """

    absences: Absences
    books: Accounts
    journals: Journals
    maintenance: Maintenances
    sequences: Sequences
    sources: Sources
    staleness: Staleness
    plans: Plans
    allowances: Allowances
    registry: Registry
    routes: Routes
    decisions: Decisions
    destinations: Destinations
    brakes: Brakes
    followed: Followed
    stages: Stages
    tallies: Tallies

    def __init__(self, assets: Assets, references: References, holdings: Holdings, deadlines: Deadlines) -> None:
        self.territory = references.territory
        self.assets = assets
        self.references = references
        self.holdings = holdings
        self.deadlines = deadlines
        self.groups = Groups(references)
        self.heard = Heard()
        self.limits = Limits()
        self.dossiers: Table[str, Dossier] = Table(Dossier)
        self.open: Table[str, int] = Table(int)  # "kind|key" of what stands: since when
        self.found: list[Finding] = []
        self.on_told: list[Callable[[Breach], None]] = []
        self.on_decided: list[Callable[[Verdict, Dossier], None]] = []
        self.alert_key: Callable[[str], str | None] = (
            no_alert  # "kind|key" of an open alert, by the id that people name
        )
        self.now_us = 0
        self.cause_id = ""

    def tell(self, breach: Breach) -> None:
        """Say that something must not be; it stands until it is mended, unless it is a one-off."""
        self.found.append(breach)
        for hook in self.on_told:
            hook(breach)
        if not breach.one_off:
            self.note_open(breach.kind, breach.key)

    def note_open(self, kind: str, key: str) -> None:
        """Note that something must not be which another shard tells of."""
        name = f"{kind}|{key}"
        if name not in self.open:
            self.open.put(name, self.now_us)

    def decide(self, verdict: Verdict, dossier: Dossier) -> None:
        """Say what the policy says of a movement."""
        self.found.append(verdict)
        for hook in self.on_decided:
            hook(verdict, dossier)

    def stands(self, kind: str, key: str) -> bool:
        """Tell whether this breach was told and not mended."""
        return f"{kind}|{key}" in self.open

    def mend(self, kind: str, key: str, sentence: str, evidence: tuple[str, ...] = (), *, explained: bool) -> None:
        """Say that a breach is over; nothing is said where it does not stand, so callers need not ask."""
        if self.open.drop(f"{kind}|{key}") is None:
            return
        self.found.append(
            Mended(kind=kind, key=key, sentence=sentence, evidence=evidence[:EVIDENCE_MAX], explained=explained)
        )

    def cents(self, asset: str, units: int) -> int | None:
        """Return what units of an asset are worth, in US cents, never negative; None where no price is known."""
        return self.assets.usd_cents(asset, units)
