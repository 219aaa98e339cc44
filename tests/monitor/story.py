"""A day at the desk as a table: when, what was heard, and in the last column what the monitor says to it.

    story = play('''
        09:00  balance hot 100 BTC                                  |
        10:00  balance hot 90 BTC                                   |
        11:00  balance hot 90 BTC                                   | position_drift P2 open -10
        11:05  move T1 completed hot>venue 10 BTC at=09:30          | position_drift P2 explained #1
    ''')

The time is when the row was heard; `at=` is when it happened, where that is earlier. Days are written before the time
(`2/09:00`). `#1` is the number of a record of an alert after its first. Nothing in the last column: nothing is said.
The monitor knows BTC (dust 0.01) and USD, and the places hot, venue and bank, without being told.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from alerts.records import Alert
from ledger.times import to_us
from streams.monitor import Monitor, encode
from streams.monitor.outputs import Decision
from streams.monitor.report import position_rows
from streams.record import OWN_ORIGIN, Output, Record
from tests.chaos.likeness import unlike, wrong_answers
from tests.ledger.wire import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Sent,
    control,
    posting,
    received,
    reference,
    snapshot,
    stamp,
    transfer,
)

PREFACE = [
    reference("asset", "ref-BTC", asset="BTC", decimals=8, dust="0.01"),
    reference("asset", "ref-USD", asset="USD", decimals=2, dust="0.05"),
    reference("location", "ref-hot", location="hot", role="hot"),
    reference("location", "ref-venue", location="venue", role="venue"),
    reference("location", "ref-bank", location="bank", role="bank"),
]
Options = dict[str, str]


def clock(text: str) -> int:
    """Return the seconds of `09:30`, `09:30:15` or, two days later, `2/09:30`."""
    days, _, time = text.rpartition("/")
    hours, minutes, seconds, *_ = [int(part) for part in time.split(":")] + [0]
    return int(days or 0) * DAY + hours * HOUR + minutes * MINUTE + seconds


class Story:
    """A monitor, and everything that it heard and said.

    `live`: records carry when they were logged. `restarts`: before each record a second monitor is made from the rows
    of the first, as after a crash, and must say the same; it costs a millisecond or two. `decisions`: the last column
    has them too (`auto_approve`, `hold R7 R12`, `review R2 #1`).
    """

    def __init__(self, *, live: bool = False, restarts: bool = True, decisions: bool = False) -> None:
        self.monitor = Monitor()
        self.decides = decisions
        self.live = live
        self.restarts = restarts
        self.sent: dict[str, Sent] = {}
        self.outputs: list[Output] = []
        for sent in PREFACE:
            assert not self.hear(received(sent, 0))

    @property
    def alerts(self) -> list[Alert]:
        """All alert records so far."""
        return [output.value for output in self.outputs if output.topic == "alerts"]

    @property
    def decisions(self) -> list[Decision]:
        """All decisions so far."""
        return [output.value for output in self.outputs if output.topic == "decisions"]

    def of(self, alert_type: str) -> list[Alert]:
        """All records so far of the alerts of one type."""
        return [alert for alert in self.alerts if alert.type == alert_type]

    def position(self, location: str, asset: str = "BTC") -> Any:
        """Return the row of a position as JSON."""
        rows = {(row.location, row.asset): row for row in position_rows(self.monitor.state)}
        return json.loads(encode(rows[location, asset]))

    def play(self, rows: str) -> Story:
        """Tell some rows, and check what is said to each."""
        for row in rows.strip().splitlines():
            told, _, verdict = row.partition("|")
            time, verb, *words = told.split()
            said = [said_of(output) for output in self.tell(clock(time), verb, words) if self._is_shown(output)]
            assert ", ".join(said) == " ".join(verdict.split()), f"{told.strip()} | {', '.join(said)}"
        return self

    def _is_shown(self, output: Output) -> bool:
        return self.decides or output.topic != "decisions"

    def tell(self, seconds: int, verb: str, words: list[str]) -> list[Output]:
        """Tell one row; return what is said to it."""
        options = dict(word.split("=", 1) for word in words if "=" in word)
        plain = [word for word in words if "=" not in word]
        if verb == "raw":
            return self.hear(Record(plain[0], " ".join(plain[1:]).encode(), f"file:{seconds}"))
        sent = self._again(plain, options) if verb == "again" else self._event(seconds, verb, plain, options)
        record = received(sent, clock(options["observed"]) if "observed" in options else seconds)
        if self.live:
            logged_us = to_us(START) + seconds * 1_000_000
            origin = OWN_ORIGIN if verb in ("tick", "config") and "foreign" not in plain else record.origin
            record = Record(record.topic, record.value, origin, logged_us)
        return self.hear(record)

    def hear(self, record: Record) -> list[Output]:
        """Take one record; return what is said to it. A monitor that was restarted just before says the same."""
        restarted = self._restarted() if self.restarts else None
        if restarted is not None:
            assert unlike(self.monitor, restarted) == [], "a restart changes nothing"
        said = self.monitor.step(record)
        assert wrong_answers(self.monitor) == []
        if restarted is not None:
            assert restarted.step(record) == said, "a restart changes nothing"
            assert restarted.rows() == self.monitor.rows(), "a restart changes nothing"
        for output in said:
            assert json.loads(encode(output.value)), "an output is JSON"
            if output.topic == "alerts":
                before = [alert.seq for alert in self.alerts if alert.alert_id == output.value.alert_id]
                assert output.value.seq == len(before), "the records of an alert are numbered from 0"
            self.outputs.append(output)
        return said

    def _restarted(self) -> Monitor:
        rows: dict[str, Any] = json.loads(json.dumps(self.monitor.rows()))
        return Monitor.from_rows(rows)

    def _event(self, seconds: int, verb: str, plain: list[str], options: Options) -> Sent:
        happened = clock(options["at"]) if "at" in options else seconds
        event_id = options.get("event") or f"{verb}-{'-'.join(plain[:2])}-{len(self.sent)}"
        sent: Sent = _VERBS[verb](self, event_id, happened, plain, options)
        if "source" in options:
            sent[1]["source"] = options["source"]
        self.sent[event_id] = sent
        return sent

    def _again(self, plain: list[str], options: Options) -> Sent:
        topic, event = self.sent[plain[0]]
        changed = {name: value for name, value in options.items() if name != "observed"}
        return topic, {**event, **changed}

    def named(self, alert_type: str) -> str:
        """Return the id of the latest alert of a type."""
        return self.of(alert_type)[-1].alert_id


def said_of(output: Output) -> str:
    """Return an output in short, as the last column has it."""
    if output.topic == "quarantine":
        return f"quarantined {output.value.code}"
    if output.topic == "decisions":
        rules = "".join(f" {failed.rule}" for failed in output.value.failed_rules)
        return f"{output.value.action}{rules}{f' #{output.value.seq}' if output.value.seq else ''}"
    alert: Alert = output.value
    size = f" {alert.difference}" if alert.difference and alert.state.value == "open" else ""
    return f"{alert.type} {alert.severity} {alert.state}{size}{f' #{alert.seq}' if alert.seq else ''}"


def _move(story: Story, event_id: str, seconds: int, plain: list[str], options: Options) -> Sent:
    transfer_id, status, ends, amount, asset = plain
    origin, destination = ends.split(">")
    more: dict[str, Any] = {
        "asset": asset,
        "revision": int(options.get("rev", 0)),
        "fee_amount": options.get("fee"),
        "fee_asset": options.get("fee_asset"),
        "fee_payer": options.get("payer"),
        "amount_delivered": options.get("delivered"),
        "sub_status": options.get("sub"),
        "plan_id": options.get("plan"),
        "parent_id": options.get("parent"),
        "op_type": options.get("op", "internal"),
        "source_seq": options.get("seq"),
    }
    return transfer(event_id, seconds, transfer_id, status, origin, destination, amount, **more)


def _balance(story: Story, event_id: str, seconds: int, plain: list[str], options: Options) -> Sent:
    location, *rest = plain
    kinds = [word for word in rest if word in ("partial", "virtual", "pledged")]
    pairs = rest[len(kinds) :]
    rows: list[dict[str, str]] = []
    for total, name in zip(pairs[::2], pairs[1::2], strict=True):
        asset, _, account_id = name.partition("/")
        rows.append({"asset": asset, "total": total} | ({"account_id": account_id} if account_id else {}))
    more: dict[str, Any] = {
        "rows": rows,
        "complete": "partial" not in kinds,
        "holding_kind": next((kind for kind in kinds if kind != "partial"), "actual"),
        "revision": int(options.get("rev", 0)),
    }
    if "id" in options:
        more["snapshot_id"] = options["id"]
    return snapshot(event_id, seconds, location, {}, **more)


def _asset(story: Story, event_id: str, seconds: int, plain: list[str], options: Options) -> Sent:
    more: dict[str, Any] = {"decimals": int(options.get("decimals", 8)), "dust": options.get("dust", "0.01")}
    aliases = options.get("aliases", "").split(",") if "aliases" in options else []
    more |= {"aliases": aliases, "rebasing": "rebasing" in options}
    return reference("asset", event_id, seconds, asset=plain[0], **more)


def _route(story: Story, event_id: str, seconds: int, plain: list[str], options: Options) -> Sent:
    from_role, to_role = plain[1].split(">")
    more = {"sla_s": float(options["sla"]), "p99_s": float(options["p99"]) if "p99" in options else None}
    return reference("route", event_id, seconds, asset=plain[0], from_role=from_role, to_role=to_role, **more)


def _plan(story: Story, event_id: str, seconds: int, plain: list[str], options: Options) -> Sent:
    plan_id, op_type, ends, amount, asset = plain
    origin, destination = ends.split(">")
    least, _, most = amount.partition("-")
    bounds = {"amount_min": least, "amount_max": most} if most else {"amount": least}
    more: dict[str, Any] = {"to": destination, "to_role": options.get("role"), "asset": asset, "from": origin} | bounds
    if "every" in options:
        more["recurring_s"] = int(options["every"])
    window = {"not_before": stamp(clock(options["since"])), "not_after": stamp(clock(options["until"]))}
    return control("plan", event_id, seconds, plan_id=plan_id, op_type=op_type, **more, **window)


def _maintenance(story: Story, event_id: str, seconds: int, plain: list[str], options: Options) -> Sent:
    reach = {"of_source": plain[0]} if plain else {name: options.get(name) for name in ("location", "network")}
    window = {"from": stamp(clock(options["since"]) if "since" in options else seconds)}
    return control(
        "maintenance", event_id, seconds, what="all", until=stamp(clock(options["until"])), **reach, **window
    )


def _posting(story: Story, event_id: str, seconds: int, plain: list[str], options: Options) -> Sent:
    transfer_id, amount, asset = plain
    journal = options.get("journal", f"journal-{event_id}")
    leg = int(options.get("leg", 1))
    more: dict[str, Any] = {
        "amount": amount, "asset": asset, "value_date": options.get("value_date"), "journal_id": journal,
    }  # fmt: skip
    if leg > 1:
        more |= {"leg_no": leg, "account_id": "world", "account_class": "external"}
    return posting(event_id, seconds, transfer_id=transfer_id, **more)


def _numbers(options: Options) -> dict[str, Any]:
    skipped = ("from", "event", "clock", "at", "observed", "source")
    return {name: json.loads(value) for name, value in options.items() if name not in skipped}


def _thresholds(story: Story, event_id: str, seconds: int, plain: list[str], options: Options) -> Sent:
    effective = stamp(clock(options["from"]))
    who = {"version": 1, "proposer": "ann", "approver": "bob"}
    return control("thresholds", event_id, seconds, changes=_numbers(options), effective_from=effective, **who)


def _word(story: Story, event_id: str, seconds: int, plain: list[str], options: Options) -> Sent:
    kind, alert_type = plain
    verdict = options.get("verdict")
    return control(kind, event_id, seconds, alert_id=story.named(alert_type), actor="ann", verdict=verdict)


_VERBS: dict[str, Callable[[Story, str, int, list[str], Options], Sent]] = {
    "move": _move,
    "balance": _balance,
    "asset": _asset,
    "route": _route,
    "posting": _posting,
    "thresholds": _thresholds,
    "word": _word,
    "price": lambda _, event_id, seconds, plain, __: reference(
        "price", event_id, seconds, asset=plain[0], usd=plain[1], as_of=stamp(seconds)
    ),
    "place": lambda _, event_id, seconds, plain, __: reference(
        "location", event_id, seconds, location=plain[0], role=plain[1]
    ),
    "maintenance": _maintenance,
    "plan": _plan,
    "heartbeat": lambda _, event_id, seconds, plain, __: control(
        "heartbeat", event_id, seconds, of_source=plain[0], watermark=stamp(clock(plain[1]))
    ),
    "config": lambda _, event_id, seconds, __, options: control(
        "config", event_id, seconds, settings=_numbers(options), clock=options.get("clock")
    ),
    "tick": lambda _, event_id, seconds, __, ___: control("tick", event_id, seconds),
}


def play(rows: str) -> Story:
    """Tell a story from its beginning, and check what is said to each row."""
    return Story().play(rows)
