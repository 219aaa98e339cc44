from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from streams.simulate import FAULTS, Label, SimEvent, Simulation, WorldConfig
from streams.simulate.units import US, time_text
from tests.simulate.tally import deviations, moment, rows, tally

SEEDS = (1, 3)
NUMBERS = [f"S{number:02d}" for number in range(1, 11)]
NAMES = [name for name, kind in FAULTS.items() if kind.number in NUMBERS]
SCENARIOS = [name for name in NAMES if not FAULTS[name].lookalike_of]
Json = dict[str, Any]
everywhere = pytest.mark.parametrize("seed", SEEDS)


class World:
    """A small world with one scenario, run to its end."""

    def __init__(self, name: str, seed: int) -> None:
        config = WorldConfig(
            seed=seed, duration_s=6 * 3600, transfers_per_day=1_600, clients=12, **FAULTS[name].world
        )  # fmt: skip
        simulation = Simulation(config, [name])
        self.end_us = config.end_us or 0
        self.events: tuple[SimEvent, ...] = tuple(simulation.events())
        (self.label,) = simulation.truth
        self.tally = tally(self.events)
        self.by_id: dict[str, SimEvent] = {}
        for event in self.events:
            self.by_id.setdefault(event.value["event_id"], event)

    def stages(self, transfer_id: str) -> list[Json]:
        return self.tally.transfers.get(transfer_id, [])

    def told(self) -> dict[str, list[Json]]:
        """Return the stages of the movements of the label, in order of their time, by movement."""
        found = {ident.split("/")[0] for ident in self.label.event_ids if self.by_id[ident].topic == "transfers"}
        return {transfer_id: self.stages(transfer_id) for transfer_id in sorted(found)}

    def only(self) -> list[Json]:
        """Return the stages of the one movement of the label."""
        ((_, stages),) = self.told().items()
        return stages

    def credits(self, transfer_id: str) -> list[Json]:
        """Return what was credited to clients for a movement."""
        legs = [leg for leg in self.tally.postings if leg.get("transfer_id") == transfer_id and "client_id" in leg]
        return [leg for leg in legs if Fraction(leg["amount"]) > 0]

    def plan(self, plan_id: str) -> Json:
        return next(event.value for event in self.events if event.key == plan_id and event.topic == "control")


@cache
def world(name: str, seed: int) -> World:
    return World(name, seed)


def statuses(stages: list[Json]) -> list[str]:
    return [stage["status"] for stage in stages]


def when(stages: list[Json], status: str) -> str:
    return next(moment(stage["event_time"]) for stage in stages if stage["status"] == status)


def later(text: str, seconds: float) -> str:
    """Return the moment that many seconds after another of the same world."""
    start_us = WorldConfig().start_us
    ms = round(seconds_of(text) * 1000) + round(seconds * 1000)
    return moment(time_text(start_us + ms * 1000))


