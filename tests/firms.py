"""Several simulated firms in one feed, a shard each, and movements between them.

Each firm is a world of its own (another seed), in which every name and id begins with the firm's (`f0.`, `f1.`, ...);
what they share are the assets. Between two of them money moves from nostro to nostro: for a client, who is debited in
one ledger and credited in the other, or for the firm itself, of which no book needs to tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from ledger.shards import ShardRule
from streams.simulate import Simulation, WorldConfig
from streams.simulate.config import MONDAY_US
from streams.simulate.units import time_text

Json = dict[str, Any]
US = 1_000_000
HELD, OWED = 10_000_000, 5_000_000  # USD at each nostro, and what the firm's client is owed of it
BEGIN_S, REPORT_EVERY_S, BEAT_EVERY_S = 60.0, 300.0, 60.0
KEYS = {"transfers": "transfer_id", "ledger": "account_id", "balances": "location"}
_NAMES = frozenset(
    ("event_id", "source", "of_source", "scope", "location", "account_id", "client_id", "owner", "transfer_id",
     "posting_id", "journal_id", "snapshot_id", "plan_id", "parent_id", "limit_id", "recon_group", "reverses",
     "refers_to", "client_ref", "venue_id", "initiator", "maker", "checker", "id", "from", "to")
)  # fmt: skip
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True)
class Told:
    """One event as it arrives, with its topic and Kafka key; `firm` is whose feed it is of."""

    observed_at_us: int
    firm: int
    topic: str
    key: str
    value: Json

    @property
    def raw(self) -> bytes:
        """The bytes of the event."""
        return _encode(self.value).encode()

    @property
    def line(self) -> bytes:
        """The line of a file, without its end."""
        return b'{"topic":"%s","value":%s}' % (self.topic.encode(), self.raw)


def firms(
    count: int, seed: int, *, days: float = 0.1, movements: int = 1_000, between: float = 0.0, faults: dict[int, list[str]] | None = None
) -> tuple[list[Told], list[ShardRule]]:  # fmt: skip
    """Return what `count` firms tell in order of arrival, and the map that gives each a shard.

    `movements` a day has each firm; `between` is the share of them that there are more of from one firm to another.
    `faults`: names of the simulator's, by firm.
    """
    told: list[Told] = []
    for firm in range(count):
        told += _world(firm, seed, days, movements, (faults or {}).get(firm, []))
    if between:
        told += _Between(count, seed, days, movements * count * between).events()
    told.sort(key=lambda event: event.observed_at_us)  # events of one moment keep the order of their firm
    return told, [rule_of(firm) for firm in range(count)]


def numbered(told: list[Told]) -> list[Told]:
    """Return events in which the postings of the ledgers between firms are numbered, as they were booked.

    Whoever leaves some of them out makes a ledger that never had them, and not a feed that has lost them.
    """
    numbers: dict[str, int] = {}
    seen: list[Told] = []
    for event in sorted(told, key=lambda event: event.observed_at_us):
        source = event.value["source"]
        if source.endswith("gate-ledger") and event.topic == "ledger":
            numbers[source] = numbers.get(source, 0) + 1
            event = replace(event, value={**event.value, "source_seq": str(numbers[source])})
        seen.append(event)
    return seen


def rule_of(firm: int) -> ShardRule:
    """Return the rule that gives a firm the shard of its number."""
    mine = (f"f{firm}.*",)
    return ShardRule(shard=firm, locations=mine, accounts=mine, sources=mine)


def _world(firm: int, seed: int, days: float, movements: int, faults: list[str]) -> Iterator[Told]:
    config = WorldConfig(seed=seed * 100 + firm, duration_s=days * 86_400, transfers_per_day=movements, clients=8)
    for event in Simulation(config, faults).events():
        value = _named(event.value, f"f{firm}.")
        key = value[KEYS[event.topic]] if event.topic in KEYS else f"f{firm}.{event.key}"
        yield Told(event.observed_at_us, firm, event.topic, key, value)


def _named(value: Json, prefix: str) -> Json:
    """Return an event in which every name is the firm's own."""
    return {key: _name(key, part, prefix) for key, part in value.items()}


def _name(key: str, part: Any, prefix: str) -> Any:
    if isinstance(part, dict):
        return _named(part, prefix)
    if key == "approvers":
        return [prefix + name for name in part]
    if not isinstance(part, str) or part in ("", "external"):
        return part
    bank = key == "address" and part.startswith("IBAN")
    return prefix + part if key in _NAMES or bank else part


