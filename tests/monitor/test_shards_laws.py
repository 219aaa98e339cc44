"""Laws of several shards over simulated firms: independent firms know nothing of each other, and each half of a movement
between two of them is exact; what is planted between them is told once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from ledger.shards import ShardRule
from streams.monitor import Monitor, Settings, encode
from streams.monitor.report import PositionRow, position_rows
from streams.monitors import Monitors
from streams.record import Output, Record
from streams.rowdata import encoded_rows
from tests.firms import Told, firms, numbered

_ALERT_ID = re.compile(r"al-[0-9a-f]{20}")
RESTART_EVERY = 2_500


def of_shards(told: list[Told], rules: list[ShardRule]) -> tuple[list[Monitor], list[list[Output]]]:
    """Return the monitors of all shards over a feed as a file, and what each has said; they are restarted on the way."""
    monitors = Monitors(Settings(shards=tuple(rules)))
    said: list[list[Output]] = [[] for _ in rules]
    for number, event in enumerate(told):
        record = Record(event.topic, event.raw)
        hears = monitors.map.shards_of(event.topic, record.value)
        for shard in hears:
            said[shard] += monitors.monitors[shard].step(record)
        now_us = max(monitors.monitors[shard].clock_us for shard in hears)
        for shard, monitor in enumerate(monitors.monitors):
            said[shard] += monitor.pass_time(now_us) if shard not in hears else []
            if number % RESTART_EVERY == shard:
                monitor.restore(encoded_rows(monitor.rows()))
    return monitors.monitors, said


def alone(told: list[Told], firm: int) -> tuple[Monitor, list[Output]]:
    """Return one monitor of a firm, and what it has said: of the others it hears what is told to all, and that time passes.

    That another firm's source is alive is no news to it.
    """
    monitor, said = Monitor(), list[Output]()
    for event in told:
        for_all = event.topic in ("reference", "control") and event.value["kind"] != "heartbeat"
        if event.firm == firm or for_all:
            said += monitor.step(Record(event.topic, event.raw))
        else:
            said += monitor.pass_time(event.observed_at_us)
    return monitor, said


def nameless(said: list[Output]) -> list[str]:
    """Return outputs as bytes, but for the ids of alerts, which tell the shards apart."""
    return [_ALERT_ID.sub("al", f"{output.topic} {output.key} {encode(output.value).decode()}") for output in said]


def shown(monitor: Monitor) -> list[PositionRow]:
    return list(position_rows(monitor.state))


def opened(said: list[list[Output]]) -> list[tuple[int, str]]:
    """Return which shard has opened an alert of which type, the brake's own left out."""
    return sorted(
        (shard, output.value.type)
        for shard, outputs in enumerate(said)
        for output in outputs
        if output.topic == "alerts" and output.value.seq == 0 and output.value.type != "brake_applied"
    )


@pytest.mark.parametrize(
    ("seed", "faults"),
    [
        (5, ["missing_credit", "dropped_event", "event_conflict"]),
        (6, ["unknown_asset", "clock_skew", "beyond_horizon"]),
        (8, ["margin_call_unmet", "stuck_move", "settlement_overdue"]),
        (9, ["hot_wallet_drain", "deep_reorg", "lost_page"]),
    ],
)
def test_independent_firms_are_told_of_as_if_each_were_alone(seed: int, faults: list[str]) -> None:
    told, rules = firms(3, seed, days=0.2, faults={firm: [fault] for firm, fault in enumerate(faults)})
    monitors, said = of_shards(told, rules)
    for firm, monitor in enumerate(monitors):
        single, expected = alone(told, firm)
        assert nameless(said[firm]) == nameless(expected)
        assert shown(monitor) == shown(single)
        assert {shard for shard, _ in opened([expected])}, f"the fault {faults[firm]} is told of"
    ids = [{output.value.alert_id for output in outputs if output.topic == "alerts"} for outputs in said]
    assert sum(map(len, ids)) == len(set().union(*ids)), "no two shards share an alert"


# --- movements between firms -----------------------------------------------------------------------------------
def between_two(seed: int = 4) -> tuple[list[Told], list[ShardRule]]:
    return firms(2, seed, days=0.12, movements=600, between=0.5)


