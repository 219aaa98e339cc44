"""Which shard answers for which places and accounts, and whose log a record belongs in.

A shard holds one or more whole recon groups. The map says by pattern which places and accounts go where; what no rule
names is of shard 0, and the default map has that one only. Where a record goes is a function of its bytes and the map:
a redelivery always finds the same shards, whatever has happened since.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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
        self.of_location = _names([(rule.shard, rule.locations) for rule in rules])
        self.of_account = _names([(rule.shard, rule.accounts) for rule in rules])

    def shards_of(self, topic: str, value: bytes) -> tuple[int, ...]:
        """Return the shards in whose logs a record belongs, ascending, at least one. Never raises on any bytes."""
        if self.count == 1:
            return _FIRST
        if topic in ("reference", "control"):
            return self.all
        return tuple(sorted(set(self._named(topic, value)))) or _FIRST

    def lead_of(self, topic: str, value: bytes) -> int:
        """Return the one of `shards_of` that tells what there is to tell of the record itself."""
        if self.count == 1 or topic in ("reference", "control"):
            return 0
        return next(iter(self._named(topic, value)), 0)

    def lead_of_movement(self, origin: str, destination: str) -> int:
        """Return the shard that decides on a movement between two places: of where it leaves us, or reaches us."""
        here = destination if origin == EXTERNAL else origin
        return 0 if here == EXTERNAL else self.of_location(here)

    def _named(self, topic: str, value: bytes) -> list[int]:
        """Return the shards of what a record names, the one that leads first; none where it cannot be read."""
        if len(value) > READ_BYTES_MAX:
            return []
        try:
            if topic == "transfers":
                return self._of_ends(_read_movement(value))
            if topic == "ledger":
                return [self.of_account(_read_leg(value).account_id)]
            if topic == "balances":
                return [self.of_location(_read_balances(value).location)]
        except _UNREADABLE:
            return []
        return []

    def _of_ends(self, movement: _Movement) -> list[int]:
        ends = (movement.from_, movement.to)
        places = [self.of_location(end.location) for end in ends if end.location != EXTERNAL]
        accounts = [self.of_account(end.account_id) for end in ends if end.account_id]
        return places + accounts


def _names(patterns: list[tuple[int, tuple[str, ...]]]) -> Callable[[str], int]:
    """Return what gives a name the shard of the first rule that matches it; 0 where none does."""
    rules = [(shard, re.compile("|".join(map(translate, wanted))).match) for shard, wanted in patterns if wanted]
    known: dict[str, int] = {}

    def shard_of(name: str) -> int:
        shard = known.get(name)
        if shard is None:
            if len(known) >= _NAMES_KNOWN_MAX:  # names come from outside, and may be made up without end
                known.clear()
            shard = known[name] = next((number for number, matches in rules if matches(name)), 0)
        return shard

    return shard_of
