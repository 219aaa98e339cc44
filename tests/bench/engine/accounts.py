"""The whole monitor over a thousand accounts and over a million, all known beforehand: clients who pay each other in the books."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

from ledger.times import to_text
from streams.engine.settings import EngineSettings
from streams.engine.worker import plain
from streams.monitor import Settings
from tests.bench.engine.contest import Contestant, Tried, agree, many_over_few, own_python, run, table
from tests.bench.engine.fill import Entry, Filler
from tests.bench.engine.full import CONTESTANTS
from tests.bench.engine.known import log_in_two_parts
from tests.bench.engine.result import Result, Task

PREFIX = "accounts-"
BEGINS_US = 1_767_571_200_000_000
EVENT_US = 500  # between two events
OPENED_AT_ONCE = 100  # accounts in one journal
OPENING, OTHER_SIDE = 100_000, "external"  # whole units


def openings(keys: int) -> list[Entry]:
    """Return the asset and one opening posting for each of so many accounts, with the other side of each journal."""
    entries = [
        _entry("reference", 0, 0, kind="asset", asset="USDC", decimals=6, dust="0.01", rebasing=False, aliases=[])
    ]
    for first in range(0, keys, OPENED_AT_ONCE):
        ranks = range(first, min(first + OPENED_AT_ONCE, keys))
        legs = [(_account(rank), f"{OPENING}.00") for rank in ranks]
        legs.append((OTHER_SIDE, f"-{len(ranks) * OPENING}.00"))
        entries += _journal(len(entries), f"o{first}", "opening", legs)
    return entries


def payments(count: int, keys: int, number: int) -> Iterator[Entry]:
    """Yield so many postings, two for each payment; the first is the event of that number."""
    chance = Random(keys)
    for journal in range(count // 2):
        payer, payee = chance.sample(range(keys), 2)
        amount = f"{chance.randrange(1, 100)}.{chance.randrange(100):02d}"
        legs = [(_account(payer), f"-{amount}"), (_account(payee), amount)]
        yield from _journal(number + 2 * journal, f"j{journal}", "internal", legs)


def measure(broker: str, loads: tuple[int, ...], events: int, rounds: int) -> list[list[Tried]]:
    """Run both in turns over each load, each over a log of its own; return what they said, for each load."""
    filler = Filler(EngineSettings(broker=broker))
    tried = [[Tried(one) for one in CONTESTANTS] for _ in loads]
    for round_number in range(rounds):
        for keys, contestants in zip(loads, tried, strict=True):
            known = openings(keys)
            parts = known, list(payments(events, keys, len(known)))
            for one in contestants:
                settings = EngineSettings(
                    broker=broker, clock="events", topic_prefix=f"{PREFIX}{round_number}-{keys}-{one.contestant.name}-"
                )
                one.results.append(_turn(filler, settings, one.contestant, parts))
    return tried


def _turn(
    filler: Filler, settings: EngineSettings, contestant: Contestant, parts: tuple[list[Entry], list[Entry]]
) -> Result:
    is_bare = contestant.name == "bare"
    known = len(parts[0]) + 1  # a log begins with one record that says what is in force
    task = Task(
        broker=settings.broker, source=settings.log_topic if is_bare else settings.topic_prefix,
        outputs=settings.topic("alerts"), events=known + len(parts[1]), folder="", group=f"{settings.topic_prefix}group",
        known=known,
    )  # fmt: skip
    if is_bare:
        filler.log(settings, [*parts[0], *parts[1]], plain(Settings()))
    else:
        task = log_in_two_parts(filler, settings, contestant, task, parts, plain(Settings()))
    result = run(contestant, task, own_python())
    filler.drop(settings.topic_prefix)
    return result


def report(loads: tuple[int, ...], tried: list[list[Tried]]) -> str:
    """Return the figures of each load, and what many accounts cost beside the target."""
    lines: list[str] = []
    for keys, contestants in zip(loads, tried, strict=True):
        lines += [f"The whole monitor over {keys:,} accounts, all of them known", table(contestants)]
        lines += [f"  WRONG: {line}" for line in agree(contestants)]
    lines.append("Many accounts over few, events/s")
    return "\n".join([*lines, *many_over_few(tried[0], tried[-1])])


def _account(rank: int) -> str:
    return f"client-{rank:07d}"


def _journal(number: int, journal: str, op_type: str, legs: list[tuple[str, str]]) -> Iterator[Entry]:
    for leg, (account, amount) in enumerate(legs):
        is_client = account != OTHER_SIDE
        owner = {"client_id": account, "account_class": "client"} if is_client else {"account_class": "external"}
        yield _entry(
            "ledger", number + leg, number, posting_id=f"p{number + leg}", journal_id=journal, leg_no=leg + 1,
            legs_total=len(legs), account_id=account, asset="USDC", amount=amount, op_type=op_type, origin="auto", **owner,
        )  # fmt: skip


def _entry(topic: str, number: int, moment: int, **fields: Any) -> Entry:
    """Return an event as an entry of a log; those of one journal are of one moment."""
    at = to_text(BEGINS_US + moment * EVENT_US)
    value = {
        "schema_version": 1, "event_id": f"e{number}", "source": "books", "source_seq": str(number),
        "event_time": at, "observed_at": at, **fields,
    }  # fmt: skip
    if topic == "ledger":
        value["booked_at"] = at
    return f"{topic}/0/{number}", msgspec.json.encode(value)