@pytest.mark.parametrize("seed", [4, 11])
def test_a_clean_day_with_movements_between_firms_raises_nothing_and_is_exact(seed: int) -> None:
    told, rules = firms(3, seed, days=0.2, movements=600, between=0.4)
    monitors, said = of_shards(told, rules)
    assert opened(said) == []
    crossing = {event.value["transfer_id"] for event in told if ".out-" in event.value.get("transfer_id", "")}
    assert len(crossing) > 50
    decided = [output.value.transfer_id for outputs in said for output in outputs if output.topic == "decisions"]
    assert sorted(name for name in decided if name in crossing) == sorted(crossing), "each once"
    for firm, monitor in enumerate(monitors):
        rows = shown(monitor)
        assert {row.location.partition(".")[0] for row in rows} == {f"f{firm}"}, "no place of another firm"
        assert all(row.agrees for row in rows)
        (nostro,) = [row for row in rows if row.location.endswith("nostro")]
        assert (nostro.expected, nostro.in_transit) == (expected(told, firm), "0")


def expected(told: list[Told], firm: int) -> str:
    """Return what a nostro holds in the end: what it began with, and all that came and went."""
    cents = 10_000_000_00
    for event in told:
        value = event.value
        if event.topic == "transfers" and ".out-" in value["transfer_id"] and value["status"] == "completed":
            moved = round(float(value["amount"]) * 100)
            cents += moved * ((value["to"]["location"] == f"f{firm}.bank:nostro") - (value["from"]["location"] == f"f{firm}.bank:nostro"))  # fmt: skip
    return f"{cents / 100:.2f}".rstrip("0").rstrip(".")


Fault = Callable[[list[Told], str], list[Told]]


def of_clients(told: list[Told]) -> tuple[str, int, int]:
    """Return the first movement of a client from one firm to the other, and their numbers."""
    for event in told:
        value = event.value
        if event.topic == "transfers" and ".out-" in value["transfer_id"] and "client_id" in value["to"]:
            return value["transfer_id"], int(value["from"]["location"][1]), int(value["to"]["location"][1])
    raise AssertionError("none")


def is_booked(event: Told, name: str, what: str) -> bool:
    return event.topic == "ledger" and str(event.value["journal_id"]) == f"{name}.{what}"


def without_the_credit(told: list[Told], name: str) -> list[Told]:
    return [event for event in told if not is_booked(event, name, "credit")]


def without_the_debit(told: list[Told], name: str) -> list[Told]:
    return [event for event in told if not (is_booked(event, name, "debit") or is_booked(event, name, "gone"))]


def without_the_request(told: list[Told], name: str) -> list[Told]:
    asked = ("requested", "approved")
    return [
        event for event in told if not (event.value.get("transfer_id") == name and event.value.get("status") in asked)
    ]


def with_ten_times_the_credit(told: list[Told], name: str) -> list[Told]:
    def tenfold(event: Told) -> Told:
        value: dict[str, Any] = {**event.value, "amount": f"{float(event.value['amount']) * 10:.2f}"}
        return Told(event.observed_at_us, event.firm, event.topic, event.key, value)

    return [tenfold(event) if is_booked(event, name, "credit") else event for event in told]


def with_money_gone_on_the_way(told: list[Told], name: str) -> list[Told]:
    """Let the nostro that receives report 300,000 USD less from the movement on than came."""
    done = next(event for event in told if event.value["event_id"] == f"{name}/completed")
    place, since_us = done.value["to"]["location"], done.observed_at_us

    def less(event: Told) -> Told:
        if event.topic != "balances" or event.value["location"] != place or event.observed_at_us < since_us:
            return event
        (row,) = event.value["rows"]
        rows = [{**row, "total": f"{float(row['total']) - 300_000:.2f}"}]
        return Told(event.observed_at_us, event.firm, event.topic, event.key, {**event.value, "rows": rows})

    return [less(event) for event in told]


@pytest.mark.parametrize(
    ("fault", "end", "alert"),
    [
        (without_the_credit, "to", "missing_credit"),
        (without_the_debit, "from", "missing_debit"),
        (without_the_request, "from", "unmatched_outflow"),
        (with_ten_times_the_credit, "to", "unit_or_decimal_error"),
        (with_money_gone_on_the_way, "to", "position_drift"),
    ],
)
def test_what_is_planted_between_two_firms_is_told_once(fault: Fault, end: str, alert: str) -> None:
    told, rules = between_two()
    name, origin, target = of_clients(told)
    _, said = of_shards(numbered(fault(told, name)), rules)
    assert opened(said) == [(origin if end == "from" else target, alert)]
