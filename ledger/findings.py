"""What the ledger finds: facts for the monitor to put into words, with exact numbers and the events that show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from msgspec import Struct

from ledger.diagnosis import Explanation
from ledger.drift import Judgement
from ledger.suspects import Suspect

EVIDENCE_MAX = 20
DriftKind = Literal["opened", "changed", "closed"]


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """An unexplained drift that opened, changed materially, or closed. Amounts in units; times in microseconds.

    `expected` is the balance at `as_of_us`, the moment of the snapshot that shows it, timing differences allowed for, and `since_us` the moment of the
    first snapshot of the streak. `suspects` are the movements between the last agreement and the first disagreement, and
    `wider` is what would account for it where none of them does;
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
    wider: Explanation | None
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


class Breach(Struct, frozen=True, kw_only=True, gc=False):
    """Something that must not be, opened or seen again, in the desk's words.

    `kind` is a type of alert in the contract, and `key` the condition within its kind: at most one alert is open for
    the two. Amounts are units of `asset`; `value_units` (else the difference) is what it is worth for severity. `worse`:
    the aggravated case of the contract. `one_off`: a fact that repeats without lasting; it needs no `Mended`. `told`:
    it changed so much that people must hear again. `links` tie it to other alerts of the same incident.
    """

    kind: str
    key: str
    scope: dict[str, str]
    sentence: str
    evidence: tuple[str, ...]
    rule: str
    asset: str | None = None
    expected: int | None = None
    observed: int | None = None
    difference: int | None = None
    value_units: int | None = None
    worse: bool = False
    one_off: bool = False
    told: bool = False
    threshold: float | None = None
    links: tuple[str, ...] = ()


class Mended(Struct, frozen=True, kw_only=True, gc=False):
    """A breach is over: it agrees again, or (`explained`) a late event accounts for it."""

    kind: str
    key: str
    sentence: str
    evidence: tuple[str, ...] = ()
    explained: bool = False


class Failure(NamedTuple):
    """A rule of the policy that does not hold for a movement, and why, with its numbers.

    `proved`: known numbers say so; else something that the rule needs has not been told by anybody.
    """

    rule: str
    why: str
    proved: bool = True


class Verdict(Struct, frozen=True, kw_only=True, gc=False):
    """What the policy says of a movement (contract section 7); a higher `seq` takes the place of those before it."""

    transfer_id: str
    risk_free: bool
    action: Literal["auto_approve", "review", "hold"]
    failed: tuple[Failure, ...]
    policy_version: str
    at_us: int
    seq: int


Finding = DriftFinding | DustFinding | Breach | Mended | Verdict
