"""S30: the custodian's feed falls silent, and then everything comes at once, out of order and with duplicates."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.emit import Letter
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.units import US, span_us

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_SOURCE = "fireblocks"
_HOUR_S = 3_600.0
_SILENT_S, _BEAT_S = 900.0, 60.0
_PROMPT_US = 10 * US
_NAMED = 200  # how many of the events that come late the label names


@scenario(
    "S30", "late_storm", "the custodian is silent for 8 h, then all comes out of order and with duplicates",
    ["source_silent"], severity="P2", deadline_s=_SILENT_S + _BEAT_S, window=(0.1, 0.15),
    world={"duration_s": 14 * _HOUR_S},
)  # fmt: skip
def late_storm(desk: Desk, label: Label, rng: Random) -> None:
    """Keep back the transfers of the custodian and, in half of the worlds, its balances, which are polled in the rest."""
    label.forbidden_from_severity = "P2"
    polled = rng.random() < 0.5
    label.note = (
        f"{_SOURCE} is silent for 8 h{', its balances are not' if polled else ''}; all comes in the half hour after"
    )
    _fall_silent(desk, label, rng, silent_s=8 * _HOUR_S, storm_s=_HOUR_S / 2, polled=polled, twice=0.03)


@lookalike("late_storm", "the custodian's feed is late by ten minutes once")
def late_storm_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Keep everything back for ten minutes."""
    label.note = f"what {_SOURCE} tells within ten minutes comes at the end of them"
    label.scope = {"source": _SOURCE}

    def once() -> Process:
        while desk.outbox.behind_us(_SOURCE) > _PROMPT_US:  # it would be silent for longer than ten minutes
            yield span_us(_BEAT_S)
        label.injected_at_us = desk.now_us
        _fall_silent(desk, label, rng, silent_s=600.0, storm_s=30.0, polled=False, twice=0.0)

    desk.start(once())


def _fall_silent(
    desk: Desk, label: Label, rng: Random, *, silent_s: float, storm_s: float, polled: bool, twice: float
) -> None:
    """Stop what the source tells for a while, and then deliver it within `storm_s`; heartbeats are lost."""
    label.scope = {"source": _SOURCE}
    kept: list[Letter] = []

    def gate(letter: Letter) -> bool:
        if letter.topic == "balances" and polled:
            return False
        if letter.topic != "control":
            kept.append(letter)
            if len(label.event_ids) < _NAMED and letter.value["event_id"] not in label.event_ids:
                label.event_ids.append(letter.value["event_id"])
        return True

    def speak_again() -> Process:
        yield span_us(silent_s)
        desk.outbox.gates[_SOURCE].remove(gate)
        for letter in kept:
            wait_us = span_us(rng.uniform(0.0, storm_s))
            desk.outbox.forward(letter, wait_us=wait_us)
            if rng.random() < twice:
                desk.outbox.repeat(letter.topic, letter.key, letter.value, after_us=wait_us)

    desk.outbox.shut(_SOURCE, gate)
    desk.start(speak_again())
