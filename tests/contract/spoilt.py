"""A simulated broker of whose requests some are spoilt, under more limits than its own: every rule has something to say.

A movement is spoilt in the same way in all that is told of it. What moves is not changed, so that its books stay true.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from streams.simulate import Simulation, WorldConfig

Json = dict[str, Any]
ASKED = ("withdrawal", "internal", "rebalance", "sweep")
ASSETS = ("BTC", "ETH", "USDC", "USDT", "USD", "EUR")
SPOILT_SHARE = 0.25


def spoilt(seed: int, movements: int) -> Iterator[tuple[str, Json]]:
    """Yield the events of a day with about so many movements, in order of arrival."""
    simulation = Simulation(WorldConfig(seed=seed, transfers_per_day=movements, clients=30))
    dice, has_begun = Random(f"limits {seed}"), False
    for event in simulation.events():
        if event.topic == "transfers" and not has_begun:
            has_begun = True
            for number in range(12):
                yield "reference", limit(dice, number, event.value["observed_at"])
        value = event.value
        if event.topic == "transfers" and value["op_type"] in ASKED:
            value = changed(Random(f"{seed} {value['transfer_id']}"), value)
        yield event.topic, value


def limit(dice: Random, number: int, at: str) -> Json:
    """Return a limit that binds now and then."""
    scope: Json = {
        "op_type": dice.choice(ASKED),
        "client_id": f"client-{dice.randint(1, 30):03d}",
        "asset": dice.choice(ASSETS),
        "location": dice.choice(("fireblocks:hot-1", "binance:main", "bank:acme-usd")),
    }
    scope = {name: scope[name] for name in dice.sample(sorted(scope), dice.choice((1, 2, 2, 3)))}
    says: list[Json] = [
        {"window_s": 3_600, "window_count": dice.randint(3, 40)},
        {"window_s": dice.choice((3_600, 86_400)), "window_sum": str(dice.choice((20, 2_000, 200_000)))},
        {"quorum": dice.randint(1, 2)},
        {"hours": dice.choice(("06:00-20:00", "20:00-06:00", "00:00-23:45"))},
        {"kyt_max": dice.choice((0.3, 0.4))},
        {"single": str(dice.choice((1, 5_000, 100_000)))},
        {"share_of_balance": dice.choice(("0.001", "0.01", "0.05"))},
        {"address_hold_s": 40 * 86_400},
    ]
    envelope = {"schema_version": 1, "event_id": f"more-{number}", "source": "reference-data", "event_time": at}
    facts = {"observed_at": at, "kind": "limit", "limit_id": f"more-{number}", "scope": scope}
    return {**envelope, **facts, **dice.choice(says)}


def changed(dice: Random, value: Json) -> Json:
    """Return an event with what is wrong with its movement; most have nothing wrong."""
    if dice.random() > SPOILT_SHARE:
        return value
    wrongs = dice.sample(
        ("network", "address", "tag", "reference", "score", "approvers", "initiator", "plan"), dice.randint(1, 2)
    )
    end, control = dict(value["to"]), dict(value.get("control") or {})
    value = {**value, "to": end, "control": control}
    if "network" in wrongs and end.get("network"):
        end["network"] = value["network"] = dice.choice(("eip155:10", "eip155:1", "xrpl:0"))
    if "address" in wrongs and end.get("address"):
        end["address"] = end["address"][:8] + "00000000" + end["address"][16:]
    if "tag" in wrongs and end.get("address"):
        end["tag"] = "77"
    if "reference" in wrongs:
        value.pop("ids", None)
    if "score" in wrongs:
        control["kyt_score"] = dice.choice((0.3, 0.4, 0.9))
    if "approvers" in wrongs:
        control["approvers"] = dice.choice((["ops-1"], ["ops-1", "ops-2"], [str(control.get("initiator"))]))
    if "initiator" in wrongs:
        control.pop("initiator", None)
    if "plan" in wrongs and value.get("plan_id"):
        value["plan_id"] = "plan-of-nobody"
    return value
