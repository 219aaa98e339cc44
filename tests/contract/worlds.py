"""Worlds for an examination from outside: events as plain dicts, written by the letter of the event contract.

Times are seconds after `START`. Whatever says something returns the `event_id`, so that a test can look for it in the
evidence. Lines are written in order of `observed_at`, and at one moment in the order in which they were said.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.contract.ways import CLASSES, FACTS, Leg, Ways, plain, stamp

Line = tuple[float, int, str, dict[str, Any]]  # observed at, number, topic, value


class Movement:
    """One movement; a call tells one change of its life."""

    def __init__(self, world: World, **fields: Any) -> None:
        self.world, self.fields = world, fields

    def __call__(self, status: str, at: float, source: str = "fireblocks", **changes: Any) -> str:
        return self.world.say("transfers", source, at, **{**self.fields, "status": status, **changes})


class World:
    """What was said, in which order; it knows no rule of the monitor."""

    def __init__(self, ways: Ways | None = None) -> None:
        self.ways = ways or Ways()
        self.lines: list[Line] = []
        self.effects: list[tuple[float, str, str, Decimal]] = []
        self.lost: set[str] = set()
        self.journals = 0

    def say(
        self, topic: str, source: str, at: float, *, seen: float | None = None, name: str = "", **fields: Any
    ) -> str:
        """Say something of `at` that is observed at `seen`."""
        event_id = name or f"{topic}-{len(self.lines)}"
        late_s = self.ways.late_by_s if topic in FACTS else 0.0
        seen = at + late_s if seen is None else seen
        value = {"schema_version": 1, "event_id": event_id, "source": source, "event_time": stamp(at)}
        value |= {"observed_at": stamp(seen)} | {key: part for key, part in fields.items() if part is not None}
        self.lines.append((seen, len(self.lines), topic, value))
        return event_id

    def know(self, kind: str, at: float = 0.0, **fields: Any) -> str:
        return self.say("reference", "registry", at, kind=kind, **fields)

    def steer(self, kind: str, at: float, **fields: Any) -> str:
        return self.say("control", "desk", at, kind=kind, scope=str(fields.pop("scope", kind)), **fields)

    def movement(
        self,
        transfer_id: str,
        op_type: str,
        start: dict[str, Any],
        end: dict[str, Any],
        asset: str,
        amount: str,
        **more: Any,
    ) -> Movement:
        fields = {"transfer_id": transfer_id, "op_type": op_type, "from": start, "to": end, "asset": asset}
        return Movement(self, **fields, amount=amount, **more)

    def leg(self, account: str, asset: str, amount: str, at: float, **fields: Any) -> str:
        """Post one leg; its place in the sequence and its balance follow when the world is written, unless given."""
        prefix, _, owner = account.partition(":")
        facts: dict[str, Any] = {
            "account_id": account,
            "account_class": CLASSES.get(prefix, prefix),
            "client_id": owner.split("/")[0] if prefix == "client" else None,
            "asset": asset,
            "amount": amount,
            "booked_at": stamp(at),
        }
        if not self.ways.transfer_ids:
            fields["transfer_id"] = None
        return self.say("ledger", "ledger", at, **{**facts, **fields})

    def journal(self, at: float, op_type: str, *legs: Leg, **more: Any) -> list[str]:
        """Post a whole journal, leg after leg, at one moment."""
        self.journals += 1
        journal = more.pop("journal_id", f"j{self.journals}")
        told = []
        for number, (account, asset, amount) in enumerate(legs, start=1):
            parts = {
                "posting_id": f"{journal}-{number}",
                "journal_id": journal,
                "leg_no": number,
                "legs_total": len(legs),
            }
            told.append(self.leg(account, asset, amount, at, op_type=op_type, **{**parts, **more}))
        return told

    def value(self, at: float, location: str, asset: str, change: Decimal | str) -> None:
        """Let value truly come (or go): snapshots know it from then on."""
        self.effects.append((at, location, asset, Decimal(change)))

    def held(self, location: str, at: float) -> dict[str, Decimal]:
        """Return what a place truly holds at a moment."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for when, place, asset, change in self.effects:
            if place == location and when <= at:
                totals[asset] += change
        return totals

    def snapshot(self, location: str, at: float, totals: dict[str, str] | None = None, **more: Any) -> str:
        """Report what a place holds: the truth, or `totals` of some assets instead."""

        def rows() -> list[dict[str, str]]:
            truth = {asset: plain(total) for asset, total in self.held(location, at).items()} | (totals or {})
            return [{"asset": asset, "total": total} for asset, total in truth.items()]

        source = more.pop(
            "source", location.split("/", maxsplit=1)[0] if not location.startswith("fireblocks") else "fireblocks"
        )
        facts = {"location": location, "as_of": stamp(at), "complete": True, "holding_kind": "actual", "rows": rows}
        return self.say("balances", source, at, **{"snapshot_id": f"{location}@{at}", **facts, **more})

    def until(self, at: float) -> None:
        """Let time pass."""
        self.say("control", "clock", at, kind="tick", scope="clock")

    def heartbeats(self) -> Iterator[Line]:
        if self.ways.heartbeat_s is None:
            return
        end = max(line[0] for line in self.lines)
        for source in sorted({value["source"] for _, _, topic, value in self.lines if topic in FACTS}):
            at = self.ways.heartbeat_s
            while at <= end:
                told = {"schema_version": 1, "event_id": f"beat-{source}-{at}", "source": source, "of_source": source}
                told |= {"event_time": stamp(at), "observed_at": stamp(at), "kind": "heartbeat", "scope": source}
                told |= {"watermark": stamp(at - self.ways.heartbeat_lag_s - self.ways.late_by_s)}
                yield at, len(self.lines), "control", told
                at += self.ways.heartbeat_s

    def numbered(self) -> list[Line]:
        """Return the lines with what follows from the order of events: sequences, balances and true holdings."""
        sequences: dict[str, int] = defaultdict(int)
        books: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        done = []
        for seen, number, topic, value in sorted(self.lines, key=lambda line: (line[3]["event_time"], line[1])):
            derived: dict[str, Any] = {}
            counter = value["source"]
            if topic == "ledger":
                counter = counter if self.ways.sequence == "global" else value["account_id"]
                account = (value["account_id"], value["asset"])
                books[account] += Decimal(value["amount"])
                if self.ways.balance_after:
                    derived["balance_after"] = plain(books[account])
            if topic == "ledger" or (self.ways.seq_everywhere and topic in FACTS):
                sequences[counter] += 1
                derived["source_seq"] = str(sequences[counter] + self.ways.first_seq - 1)
            if callable(value.get("rows")):
                value = {**value, "rows": value["rows"]()}
            if value["event_id"] not in self.lost:
                done.append((seen, number, topic, {**derived, **value}))
        return done

    def write(self, path: Path, keep: Callable[[str], bool] = lambda topic: True) -> None:
        """Write the file that the monitor reads."""
        with path.open("w", encoding="utf-8") as out:
            for _, _, topic, value in sorted([*self.numbered(), *self.heartbeats()], key=lambda line: line[:2]):
                if keep(topic):
                    out.write(json.dumps({"topic": topic, "value": value}) + "\n")
