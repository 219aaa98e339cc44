"""Of every unusual request what its label says is decided, and what the desk lets the machine pass is approved as well."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from streams.simulate import WorldConfig
from streams.simulate.faults import Expected
from streams.simulate.unusual import KINDS
from tests.scenarios.labelled import World, live_through

CONFIG = WorldConfig(seed=1, duration_s=0.5 * 86_400, transfers_per_day=5_000, unusual_share=0.25)


@cache
def told() -> World:
    return live_through(CONFIG)


def test_each_unusual_request_is_looked_at_or_held_for_what_is_unusual_about_it() -> None:
    world = told()
    assert {label.scenario for label in world.labels.values()} == {f"unusual_{kind.name}" for kind in KINDS}
    assert list(world.wrong_labels()) == []


def test_what_the_desk_lets_the_machine_pass_is_approved() -> None:
    world = told()
    assert sum(origin == "auto" for origin in world.requests.values()) > 500
    assert list(world.wrong_passes()) == []


def test_nothing_urgent_is_said_but_of_the_unusual_requests() -> None:
    world = told()
    assert len(world.urgent) > 30
    assert list(world.wrong_alerts()) == []


def test_a_label_that_says_otherwise_is_noticed() -> None:
    world = told()
    name, label = next(iter(world.labels.items()))
    other = replace(label, expected_decisions=[Expected(name, ("auto_approve",))])
    assert list(World({name: other}, {}, world.first).wrong_labels())
    assert list(World({}, {name: "auto"}, world.first).wrong_passes())
    assert len(list(World({}, {}, {}, world.urgent).wrong_alerts())) == len(world.urgent)
