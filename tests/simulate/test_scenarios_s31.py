"""S31: a client who was quiet for long is robbed in nine withdrawals just under the limit; a market maker does so daily."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from streams.simulate import Simulation, WorldConfig
from streams.simulate.faults import FAULTS
from tests.simulate.quiet import seconds
from tests.simulate.tally import Tally, deviations, tally

Json = dict[str, Any]
NAMES = ("client_exfiltration", "client_exfiltration_lookalike")
SEEDS = (1, 2)


@cache
def told(name: str, seed: int) -> tuple[Simulation, Tally]:
    simulation = Simulation(WorldConfig(seed=seed, **FAULTS[name].world), [name])
    return simulation, tally(tuple(simulation.events()))


def requests(name: str, seed: int) -> list[Json]:
    """Return what the client asked for that the label is about, in order of time."""
    simulation, world = told(name, seed)
    client = simulation.truth[0].scope["client_id"]
    first = [stages[0] for stages in world.transfers.values() if stages[0]["op_type"] == "withdrawal"]
    return sorted(
        (stage for stage in first if stage["from"].get("client_id") == client), key=lambda s: seconds(s["event_time"])
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_nine_withdrawals_within_two_hours_stay_just_under_what_passes_without_people(name: str, seed: int) -> None:
    burst = requests(name, seed)[-9:]
    assert seconds(burst[-1]["event_time"]) - seconds(burst[0]["event_time"]) < 7_200
    prices = {"BTC": 64_000, "ETH": 3_000, "USDC": 1, "USDT": 1}
    assert all(0.9 * 150_000 < float(stage["amount"]) * prices[stage["asset"]] < 150_000 for stage in burst)
    assert sum(stage["control"]["origin"] == "auto" for stage in burst) >= 4, "the machine sees nothing in any of them"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_client_was_quiet_for_more_than_a_day_and_the_fourth_tells_it(seed: int) -> None:
    asked = requests("client_exfiltration", seed)
    assert len(asked) == 11
    assert seconds(asked[2]["event_time"]) - seconds(asked[1]["event_time"]) > 86_400
    (label,) = told("client_exfiltration", seed)[0].truth
    assert label.telling_ids == [asked[5]["event_id"]]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_market_maker_did_the_same_the_day_before(seed: int) -> None:
    asked = requests("client_exfiltration_lookalike", seed)
    assert len(asked) == 18
    assert seconds(asked[9]["event_time"]) - seconds(asked[8]["event_time"]) > 12 * 3_600
    (label,) = told("client_exfiltration_lookalike", seed)[0].truth
    assert not label.expected_alert_types
    assert {event_id.split("/")[0] for event_id in label.event_ids} == {stage["transfer_id"] for stage in asked[9:]}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_the_places_hold_what_the_events_say(name: str, seed: int) -> None:
    assert {gap for _, _, gap in deviations(told(name, seed)[1])} == {0}
