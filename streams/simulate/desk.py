"""The desk: what all flows of the simulated broker share, and the few acts that change holdings or tell of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from streams.simulate.agenda import Agenda, Process
from streams.simulate.books import Books
from streams.simulate.catalogue import ALIASES
from streams.simulate.config import WorldConfig
from streams.simulate.emit import Outbox
from streams.simulate.movement import Movement
from streams.simulate.standing import KINDS, Standing
from streams.simulate.units import span_us
from streams.simulate.venues import Vaults
from streams.simulate.world import Firm


class Desk:
    """The state of the world, passed to every process."""

    def __init__(self, config: WorldConfig) -> None:
        self.config = config
        self.rng = Random(f"{config.seed}:world")
        self.agenda = Agenda(config.start_us)
        self.outbox = Outbox(config, self.agenda)
        self.vaults = Vaults()
        self.books = Books(self.agenda, self.outbox)
        self.firm = Firm(config, self.rng)
        self.moving: set[tuple[str, str]] = set()  # (location, asset) that the treasury is refilling or emptying
        self.late_assets: set[tuple[str, str]] = set()  # (location, asset) that a fault brings there
        self.frozen: set[str] = set()  # locations whose report repeats the one before
        self.paused: set[str] = set()  # locations in maintenance: nothing begins there
        self.skim: Callable[[Movement], None] | None = None  # the fault `salami`
        self.congestion = 1  # how many times the usual a network takes
        self.slowness = 1.0  # how many times the usual a network takes to confirm
        self.halts: dict[str, int] = {}  # networks that make no blocks, and until when (microseconds)
        self.polls: dict[str, float] = {}  # locations that report less often than usual: seconds between two reports
        self.verdicts: Callable[[str], str | None] | None = None  # what others say of a request; None: the desk judges
        self.names = {source: dict(names) for source, names in ALIASES.items()}  # what sources call our assets
        self.standing = Standing()
        self._numbers: Counter[str] = Counter()

    @property
    def now_us(self) -> int:
        return self.agenda.now_us

    def wait(self, low_s: float, high_s: float) -> int:
        """Return a wait for a stage that usually takes between `low_s` and `high_s` seconds, in microseconds."""
        return span_us(self.rng.uniform(low_s, high_s) * self.config.time_scale)

    def next_id(self, prefix: str) -> str:
        self._numbers[prefix] += 1
        return f"{prefix}-{self._numbers[prefix]}"

    def start(self, process: Process) -> None:
        self.agenda.start(process)

    def say(self, move: Movement, status: str, *, source: str = "", revision: int = 0, **extra: Any) -> None:
        """Send the event of a stage of `move`, as `source` (its own by default) tells it."""
        source = source or move.source
        if status == "requested" and move.op_type in KINDS:
            self.standing.note(self, move)
        move.said += 1
        body = {**move.body(), "status": status, "raw_status": status.upper(), **extra}
        if source in self.names:
            _rename(body, self.names[source])
        later_us = 0 if move.tap is None else move.tap(move, body)
        if later_us is None:
            return
        self.outbox.post(
            "transfers", body["transfer_id"], source, f"{body['transfer_id']}/{move.said}", body,
            at_us=self.now_us + move.clock_ahead_us, revision=revision, extra_us=later_us, tracked=not later_us, prompt=move.prompt,
        )  # fmt: skip

    def promise(self, move: Movement) -> None:
        """Keep at the origin what the movement will take from it."""
        for location, asset, units in self._taking(move):
            self.vaults.promise(location, asset, units)

    def release(self, move: Movement) -> None:
        """Give up what was kept for a movement that will not be."""
        for location, asset, units in self._taking(move):
            self.vaults.release(location, asset, units)

    def leave(self, move: Movement) -> None:
        """Let the value leave its origin, with the fee that the sender pays."""
        assert not move.left, move.transfer_id
        self.release(move)
        for location, asset, units in self._taking(move):
            self.vaults.add(location, asset, -units)
        move.left = True
        if self.skim is not None:
            self.skim(move)

    def arrive(self, move: Movement) -> None:
        """Let the value reach its target."""
        if not move.is_book:
            self.vaults.add(move.target.location, move.asset.code, move.arriving_units)

    def come_back(self, move: Movement) -> None:
        """Undo what left, fee included; what had arrived outside the firm is not ours to count."""
        for location, asset, units in self._taking(move):
            self.vaults.add(location, asset, units)
        move.left = False

    def change_fee(self, move: Movement, fee_units: int) -> bool:
        """Let the place charge another fee for what has left; False, and nothing done, if it cannot."""
        more = fee_units - move.executed_fee_units
        location = move.origin.location
        if move.fee_payer != "sender" or more > self.vaults.free(location, move.fee_asset):
            return False
        self.vaults.add(location, move.fee_asset, -more)
        move.fee_units = move.executed_fee_units = fee_units
        move.changed()
        return True

    def _taking(self, move: Movement) -> list[tuple[str, str, int]]:
        if move.is_book:
            return []
        location = move.origin.location
        taking = [(location, move.asset.code, move.executed_units)]
        if move.fee_payer == "sender" and move.executed_fee_units:
            taking.append((location, move.fee_asset, move.executed_fee_units))
        return taking


class Corner(Desk):
    """A part of the desk with random numbers and ids of its own: what begins here leaves the draws of the rest alone.

    All else is that of the `whole`; what is no container must be changed there.
    """

    def __init__(self, whole: Desk, name: str) -> None:
        self.whole = whole
        self.rng = Random(f"{whole.config.seed}:{name}")
        self._name = name
        self._numbers = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)

    def next_id(self, prefix: str) -> str:
        return super().next_id(f"{prefix}-{self._name}")


def _rename(body: dict[str, Any], names: dict[str, str]) -> None:
    """Write assets as the source does."""
    for field in ("asset", "fee_asset"):
        if field in body:
            body[field] = names.get(body[field], body[field])
