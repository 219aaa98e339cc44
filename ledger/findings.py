"""What the ledger finds: facts for the monitor to put into words, with exact numbers and the events that show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ledger.drift import Judgement
from ledger.suspects import Suspect

EVIDENCE_MAX = 20
DriftKind = Literal["opened", "changed", "closed"]


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """An unexplained drift that opened, changed materially, or closed. Amounts in units; times in microseconds.

    `expected` is the balance at `as_of_us`, the moment of the snapshot that shows it, timing differences allowed for, and `since_us` the moment of the
    first snapshot of the streak. `suspects` are the movements between the last agreement and the first disagreement;
    `event_ids` the events that show it, the most telling first. `explained`: closed by a late event, not by a balance.
    """

    kind: DriftKind
    location: str
    asset: str
    expected: int
    reported: int
    as_of_us: int
    since_us: int
    judgement: Judgement
    unexplained: int
    value_dated: int
    usd_cents: int | None
    suspects: tuple[Suspect, ...]
    event_ids: tuple[str, ...]
    explained: bool = False


@dataclass(frozen=True, slots=True)
class DustFinding:
    """A snapshot that agreed: by how many units its drift had moved, which dust hid."""

    location: str
    asset: str
    moved: int
    dust: int
    event_id: str


@dataclass(frozen=True, slots=True)
class Restated:
    """A restatement changed the amount of a completed movement, from `before` to `after` units."""

    transfer_id: str
    asset: str
    before: int
    after: int
    usd_cents: int | None
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InTransit:
    """A movement set off or is no longer under way (`since_us` None)."""

    transfer_id: str
    asset: str
    units: int
    origin: str
    destination: str
    since_us: int | None
    event_ids: tuple[str, ...]


Finding = DriftFinding | DustFinding | Restated | InTransit