class _Between:
    """Movements of USD between the nostros of firms, with the ledgers, balances and heartbeats that go with them."""

    def __init__(self, count: int, seed: int, days: float, a_day: float) -> None:
        self.count, self.rng = count, Random(f"{seed}:between")
        self.end_us = MONDAY_US + int(days * 86_400) * US
        self.every_s = 86_400 / a_day
        self.told: list[Told] = []
        self.moves: list[tuple[int, int, int]] = []  # (moment, firm, cents): what the nostros gained, and when

    def events(self) -> list[Told]:
        for firm in range(self.count):
            self._open(firm)
        at_us, number = MONDAY_US + int(BEGIN_S) * US, 0
        while at_us < self.end_us - 300 * US:
            number += 1
            self._move(number, at_us)
            at_us += int(self.rng.expovariate(1 / self.every_s) * 1_000) * 1_000
        for firm in range(self.count):
            self._report(firm)
        return numbered(self.told)

    # --- what is told ----------------------------------------------------------------------------------------
    def _say(self, firm: int, topic: str, source: str, event_id: str, at_us: int, delay_s: float, **body: Any) -> None:
        observed_us = at_us + int(delay_s * 1_000) * 1_000
        value: Json = {
            "schema_version": 1, "event_id": event_id, "source": f"f{firm}.{source}", "event_time": time_text(at_us),
            "observed_at": time_text(observed_us), **body,
        }  # fmt: skip
        key = value[KEYS[topic]] if topic in KEYS else event_id
        self.told.append(Told(observed_us, firm, topic, key, value))

    def _open(self, firm: int) -> None:
        me, group = f"f{firm}", f"f{firm}.acme-prime"
        place: Json = {"location": f"{me}.bank:nostro", "role": "bank", "snapshot_every_s": REPORT_EVERY_S}
        self._say(
            firm,
            "reference",
            "records",
            f"{me}.ref-nostro",
            MONDAY_US,
            0.2,
            kind="location",
            recon_group=group,
            **place,
        )
        for name, kind in (("gate", "client"), ("own", "house"), ("way", "in_transit"), ("world", "external")):
            account: Json = {"account_id": f"{me}.{name}:main", "account_class": kind}
            account |= {"client_id": f"{me}.gate"} if kind == "client" else {}
            self._say(
                firm,
                "reference",
                "records",
                f"{me}.ref-{name}",
                MONDAY_US,
                0.2,
                kind="account",
                recon_group=group,
                **account,
            )
        cents = {"gate": OWED * 100, "own": (HELD - OWED) * 100, "world": -HELD * 100}
        self._book(firm, f"{me}.open", "opening", MONDAY_US + 2 * US, cents)

    def _book(
        self, firm: int, journal: str, op_type: str, at_us: int, cents: dict[str, int], transfer_id: str = ""
    ) -> None:
        classes = {"gate": "client", "own": "house", "way": "in_transit", "world": "external"}
        for leg, (name, amount) in enumerate(cents.items(), 1):
            body: Json = {
                "posting_id": f"{journal}-{leg}", "journal_id": journal,
                "leg_no": leg, "legs_total": len(cents), "account_id": f"f{firm}.{name}:main",
                "account_class": classes[name], "asset": "USD", "amount": _usd(amount), "booked_at": time_text(at_us),
                "op_type": op_type, "origin": "auto",
            }  # fmt: skip
            body |= {"client_id": f"f{firm}.gate"} if name == "gate" else {}
            body |= {"transfer_id": transfer_id} if transfer_id else {}
            self._say(firm, "ledger", "gate-ledger", f"{journal}-{leg}", at_us, 0.5, **body)

    def _move(self, number: int, at_us: int) -> None:
        """Tell of one movement: every third is the firm's own, the others are a client's."""
        origin, target = self.rng.sample(range(self.count), 2)
        cents, name, own = self.rng.randrange(1_000, 500_000), f"f{origin}.out-{number}", number % 3 == 0
        ends = [{"location": f"f{firm}.bank:nostro"} for firm in (origin, target)]
        if not own:
            for end, firm in zip(ends, (origin, target), strict=True):
                end |= {"account_id": f"f{firm}.gate:main", "client_id": f"f{firm}.gate"}
        control: Json = {"origin": "manual", "declared_class": "risky", "initiator": f"f{origin}.ann"}
        control["approvers"] = [f"f{origin}.ben", f"f{origin}.cid"]
        body: Json = {
            "transfer_id": name, "op_type": "rebalance" if own else "internal", "from": ends[0], "to": ends[1],
            "asset": "USD", "amount": _usd(cents), "control": control,
        }  # fmt: skip
        for status, after_s in (("requested", 0), ("approved", 20), ("broadcast", 40), ("completed", 100)):
            self._say(
                origin, "transfers", "wires", f"{name}/{status}", at_us + after_s * US, 2.0, status=status, **body
            )
        self.moves += [(at_us + 40 * US, origin, -cents), (at_us + 100 * US, target, cents)]
        if not own:
            debit, done_us = {"gate": -cents, "way": cents}, at_us + 105 * US
            self._book(origin, f"{name}.debit", "internal", at_us + US, debit, name)
            self._book(origin, f"{name}.gone", "internal", done_us, {"way": -cents, "world": cents}, name)
            self._book(target, f"{name}.credit", "internal", done_us, {"gate": cents, "world": -cents}, name)

    def _report(self, firm: int) -> None:
        """Tell what a nostro holds, every five minutes, and that the sources are alive."""
        at_us, place = MONDAY_US + 3 * US, f"f{firm}.bank:nostro"
        while at_us < self.end_us:
            held = HELD * 100 + sum(cents for moment_us, of, cents in self.moves if of == firm and moment_us <= at_us)
            name, rows = f"{place}@{at_us}", [{"asset": "USD", "total": _usd(held)}]
            body: Json = {"snapshot_id": name, "location": place, "as_of": time_text(at_us), "complete": True}
            self._say(firm, "balances", "nostro", name, at_us, 5.0, holding_kind="actual", rows=rows, **body)
            at_us += int(REPORT_EVERY_S + self.rng.uniform(-20, 20)) * US
        for source, behind_s in (("wires", 2.0), ("gate-ledger", 0.5), ("nostro", 5.0)):
            for at_us in range(MONDAY_US + 3 * US, self.end_us, int(BEAT_EVERY_S) * US):
                beat: Json = {"kind": "heartbeat", "scope": f"f{firm}.{source}", "of_source": f"f{firm}.{source}"}
                mark = time_text(at_us - int((behind_s + 0.1) * US))
                self._say(firm, "control", source, f"f{firm}.beat-{source}-{at_us}", at_us, 0.1, watermark=mark, **beat)


def _usd(cents: int) -> str:
    sign, cents = "-" if cents < 0 else "", abs(cents)
    return f"{sign}{cents // 100}.{cents % 100:02d}"
