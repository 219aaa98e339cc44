"""A clerk's cabinet: all that was told, in dictionaries, and the questions that the rules put to it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from streams.simulate.clerk_records import EXTERNAL, ZERO, File, Json, Key, Places, taken
from streams.simulate.units import US, moment_us

MISSING_DEBIT_US = 900 * US
Entry = tuple[str, str, str]  # address, network, tag or ""


class Books:
    """Balances of accounts: the latest by the books' own sequence, plus what was posted after it."""

    def __init__(self) -> None:
        self.postings: dict[Key, dict[str, Json]] = defaultdict(dict)
        self.owners: dict[str, str] = {}  # client accounts, by what their postings say

    def post(self, posting: Json) -> None:
        if posting["account_class"] == "client" and posting.get("client_id"):
            self.owners[posting["account_id"]] = posting["client_id"]
        key = posting["account_id"], posting["asset"]
        known = self.postings[key].get(posting["posting_id"])
        if known is None or known.get("revision", 0) < posting.get("revision", 0):
            self.postings[key][posting["posting_id"]] = posting

    def balance(self, key: Key) -> Decimal:
        postings = self.postings.get(key, {}).values()
        stated = [one for one in postings if one.get("balance_after") is not None]
        if not stated:
            return sum((Decimal(one["amount"]) for one in postings), ZERO)
        last = max(stated, key=lambda one: int(one["source_seq"]))
        rest = (Decimal(one["amount"]) for one in postings if int(one["source_seq"]) > int(last["source_seq"]))
        return Decimal(last["balance_after"]) + sum(rest, ZERO)


class Cabinet:
    """What is on record now."""

    def __init__(self) -> None:
        self.now = 0
        self.seen: set[str] = set()
        self.set_aside: dict[str, list[tuple[str, Json]]] = defaultdict(list)
        self.aliases: dict[str, str] = {}
        self.assets: dict[str, Json] = {}
        self.locations: dict[str, Json] = {}
        self.accounts: dict[str, Json] = {}
        self.addresses: dict[Entry, Json] = {}
        self.limits: dict[str, Json] = {}
        self.plans: dict[str, Json] = {}
        self.maintenance: list[Json] = []
        self.alerts: dict[str, Json] = {}
        self.files: dict[str, File] = {}
        self.decided: set[str] = set()
        self.requests: list[tuple[int, str]] = []  # in order of when they were made
        self.by_payer: dict[tuple[str, str], dict[str, File]] = defaultdict(dict)
        self.payments: dict[tuple[Any, ...], list[File]] = defaultdict(list)
        self.debits: dict[str, dict[str, tuple[str, str, Decimal]]] = defaultdict(dict)
        self.books, self.places = Books(), Places()

    def owner_of(self, account_id: str | None) -> str | None:
        """Return the client whose account it is."""
        told = self.accounts.get(account_id or "", {})
        return told.get("client_id") or self.books.owners.get(account_id or "")

    def client_of_side(self, side: Json) -> str | None:
        return side.get("client_id") or self.owner_of(side.get("account_id"))

    def client_of(self, words: Json) -> str | None:
        """Return for whom value is asked to leave."""
        client = self.client_of_side(words["from"])
        return client if client or words["op_type"] != "withdrawal" else words["to"].get("client_id")

    def role_of(self, location: str) -> str | None:
        return self.locations.get(location, {}).get("role")

    def fits(self, limit: Json, words: Json) -> bool:
        scope = {name: part for name, part in (limit.get("scope") or {}).items() if part is not None}
        facts = {"op_type": words["op_type"], "client_id": self.client_of(words), "asset": words["asset"]}
        facts["location"] = words["from"]["location"]
        if "asset" in scope:
            scope["asset"] = self.aliases.get(scope["asset"], scope["asset"])
        return all(facts[name] == part for name, part in scope.items())

    def requests_since(self, at: int) -> Iterable[File]:
        return (self.files[name] for _, name in self.requests[bisect_left(self.requests, (at, "")) :])

    def held_before(self, it: Request, asset: str | None = None) -> Decimal | None:
        """Return what the place that pays should hold without this movement's own effect."""
        key = it.start["location"], asset or it.asset
        held = self.places.expected(*key)
        return None if held is None else held - it.file.effect_on(key)

    def available(self, it: Request) -> Decimal | None:
        """Return what the client has, with his line and without this movement's own debit; None if nobody has told."""
        named = it.start.get("account_id")
        accounts = [named] if named else self._accounts_of(str(it.client))
        if not any((account, it.asset) in self.books.postings for account in accounts):
            return None
        total = ZERO
        for account in accounts:
            line = self.accounts.get(account, {}).get("credit_line") or {}
            total += self.books.balance((account, it.asset))
            total += sum((Decimal(most) for name, most in line.items() if self.aliases.get(name) == it.asset), ZERO)
            total -= self._paid(it.file, account, it.asset)
        return total

    def _accounts_of(self, client: str) -> list[str]:
        told = {
            account for account, facts in self.accounts.items()
            if facts.get("client_id") == client and facts["account_class"] == "client"
        }  # fmt: skip
        return sorted(told | {account for account, owner in self.books.owners.items() if owner == client})

    def _paid(self, movement: File, account: str, asset: str) -> Decimal:
        """Return what was posted to an account for a movement; negative if it paid."""
        legs = self.debits[movement.transfer_id].values()
        return sum((amount for one, unit, amount in legs if (one, unit) == (account, asset)), ZERO)

    def _debited(self, movement: File, client: str, asset: str) -> Decimal:
        """Return what the accounts of its client have paid for a movement, and not got back."""
        accounts = {account for account, _, _ in self.debits[movement.transfer_id].values()}
        paid = (-self._paid(movement, one, asset) for one in sorted(accounts) if self.owner_of(one) == client)
        return sum((part for part in paid if part > 0), ZERO)

    def promised(self, it: Request) -> Decimal:
        """Return what earlier requests of the same client and asset will still take: neither undone nor debited yet."""
        total = ZERO
        for one in self.by_payer[str(it.client), it.asset].values():
            named = {side for side in (one.words["from"].get("account_id"), it.start.get("account_id")) if side}
            if one is not it.file and not one.is_undone and len(named) < 2:
                debited = self._debited(one, str(it.client), it.asset)
                still = max(Decimal(one.words["amount"]) - debited, ZERO) if debited else taken(one.words)
                total += still if debited or not self._is_long_paid(one) else ZERO
        return total

    def _is_long_paid(self, movement: File) -> bool:
        """Return whether it was paid so long ago that its debit must have come without naming it (missing_debit)."""
        paid = [moment_us(one["event_time"]) for one in movement.reports if one["status"] == "completed"]
        return bool(paid) and min(paid) + MISSING_DEBIT_US < self.now

    def way_of(self, words: Json) -> tuple[Any, ...]:
        return words["asset"], words["from"]["location"], words["to"]["location"]


