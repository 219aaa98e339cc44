"""References as they arrive: assets open the way for what waited for them; all others are put on record."""

from __future__ import annotations

from alerts.records import AlertState
from ledger.amounts import places, to_decimal
from ledger.events import AssetRef, PriceRef, Reference
from streams.monitor.cause import Cause
from streams.monitor.set_aside import Waiting
from streams.monitor.state import State
from streams.record import Record


def apply(state: State, event: Reference, cause: Cause, record: Record) -> list[Waiting]:
    """Take over a reference; return the events that waited for it, in order of arrival."""
    state.counts["reference"] += 1
    if isinstance(event, PriceRef):
        state.assets.set_price(event)
        return []
    if not isinstance(event, AssetRef):
        state.references.put(event)
        state.reconciliation.on_reference(event)
        return []
    return _define(state, event, cause, record)


def _define(state: State, event: AssetRef, cause: Cause, record: Record) -> list[Waiting]:
    known = state.assets.by_code.get(event.asset)
    if known is not None and event.decimals < known.decimals:
        held = state.holdings.finest(event.asset)
        if held is not None and places(held) > event.decimals:
            reason = f"{event.asset} cannot have {event.decimals} decimals: {to_decimal(held)} is on the books"
            state.quarantine("decimals_refused", reason, record, event.event_id)
            return []
    asset = state.assets.define(event)
    state.reconciliation.on_reference(event)
    names = [asset.code, *asset.aliases]
    for name in names:
        key = f"unknown_asset|{name}"
        if key in state.book.rows:
            explanation = f"Reference {event.event_id} introduces {name}; what waited for it is applied now."
            state.clear(key, AlertState.EXPLAINED, cause, explanation, (event.event_id,))
    return state.set_aside.release(names)