def seconds_of(text: str) -> float:
    """Return the seconds from midnight of the first day, on which these worlds end."""
    hours, minutes, rest = text.removesuffix("Z").split("T")[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_each_of_the_first_ten_scenarios_has_its_lookalike() -> None:
    assert sorted(FAULTS[name].number for name in SCENARIOS) == NUMBERS
    assert {f"{name}_lookalike" for name in SCENARIOS} | set(SCENARIOS) == set(NAMES)


@everywhere
@pytest.mark.parametrize("name", NAMES)
def test_it_is_injected_and_its_label_is_complete(name: str, seed: int) -> None:
    told, kind = world(name, seed), FAULTS[name]
    label: Label = told.label
    assert label.scope
    assert label.note
    assert label.event_ids
    assert {*label.event_ids, *label.telling_ids} <= told.by_id.keys()
    assert len(set(label.event_ids)) == len(label.event_ids)
    assert bool(label.telling_ids) == bool(label.expected_alert_types) == (not kind.lookalike_of)
    assert label.severity == kind.severity


@everywhere
@pytest.mark.parametrize("name", SCENARIOS)
def test_it_can_be_known_in_time_before_the_world_ends(name: str, seed: int) -> None:
    told = world(name, seed)
    known_us = min(told.by_id[ident].observed_at_us for ident in told.label.telling_ids)
    deadline_s = told.label.deadline_s or FAULTS[name].deadline_s
    assert deadline_s > 0
    assert told.label.injected_at_us < known_us < told.end_us - (deadline_s + 300) * US


@everywhere
@pytest.mark.parametrize("name", NAMES)
def test_places_deviate_from_the_events_only_as_labelled(name: str, seed: int) -> None:
    told = world(name, seed)
    truth = told.label.as_json()
    place = (truth["scope"].get("location"), truth["scope"].get("asset"))
    difference, since = Fraction(truth.get("difference", 0)), moment(truth["injected_at"])
    found = deviations(told.tally)
    assert {gap for at, where, gap in found if where != place or at < since} == {Fraction(0)}
    assert {gap for at, where, gap in found if where == place and at >= since} <= {difference}


@everywhere
@pytest.mark.parametrize("name", NAMES)
def test_journals_add_up_and_no_client_is_overdrawn(name: str, seed: int) -> None:
    sums: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for leg in world(name, seed).tally.postings:
        sums[leg["journal_id"], leg["asset"]] += Fraction(leg["amount"])
        assert leg["account_class"] != "client" or Fraction(leg["balance_after"]) >= 0
    assert not any(sums.values())


def unbacked(told: World) -> dict[str, Fraction]:
    """Return, by asset, what the journals of the label's movements owe beyond what these brought to our places."""
    extra: dict[str, Fraction] = defaultdict(Fraction)
    for _, transfer_id, (location, asset), change in told.tally.effects:
        if transfer_id in told.told() and not location.startswith(("transit:", "external", "fees")):
            extra[asset] -= change
    for leg in told.tally.postings:
        if leg["account_class"] == "external" and leg.get("transfer_id") in told.told():
            extra[leg["asset"]] -= Fraction(leg["amount"])
    return {asset: units for asset, units in extra.items() if units}


@everywhere
@pytest.mark.parametrize("name", [name for name in NAMES if FAULTS[name].lookalike_of])
def test_of_a_lookalike_the_books_say_what_the_places_say(name: str, seed: int) -> None:
    assert unbacked(world(name, seed)) == {}


@everywhere
@pytest.mark.parametrize("name", ["wrong_whitelisted_dest", "wrong_whitelisted_dest_lookalike"])
def test_s01_most_of_the_cold_eth_reaches_a_venue_and_only_the_lookalike_has_a_plan_for_it(
    name: str, seed: int
) -> None:
    told = world(name, seed)
    stages = told.only()
    assert statuses(stages)[:3] == ["requested", "pending_approval", "approved"]
    assert "completed" in statuses(stages)
    first, plan = stages[0], told.plan(stages[0]["plan_id"])
    assert (first["from"]["location"], first["to"]["location"]) == ("fireblocks:cold-1", "binance:main")
    assert set(first["control"]["approvers"]).isdisjoint({first["control"]["initiator"]})
    assert plan["amount"] == first["amount"]
    assert (plan.get("to") == "binance:main") == (plan["to_role"] == "venue") == name.endswith("_lookalike")
    before = next(snapshot for snapshot in told.tally.snapshots if snapshot["location"] == "fireblocks:cold-1")
    assert Fraction(first["amount"]) > rows(before)["ETH"] * Fraction(6, 10)


@everywhere
def test_s02_the_amount_is_the_account_number_and_the_reference_is_a_hundred(seed: int) -> None:
    told = world("account_number_as_amount", seed)
    (refund,) = [stages[-1] for stages in told.told().values()]
    (charged,) = told.stages(refund["ids"]["refers_to"])
    assert (charged["status"], charged["amount"], charged["asset"]) == ("completed", "100", refund["asset"])
    assert refund["amount"] in refund["ids"]["end_to_end_id"]
    assert (refund["op_type"], refund["status"], refund["control"]["origin"]) == ("refund", "completed", "manual")
    assert [leg["amount"] for leg in told.credits(refund["transfer_id"])] == [refund["amount"]]
    assert told.label.telling_ids[0] == f"{refund['transfer_id']}/1"


@everywhere
def test_s02_refunds_of_all_or_a_part_are_no_more_than_what_they_refer_to(seed: int) -> None:
    told = world("account_number_as_amount_lookalike", seed)
    amounts = [Fraction(stages[-1]["amount"]) for stages in told.told().values()]
    assert len(amounts) == 2
    assert min(amounts) < max(amounts) == 100
    assert all(told.stages(stages[0]["ids"]["refers_to"]) for stages in told.told().values())


@everywhere
@pytest.mark.parametrize(("name", "asset"), [("batch_unit_mixup", "BTC"), ("batch_unit_mixup_lookalike", "EUR")])
def test_s03_sixty_credits_have_the_numbers_of_their_plan_in_euros(name: str, asset: str, seed: int) -> None:
    told = world(name, seed)
    assert len(told.told()) == 60
    for transfer_id, (stage,) in told.told().items():
        plan = told.plan(stage["plan_id"])
        assert (plan["op_type"], plan["asset"], stage["asset"]) == (stage["op_type"], "EUR", asset)
        assert Fraction(plan["amount_min"]) <= Fraction(stage["amount"]) <= Fraction(plan["amount_max"])
        (leg,) = told.credits(transfer_id)
        assert (leg["amount"], leg["origin"]) == (stage["amount"], "manual")
        assert leg["maker"] != leg["checker"]


@everywhere
def test_s03_the_first_credit_alone_is_more_than_all_that_is_held(seed: int) -> None:
    told = world("batch_unit_mixup", seed)
    latest = {snapshot["location"]: rows(snapshot).get("BTC", Fraction(0)) for snapshot in told.tally.snapshots}
    first = min(leg["booked_at"] for transfer_id in told.told() for leg in told.credits(transfer_id))
    (leg,) = [leg for key in told.told() for leg in told.credits(key) if leg["booked_at"] == first]
    assert Fraction(leg["amount"]) > sum(latest.values())
    assert leg["posting_id"] in told.label.telling_ids


@everywhere
def test_s04_a_trillion_times_too_much_is_in_the_books_alone(seed: int) -> None:
    told = world("prefilled_zeros", seed)
    legs = [told.by_id[ident].value for ident in told.label.event_ids]
    assert [(leg["account_class"], leg["amount"]) for leg in legs] == [
        ("external", "-81000000000000"), ("client", "81000000000000"),
    ]  # fmt: skip
    assert not any("transfer_id" in leg for leg in legs)


@everywhere
def test_s04_interest_of_a_month_is_a_small_part_of_every_balance(seed: int) -> None:
    told = world("prefilled_zeros_lookalike", seed)
    assert len(told.told()) > 10
    for transfer_id, stages in told.told().items():
        (leg,) = told.credits(transfer_id)
        assert stages[0]["op_type"] == "interest"
        assert 0 < Fraction(leg["amount"]) < Fraction(leg["balance_after"]) / 300


@everywhere
@pytest.mark.parametrize("name", ["duplicate_payout", "duplicate_payout_lookalike"])
def test_s05_two_payouts_are_equal_and_only_the_clients_reference_tells_them_apart(name: str, seed: int) -> None:
    told = world(name, seed)
    first, second = sorted(told.told().values(), key=lambda stages: moment(stages[0]["event_time"]))
    for field in ("op_type", "from", "to", "asset", "amount"):
        assert first[0][field] == second[0][field]
    assert when(second, "requested") == later(when(first, "requested"), 240)
    assert {"approved", "completed"} <= set(statuses(first)) & set(statuses(second))
    references = [stages[0].get("ids", {}).get("client_ref") for stages in (first, second)]
    assert references[0] is not None
    if name == "duplicate_payout":
        assert references[1] in (None, references[0])
        assert told.by_id[told.label.telling_ids[0]].value["status"] == "approved"
        assert told.by_id[told.label.telling_ids[0]].key == second[0]["transfer_id"]
    else:
        assert references[1] not in (None, references[0])


@everywhere
def test_s05_a_redelivery_has_the_same_content_minutes_later(seed: int) -> None:
    told = world("duplicate_payout_lookalike", seed)
    first = min(told.told().values(), key=lambda stages: moment(stages[0]["event_time"]))
    for stage in first:
        copies = [event for event in told.events if event.value["event_id"] == stage["event_id"]]
        assert any(copy.observed_at_us - copies[0].observed_at_us > 200 * US for copy in copies)
        for copy in copies:
            assert copy.value | {"observed_at": ""} == stage | {"observed_at": ""}


@everywhere
def test_s06_one_output_is_credited_twice(seed: int) -> None:
    told = world("double_credit", seed)
    outputs = {
        (stage["ids"]["tx_hash"], stage["ids"]["tx_index"]) for stages in told.told().values() for stage in stages
    }
    assert len(outputs) == 1
    booked = [leg for transfer_id in told.told() for leg in told.credits(transfer_id)]
    assert len(booked) == 2
    assert booked[0]["amount"] == booked[1]["amount"]
    assert booked[0]["client_id"] == booked[1]["client_id"]
    assert [max(booked, key=lambda leg: moment(leg["booked_at"]))["posting_id"]] == told.label.telling_ids
    again = len(told.told()) == 2
    assert bool(unbacked(told)) == (not again), "told as another movement, the events bring what the books credit"


def test_s06_both_ways_of_a_double_credit_are_seen_over_the_seeds() -> None:
    assert {len(world("double_credit", seed).told()) for seed in SEEDS} == {1, 2}


@everywhere
def test_s06_two_outputs_of_one_transaction_belong_to_two_clients(seed: int) -> None:
    told = world("double_credit_lookalike", seed)
    ends = [stages[-1] for stages in told.told().values()]
    assert len({stage["ids"]["tx_hash"] for stage in ends}) == 1
    assert {stage["ids"]["tx_index"] for stage in ends} == {"0", "1"}
    booked = [leg for transfer_id in told.told() for leg in told.credits(transfer_id)]
    assert len({leg["client_id"] for leg in booked}) == len(booked) == 2


def promise_s(told: World, asset: str) -> int:
    return next(int(event.value["sla_s"]) for event in told.events if event.key == f"route:{asset}:external:hot")


@everywhere
def test_s07_a_final_deposit_is_never_booked(seed: int) -> None:
    told = world("missing_credit", seed)
    stages = told.only()
    assert statuses(stages)[-1] == "completed"
    assert told.label.telling_ids == [stages[-1]["event_id"]]
    assert not told.credits(stages[0]["transfer_id"])
    assert told.label.as_json()["deadline_s"] == promise_s(told, stages[0]["asset"]) + 60


@everywhere
def test_s07_a_slow_deposit_is_late_only_from_its_first_sight_to_its_credit(seed: int) -> None:
    told = world("missing_credit_lookalike", seed)
    stages = told.only()
    (leg,) = told.credits(stages[0]["transfer_id"])
    promised = promise_s(told, stages[0]["asset"])
    seen, final, booked = (stages[0]["event_time"], stages[-1]["event_time"], leg["booked_at"])
    assert seconds_of(final) - seconds_of(seen) < promised - 20
    assert seconds_of(booked) - seconds_of(final) < promised / 10
    assert seconds_of(booked) - seconds_of(seen) > promised


@everywhere
def test_s08_what_is_credited_never_becomes_final(seed: int) -> None:
    told = world("phantom_credit", seed)
    transfer_id = told.label.scope["transfer_id"]
    stages, (leg,) = told.stages(transfer_id), told.credits(transfer_id)
    assert leg["client_id"] == told.label.scope["client_id"]
    assert "completed" not in statuses(stages)
    if stages:
        assert statuses(stages)[-1] in ("failed", "reversed")
        assert moment(leg["booked_at"]) < moment(stages[-1]["event_time"])
        assert told.label.telling_ids == [stages[-1]["event_id"]]
    else:
        assert told.label.telling_ids == [leg["posting_id"]]


def test_s08_both_ways_of_a_phantom_are_seen_over_the_seeds() -> None:
    found = [world("phantom_credit", seed) for seed in SEEDS]
    assert {bool(told.stages(told.label.scope["transfer_id"])) for told in found} == {True, False}


@everywhere
def test_s08_a_credit_five_seconds_early_is_for_money_that_comes(seed: int) -> None:
    told = world("phantom_credit_lookalike", seed)
    stages = told.only()
    (leg,) = told.credits(stages[0]["transfer_id"])
    assert when(stages, "completed") == later(leg["booked_at"], 5)
    assert leg["amount"] == stages[-1]["amount"]


@everywhere
def test_s09_all_is_credited_where_a_cent_was_delivered(seed: int) -> None:
    told = world("partial_payment", seed)
    done = told.only()[-1]
    assert (done["status"], done["amount"], done["amount_delivered"]) == ("completed", "10000", "0.01")
    (leg,) = told.credits(done["transfer_id"])
    assert leg["amount"] == "10000"
    assert unbacked(told) == {done["asset"]: Fraction("9999.99")}
    heard = {ident: told.by_id[ident].observed_at_us for ident in told.label.event_ids}
    assert told.label.telling_ids == [max(heard, key=lambda ident: heard[ident])], "the credit is heard last"


@everywhere
def test_s09_what_was_delivered_is_credited(seed: int) -> None:
    told = world("partial_payment_lookalike", seed)
    done = told.only()[-1]
    (leg,) = told.credits(done["transfer_id"])
    assert leg["amount"] == done["amount_delivered"]
    assert Fraction(leg["amount"]) < Fraction(done["amount"])


@everywhere
def test_s10_three_credited_deposits_are_taken_back_hours_later(seed: int) -> None:
    told = world("deep_reorg", seed)
    assert len(told.told()) == 3
    for transfer_id, stages in told.told().items():
        assert statuses(stages)[-2:] == ["completed", "reorged"]
        (leg,) = told.credits(transfer_id)
        assert seconds_of(stages[-1]["event_time"]) - seconds_of(leg["booked_at"]) > 3_600
    owed = sum(Fraction(stages[0]["amount"]) for stages in told.told().values())
    assert unbacked(told) == {told.label.scope["asset"]: owed}


@everywhere
def test_s10_a_deposit_seen_again_is_credited_once(seed: int) -> None:
    told = world("deep_reorg_lookalike", seed)
    stages = told.only()
    seen = statuses(stages)
    assert seen[:4] == ["broadcast", "confirming", "reorged", "broadcast"]
    assert seen[-1] == "completed"
    assert len({stage["ids"]["tx_hash"] for stage in stages}) == 1
    assert len(told.credits(stages[0]["transfer_id"])) == 1
