"""Movements, postings and balances: from the event to the ledger, and from what the ledger finds to what people hear."""

from __future__ import annotations

from datetime import date

import msgspec

from alerts.records import AlertState
from alerts.severity import severity_for
from alerts.signals import Signal
from ledger.amounts import to_units
from ledger.events import Posting, Snapshot, SnapshotRow, Transfer
from ledger.findings import Breach, DriftFinding, DustFinding, Finding, Mended
from ledger.times import DAY_US
from streams.monitor import judging, wording
from streams.monitor.cause import Cause
from streams.monitor.set_aside import Waiting
from streams.monitor.state import State
from streams.record import Record

SET_ASIDE_BYTES_MAX = 128 * 1024


def apply_transfer(state: State, event: Transfer, cause: Cause, record: Record) -> None:
    """Apply a movement's report, or set it aside until its assets are known."""
    codes = state.assets.codes
    code = codes.get(event.asset)
    if code is None:
        _set_aside(state, event.asset, event, cause, record)
        return
    if event.fee_asset is not None and event.fee_asset not in codes:
        _set_aside(state, event.fee_asset, event, cause, record)
        return
    if _too_fine(state, event, code):
        _refuse_too_fine(state, code, event, record)
        return
    known = state.holdings.movements.by_id.get(event.transfer_id)
    if known is not None and not known.takes(event.status):
        state.quarantine("too_many_reports", f"{event.transfer_id} has too many reports", record, event.event_id)
        return
    state.counts["transfers"] += 1
    found = state.holdings.apply_transfer(event)
    state.reconciliation.on_transfer(event, code)
    tell(state, found, cause)
    if known is None and state.tells:  # its size is of the habits of where it is led
        signal = state.sentinels.watch_size(event, code, state.assets, cause)
        if signal is not None:
            state.raise_(signal)


def _refuse_too_fine(state: State, code: str, event: Transfer | Snapshot | Posting, record: Record) -> None:
    state.quarantine("too_many_decimals", f"more decimals than {code} has", record, event.event_id)


def _too_fine(state: State, event: Transfer, code: str) -> bool:
    assets = state.assets
    step = assets.by_code[code].step
    if to_units(event.amount) % step:
        return True
    if event.amount_delivered is not None and to_units(event.amount_delivered) % step:
        return True
    if event.fee_amount is None:
        return False
    fee_step = step if event.fee_asset is None else assets.by_code[assets.codes[event.fee_asset]].step
    return to_units(event.fee_amount) % fee_step != 0


def apply_snapshot(state: State, event: Snapshot, cause: Cause, record: Record) -> None:
    """Hold a reported balance against the positions; rows of unknown assets wait, the others count."""
    code = _too_fine_row(state, event)
    if code is not None:
        _refuse_too_fine(state, code, event, record)
        return
    codes = state.assets.codes
    unknown = [row.asset for row in event.rows if row.asset not in codes]
    if unknown:
        _set_rows_aside(state, event, unknown, cause, record)
    state.counts["balances"] += 1
    state.reconciliation.before_snapshot(event)
    tell(state, state.holdings.apply_snapshot(event), cause)
    state.reconciliation.on_snapshot(event)


def _set_rows_aside(state: State, event: Snapshot, unknown: list[str], cause: Cause, record: Record) -> None:
    """Keep the rows of each unknown asset as a snapshot of their own, to be applied when it is introduced."""
    for name in sorted(set(unknown)):
        rows = [row for row in event.rows if row.asset == name]
        part = msgspec.json.encode(msgspec.structs.replace(event, rows=rows))
        _set_aside(state, name, event, cause, Record(record.topic, part, record.origin))


def apply_late_rows(state: State, event: Snapshot, asset: str, cause: Cause, record: Record) -> None:
    """Apply the rows of a snapshot whose asset was not known when it came and has been introduced now."""
    code = _too_fine_row(state, event)
    if code is not None:
        _refuse_too_fine(state, code, event, record)
        return
    tell(state, state.holdings.apply_snapshot(event, only=asset), cause)


def _too_fine_row(state: State, event: Snapshot) -> str | None:
    """Return the code of an asset that a row gives more decimals than it has; None where all fit."""
    assets = state.assets
    for row in event.rows:
        code = assets.codes.get(row.asset)
        if code is None:
            continue
        step = assets.by_code[code].step
        if to_units(row.total) % step:
            return code
        if _has_parts(row) and any(to_units(part) % step for part in _parts(row)):
            return code
    return None


def _has_parts(row: SnapshotRow) -> bool:
    return row.available is not None or row.held is not None or row.staked is not None or row.debt is not None


def _parts(row: SnapshotRow) -> list[str]:
    return [part for part in (row.available, row.held, row.staked, row.debt) if part is not None]


