"""R12, the brake: while something unexplained is open on what a movement touches, the movement is held.

An alert of a type that the policy names engages it, and its end lifts it; whoever closes the alert lifts it too. What
it holds is counted at the alert that holds it, so that nobody has to guess what the brake costs: `brake_applied` is
told when the first movement is held, and ended when the brake lifts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from ledger.dossiers import Dossier
from ledger.findings import Breach
from ledger.policy.asked import Answer, Asked, Known, proved
from ledger.policy.document import Books, Brake
from ledger.policy.requests import Request
from ledger.table import Table
from ledger.times import SECOND_US, to_text

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "brake_applied"
NAMED_MAX = 3
Touch = tuple[str, ...]  # the rule that says so, what is reached, and its name: ("R12", "asset", "BTC")


class Standing(NamedTuple):
    """An open alert as the monitor knows it, and when it was seen; `scope` and `links` are those that people see."""

    alert_id: str
    type: str
    severity: str
    scope: Mapping[str, str]
    links: tuple[str, ...]
    at_us: int


class Engaged(Struct, gc=False):
    """An alert that holds what it reaches: since when (microseconds), how many movements so far, worth how much."""

    type: str
    severity: str
    scope: dict[str, str]
    links: list[str]
    since_us: int
    touches: list[list[str]]
    held: int = 0
    held_cents: int = 0


class Brakes:
    """All alerts that hold movements. `changed`: some have come or gone since open requests were last judged."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.table: Table[str, Engaged] = Table(Engaged)
        self.changed = False
        self._reaching: dict[Touch, dict[str, None]] = {}  # what is reached, to the alerts
        self._to_tell: dict[str, Dossier] = {}

    @property
    def is_pending(self) -> bool:
        """Whether open requests are to be judged again, or something that was counted is to be told."""
        return self.changed or bool(self._to_tell)

    def loaded(self) -> None:
        self._reaching = {}
        for alert_id, engaged in self.table.rows.items():
            self._reach(alert_id, engaged)

    # --- alerts ----------------------------------------------------------------------------------------------
    def hear(self, alert: Standing) -> None:
        """An alert is open: it engages the brake, or reaches further or less far than before."""
        touches = self._touches(alert)
        known = self.table.get(alert.alert_id)
        if known is None and not touches:
            return
        if not touches:
            self.lift(alert.alert_id, alert.at_us)
        elif known is None:
            self._engage(alert, touches)
        elif [tuple(touch) for touch in known.touches] != touches:
            held, cents, since_us = known.held, known.held_cents, known.since_us
            self._disengage(alert.alert_id)
            self._engage(alert, touches)
            again = self.table.rows[alert.alert_id]
            again.held, again.held_cents, again.since_us = held, cents, since_us

    def lift(self, alert_id: str, at_us: int) -> None:
        """An alert is over, and with it the brake."""
        engaged = self._disengage(alert_id)
        if engaged is not None and engaged.held:
            seconds = (at_us - engaged.since_us) // SECOND_US
            why = f"{engaged.type} {alert_id} is over after {seconds} s; {_count_text(engaged)} had been held for it."
            self.context.mend(KIND, alert_id, why, explained=False)

    def renew(self, alerts: Iterator[Standing]) -> None:
        """Another policy is in force: hold what that says, of the alerts that are open."""
        still = []
        for alert in alerts:
            still.append(alert.alert_id)
            self.hear(alert)
        for alert_id in sorted(set(self.table.rows) - set(still)):
            self.lift(alert_id, self.context.now_us)

    def _engage(self, alert: Standing, touches: list[Touch]) -> None:
        engaged = Engaged(
            alert.type, alert.severity, dict(alert.scope), list(alert.links), alert.at_us,
            [list(touch) for touch in touches],
        )  # fmt: skip
        self.table.put(alert.alert_id, engaged)
        self._reach(alert.alert_id, engaged)
        self.changed = True

    def _disengage(self, alert_id: str) -> Engaged | None:
        engaged = self.table.drop(alert_id)
        if engaged is not None:
            for touch in engaged.touches:
                reaching = self._reaching[tuple(touch)]
                reaching.pop(alert_id, None)
                if not reaching:
                    del self._reaching[tuple(touch)]
            self.changed = True
        return engaged

    def _reach(self, alert_id: str, engaged: Engaged) -> None:
        for touch in engaged.touches:
            self._reaching.setdefault(tuple(touch), {})[alert_id] = None

    def _touches(self, alert: Standing) -> list[Touch]:
        """Return what an alert reaches by the policy in force, in the order that the policy says."""
        found: dict[Touch, None] = {}
        for rule in self.context.limits.policy.rules:
            for brake in rule.brakes if isinstance(rule, Books) else ():
                if brake.alert == alert.type and alert.severity <= brake.from_severity:
                    reached = self._touches_by(brake, alert.scope)
                    found.update(dict.fromkeys((rule.id, *touch) for touch in reached))
        return list(found)

    def _touches_by(self, brake: Brake, scope: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
        names = {"client": "client_id", "location": "location", "asset": "asset"}
        for reach in brake.reach:
            if reach == "route":
                dossier = self.context.dossiers.get(scope.get("transfer_id", ""))
                if dossier is not None:
                    yield route_of(dossier)
            elif scope.get(names[reach]):
                yield reach, scope[names[reach]]

    # --- movements -------------------------------------------------------------------------------------------
    def on(self, asked: Asked, rule: str) -> list[str]:
        """Return the alerts that hold a movement by a rule, the earliest first."""
        if not self._reaching:
            return []
        dossier, found = asked.dossier, dict[str, None]()
        touches = [("client", asked.client), ("asset", dossier.asset), route_of(dossier)]
        for touch in (*touches, *(("location", place) for place in asked.own_places)):
            found.update(self._reaching.get((rule, *touch), {}))
        rows = self.table.rows
        return sorted(found, key=lambda alert_id: (rows[alert_id].since_us, alert_id))

    def count(self, asked: Asked, request: Request) -> None:
        """Count a movement at the alerts that hold it now and did not before."""
        for alert_id in dict.fromkeys(name for rule in request.failed for name in self.on(asked, rule)):
            if alert_id in request.held_by:
                continue
            request.held_by.append(alert_id)
            engaged = self.table.rows[alert_id]
            engaged.held += 1
            engaged.held_cents += self.context.cents(asked.dossier.asset, asked.units) or 0
            self.table.touched.add(alert_id)
            if engaged.held & (engaged.held - 1) == 0:
                self._to_tell[alert_id] = asked.dossier

    def tell_counted(self) -> None:
        """Tell of alerts that hold as many movements as a power of two, once for all that one cause has held."""
        while self._to_tell:
            alert_id = next(iter(self._to_tell))
            latest = self._to_tell.pop(alert_id)
            if alert_id in self.table:
                self._tell(alert_id, self.table.rows[alert_id], latest)

    def _tell(self, alert_id: str, engaged: Engaged, latest: Dossier) -> None:
        where = ", ".join(dict.fromkeys(" ".join(touch[1:]) for touch in engaged.touches))
        self.context.tell(
            Breach(
                kind=KIND,
                key=alert_id,
                scope={**engaged.scope},
                sentence=f"{_count_text(engaged)} held so far, the latest {latest.transfer_id}: {engaged.type} {alert_id} is "
                f"open since {to_text(engaged.since_us)}. It holds {where}, and lets go by itself when it ends.",
                evidence=latest.evidence[:1],
                rule="unexplained_on_path",
                told=True,
                links=(*engaged.links, f"brake|{alert_id}"),
            )
        )


def books(known: Known, rule: Books, asked: Asked) -> Answer:
    """R12: nothing unexplained is open on the client, the places, the asset or the way."""
    alerts = known.brakes.on(asked, rule.id) if rule.brakes else []
    if not alerts:
        return None
    rows = known.brakes.table.rows
    named = ", ".join(f"{rows[alert_id].type} {alert_id}" for alert_id in alerts[:NAMED_MAX])
    more = f" and {len(alerts) - NAMED_MAX} more" if len(alerts) > NAMED_MAX else ""
    return proved(f"{named}{more} {'are' if len(alerts) > 1 else 'is'} open on what it touches")


def route_of(dossier: Dossier) -> tuple[str, ...]:
    """Return the way of a movement: its asset, and from where to where."""
    return "route", dossier.asset, dossier.origin, dossier.destination


def _count_text(engaged: Engaged) -> str:
    worth = f" worth {engaged.held_cents // 100:,} USD" if engaged.held_cents else ""
    return f"{engaged.held} movement{'s' if engaged.held != 1 else ''}{worth}"
