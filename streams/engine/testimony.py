"""What people hear from a witness: an alert where the state disagrees, and its end where it agrees again.

Its id is a function of the place at which the disagreement was found, so two witnesses side by side say one alert.
"""

from __future__ import annotations

from msgspec.structs import replace

from alerts.ids import incident_id
from alerts.records import Alert, AlertState, encode
from alerts.rows import OpenAlert, opened, record_of
from alerts.severity import severity_for
from alerts.signals import Signal
from streams.engine.bookmarks import Ticket
from streams.engine.publisher import Publisher
from streams.engine.settings import EngineSettings
from streams.engine.witness import Verdict

STATE_DISAGREES = "state_disagrees"


class Testimony:
    """The alert of one shard, from what is found at one checkpoint after the other: once opened and once ended."""

    __test__ = False

    def __init__(self) -> None:
        self._open: OpenAlert | None = None

    def hear(self, verdict: Verdict) -> Alert | None:
        """Return the record that this verdict gives people to hear, if any."""
        if verdict.agrees == (self._open is None):
            return None
        if self._open is None:
            self._open = _opened(verdict)
            return record_of(self._open)
        said = f"The state of shard {verdict.shard} is again what the log gives, at {verdict.head.position:,}."
        ended = replace(
            self._open,
            state=AlertState.RESOLVED,
            updated_at_us=max(verdict.moment_us, self._open.opened_at_us),
            seq=self._open.seq + 1,
            explanation=said,
        )
        self._open = None
        return record_of(ended)


class TestimonyPublisher:
    """Says such records on the topic of the alerts."""

    __test__ = False

    def __init__(self, settings: EngineSettings) -> None:
        self._topic, self._patience = settings.topic("alerts"), settings.delivery_timeout_seconds
        self._publisher = Publisher(settings)

    def say(self, alert: Alert) -> None:
        """Return when the broker has it; raise `DeliveryError` where it does not take it in time."""
        delivered = self._publisher.delivered(Ticket(0, 1))
        self._publisher.send(self._topic, encode(alert), delivered, key=alert.scope.key().encode())
        self._publisher.flush(self._patience)


def _opened(verdict: Verdict) -> OpenAlert:
    cause = f"log/{verdict.shard}/{verdict.head.position}"
    signal = Signal(
        type=STATE_DISAGREES,
        key=f"{STATE_DISAGREES}|{verdict.shard}",
        severity=severity_for(STATE_DISAGREES),
        scope={"source": "driftline"},
        cause_id=cause,
        at_us=verdict.moment_us,
        explanation=f"{str(verdict)[:1].upper()}{str(verdict)[1:]}.",
        evidence=(cause,),
        rule="witness",
    )
    return replace(opened(signal, incident_id(f"{STATE_DISAGREES}|{cause}"), 0), seq=0)


class WitnessFigures:
    """How a witness does, as plain numbers for whoever asks; `agrees` is None before the first comparison."""

    def __init__(self, shard: int) -> None:
        self.shard = shard
        self.agrees: bool | None = None
        self.compared = 0
        self.disagreed = 0
        self.rows_differing = 0
        self.position = 0
        self.checkpoint_us: int | None = None
        self.turned_s: float | None = None  # when it last got on, by the monotonic clock

    def hear(self, verdict: Verdict) -> None:
        self.compared += 1
        self.disagreed += not verdict.agrees
        self.rows_differing = len(verdict.keys)
        self.position = verdict.head.position
        self.checkpoint_us = verdict.head.written_us
        self.agrees = verdict.agrees
