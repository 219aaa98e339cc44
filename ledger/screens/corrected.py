"""What a correction is: an adjustment, refund or reversal, told as a movement or booked by hand, with what it names.

A movement and the journals that book it are one correction, and so are all legs of a journal.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from ledger.check import Entry
from ledger.dossiers import Dossier
from ledger.events import AccountRef
from ledger.fold import EXTERNAL
from ledger.screens import words
from ledger.times import to_us

if TYPE_CHECKING:
    from ledger.context import Context

KINDS = frozenset(("adjustment", "refund", "reversal"))
MOVEMENT, JOURNAL = "transfer", "journal"
NAMES_MAX = 16
_WORD = re.compile(r"[^\s,;()\[\]\"']*\d[^\s,;()\[\]\"']*")
_ALERT = re.compile(r"(al|in)-[0-9a-f]{20}")


class Correction(Struct, kw_only=True):
    """One correction. `ref` is `transfer|id` or `journal|id`; moments in microseconds, `at_us` its event time.

    `who` entered it by hand, "" where nobody did. `names` is what it says that it corrects, `words` what its reason
    contains that may be a name. `effects`: what clients have more by it, in units by asset. `passed`: somebody has let it
    pass, or its journal is whole; `counted`: the practice of the firm knows of it, as one that names something known where
    it is `named`; `entered`: it is part of somebody's habits.
    """

    ref: str
    op_type: str
    group: str
    source: str
    heard_us: int
    at_us: int
    who: str = ""
    asset: str = ""
    what: str = ""
    scope: dict[str, str] = {}
    evidence: list[str] = []
    names: list[str] = []
    words: list[str] = []
    effects: dict[str, int] = field(default_factory=dict)
    cents: int | None = None
    passed: bool = False
    counted: bool = False
    named: bool = False
    entered: bool = False

    @property
    def form(self) -> str:
        return self.ref.partition("|")[0]

    @property
    def name(self) -> str:
        return self.ref.partition("|")[2]

    @property
    def links(self) -> tuple[str, ...]:
        return (self.ref, *(f"{MOVEMENT}|{name}" for name in self.names))


def of_movement(context: Context, dossier: Dossier) -> Correction:
    """Return the correction that a movement is."""
    return Correction(
        ref=f"{MOVEMENT}|{dossier.transfer_id}",
        op_type=dossier.op_type,
        group=context.groups.of_movement(dossier.origin, dossier.destination),
        source=dossier.source,
        heard_us=context.now_us,
        at_us=dossier.begun_us,
        asset=dossier.asset,
    )


def update(context: Context, correction: Correction, dossier: Dossier) -> bool:
    """Take over what a movement says of itself now; return whether it names anything new."""
    correction.who = dossier.initiator if dossier.control_origin == "manual" else ""
    correction.what, correction.scope = words.movement_text(dossier), words.scope_of(dossier)
    correction.evidence = list(dossier.evidence[:4])
    units = dossier.instructed_units if dossier.executed_units is None else dossier.executed_units
    correction.effects = {} if dossier.undone else {dossier.asset: _side(context, dossier) * units}
    correction.cents = context.cents(dossier.asset, units)
    if dossier.parent_id and dossier.parent_id not in correction.words:
        correction.words.append(dossier.parent_id)
    return add_names(correction, dossier.refers_to, dossier.reverses)


def _side(context: Context, dossier: Dossier) -> int:
    """Return 1 where a movement gives to clients, -1 where it takes from them, 0 where it does neither or both."""
    takes = dossier.origin != EXTERNAL and _is_clients(context, dossier.origin_client, dossier.origin_account)
    gives = dossier.destination != EXTERNAL and _is_clients(context, dossier.client, dossier.account)
    return gives - takes


def _is_clients(context: Context, client: str, account: str) -> bool:
    known = context.references.others.get(("account", account))
    return bool(client) or (isinstance(known, AccountRef) and known.account_class == "client")


def of_posting(context: Context, entry: Entry) -> Correction:
    """Return the correction of which a posting by hand is a leg."""
    event = entry.event
    scope = {"account_id": event.account_id, "asset": entry.asset, "client_id": event.client_id or ""}
    return Correction(
        ref=f"{JOURNAL}|{event.journal_id}",
        op_type=event.op_type,
        group=entry.group,
        source=event.source,
        heard_us=context.now_us,
        at_us=to_us(event.event_time),
        who=event.maker or "",
        asset=entry.asset,
        scope={name: value for name, value in scope.items() if value},
    )


def add_posting(correction: Correction, entry: Entry) -> bool:
    """Take over what a leg says; return whether it names anything new."""
    event = entry.event
    if event.account_class == "client" or not correction.evidence:
        correction.evidence.insert(0, event.event_id)
        del correction.evidence[4:]
    own = event.transfer_id or ""
    if correction.form == MOVEMENT:
        own = ""
    found = add_names(correction, own, event.reverses or "")
    said = [word.strip(".:!?") for word in _WORD.findall(event.reason or "")]
    fresh = [word for word in dict.fromkeys(said) if word not in correction.words and word != correction.name]
    correction.words += fresh[: NAMES_MAX - len(correction.words)]
    return found or bool(fresh)


def weigh(context: Context, correction: Correction) -> None:
    """Note what a journal gives to clients, or takes from them, and its value: its largest leg."""
    journal = context.journals.journals.get(correction.name)
    legs = () if journal is None else tuple(journal.legs.values())
    effects: dict[str, int] = {}
    worth: list[int] = []
    for leg in legs:
        if leg.account_class == "client":
            effects[leg.asset] = effects.get(leg.asset, 0) + leg.units
        cents = context.cents(leg.asset, leg.units)
        worth += [] if cents is None else [cents]
    correction.effects, correction.cents = effects, max(worth, default=None)
    largest = max(legs, key=lambda leg: (abs(leg.units), leg.asset), default=None)
    amount = "" if largest is None else f" of {words.amount_text(abs(largest.units), largest.asset)}"
    correction.what = f"{correction.op_type}{amount} (journal {correction.name})"


def add_names(correction: Correction, *names: str) -> bool:
    """Add what a correction names; return whether any of it is new."""
    fresh = [name for name in names if name and name not in correction.names and name != correction.name]
    correction.names += fresh[: max(NAMES_MAX - len(correction.names), 0)]
    return bool(fresh)


def movement_of(context: Context, name: str) -> str:
    """Return the movement that a name stands for: itself, or that of the journal or posting of this name."""
    if name in context.dossiers:
        return name
    journal = context.journals.journals.get(name) or context.journals.of_posting(name)
    return name if journal is None or not journal.transfer_id else journal.transfer_id


def is_known(context: Context, name: str) -> bool:
    """Tell whether a name is that of a movement, a journal or a posting; what looks like an alert's is taken for one."""
    journals = context.journals
    if name in context.dossiers or name in journals.journals or journals.of_posting(name) is not None:
        return True
    return _ALERT.fullmatch(name) is not None


def is_known_otherwise(context: Context, name: str, but: str) -> bool:
    """Tell whether any movement or journal (`but` one) names itself, or what it belongs to, so. It looks at all of them."""
    for dossier in context.dossiers.rows.values():
        said = (dossier.tx_hash, dossier.client_ref, dossier.end_to_end_id, dossier.parent_id, dossier.plan_id)
        if name in said and dossier.transfer_id != but:
            return True
    rows = context.journals.journals.rows
    return any(journal.transfer_id == name for journal_id, journal in rows.items() if journal_id != but)
