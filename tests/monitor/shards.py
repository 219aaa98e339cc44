"""Two shards over one feed: places and accounts of `a.` are shard 0's, those of `b.` shard 1's."""

from __future__ import annotations

import json
from typing import Any

from alerts.records import Alert
from ledger.shards import ShardRule
from streams.monitor import Settings
from streams.monitor.report import position_rows
from streams.monitors import Monitors
from streams.record import Output, Record
from streams.rowdata import encoded_rows
from tests.ledger.wire import Sent, control, posting, received, reference, snapshot, transfer

RULES = tuple(ShardRule(shard, *((f"{name}.*",),) * 3) for shard, name in enumerate("ab"))
CLIENTS = {"a": "a.alice", "b": "b.bob"}
PEOPLE = {"origin": "manual", "declared_class": "risky", "initiator": "ann", "approvers": ["ben", "cid"]}


class Two:
    """Both monitors, and what each of them has said: `said[shard]`.

    Every few records both are restarted; two others never are, and must say the same.
    """

    def __init__(self, rules: tuple[ShardRule, ...] = RULES, **settings: Any) -> None:
        self.settings = Settings(shards=rules, **settings)
        self.monitors, self.unbroken = Monitors(self.settings), Monitors(self.settings)
        self.said: list[list[Output]] = [[] for _ in self.monitors.monitors]
        self.heard = 0

    def tell(self, sent: Sent, at_s: float) -> Two:
        """Let both hear of an event as a line of a file."""
        return self.hear(received(sent, at_s))

    def hear(self, record: Record) -> Two:
        self.heard += 1
        hears = self.monitors.map.shards_of(record.topic, record.value)
        unbroken, said = self.unbroken.monitors, dict[int, list[Output]]()
        for shard, monitor in enumerate(self.monitors.monitors):
            if shard in hears:
                said[shard] = monitor.step(record)
                assert unbroken[shard].step(record) == said[shard], "a restart changes nothing"
        now_us = max(self.monitors.monitors[shard].clock_us for shard in hears)
        for shard, monitor in enumerate(self.monitors.monitors):
            if shard not in hears:
                said[shard] = monitor.pass_time(now_us)
                assert unbroken[shard].pass_time(now_us) == said[shard], "a restart changes nothing"
            self.said[shard] += said[shard]
            if not self.heard % 7:
                rows = json.loads(json.dumps(monitor.rows()))
                monitor.restore(encoded_rows(rows))
                assert json.loads(json.dumps(monitor.rows())) == rows, "a restart changes nothing"
        return self

    def alerts(self, shard: int) -> list[Alert]:
        return [output.value for output in self.said[shard] if output.topic == "alerts"]

    def told(self) -> list[tuple[int, str]]:
        """Return which shard has opened an alert of which type, the brake's own left out."""
        return [
            (shard, alert.type)
            for shard in range(len(self.said))
            for alert in self.alerts(shard)
            if alert.seq == 0 and alert.type != "brake_applied"
        ]

    def quarantined(self) -> list[tuple[int, str]]:
        """Return which shard has put what in quarantine."""
        return [
            (shard, output.value.code)
            for shard, said in enumerate(self.said)
            for output in said
            if output.topic == "quarantine"
        ]

    def decided(self) -> list[tuple[int, str]]:
        """Return which shard has decided on what."""
        return [
            (shard, output.value.transfer_id)
            for shard, said in enumerate(self.said)
            for output in said
            if output.topic == "decisions"
        ]

    def positions(self, shard: int) -> dict[tuple[str, str], tuple[str, str | None, str]]:
        """Return what places hold by the books of a shard: expected, drift, in transit."""
        rows = position_rows(self.monitors.monitors[shard].state)
        return {(row.location, row.asset): (row.expected, row.drift, row.in_transit) for row in rows}

    def pass_time(self, until_s: float) -> Two:
        return self.tell(
            control("heartbeat", f"beat-{until_s}", until_s, of_source="c.clock", watermark="2026-01-05T00:00:00Z"),
            until_s,
        )


def opened(two: Two | None = None, *, groups: str = "places accounts", active: str = "ab") -> Two:
    """Return two firms of a nostro and a client each, whose feeds were all heard of: a deposit and a payment each.

    `groups`: whose records name the recon group, which is the firm. `active`: the firms whose feeds are heard.
    """
    two = two or Two()
    for code in ("BTC", "USD"):
        two.tell(reference("asset", f"ref-{code}", asset=code, decimals=2, dust="0"), 0)
    for name, client in CLIENTS.items():
        two.tell(
            reference(
                "location",
                f"{name}-place",
                location=f"{name}.bank",
                role="bank",
                recon_group=name if "places" in groups else None,
            ),
            0,
        )
        for account, kind in (("main", "client"), ("own", "house"), ("way", "in_transit"), ("world", "external")):
            who = {"client_id": client} if kind == "client" else {}
            fields: dict[str, Any] = {
                "account_id": f"{name}.{account}",
                "account_class": kind,
                "recon_group": name if "accounts" in groups else None,
                **who,
            }
            two.tell(reference("account", f"{name}-{account}", **fields), 0)
        two.tell(balance(name, 1, "1000"), 1)
        book(two, name, "opening", 2, {"main": "500", "own": "500", "world": "-1000"}, op_type="opening")
        if name in active:
            deposit(two, name, f"{name}-in", 10)
            payment(two, name, f"{name}-out", 20)
    assert two.told() == []
    return two


