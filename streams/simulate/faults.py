"""Named faults: what can be made to go wrong in the simulated broker, when, and what a monitor should say of it.

Each fault knows its truth: a label with the moment, the place, the difference it makes and the alerts it must raise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from streams.simulate.catalogue import ASSETS
from streams.simulate.emit import Json
from streams.simulate.units import decimal_text, span_us, time_text

if TYPE_CHECKING:
    from streams.simulate.agenda import Process
    from streams.simulate.desk import Desk


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be decided of a movement: its actions, in this order, and the rules that fail at first, among others."""

    transfer_id: str
    actions: tuple[str, ...]
    rules: tuple[str, ...] = ()

    def as_json(self) -> Json:
        return {"transfer_id": self.transfer_id, "actions": list(self.actions), "rules": list(self.rules)}


@dataclass(slots=True)
class Label:
    """The truth of one injected fault.

    `difference_units` is what the places hold less what the events say, signed, in the smallest unit of the scope's
    asset, once the fault is complete; zero where holdings and events agree in the end. `expected_alert_types` must
    be raised; `possible_alert_types` may be, and are not false. `telling_ids` are the events of which the first to
    arrive makes the fault knowable: deadlines count from its arrival (from the injection, where there are none).
    `deadline_s` takes the place of the scenario's own where it depends on the world. None of `forbidden_alert_types`
    may come of it, nor anything from `forbidden_from_severity` up that is not expected. `expected_decisions` are what must
    be decided of movements that it is about, of all but `decisions_spared`.
    """

    scenario: str
    injected_at_us: int
    expected_alert_types: tuple[str, ...]
    possible_alert_types: tuple[str, ...] = ()
    severity: str = ""
    scope: dict[str, str] = field(default_factory=dict)
    difference_units: int = 0
    event_ids: list[str] = field(default_factory=list)
    telling_ids: list[str] = field(default_factory=list)
    deadline_s: float | None = None
    forbidden_alert_types: tuple[str, ...] = ()
    forbidden_from_severity: str = ""
    note: str = ""
    expected_decisions: list[Expected] = field(default_factory=list)
    decisions_spared: int = 0

    def as_json(self) -> Json:
        """Return the label as a line of the truth file."""
        body: Json = {
            "scenario": self.scenario,
            "injected_at": time_text(self.injected_at_us),
            "event_ids": self.event_ids,
            "telling_ids": self.telling_ids,
            "expected_alert_types": list(self.expected_alert_types),
            "possible_alert_types": list(self.possible_alert_types),
            "scope": self.scope,
            "note": self.note,
        }
        if self.severity:
            body["severity"] = self.severity
        if self.deadline_s is not None:
            body["deadline_s"] = self.deadline_s
        if self.forbidden_alert_types:
            body["forbidden_alert_types"] = list(self.forbidden_alert_types)
        if self.forbidden_from_severity:
            body["forbidden_from_severity"] = self.forbidden_from_severity
        if self.expected_decisions:
            body["expected_decisions"] = [expected.as_json() for expected in self.expected_decisions]
        if self.decisions_spared:
            body["decisions_spared"] = self.decisions_spared
        if self.difference_units:
            decimals = ASSETS[self.scope["asset"]].decimals
            body["difference"] = decimal_text(self.difference_units, decimals)
        return body

    def sentence(self) -> str:
        """Return one sentence for people who watch."""
        return f"{time_text(self.injected_at_us)} {self.scenario}: {self.note}"


