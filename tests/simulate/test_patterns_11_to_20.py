"""Each of the patterns 11 to 20 happens."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction

from streams.simulate import Simulation, WorldConfig
from tests.simulate.quiet import (
    assert_met_in_time,
    seconds,
    value_dated,
    world,
)
from tests.simulate.tally import deviations, moment, rows


def test_11_banks_count_what_is_booked_only_on_its_value_date() -> None:
    of = world("value_dates")
    pending = value_dated(of)
    assert {place for place, items in pending.items() if items} == {("bank:acme-usd", "USD"), ("bank:acme-eur", "EUR")}
    assert sum(place[0].startswith("bank:") and gap != 0 for _, place, gap in deviations(of.tally)) > 50


def test_12_funding_comes_at_full_hours_rewards_drip_and_a_stake_takes_long_to_come_back() -> None:
    of = world("staking_and_funding")
    funding = [s[0]["event_time"] for s in of.movements("funding")]
    assert len({at[11:13] for at in funding}) >= 8
    assert {at[14:16] for at in funding} == {"00"}
    assert of.movements("reward")
    exits = [s for s in of.movements("rebalance") if s[0]["from"]["location"] == "staking:validators"]
    assert exits
    done = [stage for s in exits for stage in s if stage["status"] == "completed"]
    left = {s[0]["transfer_id"]: stage["event_time"] for s in exits for stage in s if stage["status"] == "broadcast"}
    assert left
    assert all(seconds(stage["event_time"]) - seconds(left[stage["transfer_id"]]) > 7_200 for stage in done)


def test_13_a_token_rebases_one_is_redenominated_one_renamed_and_some_are_given_away() -> None:
    of = world("token_events")
    assert any(gap for _, place, gap in deviations(of.tally) if place[1] == "STETH")
    burnt = {s[0]["parent_id"]: Counter[str]() for s in of.movements("burn")}
    for s in (*of.movements("burn"), *of.movements("mint")):
        burnt[s[0]["parent_id"]][s[0]["op_type"]] += int(Fraction(s[0]["amount"]) * 10**6)
    assert all(amounts["burn"] == 1_000 * amounts["mint"] for amounts in burnt.values())
    assert {stage["asset"] for s in of.movements("deposit") for stage in s} >= {"MATIC", "POL", "LUMENA", "STETH"}
    assert {row["asset"] for value in of.of("balances") for row in value["rows"]} >= {"MATIC", "POL", "LUMA"}
    assert len([s for s in of.movements("reward") if s[0]["asset"] == "DROP1"]) == 21


def test_14_a_new_client_tries_with_a_little_and_brings_much() -> None:
    of = world("onboarding")
    arrived = [value for value in of.of("reference", "account") if "-p14-" in value["account_id"]]
    assert arrived
    prices = {value["asset"]: Fraction(value["usd"]) for value in of.of("reference", "price")} | {"USD": Fraction(1)}
    for account in arrived[:1]:
        paid = [s[0] for s in of.movements("deposit") if s[0]["to"]["client_id"] == account["client_id"]]
        worth = [
            Fraction(first["amount"]) * prices[first["asset"]] for first in sorted(paid, key=lambda s: s["event_time"])
        ]
        assert worth[0] < 300
        assert worth[1] > 900_000


def test_14_the_first_withdrawal_waits_for_a_day() -> None:
    config = WorldConfig(seed=2, duration_s=3 * 86_400, transfers_per_day=300, clients=5, patterns=("onboarding",))
    events = list(Simulation(config).events())
    added = {
        e.value["owner"]: e.value["added_at"]
        for e in events
        if e.key.startswith("address:") and "-p14-" in e.value["owner"]
    }
    asked = {e.value["from"]["client_id"]: e.value["event_time"] for e in events if e.key.startswith("wd-p14")}
    assert asked
    assert all(seconds(at) - seconds(added[client]) > 86_400 for client, at in asked.items())


def test_15_settlement_cycles_are_paid_in_time_and_what_is_lent_is_reported_apart() -> None:
    of = world("oes_cycles")
    paid = of.movements("settlement")
    assert len({s[0]["plan_id"] for s in paid}) >= 4
    assert_met_in_time(of.plans(), paid)
    kinds = Counter(
        value["holding_kind"] for value in of.of("balances") if value["snapshot_id"].startswith(("pl", "del"))
    )
    assert kinds["pledged"] > 3
    assert kinds["virtual"] > 3


def test_16_all_of_an_asset_goes_to_a_new_wallet_under_a_plan() -> None:
    of = world("wallet_migration")
    moves = [s for s in of.movements("rebalance") if s[0]["to"]["location"] == "fireblocks:cold-2"]
    asset = moves[0][0]["asset"]
    assert all(s[0]["amount"] == of.plans()[s[0]["plan_id"]]["amount"] for s in moves)
    at = moment(moves[-1][-1]["event_time"])
    after = next(s for s in of.tally.snapshots if s["location"] == "fireblocks:cold-1" and moment(s["as_of"]) > at)
    new = next(s for s in of.tally.snapshots if s["location"] == "fireblocks:cold-2" and moment(s["as_of"]) > at)
    assert asset not in rows(after)
    assert rows(new)[asset] > 0


def test_17_a_price_falls_by_15_percent() -> None:
    prices: dict[str, list[Fraction]] = defaultdict(list)
    for value in world("price_gap").of("reference", "price"):
        prices[value["asset"]].append(Fraction(value["usd"]))
    assert any(min(told) <= max(told) * Fraction(86, 100) for told in prices.values())


def test_18_old_events_come_again_late_small_talk_and_restatements_change_nothing() -> None:
    of = world("replays")
    arrivals: dict[str, list[int]] = defaultdict(list)
    for event in of.events:
        arrivals[event.value["event_id"]].append(event.observed_at_us)
    assert sum(max(at) - min(at) > 3_600 * 10**6 for at in arrivals.values()) > 10
    restated = [value for value in of.values if value["event_id"].endswith("/r1")]
    assert {"posting_id" in value for value in restated} == {True, False}
    first = {value["event_id"]: value for value in of.values}
    for value in restated:
        before = first[value["event_id"].removesuffix("/r1")]
        assert value["revision"] == 1
        assert all(
            value[name] == before[name]
            for name in before.keys() - {"event_id", "event_time", "observed_at", "revision"}
        )
    small_talk = [e for e in of.events if e.value.get("status") == "confirming"]
    assert any(e.observed_at_us > seconds(e.value["event_time"]) * 10**6 + 1_700 * 10**6 for e in small_talk)


def test_19_clients_move_money_between_their_own_accounts() -> None:
    moves = [s[0] for s in world("sub_accounts").movements("internal")]
    assert len(moves) > 3
    assert all(m["from"]["client_id"] == m["to"]["client_id"] for m in moves)
    assert all(m["from"]["account_id"] != m["to"]["account_id"] for m in moves)


def test_20_a_wrong_credit_is_taken_back_by_others_with_references() -> None:
    of = world("reversal_pairs")
    wrong = {s[0]["transfer_id"]: s for s in of.movements("adjustment")}
    back = of.movements("reversal")
    journals = {leg["journal_id"]: leg for leg in of.tally.postings}
    by_transfer = {leg.get("transfer_id"): leg for leg in of.tally.postings}
    assert back
    for stages in back:
        first = wrong[stages[0]["ids"]["reverses"]]
        assert stages[0]["ids"]["refers_to"] == first[0]["transfer_id"]
        assert stages[0]["amount"] == first[0]["amount"]
        assert seconds(stages[-1]["event_time"]) - seconds(first[-1]["event_time"]) < 1_000
        undone = journals[by_transfer[stages[0]["transfer_id"]]["reverses"]]
        assert undone["transfer_id"] == first[0]["transfer_id"]
        people = {undone["maker"], undone["checker"]}
        assert len(people | {by_transfer[stages[0]["transfer_id"]][role] for role in ("maker", "checker")}) == 4
