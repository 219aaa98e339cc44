"""What is known of a movement besides its effect on holdings: who asked, for whom, where to, and how far it has come."""

from __future__ import annotations

from sys import intern

from msgspec import Struct

from ledger.events import Transfer
from ledger.fold import COMPLETED, EXTERNAL, RANK, UNDONE, Outcome
from ledger.times import to_us

EVENTS_MAX = 12
INSTRUCTED = sum(
    1 << RANK[stage] for stage in ("requested", "screening", "pending_approval", "approved", "queued", "signing")
)
REQUESTED, APPROVED, COMPLETED_BIT = 1 << RANK["requested"], 1 << RANK["approved"], 1 << COMPLETED
EXECUTED = sum(1 << RANK[stage] for stage in ("broadcast", "confirming", "completed", "replaced"))
PASSED = EXECUTED | sum(1 << RANK[stage] for stage in ("approved", "queued", "signing"))
"""The stages at which somebody, or something, has let a movement pass."""
UNDONE_BITS = sum(1 << rank for rank in UNDONE)


class Dossier(Struct, kw_only=True, gc=False):
    """One movement. Amounts in units of `asset`, moments in microseconds; "" where nothing was said.

    The head (`op_type` to `reverses`) is what the first report said, completed by what later ones add; `said_*` is what
    the reports of an execution say, where they differ from the instruction. `stages` has a bit for each status heard.
    """

    transfer_id: str
    op_type: str
    asset: str
    source: str
    heard_us: int  # when it was first heard of
    begun_us: int  # the earliest event time
    instructed_units: int
    origin: str
    destination: str
    origin_account: str = ""
    origin_client: str = ""
    account: str = ""
    client: str = ""
    address: str = ""
    tag: str = ""
    network: str = ""
    plan_id: str = ""
    parent_id: str = ""
    client_ref: str = ""
    tx_hash: str = ""
    tx_index: str = ""
    end_to_end_id: str = ""
    refers_to: str = ""
    reverses: str = ""
    control_origin: str = ""  # auto, manual
    declared_class: str = ""  # risk_free, risky
    initiator: str = ""
    approvers: tuple[str, ...] = ()
    kyt_score: str = ""
    address_added_us: int = 0  # as the movement says; the registry knows better
    stages: int = 0
    executed_units: int | None = None
    fee_units: int = 0
    fee_asset: str = ""
    fee_payer: str = ""
    fee_us: int = 0  # event time of the report that stated it
    left: bool = False
    arrived: bool = False
    undone: bool = False
    arrived_units: int = 0
    arrived_us: int = 0  # event time of the report with which it arrived
    arrived_heard_us: int = 0
    revision: int = 0
    events: list[str] = []

    @property
    def instructed(self) -> bool:
        """Whether anybody was heard to ask for it, or to let it pass, before it left."""
        return bool(self.stages & INSTRUCTED)

    @property
    def leaves_firm(self) -> bool:
        return self.destination == EXTERNAL and self.origin != EXTERNAL

    @property
    def enters_firm(self) -> bool:
        return self.origin == EXTERNAL and self.destination != EXTERNAL

    @property
    def in_books_only(self) -> bool:
        return self.origin == self.destination

    @property
    def evidence(self) -> tuple[str, ...]:
        """The events that tell of it, the latest first."""
        return tuple(reversed(self.events))


def open_dossier(event: Transfer, asset: str, units: int, heard_us: int) -> Dossier:
    """Return the dossier that the first report of a movement opens."""
    origin, target = event.from_, event.to
    dossier = Dossier(
        transfer_id=event.transfer_id,
        op_type=intern(event.op_type),
        asset=asset,
        source=intern(event.source),
        heard_us=heard_us,
        begun_us=to_us(event.event_time),
        instructed_units=units,
        origin=intern(origin.location),
        destination=intern(target.location),
        events=[],
    )
    complete(dossier, event)
    return dossier


def complete(dossier: Dossier, event: Transfer) -> None:
    """Fill in what was not said before; what was said first stands."""
    origin, target, ids, control = event.from_, event.to, event.ids, event.control
    dossier.origin_account = dossier.origin_account or origin.account_id or ""
    dossier.origin_client = dossier.origin_client or origin.client_id or ""
    dossier.account = dossier.account or target.account_id or ""
    dossier.client = dossier.client or target.client_id or ""
    dossier.address = dossier.address or target.address or ""
    dossier.tag = dossier.tag or target.tag or ""
    dossier.network = dossier.network or event.network or target.network or origin.network or ""
    dossier.plan_id = dossier.plan_id or event.plan_id or ""
    dossier.parent_id = dossier.parent_id or event.parent_id or ""
    if ids is not None:
        dossier.client_ref = dossier.client_ref or ids.client_ref or ""
        dossier.tx_hash = ids.tx_hash or dossier.tx_hash  # a replacement has a new one
        dossier.tx_index = dossier.tx_index or ("" if ids.tx_index is None else str(ids.tx_index))
        dossier.end_to_end_id = dossier.end_to_end_id or ids.end_to_end_id or ""
        dossier.refers_to = dossier.refers_to or ids.refers_to or ""
        dossier.reverses = dossier.reverses or ids.reverses or ""
    if control is not None:
        dossier.control_origin = dossier.control_origin or control.origin or ""
        dossier.initiator = dossier.initiator or control.initiator or ""
        dossier.declared_class = dossier.declared_class or control.declared_class or ""
        if control.approvers:
            dossier.approvers = tuple(dict.fromkeys((*dossier.approvers, *control.approvers)))
        if control.kyt_score is not None:
            dossier.kyt_score = str(control.kyt_score)
        if control.address_added_at is not None and not dossier.address_added_us:
            dossier.address_added_us = to_us(control.address_added_at)


def advance(
    dossier: Dossier, event: Transfer, units: int, fee_units: int | None, outcome: Outcome, heard_us: int
) -> None:
    """Note a report: its stage, what it says of amount and fee, and what the movement has come to with it."""
    at_us = to_us(event.event_time)
    bit = 1 << RANK[event.status]
    if dossier.stages:
        complete(dossier, event)
    if bit & INSTRUCTED and (not dossier.stages & INSTRUCTED or (bit & REQUESTED and event.revision)):
        dossier.instructed_units = units  # an instruction that is heard after the execution is one all the same
    if bit & EXECUTED:
        dossier.executed_units = units
    dossier.stages |= bit
    dossier.begun_us = min(dossier.begun_us, at_us)
    dossier.revision = max(dossier.revision, event.revision)
    if fee_units is not None and at_us >= dossier.fee_us:  # the latest that states one counts, not the last to arrive
        dossier.fee_us = at_us
        dossier.fee_units, dossier.fee_asset = fee_units, event.fee_asset or event.asset
        dossier.fee_payer = event.fee_payer or ""
    if outcome.arrived and not dossier.arrived:
        dossier.arrived_us, dossier.arrived_heard_us = at_us, heard_us
    dossier.left, dossier.arrived, dossier.undone = outcome.left, outcome.arrived, not outcome.open
    dossier.arrived_units = outcome.arrived_units
    dossier.events.append(event.event_id)
    if len(dossier.events) > EVENTS_MAX:
        del dossier.events[EVENTS_MAX // 2]  # how it began and how it stands
