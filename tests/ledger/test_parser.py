"""What is an event of the contract and what is not, why, and when two events say the same."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import msgspec
import pytest

from ledger.events import AnyEvent, Transfer
from ledger.parser import RECORD_BYTES_MAX, Rejected, digest, parse
from tests.ledger.oracle import Event
from tests.ledger.specimens import full_events, paths, with_value
from tests.ledger.wire import HOUR, Sent, snapshot, stamp, transfer

FULL = full_events()
NAMES = [event.get("kind", topic) for topic, event in FULL]


def good(**changes: Any) -> bytes:
    """Return a transfer with some fields changed; None leaves the field out."""
    _, event = transfer("ev-1", 0, "T1", "completed", "hot", "venue", "1.5")
    event = {**event, "observed_at": stamp(0), **changes}
    return json.dumps({name: value for name, value in event.items() if value is not None}).encode()


def read(topic: str, event: Event) -> AnyEvent:
    """Return the event that arrives an hour later; it must be one."""
    read_event = parse(topic, json.dumps({"observed_at": stamp(HOUR), **event}).encode())
    assert not isinstance(read_event, Rejected), read_event.reason
    return read_event


BAD_LINES: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "not_json"),
    ("half a line", good()[:-20], "not_json"),
    ("two events", good() + good(), "not_json"),
    ("a comma at the end", good()[:-1] + b",}", "not_json"),
    ("NaN", good().replace(b'"1.5"', b"NaN"), "not_json"),
    ("a list", b"[]", "invalid_field"),
    ("a string", b'"transfer"', "invalid_field"),
    ("null", b"null", "invalid_field"),
    ("no UTF-8", good(transfer_id="@").replace(b"@", b"\xff"), "bad_utf8"),
    ("half a character", good(transfer_id="@").replace(b"@", b"\xe2\x82"), "bad_utf8"),
    ("a lone surrogate", good(transfer_id="@").replace(b"@", rb"\ud800"), "not_json"),
    ("a depth bomb", b"[" * 100_000, "invalid_field"),
    ("a depth bomb in a field nobody reads", good(more=0).replace(b": 0}", b":" + b"[" * 100_000), "too_deep"),
    ("more than a megabyte", good(raw_status="x" * RECORD_BYTES_MAX), "too_large"),
    ("another version", good(schema_version=2), "invalid_field"),
    ("a version as text", good(schema_version="1"), "invalid_field"),
    ("no version", good(schema_version=None), "invalid_field"),
    ("no event_id", good(event_id=None), "invalid_field"),
    ("an empty event_id", good(event_id=""), "invalid_field"),
    ("an event_id of 201", good(event_id="x" * 201), "invalid_field"),
    ("an event_id that is a number", good(event_id=7), "invalid_field"),
    ("a negative revision", good(revision=-1), "invalid_field"),
    ("a revision in between", good(revision=0.5), "invalid_field"),
    ("a revision as text", good(revision="1"), "invalid_field"),
    ("an unknown status", good(status="vanished"), "invalid_field"),
    ("a status in capitals", good(status="Completed"), "invalid_field"),
    ("an unknown operation", good(op_type="gift"), "invalid_field"),
    ("an unknown payer", good(fee_payer="nobody"), "invalid_field"),
    ("no destination", good(to=None), "invalid_field"),
    ("a destination without a place", good(to={}), "invalid_field"),
    ("a destination that is a string", good(to="venue"), "invalid_field"),
    ("no amount", good(amount=None), "invalid_field"),
    ("an amount that is a JSON number", good(amount=1.5), "invalid_field"),
    ("an amount of true", good(amount=True), "invalid_field"),
    ("an amount with an exponent", good(amount="1e999"), "bad_value"),
    ("a negative amount", good(amount="-1.5"), "bad_value"),
    ("an amount with a sign", good(amount="+1.5"), "bad_value"),
    ("an amount with a comma", good(amount="1,5"), "bad_value"),
    ("an amount with spaces", good(amount=" 1.5"), "bad_value"),
    ("an amount in Arabic digits", good(amount="\u0661"), "bad_value"),
    ("an amount without a whole part", good(amount=".5"), "bad_value"),
    ("an amount that ends in a point", good(amount="1."), "bad_value"),
    ("an empty amount", good(amount=""), "bad_value"),
    ("an infinite amount", good(amount="Infinity"), "bad_value"),
    ("an amount of 61 digits", good(amount="9" * 61), "bad_value"),
    ("an amount of 31 places", good(amount="0." + "1" * 31), "bad_value"),
    ("an amount of a megabyte", good(amount="9" * 500_000), "invalid_field"),
    ("a negative fee", good(fee_amount="-0.1"), "bad_value"),
    ("a negative delivery", good(amount_delivered="-0.1"), "bad_value"),
    ("a certainty above one", good(control={"kyt_score": 1.5}), "invalid_field"),
    ("a certainty above one, as text", good(control={"kyt_score": "1.5"}), "bad_value"),
    ("a time without a zone", good(event_time="2026-01-05T00:00:00"), "invalid_field"),
    ("a time that is a number", good(event_time=1767571200), "invalid_field"),
    ("a day that is in no calendar", good(event_time="2026-02-30T00:00:00Z"), "invalid_field"),
    ("an hour that is on no clock", good(event_time="2026-01-05T24:00:01Z"), "invalid_field"),
    ("a time before all calendars", good(observed_at="0001-01-01T00:00:00+01:00"), "bad_value"),
    ("a time after all calendars", good(event_time="9999-12-31T23:59:59-01:00"), "bad_value"),
]


@pytest.mark.parametrize(("raw", "code"), [row[1:] for row in BAD_LINES], ids=[row[0] for row in BAD_LINES])
def test_what_is_no_event_is_rejected_with_its_bytes_and_why(raw: bytes, code: str) -> None:
    rejected = parse("transfers", raw)
    assert isinstance(rejected, Rejected)
    assert (rejected.code, rejected.raw) == (code, raw)
    assert rejected.reason


BAD_ELSEWHERE: list[tuple[str, str, dict[str, Any]]] = [
    ("a total with an exponent", "balances", {"rows": [{"asset": "BTC", "total": "1e5"}]}),
    ("a part that is no amount", "balances", {"rows": [{"asset": "BTC", "total": "1", "held": "much"}]}),
    ("a row without a total", "balances", {"rows": [{"asset": "BTC"}]}),
    ("a holding of no kind", "balances", {"holding_kind": "imaginary"}),
    ("complete as text", "balances", {"complete": "true"}),
    ("a balance that is no amount", "ledger", {"balance_after": "1e5"}),
    ("an amount of a posting", "ledger", {"amount": "--1"}),
    ("a class of no account", "ledger", {"account_class": "friends"}),
    ("a value date that is in no calendar", "ledger", {"value_date": "2026-02-30"}),
    ("a value date in words", "ledger", {"value_date": "tomorrow"}),
    ("a kind of no reference", "reference", {"kind": "weather"}),
    ("decimals beyond 30", "asset", {"decimals": 31}),
    ("negative dust", "asset", {"dust": "-1"}),
    ("a negative price", "price", {"usd": "-1"}),
    ("a negative limit", "limit", {"single": "-1"}),
    ("a share above one", "limit", {"share_of_balance": "1.01"}),
    ("a window below zero", "limit", {"window_s": -1}),
    ("a negative credit line", "account", {"credit_line": {"BTC": "-1"}}),
    ("a role of no place", "location", {"role": "warm"}),
    ("a plan of a negative amount", "plan", {"amount_min": "-1"}),
    ("a watermark in no year", "heartbeat", {"watermark": "0001-01-01T00:00:00+01:00"}),
    ("a kind of no control", "control", {"kind": "wish"}),
]


@pytest.mark.parametrize(("name", "change"), [row[1:] for row in BAD_ELSEWHERE], ids=[row[0] for row in BAD_ELSEWHERE])
def test_the_same_holds_on_every_topic(name: str, change: dict[str, Any]) -> None:
    topic, event = next(sent for sent in FULL if name in (sent[0], sent[1].get("kind")))
    read(topic, event)
    assert isinstance(parse(topic, json.dumps({**event, "observed_at": stamp(HOUR), **change}).encode()), Rejected)


def test_a_topic_that_is_none_of_the_contract() -> None:
    for topic, code in (("", "not_envelope"), ("nowhere", "unknown_topic"), ("alerts", "unknown_topic")):
        rejected = parse(topic, good())
        assert isinstance(rejected, Rejected)
        assert rejected.code == code


def test_an_event_on_the_wrong_topic_is_rejected() -> None:
    for topic in ("ledger", "balances", "reference", "control"):
        assert isinstance(parse(topic, good()), Rejected)


# --- What is good ----------------------------------------------------------------------------------------------


def test_a_transfer_says_what_it_said() -> None:
    event = parse("transfers", good(fee_amount="0.1", **{"from": {"location": "hot", "client_id": "acme"}}))
    assert isinstance(event, Transfer)
    assert (event.event_id, event.status, event.amount, event.fee_amount) == ("ev-1", "completed", "1.5", "0.1")
    assert (event.from_.location, event.from_.client_id, event.to.location) == ("hot", "acme", "venue")
    assert (event.revision, event.sub_status) == (0, None)


@pytest.mark.parametrize("sent", FULL, ids=NAMES)
def test_every_field_of_every_event_is_read(sent: Sent) -> None:
    """What is told is there again when the event is written; nothing is dropped and nothing is made up."""
    topic, event = sent
    full = {**event, "observed_at": stamp(HOUR)}
    written = json.loads(msgspec.json.encode(read(topic, full)))
    defaults = {"revision": 0, "active": True, "rebasing": False, "scope": ""}
    assert defaults | written == defaults | full


@pytest.mark.parametrize("sent", FULL, ids=NAMES)
def test_unknown_fields_are_ignored_wherever_they_stand(sent: Sent) -> None:
    topic, event = sent
    known = read(topic, event)
    more = dict(event)
    for path in paths(event):
        inside = _at(more, path)
        if isinstance(inside, dict) and (not path or path[-1] not in ("changes", "settings", "credit_line")):
            more = with_value(more, path, {**inside, "colour": {"deep": [1, None]}})
    assert digest(read(topic, more)) == digest(known)


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def test_an_explicit_null_is_a_field_that_is_not_told() -> None:
    optional = (
        "source_seq", "raw_status", "sub_status", "asset_id", "network", "amount_delivered", "fee_amount", "fee_asset",
        "fee_payer", "confirmations", "confirmations_required", "ids", "plan_id", "parent_id", "control",
    )  # fmt: skip
    base = json.loads(good())
    assert digest(read("transfers", base | dict.fromkeys(optional))) == digest(read("transfers", base))


def test_amounts_of_sixty_digits_and_thirty_places_are_read() -> None:
    amount = "9" * 60 + "." + "1" * 30
    event = parse("transfers", good(amount=amount))
    assert isinstance(event, Transfer)
    assert event.amount == amount


def test_a_balance_may_be_negative() -> None:
    read(*snapshot("s", 0, "hot", {"BTC": "-1.5"}))


# --- What says the same ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", FULL, ids=NAMES)
def test_every_field_but_observed_at_tells_two_contents_apart(sent: Sent) -> None:
    topic, event = sent
    full = {**event, "observed_at": stamp(HOUR)}
    known = digest(read(topic, full))
    compared = 0
    for path in paths(full)[1:]:
        if path == ("observed_at",):
            continue
        value = _at(full, path)
        for other in _others(value):
            if other == value:
                continue
            changed = parse(topic, json.dumps(with_value(full, path, other)).encode())
            if not isinstance(changed, Rejected):
                assert digest(changed) != known, f"{path} does not count"
                compared += 1
                break
    assert compared >= len(event) - 3, "schema_version and kind may have one legal value only"


def _others(value: Any) -> list[Any]:
    """Return values that may stand in the place of one."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, float)):
        return [value + 1, value + 0.25, value / 2]
    if isinstance(value, str):
        words = ("completed", "failed", "withdrawal", "deposit", "house", "cold", "hot", "pledged", "pending", "sender")
        moment = "2026-01-05T12:34:56Z"
        return [moment, f"{value}1", "0.5", "7", *words, "manual", "auto", "risk_free", "true_positive", "09:00-10:00"]
    if isinstance(value, list):
        return [value[:-1]]
    return [{}]