class Request:
    """A movement as it is asked for, and what every rule looks at of it."""

    def __init__(self, cabinet: Cabinet, movement: File) -> None:
        self.file, self.words = movement, movement.words
        self.at = moment_us(self.words["event_time"])
        self.op: str = self.words["op_type"]
        self.start: Json = self.words["from"]
        self.end: Json = self.words["to"]
        self.asset: str = self.words["asset"]
        self.amount = Decimal(self.words["amount"])
        self.network: str | None = self.words.get("network") or self.end.get("network")
        self.address: str | None = self.end.get("address")
        self.tag: str | None = self.end.get("tag")
        self.client = cabinet.client_of(self.words)
        self.plan = cabinet.plans.get(self.words.get("plan_id") or "")
        self.control = movement.control()
        self.limits = [limit for limit in cabinet.limits.values() if cabinet.fits(limit, self.words)]

    @property
    def entry(self) -> Entry | None:
        """Return under which entry its address would be on record."""
        network = self.end.get("network") or self.words.get("network")
        return (self.address, network, self.tag or "") if self.address and network else None

    @property
    def goes_outside(self) -> bool:
        return bool(self.end["location"] == EXTERNAL)

    @property
    def own_places(self) -> list[str]:
        return [side["location"] for side in (self.start, self.end) if side["location"] != EXTERNAL]

    @property
    def foreign_fee(self) -> tuple[str, Decimal]:
        """Return the fee that the sender pays in another asset than the one that moves."""
        unit = self.words.get("fee_asset") or self.asset
        is_ours = (self.words.get("fee_payer") or "sender") == "sender" and unit != self.asset
        return unit, Decimal(self.words.get("fee_amount") or 0) if is_ours else ZERO

    def said(self, name: str) -> Iterator[Decimal]:
        """Yield what the limits that fit say in one of their fields."""
        return (Decimal(str(limit[name])) for limit in self.limits if limit.get(name) is not None)
