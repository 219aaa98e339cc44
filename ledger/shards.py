"""Which shard answers for which places and accounts, and whose log a record belongs in.

A shard holds one or more whole recon groups. The map says by pattern which places and accounts go where; what no rule
names is of shard 0, and the default map has that one only. Where a record goes is a function of its bytes and the map:
a redelivery always finds the same shards, whatever has happened since.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from ledger.fold import EXTERNAL

SHARDS_MAX = 256
READ_BYTES_MAX = 1 << 20  # as in the parser: what is larger is not read, and so is of no shard in particular
_NAMES_KNOWN_MAX = 100_000

Pattern = Annotated[str, Meta(min_length=1, max_length=200)]


class ShardRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The places and accounts of one shard, as patterns (`*`, `?`, `[...]`; case counts).

    `sources`: those that tell of this shard only. They decide no routing; who is named here is watched here alone.
    """

    shard: Annotated[int, Meta(ge=0, lt=SHARDS_MAX)]
    locations: tuple[Pattern, ...] = ()
    accounts: tuple[Pattern, ...] = ()
    sources: tuple[Pattern, ...] = ()


class _End(Struct, gc=False):
    location: str
    account_id: str | None = None


class _Movement(Struct, gc=False):
    from_: _End = field(name="from")
    to: _End


class _Leg(Struct, gc=False):
    account_id: str


class _Balances(Struct, gc=False):
    location: str


_read_movement = msgspec.json.Decoder(_Movement).decode
_read_leg = msgspec.json.Decoder(_Leg).decode
_read_balances = msgspec.json.Decoder(_Balances).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_FIRST = (0,)


class ShardMap:
    """The shards of names and records. `count`: how many shards there are."""

    def __init__(self, rules: tuple[ShardRule, ...] = ()) -> None:
        self.rules = rules
        self.count = 1 + max((rule.shard for rule in rules), default=0)
        self.all = tuple(range(self.count))
        self._location = _Names((rule.shard, rule.locations) for rule in rules)
        self._account = _Names((rule.shard, rule.accounts) for rule in rules)
        self._source = _Names((rule.shard, rule.sources) for rule in rules)

    # --- names -----------------------------------------------------------------------------------------------
    def of_location(self, name: str) -> int:
        """Return the shard of a place: of the first rule that names it, else 0. `external` is nobody's: do not ask."""
        return self._location.shard_of(name) or 0

    def of_account(self, name: str) -> int:
        """Return the shard of an account of the books: of the first rule that names it, else 0."""
        return self._account.shard_of(name) or 0

    def of_source(self, name: str) -> int | None:
        """Return the one shard that a source tells of; None where no rule says so."""
        return self._source.shard_of(name)

    def books_of(self, location: str, account_id: str) -> int | None:
        """Return the shard in whose books an end of a movement is booked; None outside.

        That is the shard of its account, where a rule names it. Ends also carry accounts that are in no books of ours
        (at a venue, of a payee), and then it is the place that tells.
        """
        shard = self._account.shard_of(account_id) if account_id else None
        if shard is not None:
            return shard
        return None if location == EXTERNAL else self.of_location(location)

    # --- movements -------------------------------------------------------------------------------------------
    def of_ends(self, origin: str, origin_account: str, destination: str, account: str) -> list[int]:
        """Return the shards that a movement touches, the one that leads it first; none where all of it is outside."""
        places = [self.of_location(place) for place in (origin, destination) if place != EXTERNAL]
        books = (self.books_of(origin, origin_account), self.books_of(destination, account))
        return places + [shard for shard in books if shard is not None]

    def lead_of_ends(self, origin: str, origin_account: str, destination: str, account: str) -> int:
        """Return the shard that decides on a movement: of where it leaves us, else of where it reaches us."""
        if self.count == 1:
            return 0
        if origin != EXTERNAL:
            return self.of_location(origin)
        if destination != EXTERNAL:
            return self.of_location(destination)
        return next(iter(self.of_ends(origin, origin_account, destination, account)), 0)

    # --- records ---------------------------------------------------------------------------------------------
    def shards_of(self, topic: str, value: bytes) -> tuple[int, ...]:
        """Return the shards in whose logs a record belongs, ascending, at least one. Never raises on any bytes."""
        if self.count == 1:
            return _FIRST
        if topic in ("reference", "control"):
            return self.all
        return tuple(sorted(set(self._touched(topic, value)))) or _FIRST

    def lead_of(self, topic: str, value: bytes) -> int:
        """Return the one of `shards_of` that tells what there is to tell of the record itself."""
        if self.count == 1 or topic in ("reference", "control"):
            return 0
        return next(iter(self._touched(topic, value)), 0)

    def _touched(self, topic: str, value: bytes) -> list[int]:
        """Return the shards of what a record names, the one that leads first; none where it cannot be read."""
        if len(value) > READ_BYTES_MAX:
            return []
        try:
            if topic == "transfers":
                movement = _read_movement(value)
                origin, target = movement.from_, movement.to
                return self.of_ends(origin.location, origin.account_id or "", target.location, target.account_id or "")
            if topic == "ledger":
                return [self.of_account(_read_leg(value).account_id)]
            if topic == "balances":
                return [self.of_location(_read_balances(value).location)]
        except _UNREADABLE:
            return []
        return []


class _Names:
    """Names of one kind, to the shard of the first rule that matches."""

    def __init__(self, patterns: Iterable[tuple[int, tuple[str, ...]]]) -> None:
        self._rules = [(shard, re.compile("|".join(map(translate, some))).match) for shard, some in patterns if some]
        self._known: dict[str, int | None] = {}

    def shard_of(self, name: str) -> int | None:
        """Return the shard of a name; None where no rule names it."""
        if name in self._known:
            return self._known[name]
        if len(self._known) >= _NAMES_KNOWN_MAX:  # names come from outside, and may be made up without end
            self._known.clear()
        shard = next((number for number, matches in self._rules if matches(name)), None)
        self._known[name] = shard
        return shard
