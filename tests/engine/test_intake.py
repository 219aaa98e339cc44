from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from ledger.times import to_text
from streams.engine.bookmarks import Bookmarks, Ticket
from streams.engine.control import tick_record
from streams.engine.entries import entry_record
from streams.engine.intake import Intake
from streams.engine.publisher import Publisher
from streams.engine.settings import Clock, EngineSettings
from streams.engine.watermarks import Watermarks
from streams.record import OWN_ORIGIN, Record

TRANSFERS = ("uat.transfers", 0)
NOW = 5_000_000


@dataclass
class Fetched:
    offset: int
    value: bytes | None
    topic: str = "uat.transfers"
    partition: int = 0
    key: bytes | None = None


@dataclass
class FakePublisher:
    """Keeps what is sent; a ticket is settled when the test says so."""

    sent: list[tuple[str, int, Record]] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)

    def delivered(self, ticket: Ticket) -> Ticket:
        self.tickets.append(ticket)
        return ticket

    def send(
        self,
        topic: str,
        value: bytes,
        on_delivery: Ticket,
        *,
        key: bytes,
        partition: int,
    ) -> None:
        self.sent.append((topic, partition, entry_record(key, value)))


class Desk:
    """An intake with one open input partition, and all that it works with."""

    def __init__(self, clock: Clock = "ticks", shards: int = 1) -> None:
        settings = EngineSettings(broker="none:1", topic_prefix="uat.", clock=clock, shards=shards)
        self.publisher, self.bookmarks, self.watermarks = FakePublisher(), Bookmarks("uat.log"), Watermarks()
        publisher = cast(Publisher, self.publisher)
        self.intake = Intake(settings, publisher, self.bookmarks, self.watermarks, lambda: NOW)
        self.intake.opened(TRANSFERS, self.bookmarks.open(TRANSFERS, committed=None, earliest=0))

    def logged(self) -> list[Record]:
        return [record for _, _, record in self.publisher.sent]


def event(observed_us: int) -> bytes:
    return b'{"observed_at":"%s"}' % to_text(observed_us).encode()


def test_bytes_go_to_the_log_unchanged_with_where_they_came_from_and_when() -> None:
    desk = Desk()
    desk.intake.take([Fetched(0, b" \xff "), Fetched(4, None)])
    assert desk.logged() == [
        Record("transfers", b" \xff ", "transfers/0/0", NOW),
        Record("transfers", b"", "transfers/0/4", NOW),
    ]
    assert {(topic, shard) for topic, shard, _ in desk.publisher.sent} == {("uat.log", 0)}


def test_an_input_may_be_committed_once_its_copies_are_confirmed() -> None:
    desk = Desk()
    desk.intake.take([Fetched(0, b"a"), Fetched(1, b"b")])
    assert list(desk.bookmarks.committable()) == []
    desk.publisher.tickets[0].outstanding -= 2
    assert list(desk.bookmarks.committable()) == [(TRANSFERS, 2)]


def test_what_is_delivered_again_is_not_appended_again() -> None:
    desk = Desk()
    desk.intake.take([Fetched(0, b"a"), Fetched(1, b"b")])
    desk.intake.take([Fetched(0, b"a"), Fetched(1, b"b"), Fetched(2, b"c")])
    desk.intake.take([Fetched(2, b"c")])
    assert [record.value for record in desk.logged()] == [b"a", b"b", b"c"]


def test_a_tick_says_the_last_readable_moment_of_a_backlog() -> None:
    desk = Desk()
    desk.intake.take([Fetched(0, event(100)), Fetched(1, event(200)), Fetched(2, b"\xff")])
    desk.intake.tick({TRANSFERS: 50}, NOW)
    assert desk.logged()[-1] == Record("control", tick_record(200), OWN_ORIGIN, NOW)


def test_a_tick_follows_what_was_read_before_it() -> None:
    desk = Desk()
    desk.intake.take([Fetched(0, event(100))])
    desk.intake.tick({TRANSFERS: 1}, NOW)
    desk.intake.tick({TRANSFERS: 1}, NOW)
    assert [record.topic for record in desk.logged()] == ["transfers", "control"]


def test_no_tick_speaks_for_a_partition_that_is_gone() -> None:
    desk = Desk()
    desk.intake.take([Fetched(0, event(100))])
    desk.intake.revoked(TRANSFERS)
    desk.intake.tick({TRANSFERS: 1}, NOW)
    assert len(desk.logged()) == 1


@pytest.mark.parametrize(("clock", "moment"), [("ticks", 100), ("events", None)])
def test_observed_at_is_read_only_where_ticks_are_made_of_it(clock: Clock, moment: int | None) -> None:
    desk = Desk(clock)
    desk.intake.take([Fetched(0, event(100))])
    assert desk.watermarks.next_tick_us({TRANSFERS: 9}, NOW) == moment


def test_under_the_clock_of_events_records_wait_for_their_turn() -> None:
    desk = Desk("events")
    desk.intake.take([Fetched(0, event(100)), Fetched(1, event(200))])
    assert desk.logged() == []
    assert desk.intake.release({TRANSFERS: 2}, limit=1)
    assert [record.origin for record in desk.logged()] == ["transfers/0/0"]
    assert desk.intake.release({TRANSFERS: 2}, limit=5)
    assert not desk.intake.release({TRANSFERS: 2}, limit=5)
    assert [record.origin for record in desk.logged()] == ["transfers/0/0", "transfers/0/1"]


def test_under_the_clock_of_events_an_input_is_committed_once_every_shard_knows_how_far_time_has_come() -> None:
    desk = Desk("events", shards=2)
    desk.intake.take([Fetched(0, event(100))])
    desk.intake.release({TRANSFERS: 1}, limit=5)
    sent = [(shard, record.value) for _, shard, record in desk.publisher.sent]
    assert sent == [(0, event(100)), (0, tick_record(100)), (1, tick_record(100))]
    ticket = desk.publisher.tickets[0]
    ticket.outstanding -= 2  # the record itself, and one of the ticks
    assert list(desk.bookmarks.committable()) == []
    ticket.outstanding -= 1
    assert list(desk.bookmarks.committable()) == [(TRANSFERS, 1)]


def test_the_log_is_no_input() -> None:
    desk = Desk()
    desk.intake.opened(("uat.log", 0), 0)
    assert desk.watermarks.next_tick_us({("uat.log", 0): 0}, NOW) is None