@pytest.mark.parametrize("sent", FULL, ids=NAMES)
def test_order_of_fields_white_space_and_time_of_arrival_do_not_count(sent: Sent) -> None:
    topic, event = sent
    known = digest(read(topic, event))
    again = json.dumps(_reversed({**event, "observed_at": stamp(2 * HOUR)}), indent=2).encode()
    told = parse(topic, again)
    assert not isinstance(told, Rejected)
    assert digest(told) == known


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(inside) for key, inside in reversed(value.items())}
    return [_reversed(inside) for inside in value] if isinstance(value, list) else value


def test_a_default_that_is_told_says_the_same_as_one_that_is_not() -> None:
    assert digest(read("transfers", json.loads(good(revision=0)))) == digest(read("transfers", json.loads(good())))


@pytest.mark.parametrize("name", ['"observed_at":"x"', "observed_at", '\\"observed_at\\":'])
def test_a_name_that_looks_like_a_field_hides_nothing(name: str) -> None:
    first = read("transfers", json.loads(good(event_id=name, transfer_id="T1")))
    second = read("transfers", json.loads(good(event_id=name, transfer_id="T2")))
    assert digest(first) != digest(second)


def test_two_threads_tell_events_apart_as_one_does() -> None:
    events = [
        read(*transfer(f"ev-{number}", 0, "T" * (1 + number % 40), "completed", "hot", "venue", "1.5"))
        for number in range(300)
    ]
    alone, found = [digest(event) for event in events], list[list[int]]()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=lambda: found.append([digest(event) for event in events])) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert found == [alone] * 8
