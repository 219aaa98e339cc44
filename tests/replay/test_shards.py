"""Files of several shards: exported lines go where they say, plain ones where the map says, and all write as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.shards import ShardRule
from streams.lines import Placed, format_line, parse_placed
from streams.monitor import Monitor, Settings, encode
from streams.monitors import Monitors
from streams.record import Record
from tests.firms import Told, firms
from tests.ledger.wire import control, received, reference, snapshot, stamp
from tests.replay.command import command, replay

TOML = "".join(
    f'[[shards]]\nshard = {n}\nlocations = ["f{n}.*"]\naccounts = ["f{n}.*"]\nsources = ["f{n}.*"]\n' for n in (0, 1)
)


@pytest.fixture(scope="module")
def feed() -> tuple[list[Told], list[ShardRule]]:
    told, rules = firms(2, 4, days=0.1, movements=600, between=0.4, faults={0: ["missing_credit"], 1: ["wrong_amount"]})
    return told, rules


def written(path: Path, lines: list[bytes]) -> str:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return str(path)


def configured(rules: list[ShardRule]) -> bytes:
    """Return the line of a config record that has the map."""
    shards = [{name: getattr(rule, name) for name in rule.__struct_fields__} for rule in rules]
    return (
        b'{"topic":"control","value":%s}'
        % received(control("config", "config", 0, settings={"shards": shards}), 0).value
    )


def exported(told: list[Told], rules: list[ShardRule]) -> list[bytes]:
    """Return a log as it is exported: shard by shard, each with its config record and every record that it has."""
    monitors = Monitors(Settings(shards=tuple(rules)))
    lines: list[bytes] = []
    for shard in monitors.map.all:
        config = json.loads(configured(rules))
        lines.append(format_line(Record("control", json.dumps(config["value"]).encode(), "control/driftline"), shard))
        for number, event in enumerate(told):
            if shard in monitors.map.shards_of(event.topic, event.raw):
                lines.append(format_line(Record(event.topic, event.raw, f"{event.topic}/0/{number}"), shard))
    return lines


def by_kind(rows: list[dict[str, object]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def test_a_map_in_the_file_or_beside_it_and_an_export_all_say_the_same(
    tmp_path: Path, feed: tuple[list[Told], list[ShardRule]]
) -> None:
    told, rules = feed
    lines = [event.line for event in told]
    (tmp_path / "map.toml").write_text(TOML, encoding="utf-8")
    inside = replay(tmp_path, written(tmp_path / "inside.jsonl", [configured(rules), *lines]))
    beside = replay(tmp_path, written(tmp_path / "beside.jsonl", lines), "--config", str(tmp_path / "map.toml"))
    assert inside.exit_code == beside.exit_code == 0
    assert inside.alerts == beside.alerts
    assert inside.positions == beside.positions
    assert {alert["type"] for alert in inside.alerts} >= {"missing_credit", "position_drift"}
    log = replay(tmp_path, written(tmp_path / "log.jsonl", exported(told, rules)))
    assert by_kind(log.alerts) == by_kind(inside.alerts), "the same, each shard's in its own order"
    assert [alert for alert in log.alerts if "f1." in str(alert["scope"])] == [
        alert for alert in inside.alerts if "f1." in str(alert["scope"])
    ]
    assert log.positions == inside.positions
    assert inside.quarantine == log.quarantine == []


def test_positions_of_all_shards_are_one_sorted_file(tmp_path: Path, feed: tuple[list[Told], list[ShardRule]]) -> None:
    told, rules = feed
    run = replay(tmp_path, written(tmp_path / "day.jsonl", [configured(rules), *(event.line for event in told)]))
    places = [(row["location"], row["asset"]) for row in run.positions]
    assert places == sorted(places)
    assert len(places) == len(set(places))
    assert {place.partition(".")[0] for place, _ in places} == {"f0", "f1"}


def test_what_several_shards_say_comes_in_order_of_line_then_shard() -> None:
    rules = (ShardRule(1, ("b.*",)), ShardRule(2, ("c.*",)))
    monitors, said = Monitors(Settings(shards=rules)), list[str]()
    lines = [received(reference("asset", "usd", asset="USD", decimals=2, dust="0"), 0)]
    for at_s, total in ((1, "100"), (100, "90"), (200, "90")):
        # The third line of each round is of shard 0: all three shards have news only then, with the last round.
        lines += [received(snapshot(f"{name}{at_s}", at_s, f"{name}.x", {"USD": total}), at_s) for name in "cba"]
    order = [[output.value.scope.location for output in monitors.step(Placed(line, None))] for line in lines]
    assert [places for places in order if places] == [["c.x"], ["b.x"], ["a.x"]]
    for source, name in (("late", "a"), ("late", "b"), ("late", "c")):
        monitors.step(
            Placed(received(snapshot(f"{name}-{source}", 300, f"{name}.x", {"USD": "90"}, source=source), 300), None)
        )
    beat = control("heartbeat", "beat", 301, of_source="late", watermark=stamp(300))
    monitors.step(Placed(received(beat, 301), None))
    later = received(control("heartbeat", "beat-2", 9_000, of_source="else", watermark=stamp(9_000)), 9_000)
    for output in monitors.step(Placed(later, None)):
        said.append(output.value.type)
    assert said == ["source_silent"] * 3, "by one line, in the order of the shards"
    ids = [monitor.state.book.rows["source_silent|late"].alert_id for monitor in monitors.monitors]
    assert len(set(ids)) == 3


def test_a_plain_line_moves_the_time_of_all_shards_and_an_exported_one_its_own() -> None:
    rules = (ShardRule(1, ("b.*",)),)
    line = received(snapshot("s", 50, "b.x", {"USD": "1"}), 50)
    plain, exported_too = Monitors(Settings(shards=rules)), Monitors(Settings(shards=rules))
    plain.step(Placed(line, None))
    exported_too.step(Placed(line, 1))
    clocks = [[monitor.clock_us for monitor in monitors.monitors] for monitors in (plain, exported_too)]
    assert clocks[0][0] == clocks[0][1] > 0
    assert clocks[1] == [0, clocks[0][1]]


def test_a_map_that_comes_too_late_is_refused_and_the_file_has_one_shard(tmp_path: Path) -> None:
    usd = (
        b'{"topic":"reference","value":%s}'
        % received(reference("asset", "usd", asset="USD", decimals=2, dust="0"), 0).value
    )
    first = b'{"topic":"balances","value":%s}' % received(snapshot("s", 1, "b.x", {"USD": "1"}), 1).value
    run = replay(tmp_path, written(tmp_path / "late.jsonl", [usd, first, configured([ShardRule(1, ("b.*",))])]))
    assert [row["code"] for row in run.quarantine] == ["bad_settings"]
    assert [row["location"] for row in run.positions] == ["b.x"]


def test_references_before_the_map_are_heard_by_all_shards(tmp_path: Path) -> None:
    usd = (
        b'{"topic":"reference","value":%s}'
        % received(reference("asset", "usd", asset="USD", decimals=2, dust="0"), 0).value
    )
    last = b'{"topic":"balances","value":%s}' % received(snapshot("s", 1, "b.x", {"USD": "1"}), 1).value
    run = replay(tmp_path, written(tmp_path / "early.jsonl", [usd, configured([ShardRule(1, ("b.*",))]), last]))
    assert run.quarantine == run.alerts == []
    assert [row["location"] for row in run.positions] == ["b.x"]


def test_the_report_is_of_one_shard(tmp_path: Path, feed: tuple[list[Told], list[ShardRule]]) -> None:
    told, rules = feed
    file = written(tmp_path / "day.jsonl", [configured(rules), *(event.line for event in told)])
    code, _, complained = command("report", file)
    assert (code, complained) == (
        2,
        "driftline: there are 2 shards, each with a service of its own: name one with --shard\n",
    )
    code, said, _ = command("report", file, "--shard", "1")
    assert code == 0
    assert said


def test_the_trial_of_a_policy_reads_several_shards(tmp_path: Path, feed: tuple[list[Told], list[ShardRule]]) -> None:
    told, rules = feed
    file = written(tmp_path / "day.jsonl", [configured(rules), *(event.line for event in told)])
    (tmp_path / "same.toml").write_text("silent_s = 900\n", encoding="utf-8")
    out = tmp_path / "out.json"
    code, _, _ = command("policy", "test", str(tmp_path / "same.toml"), "--events", file, "--json", str(out))
    assert code == 0
    found = json.loads(out.read_bytes())
    decided = {event.value["transfer_id"] for event in told if event.value.get("status") == "requested"}
    assert found["movements"] >= len(decided)


def test_the_shard_of_a_line_is_read_and_a_wild_one_is_no_envelope() -> None:
    record = Record("ledger", b"{}", "ledger/0/1", 5)
    assert parse_placed(format_line(record, 3)) == Placed(record, 3)
    assert parse_placed(b'{"topic":"ledger","value":{}}').shard is None
    for shard in (b"-1", b"256", b"1.5", b'"1"'):
        line = b'{"topic":"ledger","value":{},"shard":' + shard + b"}"
        assert parse_placed(line) == Placed(Record("", line), None)


def test_one_shard_says_what_a_monitor_says() -> None:
    told, _ = firms(1, 7, days=0.05)
    monitor, monitors = Monitor(), Monitors()
    for event in told:
        record = Record(event.topic, event.raw)
        expected = [encode(output.value) for output in monitor.step(record)]
        assert [encode(output.value) for output in monitors.step(Placed(record, None))] == expected
    assert monitors.monitors[0].rows() == monitor.rows()