def await_settling(state: State, cause: Cause) -> None:
    """Give reports of the moment their time to come, before one snapshot of great value is concluded.

    Whatever was applied, an event or a deadline, ends with this: those that wait are in the rows, as deadlines.
    """
    unsettled = state.holdings.breaks.unsettled
    if not unsettled:
        return
    for place in sorted(unsettled):
        key = f"settle|{place[0]}|{place[1]}"
        if key not in state.settling:
            state.settling[key] = (*place, cause.cause_id)
            state.deadlines.set(key, cause.at_us + state.holdings.breaks.settle_us)
    unsettled.clear()


def apply_posting(state: State, event: Posting, cause: Cause, record: Record) -> None:
    """Apply a posting to the books, and note what it says about when a bank counts a movement."""
    code = state.assets.codes.get(event.asset)
    if code is None:
        _set_aside(state, event.asset, event, cause, record)
        return
    step = state.assets.by_code[code].step
    if to_units(event.amount) % step or (event.balance_after is not None and to_units(event.balance_after) % step):
        _refuse_too_fine(state, code, event, record)
        return
    state.counts["ledger"] += 1
    state.reconciliation.on_posting(event, code)
    if event.value_date is None or event.transfer_id is None:
        return
    value_day = date.fromisoformat(event.value_date[:10])
    if value_day > event.booked_at.date():
        days = (value_day - date(1970, 1, 1)).days + 1  # the bank may count it until that day is over
        state.holdings.value_dates.set(event.transfer_id, days * DAY_US)


def _set_aside(state: State, name: str, event: Transfer | Snapshot | Posting, cause: Cause, record: Record) -> None:
    """Keep an event until its asset is introduced, and say that it is missing."""
    if len(record.value) > SET_ASIDE_BYTES_MAX:
        state.quarantine("set_aside_full", f"too large to wait for {name}", record, event.event_id)
        return
    waiting = Waiting(record.topic, record.value, record.origin, cause.at_us)
    if not state.set_aside.add(name, waiting, state.settings.set_aside_max):
        state.quarantine("set_aside_full", f"too many events wait for {name}", record, event.event_id)
        return
    state.counts["set aside"] += 1
    if not state.tells:
        return
    state.raise_(
        Signal(
            type="unknown_asset",
            key=f"unknown_asset|{name}",
            severity=severity_for("unknown_asset"),
            scope={"asset": name, "source": event.source},
            cause_id=cause.cause_id,
            at_us=cause.at_us,
            evidence=(event.event_id,),
            rule="no_reference",
            explanation=f"{event.source} sent event {event.event_id} in {name}, which no reference has introduced; "
            "it is set aside and will be applied when the reference arrives.",
        )
    )


def tell(state: State, findings: list[Finding], cause: Cause) -> None:
    """Turn what the ledger found into alerts."""
    for finding in findings:
        if isinstance(finding, DriftFinding):
            _tell_drift(state, finding, cause)
        elif isinstance(finding, DustFinding):
            _tell_dust(state, finding, cause)
        elif isinstance(finding, Breach):
            judging.tell_breach(state, finding, cause)
        elif isinstance(finding, Mended):
            judging.tell_mended(state, finding, cause)
        else:
            judging.tell_verdict(state, finding)


def tell_found(state: State, cause: Cause) -> None:
    """Tell what the checks have found, and judge again the positions that waited for a source."""
    sources = state.reconciliation.context.sources
    if sources.changed:
        sources.changed = False
        if state.holdings.breaks.undecided:
            tell(state, state.holdings.reassess(cause.cause_id), cause)
    found = state.reconciliation.drain()
    if found:
        tell(state, found, cause)
    settle_brakes(state, cause)


def settle_brakes(state: State, cause: Cause) -> None:
    """Let the alerts that were said to this cause hold what they reach, and those that ended let it go."""
    while state.brakes.is_pending:
        state.reconciliation.at(cause.cause_id, cause.at_us)
        state.reconciliation.settle()
        tell(state, state.reconciliation.drain(), cause)


def _tell_dust(state: State, finding: DustFinding, cause: Cause) -> None:
    said = state.sentinels.watch_dust(finding, state.assets, cause)
    if isinstance(said, Signal):
        state.raise_(said)
    elif said is not None:
        state.clear(said.key, AlertState.RESOLVED, cause, said.explanation)


def _tell_drift(state: State, finding: DriftFinding, cause: Cause) -> None:
    if finding.kind != "closed":
        cents = state.settings.material_usd * 100
        state.raise_(wording.drift_signal(finding, cause.cause_id, cause.at_us, cents))
        return
    ended = AlertState.EXPLAINED if finding.explained else AlertState.RESOLVED
    explanation = wording.drift_end(finding, cause.cause_id)
    state.clear(wording.drift_key(finding.location, finding.asset), ended, cause, explanation, (cause.cause_id,))
