"""Each of the patterns 1 to 10 happens."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import pairwise

from streams.simulate import Simulation, WorldConfig
from tests.simulate.quiet import (
    Json,
    World,
    assert_met_in_time,
    later,
    seconds,
    world,
)
from tests.simulate.tally import moment

USUAL_MOST_ETH = Fraction("0.002")  # what the network takes at most where nothing is congested


def test_1_a_month_ends_with_several_times_the_volume_and_its_bills() -> None:
    bills = [s for s in world("month_end").movements("fee") if s[0].get("parent_id", "").startswith("invoice-2026-01-")]
    assert len(bills) > 10
    assert len(world("month_end").movements("interest")) > 20
    swept = world("month_end").movements("sweep")
    assert {(s[0]["from"]["account_id"], s[0]["to"]["account_id"]) for s in swept} == {("fee:income", "house:treasury")}
    asked = sorted(s[0]["event_time"] for s in world("month_end").movements("withdrawal"))
    usual = [s[0]["event_time"] for s in world("month_end").movements("withdrawal", of_pattern=False)]
    meanwhile = [at for at in usual if asked[0] <= at <= asked[-1]]
    assert 2 <= 1 + len(asked) / len(meanwhile) <= 6.5


def test_1_a_month_end_in_the_world_is_a_day() -> None:
    config = WorldConfig(start_us=1_769_731_200_000_000, duration_s=2.1 * 86_400, transfers_per_day=300, clients=5,
                         patterns=("month_end",))  # fmt: skip
    days = Counter(
        event.value["event_time"][:10] for event in Simulation(config).events() if event.key.startswith("wd-p01")
    )
    assert days["2026-01-31"] > 20 * days["2026-01-30"]
    assert days.most_common(1)[0][0] == "2026-01-31"


def test_2_two_clients_pay_hundreds_near_equal_amounts_within_ten_minutes_as_advised() -> None:
    by_plan: dict[str, list[Json]] = defaultdict(list)
    for stages in world("payroll_burst").movements("withdrawal"):
        by_plan[stages[0]["plan_id"]].append(stages[0])
    plans = world("payroll_burst").plans()
    assert len(by_plan) == 2
    for plan_id, asked in by_plan.items():
        plan = plans[plan_id]
        assert 200 <= len(asked) == len({first["to"]["address"] for first in asked})
        assert len({first["from"]["client_id"] for first in asked}) == 1
        assert all(plan["not_before"] <= first["event_time"] <= plan["not_after"] for first in asked)
        amounts = [Fraction(first["amount"]) for first in asked]
        assert Fraction(plan["amount_min"]) <= min(amounts) <= max(amounts) <= Fraction(plan["amount_max"])
        assert max(amounts) < min(amounts) * Fraction(107, 100)
        at = sorted(seconds(first["event_time"]) for first in asked)
        assert 300 < at[-1] - at[0] < 700
    assert sorted(plan.get("recurring_s", 0) for plan in plans.values() if "payroll" in plan["plan_id"]) == [0, 604_800]


def test_3_hundreds_of_millions_move_there_and_back_with_plans() -> None:
    moved: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    plans = world("large_rebalances").plans()
    for first, *_ in world("large_rebalances").movements("rebalance"):
        assert plans[first["plan_id"]]["amount"] == first["amount"]
        assert moment(plans[first["plan_id"]]["event_time"]) < moment(first["event_time"])
        moved[first["asset"], first["from"]["location"], first["to"]["location"]] += Fraction(first["amount"])
    assert moved["USDC", "fireblocks:cold-1", "binance:main"] >= 10**8
    assert all(amount == moved[asset, target, origin] for (asset, origin, target), amount in tuple(moved.items()))


def test_4_own_addresses_are_fuelled_swept_and_consolidated_and_some_of_it_nobody_asked_for() -> None:
    moves = world("own_upkeep").movements("sweep")
    unasked = [s for s in moves if all(stage["status"] != "requested" for stage in s)]
    assert {("fireblocks:gas", "fireblocks:hot-1"), ("fireblocks:hot-2", "fireblocks:hot-1")} & {
        (s[0]["from"]["location"], s[0]["to"]["location"]) for s in unasked
    }
    gathered = {s[0]["transfer_id"] for s in moves if s[0]["from"]["location"] == s[0]["to"]["location"]}
    fees = {s[0]["parent_id"] for s in world("own_upkeep").movements("fee")}
    assert gathered
    assert fees == gathered


def test_5_specks_bait_and_spam_come_in() -> None:
    specks = [s[-1] for s in world("dust_and_spam").movements("deposit")]
    bait = [stage["from"]["address"] for stage in specks if "address" in stage["from"]]
    own = {value["address"] for value in world("dust_and_spam").of("reference", "address")}
    assert bait
    assert all(any(b[:6] == a[:6] and b[-6:] == a[-6:] and a != b for a in own) for b in bait)
    spam = [stage for stage in specks if stage["asset"].startswith("CLAIM")]
    assert {stage["to"]["account_id"] for stage in spam} == {"suspense:unidentified"}
    dust = {value["asset"]: Fraction(value["dust"]) for value in world("dust_and_spam").of("reference", "asset")}
    assert all(Fraction(s["amount"]) <= dust[s["asset"]] for s in specks if s not in spam)


def test_6_for_an_hour_many_clients_move_ten_times_as_much_and_calls_are_met() -> None:
    surge = world("volatility_surge")
    asked = [s[0] for s in surge.movements("withdrawal")]
    begins, ends = min(s["event_time"] for s in asked), max(s["event_time"] for s in asked)
    assert 3_000 < seconds(ends) - seconds(begins) < 3_900
    usual = sum(begins <= s[0]["event_time"] <= ends for s in surge.movements("withdrawal", of_pattern=False))
    assert len(asked) > 5 * usual
    assert len({s["from"]["client_id"] for s in asked}) > 10
    assert_met_in_time(surge.plans(), surge.movements("collateral"))


def test_7_balances_come_late_twice_out_of_order_in_part_and_every_six_minutes() -> None:
    untidy = world("untidy_snapshots")
    parts = [event for event in untidy.events if event.topic == "balances" and not event.value["complete"]]
    location = parts[0].value["location"]
    reports = [event for event in untidy.events if event.topic == "balances" and event.key == location]
    during = [event for event in reports if parts[0].observed_at_us <= event.observed_at_us <= parts[-1].observed_at_us]
    assert len({event.value["event_id"] for event in during}) < len(during)
    stamps = [event.value["as_of"] for event in during]
    assert stamps != sorted(stamps)
    moments = sorted({seconds(stamp) for stamp in stamps})
    assert sum(b - a > 335 for a, b in pairwise(moments)) > len(moments) // 2


def test_8_what_waits_for_a_maintenance_comes_in_a_burst_after_it() -> None:
    kinds: Counter[str] = Counter()
    for seed in range(1, 6):
        of = world("maintenance", seed)
        for window in of.of("control", "maintenance"):
            kinds[window.get("location") or window.get("of_source") or window["network"][:4]] += 1
            if window.get("location"):
                opens = later(window["until"], -300.0)
                done = [stage for s in of.movements() for stage in s if stage["status"] == "completed"]
                assert [s for s in done if moment(window["from"]) < moment(s["event_time"]) < opens] == []
                assert sum(opens <= moment(s["event_time"]) <= later(opens, 4_000.0) for s in done) >= 15
                asked = [s[0] for s in of.movements(of_pattern=None) if s[0]["from"]["location"] == "kraken:main"]
                begun = [
                    a for a in asked if window["from"] < a["event_time"] < opens and "-p08" not in a["transfer_id"]
                ]
                assert begun == []
    assert kinds["kraken:main"] > 2


def test_9_fees_rise_for_everybody_and_confirmations_slow_down() -> None:
    of = World("congestion", transfers_per_day=6_000)
    sent = [
        s
        for s in of.movements("withdrawal", of_pattern=False)
        if s[0].get("fee_asset") == "ETH" and s[0]["from"]["location"] == "fireblocks:hot-1"
    ]
    fees = sorted((s[0]["event_time"], Fraction(s[0]["fee_amount"])) for s in sent)
    dear = [at for at, fee in fees if fee > USUAL_MOST_ETH]
    assert len(dear) > 10
    assert max(fee for _, fee in fees) > 10 * USUAL_MOST_ETH
    meanwhile = [fee for at, fee in fees if dear[0] < at < dear[-1]]
    assert sum(fee > USUAL_MOST_ETH for fee in meanwhile) > len(meanwhile) * 3 // 4
    waits = [seconds(s[-1]["event_time"]) - seconds(stage["event_time"])
             for s in sent if s[-1]["status"] == "completed" for stage in s if stage["status"] == "broadcast"
             if dear[0] < stage["event_time"] < dear[-1] and "replaced" not in {stage["status"] for stage in s}]  # fmt: skip
    assert max(waits) > 430, "more than it usually takes at most"


def test_10_transactions_are_replaced_some_twice_and_by_both_sides() -> None:
    replaced: Counter[tuple[str, int]] = Counter()
    for stages in world("replacements").movements():
        times = [stage for stage in stages if stage["status"] == "replaced"]
        hashes = {stage["ids"]["tx_hash"] for stage in stages if "tx_hash" in stage.get("ids", {})}
        assert len(hashes) == len(times) + 1
        assert stages[-1]["status"] == "completed"
        replaced[stages[0]["op_type"], len(times)] += 1
    assert replaced["withdrawal", 1]
    assert replaced["withdrawal", 2]
    assert replaced["deposit", 1]