def balance(name: str, at_s: float, total: str, **more: Any) -> Sent:
    return snapshot(f"{name}-{at_s}", at_s, f"{name}.bank", {"USD": total}, source=f"{name}.custodian", **more)


def deposit(two: Two, name: str, transfer_id: str, at_s: float) -> None:
    ends: dict[str, Any] = {
        "to": {"location": f"{name}.bank", "account_id": f"{name}.main", "client_id": CLIENTS[name]}
    }
    move(
        two,
        transfer_id,
        at_s,
        ("completed",),
        "external",
        f"{name}.bank",
        "50",
        op_type="deposit",
        source=f"{name}.wires",
        **ends,
    )
    book(two, name, transfer_id, at_s + 1, {"main": "50", "world": "-50"})


def payment(two: Two, name: str, transfer_id: str, at_s: float) -> None:
    ends: dict[str, Any] = {
        "from": {"location": f"{name}.bank", "account_id": f"{name}.main", "client_id": CLIENTS[name]}
    }
    more: dict[str, Any] = {"op_type": "withdrawal", "source": f"{name}.wires", **ends}
    move(
        two,
        transfer_id,
        at_s,
        ("requested", "approved", "broadcast", "completed"),
        f"{name}.bank",
        "external",
        "50",
        **more,
    )
    book(two, name, transfer_id, at_s + 1, {"main": "-50", "world": "50"})


def move(
    two: Two, transfer_id: str, at_s: float, stages: tuple[str, ...], origin: str, target: str, amount: str, **more: Any
) -> None:
    """Tell the stages of a movement, a second apart."""
    fields: dict[str, Any] = {"asset": "USD", "control": PEOPLE, "source": f"{origin[0]}.wires", **more}
    for number, status in enumerate(stages):
        event_id = f"{transfer_id}/{status}"
        two.tell(
            transfer(event_id, at_s + number, transfer_id, status, origin, target, amount, **fields), at_s + number
        )


def between(
    two: Two, transfer_id: str, at_s: float, *, amount: str = "100", own: bool = False, without: str = "", **more: Any
) -> None:
    """Tell of a movement from `a` to `b`: of a client, or of the firm itself (`own`); its stages but for one."""
    stages = tuple(
        stage for stage in ("requested", "approved", "broadcast", "completed") if stage not in without.split()
    )
    ends: dict[str, Any] = {"op_type": "rebalance"} if own else {
        "from": {"location": "a.bank", "account_id": "a.main", "client_id": "a.alice"},
        "to": {"location": "b.bank", "account_id": "b.main", "client_id": "b.bob"},
    }  # fmt: skip
    move(two, transfer_id, at_s, stages, "a.bank", "b.bank", amount, **(ends | more))


def book(two: Two, name: str, transfer_id: str, at_s: float, amounts: dict[str, str], /, **more: Any) -> None:
    """Book a journal on the accounts of a firm, for a movement."""
    kinds = {"main": "client", "other": "client", "own": "house", "way": "in_transit", "world": "external"}
    for leg, (account, amount) in enumerate(amounts.items(), 1):
        event_id = f"{name}-{transfer_id}-{at_s}-{leg}"
        who = {"client_id": CLIENTS[name] if account == "main" else f"{name}.eve"} if kinds[account] == "client" else {}
        fields: dict[str, Any] = {
            "journal_id": f"{name}-{transfer_id}-{at_s}", "leg_no": leg, "legs_total": len(amounts), "asset": "USD",
            "account_id": f"{name}.{account}", "account_class": kinds[account], "amount": amount, "op_type": "internal",
            "source": f"{name}.ledger", "source_seq": str(number_of(two, name)), **who,
        }  # fmt: skip
        if more.get("op_type") != "opening":
            fields["transfer_id"] = transfer_id
        two.tell(posting(event_id, at_s, **(fields | more)), at_s)


def number_of(two: Two, name: str) -> int:
    """Return the next number of a ledger."""
    numbers: dict[str, int] = two.__dict__.setdefault("numbers", {})
    numbers[name] = numbers.get(name, 0) + 1
    return numbers[name]
