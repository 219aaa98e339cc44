"""A clerk who hears what the monitor hears and judges every movement by section 7 of the contract, slowly and by hand.

He is the witness for decisions: he shares no code with the monitor, keeps dictionaries, and thinks again each time.
Alerts are not his trade; he is told of them (`hear_alert`), as the rules R11 and R12 look at what is open.
"""

from __future__ import annotations

from bisect import insort
from decimal import Context, Decimal, localcontext
from typing import Any, NamedTuple

from streams.simulate.clerk_cabinet import Cabinet, Request
from streams.simulate.clerk_records import EXTERNAL, File, Json
from streams.simulate.clerk_rules import HOLDING, RULES
from streams.simulate.units import US, moment_us

REQUESTED = frozenset(("withdrawal", "internal", "rebalance", "sweep"))
HORIZON_US = 35 * 86_400 * US
_EXACT = Context(prec=250)
_MOVING = frozenset(("broadcast", "completed"))  # who tells these sees the place itself


class Label(NamedTuple):
    """The first verdict on a movement, as the clerk sees it."""

    transfer_id: str
    risk_class: str
    action: str
    failed_rules: tuple[str, ...]
    decided_at: str


class Clerk(Cabinet):
    """Hears events in order of arrival; `hear` returns the verdicts that each of them asks for."""

    def hear_alert(self, record: Json) -> None:
        """Take note of an alert record: it counts while it is open or acknowledged."""
        self.alerts.pop(record["alert_id"], None)
        if record["state"] in ("open", "acknowledged"):
            self.alerts[record["alert_id"]] = record

    def hear(self, topic: str, value: Json) -> list[Label]:
        """Take note of one event and return the verdicts that it asks for."""
        self.now = max(self.now, moment_us(value["observed_at"]))
        if value["event_id"] in self.seen:
            return []
        self.seen.add(value["event_id"])
        with localcontext(_EXACT):
            return self._take(topic, value, value["observed_at"])

    def _take(self, topic: str, value: Json, heard_at: str) -> list[Label]:
        if topic in ("transfers", "ledger", "balances") and self.now - moment_us(value["event_time"]) > HORIZON_US:
            return []
        if topic == "reference":
            return self._refer(value, heard_at)
        if topic == "control":
            self._steer(value)
            return []
        if topic == "balances":
            self._report(value)
            return []
        named = [value["asset"], *([value["fee_asset"]] if value.get("fee_asset") else [])]
        if unknown := [name for name in named if name not in self.aliases]:
            self.set_aside[unknown[0]].append((topic, value))
            return []
        value = {**value, "asset": self.aliases[value["asset"]]}
        if value.get("fee_asset"):
            value["fee_asset"] = self.aliases[value["fee_asset"]]
        if topic == "ledger":
            self._post(value)
            return []
        return self._move(value, heard_at)

    def _refer(self, value: Json, heard_at: str) -> list[Label]:
        kind = value["kind"]
        if kind == "location":
            self.locations[value["location"]] = value
        elif kind == "account":
            self.accounts[value["account_id"]] = value
        elif kind == "address":
            self.addresses[value["address"], value["network"], value.get("tag") or ""] = value
        elif kind == "limit":
            self.limits[value["limit_id"]] = value
        elif kind == "asset":
            self.assets[value["asset"]] = value
            return self._learn(value, heard_at)
        return []

    def _learn(self, asset: Json, heard_at: str) -> list[Label]:
        """Learn the names of an asset, and take what was set aside for them."""
        labels = []
        for name in (asset["asset"], *(asset.get("aliases") or [])):
            self.aliases[name] = asset["asset"]
            for topic, value in self.set_aside.pop(name, []):
                labels += self._take(topic, value, heard_at)
        return labels

    def _steer(self, value: Json) -> None:
        if value["kind"] == "plan":
            self.plans[value["plan_id"]] = value
        elif value["kind"] == "maintenance":
            self.maintenance.append(value)

    def _report(self, snapshot: Json) -> None:
        rows = [
            {**row, "asset": self.aliases[row["asset"]]} for row in snapshot["rows"] if row["asset"] in self.aliases
        ]
        self.places.report({**snapshot, "rows": rows})

    def _post(self, posting: Json) -> None:
        self.books.post(posting)
        if posting.get("transfer_id") and posting["account_class"] == "client":
            self.debits[posting["transfer_id"]][posting["posting_id"]] = (
                posting["account_id"], posting["asset"], Decimal(posting["amount"]),
            )  # fmt: skip

    def _move(self, report: Json, heard_at: str) -> list[Label]:
        movement = self.files.setdefault(report["transfer_id"], File(report["transfer_id"]))
        was_asked, paid_as = movement.asked is not None, movement.payment
        movement.add(report)
        if report["status"] in _MOVING:
            # Who tells what leaves a place tells its end too: a venue that pays into our wallet is no source of the wallet.
            ends = (report["to"]["location"], report["from"]["location"])
            arrives = report["status"] == "completed" and report["source"] not in self.places.tellers[ends[1]]
            order = ends if arrives else ends[::-1]
            here = next((place for place in order if place != EXTERNAL), EXTERNAL)
            self.places.tellers[here].add(report["source"])
        self.places.move(movement)
        self._index(movement, paid_as, is_new_request=movement.asked is not None and not was_asked)
        is_due = report["op_type"] not in REQUESTED or movement.asked is not None
        if not is_due or movement.transfer_id in self.decided:
            return []
        self.decided.add(movement.transfer_id)
        return [self._judge(movement, heard_at)]

    def _index(self, movement: File, paid_as: tuple[Any, ...], *, is_new_request: bool) -> None:
        words, client = movement.words, self.client_of(movement.words)
        end = words["to"]
        where = end.get("address") or end.get("account_id") or end["location"]
        movement.payment = (client, where, words["asset"], Decimal(words["amount"]))
        if movement.payment != paid_as:
            if paid_as:
                self.payments[paid_as].remove(movement)
            self.payments[movement.payment].append(movement)
        if is_new_request:
            insort(self.requests, (moment_us(words["event_time"]), movement.transfer_id))
            if client is not None:
                self.by_payer[client, words["asset"]][movement.transfer_id] = movement

    def _judge(self, movement: File, heard_at: str) -> Label:
        if movement.words["op_type"] not in REQUESTED:
            return Label(movement.transfer_id, "risky", "review", ("R1",), heard_at)
        it = Request(self, movement)
        failed = tuple(name for name, holds in RULES.items() if not holds(self, it))
        action = "hold" if set(failed) & set(HOLDING) else "review" if failed else "auto_approve"
        return Label(movement.transfer_id, "risky" if failed else "risk_free", action, failed, heard_at)
