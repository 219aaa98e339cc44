"""Lines that are no events of the contract, each broken in a way of its own, and a small good world to mix them into."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """One line without its end, what is wrong with it, and the codes with which it may be turned away."""

    what: str
    line: bytes
    codes: frozenset[str]


def envelope(topic: str, value: Any) -> bytes:
    return json.dumps({"topic": topic, "value": value}, separators=(",", ":")).encode()


def head(event_id: str, at: str = "2026-01-05T10:00:00Z", source: str = "bank:one") -> Value:
    """Return what every event carries."""
    return {"schema_version": 1, "event_id": event_id, "source": source, "event_time": at, "observed_at": at}


TRANSFER: Value = {
    **head("bad"), "transfer_id": "t-bad", "op_type": "deposit", "status": "completed", "from": {"location": "external"},
    "to": {"location": "bank:one"}, "asset": "USD", "amount": "5.00",
}  # fmt: skip
POSTING: Value = {
    **head("bad"), "source_seq": "1", "posting_id": "p-bad", "journal_id": "j-bad", "leg_no": 1, "legs_total": 2,
    "account_id": "a-1", "account_class": "client", "asset": "USD", "amount": "5.00",
    "booked_at": "2026-01-05T10:00:00Z", "op_type": "deposit",
}  # fmt: skip
SNAPSHOT: Value = {
    **head("bad"), "snapshot_id": "s-bad", "location": "bank:one", "as_of": "2026-01-05T10:00:00Z", "complete": True,
    "holding_kind": "actual", "rows": [{"asset": "USD", "total": "5.00"}],
}  # fmt: skip
ASSET: Value = {**head("bad"), "kind": "asset", "asset": "EUR", "decimals": 2, "dust": "0.01"}
PRICE: Value = {**head("bad"), "kind": "price", "asset": "USD", "usd": "1", "as_of": "2026-01-05T10:00:00Z"}
LOCATION: Value = {**head("bad"), "kind": "location", "location": "bank:one", "role": "bank"}
HEARTBEAT: Value = {
    **head("bad"), "kind": "heartbeat", "of_source": "bank:one", "watermark": "2026-01-05T10:00:00Z",
}  # fmt: skip
TEMPLATES: dict[str, list[Value]] = {
    "transfers": [TRANSFER],
    "ledger": [POSTING],
    "balances": [SNAPSHOT],
    "reference": [ASSET, PRICE, LOCATION],
    "control": [HEARTBEAT],
}

NOT_AMOUNTS = (
    "", " ", ".", "-", "+1", " 1", "1 ", "1_000", "1,000", "1.", ".5", "1e5", "1E5", "1e999", "-1e-9", "0x10", "NaN",
    "Infinity", "-Infinity", "inf", "1.2.3", "--1", "1-", "٣", "\uff11\uff12", "1.٣", "²", "½", "$5", "5 USD", "null", "true",
    "1\n", "1\u200b", "\u22121", "\ufeff1", "1\u0000", "9" * 61, "0." + "1" * 31, "0" * 93, "9" * 5000,
)  # fmt: skip
NOT_MOMENTS = (
    "", "now", "2026-01-05", "2026-01-05T10:00:00", "10:00:00Z", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
    "2026-01-05T25:00:00Z", "2026-01-05T10:61:00Z", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z",
    "2026-1-5T10:00:00Z", "2026/01/05T10:00:00Z", "20260105T100000Z", "2026-01-05T10:00:00+99:00", "1767607200",
    "٢٠٢٦-01-05T10:00:00Z",
)  # fmt: skip
INVALID = frozenset({"invalid_field"})
AMOUNT = frozenset({"bad_value", "invalid_field"})
UNREADABLE = frozenset({"not_envelope"})
DECIMALS = frozenset({"too_many_decimals"})
BAD_TEXT = frozenset({"not_envelope", "not_json", "bad_utf8", "invalid_field"})


def broken_lines() -> list[Broken]:
    """Return all of them, in a fixed order; no two are alike."""
    makers: tuple[Callable[[], Iterator[Broken]], ...] = (
        _no_envelopes, _bad_bytes, _missing_fields, _wrong_types, _bad_amounts, _bad_moments, _bad_enums, _bad_sizes,
        _bad_names,
    )  # fmt: skip
    made = (broken for maker in makers for broken in maker())
    # An identity each, or a line that is turned away late would be taken for a redelivery of the one before it.
    return [replace(broken, line=_named(broken.line, number)) for number, broken in enumerate(made)]


def _named(line: bytes, number: int) -> bytes:
    return line.replace(b'"event_id":"bad"', b'"event_id":"bad-%d"' % number)


def _no_envelopes() -> Iterator[Broken]:
    good = envelope("transfers", TRANSFER)
    texts = (
        b"not JSON", b"{", b"}", b"{}", b"[]", b"[1,2]", b"null", b"true", b"0", b"-1.5", b'"text"', b"NaN", b"1e999",
        b"-Infinity", b"//", b"<xml/>", b'{"topic":"transfers"}', b'{"value":{}}', b'{"topic":7,"value":{}}',
        b'{"topic":null,"value":{}}', b'{"topic":["transfers"],"value":{}}', b"topic,value", b"{'topic':'transfers'}",
        b'{"topic":"transfers","value":}', b'{"topic":"transfers","value":{},}', b'{"topic" "transfers"}',
        b'{"topic":"transfers","raw_b64":"***"}', b'{"topic":"transfers","raw_b64":7}', b"[" + good + b"]",
        good + good, good + b",", b"\xef\xbb\xbf" + good, b"\x00" * 40, b"\xff\xfe{}", good[:-1], good[:-2], good[:40],
        good[: len(good) // 2], good.replace(b'"bad"', b"NaN"), good.replace(b'"bad"', b"01"), good[1:],
        good.replace(b'"bad"', b"tru"), b"{" * 300, b"[" * 100_000, b"1" * 5_000 + b"x", b'"' + b"a" * 100_000,
    )  # fmt: skip
    for text in texts:
        yield Broken(f"no envelope: {text[:30]!r}", text, UNREADABLE)
    for topic in ("", "Transfers", "transfer", "alerts", "decisions", "transfers ", "x" * 5_000, "\u0442ransfers"):
        code = "unknown_topic" if topic else "not_envelope"
        yield Broken(f"topic {topic[:20]!r}", envelope(topic, TRANSFER), frozenset({code}))
    yield Broken("exported bytes that are no JSON", b'{"topic":"transfers","raw_b64":"//79"}', BAD_TEXT)
    values: list[Any] = [None, True, 0, -1.5, "text", [], [1], {}, [TRANSFER]]
    for value in values:
        yield Broken(f"value {str(value)[:20]}", envelope("transfers", value), INVALID)


def _bad_bytes() -> Iterator[Broken]:
    good = envelope("transfers", TRANSFER)
    for bad in (b"\xff", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\x80"):
        yield Broken(f"bytes {bad!r} in a name", good.replace(b"t-bad", b"t" + bad), BAD_TEXT)
    for escape in (b"\\ud800", b"\\udc00x", b"\\ud800\\ud800", b"\\u12", b"\\x41", b"\\"):
        yield Broken(f"escape {escape!r} in a name", good.replace(b"t-bad", b"t" + escape), BAD_TEXT)
    for control in (b"\x01", b"\t", b"\x1f"):
        yield Broken(f"control {control!r} in a name", good.replace(b"t-bad", b"t" + control), BAD_TEXT)


def _missing_fields() -> Iterator[Broken]:
    for topic, templates in TEMPLATES.items():
        for template in templates:
            for name in template:
                if name != "source_seq":
                    value = {key: content for key, content in template.items() if key != name}
                    yield Broken(f"{topic} {template.get('kind', '')} without {name}", envelope(topic, value), INVALID)


def _changed(topic: str, template: Value, path: str, content: Any, codes: frozenset[str]) -> Broken:
    """Return a template with the content at `path` (`rows.0.total`) put in place of what was there."""
    value = copy.deepcopy(template)
    inner: Any = value
    *parents, last = path.split(".")
    for name in parents:
        inner = inner[int(name)] if name.isdigit() else inner[name]
    inner[last] = content
    return Broken(f"{topic} {path} = {str(content)[:30]!r}", envelope(topic, value), codes)


WRONG_TYPES: tuple[tuple[str, Value, tuple[str, ...], tuple[Any, ...]], ...] = (
    (
        "transfers",
        TRANSFER,
        ("event_id", "source", "transfer_id", "op_type", "status", "from", "to", "asset", "amount"),
        (7, None, [], {}, True),
    ),
    ("balances", SNAPSHOT, ("location", "as_of", "complete", "rows", "holding_kind"), (7, -0.5, None)),
    (
        "balances",
        SNAPSHOT,
        ("rows",),
        ([None], [[]], [{}], [{"asset": "USD"}], [{"total": "1"}], [{"asset": "USD", "total": 1}]),
    ),
    ("transfers", TRANSFER, ("schema_version",), ("1", 1.5, True, None, 2, 0, -1, [1])),
    ("transfers", TRANSFER, ("revision",), (-1, "1", 1.5, None, -(2**70), [0])),
    ("transfers", TRANSFER, ("observed_at",), (0, 1767607200, 1767607200.5, None, [], {})),
    ("transfers", TRANSFER, ("amount",), (5.0, 10**70, 1e300)),
    ("transfers", TRANSFER, ("control",), (7, [], "auto", {"approvers": "one"}, {"kyt_score": 2}, {"kyt_score": -0.5})),
    ("transfers", TRANSFER, ("ids",), (7, [], "x", {"tx_hash": 7}, {"tx_index": 1.5})),
    ("ledger", POSTING, ("leg_no", "legs_total"), (-1, "1", 1.5, None)),
    ("reference", ASSET, ("decimals",), (-1, 31, "2", 2.5, None, 10**40)),
    ("reference", ASSET, ("aliases", "rebasing"), ("EURO", 7, None)),
    ("control", HEARTBEAT, ("of_source", "watermark"), (7, None, [])),
)


def _wrong_types() -> Iterator[Broken]:
    for topic, template, names, contents in WRONG_TYPES:
        for name in names:
            for content in contents:
                yield _changed(topic, template, name, content, INVALID)


def _bad_amounts() -> Iterator[Broken]:
    for text in NOT_AMOUNTS:
        yield _changed("transfers", TRANSFER, "amount", text, AMOUNT)
        yield _changed("balances", SNAPSHOT, "rows.0.total", text, AMOUNT)
    for name in ("amount", "amount_delivered", "fee_amount"):
        for text in ("-5.00", "-0", "1e5"):
            yield _changed("transfers", TRANSFER, name, text, AMOUNT)
        for text in ("5.001", "0." + "0" * 29 + "1"):
            yield _changed("transfers", TRANSFER, name, text, DECIMALS)
    yield _changed("balances", SNAPSHOT, "rows.0.total", "5.001", DECIMALS)
    yield _changed("balances", SNAPSHOT, "rows.0.held", "1e5", AMOUNT)
    yield _changed("ledger", POSTING, "amount", "5.001", DECIMALS)
    yield _changed("ledger", POSTING, "amount", "1e5", AMOUNT)
    yield _changed("ledger", POSTING, "balance_after", "five", AMOUNT)
    yield _changed("ledger", POSTING, "value_date", "05.01.2026", AMOUNT)
    yield _changed("reference", ASSET, "dust", "-0.01", AMOUNT)
    yield _changed("reference", ASSET, "dust", "1e-2", AMOUNT)
    yield _changed("reference", PRICE, "usd", "-1", AMOUNT)
    yield _changed("reference", PRICE, "usd", "NaN", AMOUNT)
    for share in ("1.5", "high", "-0"):
        yield _changed("transfers", TRANSFER, "control", {"kyt_score": share}, AMOUNT)


def _bad_moments() -> Iterator[Broken]:
    for text in NOT_MOMENTS:
        yield _changed("transfers", TRANSFER, "event_time", text, INVALID)
        yield _changed("balances", SNAPSHOT, "as_of", text, INVALID)


BAD_ENUMS: tuple[tuple[str, Value, str, Any], ...] = (
    ("transfers", TRANSFER, "op_type", "payout"),
    ("transfers", TRANSFER, "op_type", "Deposit"),
    ("transfers", TRANSFER, "op_type", ""),
    ("transfers", TRANSFER, "op_type", "opening"),
    ("transfers", TRANSFER, "status", "done"),
    ("transfers", TRANSFER, "status", "COMPLETED"),
    ("transfers", TRANSFER, "status", ""),
    ("transfers", TRANSFER, "fee_payer", "nobody"),
    ("transfers", TRANSFER, "control", {"origin": "robot"}),
    ("transfers", TRANSFER, "control", {"declared_class": "safe"}),
    ("balances", SNAPSHOT, "holding_kind", "real"),
    ("ledger", POSTING, "account_class", "customer"),
    ("ledger", POSTING, "op_type", "payout"),
    ("ledger", POSTING, "origin", "robot"),
    ("ledger", POSTING, "legs_total", 0),
    ("reference", LOCATION, "role", "vault"),
    ("reference", LOCATION, "kind", "place"),
    ("control", HEARTBEAT, "kind", "reboot"),
    ("control", HEARTBEAT, "kind", 7),
)


def _bad_enums() -> Iterator[Broken]:
    for topic, template, path, content in BAD_ENUMS:
        yield _changed(topic, template, path, content, INVALID)


def _bad_sizes() -> Iterator[Broken]:
    large = frozenset({"too_large"})
    yield _changed("transfers", TRANSFER, "raw_status", "x" * 1_001, INVALID)
    yield _changed("transfers", TRANSFER, "raw_status", "x" * (2 << 20), large)
    yield _changed("balances", SNAPSHOT, "rows", [{"asset": "USD", "total": "1"}] * 50_000, large)
    yield _changed("transfers", TRANSFER, "raw_status", "x" * 10_000_000, UNREADABLE)
    yield Broken("ten million blanks in a line", b"{" + b" " * 10_000_000 + b"}", UNREADABLE)
    good = envelope("transfers", TRANSFER)
    for depth, codes in ((500, BAD_TEXT), (5_000, BAD_TEXT | {"too_deep"}), (200_000, BAD_TEXT | {"too_deep"})):
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            deep = opening * depth + b"1" + closing * depth
            yield Broken(f"{depth} deep in a name", good.replace(b'"t-bad"', deep), codes)
    yield Broken("a bomb in place of a value", b'{"topic":"transfers","value":' + b"[" * 400_000, BAD_TEXT)


def _bad_names() -> Iterator[Broken]:
    for name in ("event_id", "source", "transfer_id", "asset"):
        for text in ("", "x" * 201):
            yield _changed("transfers", TRANSFER, name, text, INVALID)
    contents: list[Any] = ["", "x" * 201, None, 7]
    for path in ("from.location", "to.location"):
        for content in contents:
            yield _changed("transfers", TRANSFER, path, content, INVALID)
    yield _changed("balances", SNAPSHOT, "snapshot_id", "", INVALID)
    yield _changed("ledger", POSTING, "account_id", "", INVALID)


def good_lines() -> list[bytes]:
    """Return a small good world in order of arrival; one movement of it is never told, so a drift opens."""
    lines = [envelope("reference", {**head(f"ref-{asset}", _at(0)), "kind": "asset", "asset": asset, "decimals": 2, "dust": "0.01"})
             for asset in ("USD", "EUR")]  # fmt: skip
    lines += [_snapshot(f"open-{place}", _at(1), place, "1000.00", "50.00") for place in ("bank:one", "bank:two")]
    held = 100_000
    for number in range(40):
        lines.append(_transfer(f"good-{number}", _at(10 + 2 * number), f"{number}.25"))
        held += number * 100 + 25 + (number == 30) * 7_700
        if number % 5 == 4:
            total = f"{held // 100}.{held % 100:02}"
            lines.append(_snapshot(f"snap-{number}", _at(11 + 2 * number), "bank:one", total, "50.00"))
    return lines


def _at(minute: int) -> str:
    return f"2026-01-05T{8 + minute // 60:02}:{minute % 60:02}:00Z"


def _transfer(name: str, at: str, amount: str) -> bytes:
    return envelope("transfers", {**TRANSFER, **head(name, at), "transfer_id": f"t-{name}", "amount": amount})


def _snapshot(name: str, at: str, place: str, usd: str, eur: str) -> bytes:
    rows = [{"asset": "USD", "total": usd}, {"asset": "EUR", "total": eur}]
    content = {"snapshot_id": f"s-{name}", "location": place, "as_of": at, "rows": rows}
    return envelope("balances", {**SNAPSHOT, **head(name, at), **content})
