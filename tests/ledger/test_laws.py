"""Laws of the books: what holds for every day that could be, checked against an oracle that knows only the contract."""

from __future__ import annotations

import json
import re
from dataclasses import astuple
from fractions import Fraction
from typing import Any

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ledger.amounts import to_units
from ledger.parser import Rejected, parse
from streams.monitor import Monitor, encode
from streams.record import INPUT_TOPICS, Record
from tests.ledger.oracle import Place, Verdict
from tests.ledger.specimens import full_events, spoilt, torn
from tests.ledger.strategies import (
    REFERENCES,
    WORLD,
    Log,
    Reports,
    halves_of_an_hour,
    logs,
    quiet_hours,
    shuffled,
)
from tests.ledger.wire import HOUR, outputs, positions, received, spoken

# Shrinking makes a short story of a failure; explaining it takes minutes more under Python 3.11.
law = settings(phases=[phase for phase in Phase if phase is not Phase.explain])


def after(reports: Reports) -> Monitor:
    """Return a monitor that knows the assets and then heard of all these."""
    monitor = Monitor()
    outputs(monitor, Reports((*REFERENCES, *reports.sent)).arrive())
    return monitor


def verdicts(monitor: Monitor) -> dict[Place, Verdict]:
    """Return the rows of the positions as the oracle writes them."""
    return {
        place: Verdict(*(None if text is None else Fraction(text) for text in row))  # type: ignore[arg-type]  # two of them are never None
        for place, row in positions(monitor).items()
    }


def told(rows: dict[Place, Verdict]) -> dict[Place, Verdict]:
    """Return the rows that say something: those of nothing but zeros are left out."""
    return {place: row for place, row in rows.items() if any(astuple(row))}


# --- Positions -------------------------------------------------------------------------------------------------


@law
@given(halves_of_an_hour())
def test_the_positions_are_those_of_the_contract(reports: Reports) -> None:
    assert told(verdicts(after(reports))) == told(reports.oracle().verdicts())


@law
@given(quiet_hours(), st.data())
def test_positions_that_only_dust_moves_are_those_of_the_contract(reports: Reports, data: st.DataObject) -> None:
    assert told(verdicts(after(data.draw(shuffled(reports))))) == told(reports.oracle().verdicts())


@law
@given(halves_of_an_hour(), st.data())
def test_any_order_of_arrival_ends_in_the_same_positions(reports: Reports, data: st.DataObject) -> None:
    other = data.draw(shuffled(reports))
    assert positions(after(reports)) == positions(after(other))


@law
@given(halves_of_an_hour(), st.data())
def test_what_came_before_its_asset_was_known_ends_in_the_same_positions(reports: Reports, data: st.DataObject) -> None:
    early = Reports((*REFERENCES, *reports.sent))
    anywhere = data.draw(shuffled(early))
    monitor = Monitor()
    outputs(monitor, anywhere.arrive())
    assert positions(monitor) == positions(after(reports))


@law
@given(halves_of_an_hour(), st.data())
def test_an_event_twice_equals_once(reports: Reports, data: st.DataObject) -> None:
    once = Reports((*REFERENCES, *reports.sent)).arrive()
    twice: list[Record] = []
    for record in once:
        twice.append(record)
        if data.draw(st.booleans()):
            event = json.loads(data.draw(st.sampled_from(twice)).value)
            seen_at = json.loads(record.value)["observed_at"]
            again = dict(reversed((event | {"observed_at": seen_at}).items()))  # another order of fields says the same
            topics = {json.loads(one.value)["event_id"]: one.topic for one in once}
            twice.append(Record(topics[event["event_id"]], json.dumps(again, indent=1).encode()))
    first, second = Monitor(), Monitor()
    assert spoken(first, once) == spoken(second, twice)
    assert positions(first) == positions(second)
    assert second.state.counts["redelivered"] == len(twice) - len(once)


@law
@given(halves_of_an_hour(with_balances=False))
def test_money_in_is_money_out_and_held_and_in_transit(reports: Reports) -> None:
    held: dict[str, Fraction] = dict.fromkeys(("BTC", "ETH"), Fraction(0))
    for (_, code), row in verdicts(after(reports)).items():
        held[code] += row.expected + row.in_transit
    crossed = reports.oracle().crossed_the_border()
    assert held == {code: crossed[code] for code in held}


# --- Cuts ------------------------------------------------------------------------------------------------------


def plain(rows: dict[str, Any]) -> dict[str, Any]:
    """Return rows as they come back from a file."""
    loaded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(rows))
    return loaded


@law
@given(logs(), st.data())
def test_a_replay_from_any_cut_goes_on_to_the_letter(log: Log, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(log)))
    whole, first = Monitor(), Monitor()
    said = spoken(whole, log)
    said_before = spoken(first, log[:cut])
    second = Monitor.from_rows(plain(first.rows()))
    assert said_before + spoken(second, log[cut:]) == said
    assert plain(second.rows()) == plain(whole.rows())


@law
@given(logs(), st.data())
def test_the_changed_rows_add_up_to_all_rows(log: Log, data: st.DataObject) -> None:
    """What a recovery reads is what was kept each time something changed; it goes on as the one that kept it."""
    often = data.draw(st.integers(1, 5))
    monitor = Monitor()
    kept: dict[str, Any] = {}
    for number, record in enumerate(log):
        monitor.step(record)
        if number % often == 0:
            kept.update(plain(monitor.changed_rows() if data.draw(st.booleans()) else monitor.calm_rows()))
    kept.update(plain(monitor.changed_rows()))
    kept = {key: row for key, row in kept.items() if row is not None}
    assert kept == plain(monitor.rows())
    assert plain(Monitor.from_rows(kept).rows()) == kept


# --- Bytes -----------------------------------------------------------------------------------------------------


def is_event_or_rejected(record: Record) -> bool:
    event = parse(record.topic, record.value)
    if isinstance(event, Rejected):
        return bool(event.code and event.reason) and event.raw == record.value
    return 1 <= len(event.event_id) <= 200


@law
@given(st.sampled_from([*INPUT_TOPICS, "", "nowhere"]), st.binary(max_size=200))
def test_any_bytes_are_an_event_or_rejected(topic: str, raw: bytes) -> None:
    assert is_event_or_rejected(Record(topic, raw))


@settings(law, max_examples=300)
@given(torn() | spoilt())
def test_a_damaged_event_is_an_event_or_rejected(record: Record) -> None:
    assert is_event_or_rejected(record)


@settings(law, max_examples=500)
@given(st.lists(torn() | spoilt(), min_size=1, max_size=6))
def test_no_bytes_stop_the_monitor(damaged: list[Record]) -> None:
    """Each is applied or kept in quarantine, and what is applied can be written down and gone on from."""
    monitor = Monitor()
    good = [received(one, HOUR) for one in [*WORLD, *REFERENCES, *full_events()[:3]]]
    for record in [*good, *damaged]:
        for output in monitor.step(record):
            assert json.loads(encode(output.value))
    assert Monitor.from_rows(plain(monitor.rows())).rows() == monitor.rows()


@law
@given(
    st.text(alphabet="0123456789.-+eE_ \n٣", max_size=12) | st.from_regex(r"-?\d{1,60}(\.\d{1,30})?", fullmatch=True)
)
def test_an_amount_is_what_the_contract_calls_one(text: str) -> None:
    legal = re.fullmatch(r"-?[0-9]{1,60}(\.[0-9]{1,30})?", text)
    try:
        units = to_units(text)
    except ValueError:
        assert not legal
    else:
        assert legal
        assert Fraction(units, 10**30) == Fraction(text)