Injection = Callable[["Desk", Label, Random], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault: what it does, what must be raised, and how to do it.

    `window` is the part of the world's duration (from, to) in which it is injected unless told otherwise: faults that
    take long to show come early. A fault that leaves out its `severity` has none that is certain.

    A scenario also has a `number` (S01), a deadline in seconds, and says whether it `awaits` the watermarks of the
    sources that are silent about it: what is missing is concluded only when they have delivered. Any of its expected
    alerts will do, with this severity or worse; all alerts of it share at most `incidents` incidents. `world` is what
    its world needs beyond the usual. A look-alike (`lookalike_of` names its scenario) expects nothing.
    """

    name: str
    description: str
    expected_alert_types: tuple[str, ...]
    inject: Injection
    possible_alert_types: tuple[str, ...] = ()
    severity: str = ""
    window: tuple[float, float] = (0.5, 0.8)
    number: str = ""
    deadline_s: float = 0.0
    awaits: bool = False
    incidents: int = 1
    world: Mapping[str, Any] = field(default_factory=dict)
    lookalike_of: str = ""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """A fault to inject, `at_s` seconds after the start of the world, or at a moment of its own."""

    name: str
    at_s: float | None = None


FAULTS: dict[str, Fault] = {}
_DAY_WINDOW_S = 86_400.0  # worlds without an end take their faults in the first day


def fault(
    name: str, description: str, expected: Sequence[str], *, possible: Sequence[str] = (), severity: str = "",
    window: tuple[float, float] = (0.5, 0.8),
) -> Callable[[Injection], Injection]:  # fmt: skip
    """Register the decorated function under `name`; it is called at the moment of injection."""

    def register(inject: Injection) -> Injection:
        FAULTS[name] = Fault(name, description, tuple(expected), inject, tuple(possible), severity, window)
        return inject

    return register


def scenario(
    number: str, name: str, description: str, expected: Sequence[str], *, severity: str, deadline_s: float,
    possible: Sequence[str] = (), awaits: bool = False, incidents: int = 1, window: tuple[float, float] = (0.5, 0.6),
    world: Mapping[str, Any] | None = None,
) -> Callable[[Injection], Injection]:  # fmt: skip
    """Register the decorated function as the scenario `number` under `name`: one incident as the field knows it."""

    def register(inject: Injection) -> Injection:
        FAULTS[name] = Fault(
            name, description, tuple(expected), inject, tuple(possible), severity, window, number, deadline_s, awaits,
            incidents, world or {},
        )  # fmt: skip
        return inject

    return register


def lookalike(of: str, description: str, *, name: str = "") -> Callable[[Injection], Injection]:
    """Register the decorated function as what looks like the scenario `of` and must raise nothing; another by `name`."""
    name = name or f"{of}_lookalike"

    def register(inject: Injection) -> Injection:
        kind = FAULTS[of]
        FAULTS[name] = Fault(
            name, description, (), inject, window=kind.window, number=kind.number, world=kind.world, lookalike_of=of
        )
        return inject

    return register


def plan_of(wanted: str | FaultPlan) -> FaultPlan:
    """Return a plan for a fault given by name or as a plan. Raises KeyError for a name that is not registered."""
    plan = FaultPlan(wanted) if isinstance(wanted, str) else wanted
    if plan.name not in FAULTS:
        raise KeyError(f"no fault is called {plan.name!r}; there are: {', '.join(FAULTS)}")
    return plan


def schedule(desk: Desk, plans: Sequence[FaultPlan], truth: list[Label]) -> None:
    """Put the injections on the agenda; each adds its label to `truth` when it happens."""
    for number, plan in enumerate(plans):
        # Random numbers of its own: choosing another fault does not change the world before it.
        rng = Random(f"{desk.config.seed}:fault:{plan.name}:{number}")
        kind = FAULTS[plan.name]
        desk.agenda.start(_inject(desk, kind, rng, truth), wait_us=span_us(_moment_s(desk, kind, plan, rng)))


def _moment_s(desk: Desk, kind: Fault, plan: FaultPlan, rng: Random) -> float:
    if plan.at_s is not None:
        return plan.at_s
    if desk.config.fault_at_s is not None:
        return desk.config.fault_at_s
    return rng.uniform(*kind.window) * (desk.config.duration_s or _DAY_WINDOW_S)


def _inject(desk: Desk, kind: Fault, rng: Random, truth: list[Label]) -> Process:
    label = Label(kind.name, desk.now_us, kind.expected_alert_types, kind.possible_alert_types, kind.severity)
    kind.inject(desk, label, rng)
    truth.append(label)
    yield from ()
