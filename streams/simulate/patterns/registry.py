"""Named patterns: what is legitimate and looks odd, switched on by name for a whole world.

A pattern has random numbers and ids of its own (`Corner`), so that the rest of the world does what it would do anyway as
far as it can: what is paid out here cannot be paid out there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streams.simulate.agenda import Process
from streams.simulate.desk import Corner, Desk
from streams.simulate.patterns.moments import first_us
from streams.simulate.units import span_us

ALL = "all"
Happening = Callable[[Corner], Process]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of legitimate oddity, by its `number` in the list of what must stay quiet.

    `happen` is one occurrence of it, which comes again about every `every_s` seconds of the world's clock; where that is
    zero it is the whole of it, with a calendar of its own.
    """

    number: int
    name: str
    description: str
    happen: Happening
    every_s: float


PATTERNS: dict[str, Pattern] = {}


def pattern(number: int, name: str, description: str, *, every_s: float = 0.0) -> Callable[[Happening], Happening]:
    """Register the decorated process under `name`; `every_s` says how often it comes, zero that it says so itself."""

    def register(happen: Happening) -> Happening:
        PATTERNS[name] = Pattern(number, name, description, happen, every_s)
        return happen

    return register


def chosen(names: Sequence[str]) -> list[Pattern]:
    """Return the patterns of these names, in their order; `all` is all. Raises ValueError for a name nobody has."""
    strangers = sorted(set(names) - PATTERNS.keys() - {ALL})
    if strangers:
        raise ValueError(f"no pattern is called {strangers[0]!r}; there are: {', '.join(PATTERNS)}")
    wanted = PATTERNS.keys() if ALL in names else names
    return sorted((PATTERNS[name] for name in set(wanted)), key=lambda kind: kind.number)


def start(desk: Desk, *, wait_us: int) -> None:
    """Let the patterns of the world begin, each after its own time from `wait_us` on."""
    for kind in chosen(desk.config.patterns):
        corner = Corner(desk, f"p{kind.number:02d}")
        process = _again(corner, kind) if kind.every_s else kind.happen(corner)
        desk.agenda.start(process, wait_us=wait_us)


def _again(desk: Corner, kind: Pattern) -> Process:
    """Let a pattern happen for ever, never twice at once; the first time well before a short world ends."""
    yield first_us(desk, kind.every_s)
    while True:
        yield from kind.happen(desk)
        yield span_us(desk.rng.uniform(0.6, 1.4) * kind.every_s)
