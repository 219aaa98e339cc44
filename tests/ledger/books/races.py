"""A small world that is right at every moment, told by feeds that race each other: what the totals must be quiet about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from hypothesis import strategies as st

from tests.ledger.books.desk import Desk
from tests.ledger.wire import Sent

BEAT_S = 60.0
LEDGER, CUSTODY = "desk", "custody"


@dataclass(frozen=True)
class Happening:
    """An event, or the legs of a journal: when it happens, how much later it is heard, and how to tell it then."""

    at: float
    delay: float
    source: str
    tell: Callable[[], list[Sent]]


@dataclass(frozen=True)
class Letter:
    """An event on its way."""

    at: float
    heard: float
    source: str
    sent: Sent


@dataclass
class World:
    """A desk that opened with `cushion` more than its clients are owed, and what happens after that, in seconds."""

    desk: Desk
    cushion: int
    happenings: list[Happening] = field(default_factory=list)

    def post(self, at: float, delay: float, *legs: tuple[str, str], **more: Any) -> None:
        """Let a journal be booked; its legs are heard one after the other, the last after `delay`."""
        self.happenings.append(Happening(at, delay, LEDGER, lambda: self.desk.legs(*legs, **more)))

    def tell(self, at: float, delay: float, transfer_id: str, status: str, ends: str, amount: int) -> None:
        """Let a movement reach a stage."""
        told = {"source": CUSTODY}
        event = partial(self.desk.movement, transfer_id, status, ends, str(amount), **told)
        self.happenings.append(Happening(at, delay, CUSTODY, lambda: [event()]))

    def _letters(self) -> list[Letter]:
        """Return what is told, in order of arrival; the books number in the order in which things happen."""
        letters = []
        for it in sorted(self.happenings, key=lambda it: it.at):
            self.desk.now = it.at
            parts = it.tell()
            letters += [
                Letter(it.at, it.at + it.delay * number / len(parts), it.source, sent)
                for number, sent in enumerate(parts, start=1)
            ]
        self.happenings = []
        return sorted(letters, key=lambda letter: (letter.heard, letter.sent[1]["event_id"]))

    def play(self, *, silent: bool = False) -> None:
        """Let all be heard, with heartbeats that say how far each source has delivered; `silent`: nothing may be said."""
        desk, waiting = self.desk, self._letters()
        desk.now = beat = min(letter.at for letter in waiting) - BEAT_S
        end = waiting[-1].heard + 3 * BEAT_S
        while waiting or beat <= end:
            if waiting and waiting[0].heard < beat:
                letter = waiting.pop(0)
                said = desk.hear(letter.sent, after=letter.heard - desk.now)
            else:
                said = set().union(*(self._beat(source, beat, waiting) for source in (LEDGER, CUSTODY)))
                beat += BEAT_S
            assert not (silent and said), said

    def _beat(self, source: str, at: float, waiting: list[Letter]) -> set[str]:
        marks = [letter.at - 0.001 for letter in waiting if letter.source == source and letter.at <= at]
        return self.desk.beat(source, up_to=min([at, *marks]), after=at - self.desk.now)


delays = st.one_of(st.floats(0, 3), st.floats(0, 30), st.floats(0, 590))
OPENED = 100_000
AMOUNTS = [3**power for power in range(9)]  # no sum of some is a sum of others: nothing hides anything by chance


@st.composite
def worlds(draw: Any, cushion: int | None = None) -> World:
    """Return a world in which clients are paid and pay, and every booking has its money."""
    desk = Desk()
    more = draw(st.integers(0, 5)) if cushion is None else cushion
    desk.opened(str(OPENED), str(OPENED + more))
    for source in (LEDGER, CUSTODY):
        desk.beat(source)
    world = World(desk, more)
    at = desk.now + 2 * BEAT_S
    for number, amount in enumerate(draw(st.lists(st.sampled_from(AMOUNTS), min_size=1, max_size=9, unique=True))):
        at += draw(st.floats(0, 45))
        kind = draw(st.sampled_from(["deposit", "withdrawal", "failed", "trade", "own", "internal"]))
        _HAPPENINGS[kind](world, draw, at, f"{kind}-{number}", amount)
    return world


def _deposit(world: World, draw: Any, at: float, name: str, amount: int) -> None:
    """Money comes in: seen or not before it is there, and credited soon after, or a little before it is final."""
    for status, before in draw(st.sampled_from([(), (("broadcast", 30),), (("queued", 50), ("broadcast", 9))])):
        world.tell(at - before, draw(delays), name, status, "external>bank", amount)
    world.tell(at, draw(delays), name, "completed", "external>bank", amount)
    credited = at + draw(st.floats(-5, 20))
    legs = (("out", str(-amount)), ("acme", str(amount)))
    world.post(credited, draw(delays), *draw(st.permutations(legs)), op_type="deposit", transfer_id=name)


def _withdrawal(world: World, draw: Any, at: float, name: str, amount: int) -> None:
    world.tell(at, draw(delays), name, "requested", "bank>external", amount)
    hold = (("acme", str(-amount)), ("way", str(amount)))
    world.post(at + 1, draw(delays), *hold, op_type="withdrawal", transfer_id=name)
    world.tell(at + 10, draw(delays), name, "broadcast", "bank>external", amount)
    world.tell(at + 40, draw(delays), name, "completed", "bank>external", amount)
    settled = (("way", str(-amount)), ("out", str(amount)))
    world.post(at + 42, draw(delays), *settled, op_type="withdrawal", transfer_id=name)


def _failed(world: World, draw: Any, at: float, name: str, amount: int) -> None:
    """A payment goes out, fails, and the client gets its money back."""
    hold = (("acme", str(-amount)), ("way", str(amount)))
    world.post(at, draw(delays), *hold, op_type="withdrawal", transfer_id=name)
    world.tell(at + 10, draw(delays), name, "broadcast", "bank>external", amount)
    world.tell(at + 40, draw(delays), name, "failed", "bank>external", amount)
    back = (("way", str(-amount)), ("acme", str(amount)))
    world.post(at + 42, draw(delays), *back, op_type="withdrawal", transfer_id=name)


def _trade(world: World, draw: Any, at: float, name: str, amount: int) -> None:
    """Money leaves in a trade, and its debit is booked after that."""
    world.tell(at, draw(delays), name, "completed", "bank>external", amount)
    legs = (("acme", str(-amount)), ("out", str(amount)))
    world.post(at + 1, draw(delays), *legs, op_type="settlement", transfer_id=name)


def _own(world: World, draw: Any, at: float, name: str, amount: int) -> None:
    world.tell(at, draw(delays), name, "broadcast", "bank>hot", amount)
    world.tell(at + draw(st.floats(5, 90)), draw(delays), name, "completed", "bank>hot", amount)


def _internal(world: World, draw: Any, at: float, name: str, amount: int) -> None:
    """One client pays another, with a movement in the books or without."""
    legs = (("acme", str(-amount)), ("bolt", str(amount)))
    named = {"transfer_id": name} if draw(st.booleans()) else {"origin": "manual"}
    world.post(at, draw(st.floats(0, 9)), *draw(st.permutations(legs)), op_type="internal", **named)
    world.tell(at + 3, draw(delays), name, "completed", "bank>bank", amount)


_HAPPENINGS = {
    "deposit": _deposit,
    "withdrawal": _withdrawal,
    "failed": _failed,
    "trade": _trade,
    "own": _own,
    "internal": _internal,
}
