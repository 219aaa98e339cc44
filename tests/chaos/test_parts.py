"""The parts of the harness by themselves: what judges must see what is wrong, and what breaks must break just that."""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.shards import ShardMap
from streams.engine import keeper
from streams.engine.checkpoints import CheckpointWriter, Saved
from streams.engine.control import partial_tick_record, tick_record
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard
from streams.record import Record
from streams.rowdata import encoded_rows
from tests.chaos import wire
from tests.chaos.feeder import records
from tests.chaos.firms import firm_rules
from tests.chaos.inputs import Delivered, LogCheck, digest
from tests.chaos.light import Balances, bookings
from tests.chaos.outputs import Pair, check_outputs
from tests.chaos.plain_faust import score
from tests.chaos.schedule import BY_PROXY, OTHERS, schedule
from tests.chaos.ticks import TickCheck
from tests.chaos.verdict import Verdict

NOW_US = 1_795_000_000_000_000


def pair(text: str) -> Pair:
    return text.encode(), text.encode()


def outputs(said: list[str], found: str) -> dict[str, int]:
    verdict = Verdict()
    check_outputs(verdict, "alerts", [[pair(one) for one in shard] for shard in said], [pair(one) for one in found])
    return verdict.counts


# ------------------------------------------------------------------------------------------------------------ outputs


@pytest.mark.parametrize("found", ["abcxyz", "xaybzc", "xyzabc", "abaabcxxyyzcz"])
def test_shards_may_speak_in_any_turn_and_repeat_themselves(found: str) -> None:
    assert outputs(["abc", "xyz"], found) == {}


@pytest.mark.parametrize(
    ("found", "kind"),
    [("abxyz", "output lost"), ("abcxyz!", "output invented"), ("acbxyz", "output out of order"), ("", "output lost")],
)
def test_an_output_that_is_lost_invented_or_early_is_seen(found: str, kind: str) -> None:
    assert kind in outputs(["abc", "xyz"], found)


def test_what_two_shards_say_alike_must_be_there_twice() -> None:
    assert outputs(["ab", "ca"], "abca") == {}
    assert outputs(["ab", "ca"], "cab") == {"output lost": 1}


# ---------------------------------------------------------------------------------------------------------- the logs


def log(*entries: tuple[str, bytes], shards: tuple[int, ...] = (1, 3, 1), shard: int = 0) -> dict[str, int]:
    """Check a log against three inputs `0`, `1`, `2`, of which `shards` say in bits where each belongs."""
    verdict, delivered = Verdict(), Delivered()
    for number, bits in enumerate(shards):
        delivered.digests.append(digest(b"%d" % number))
        delivered.shards.append(bits)
    check = LogCheck(verdict, {("transfers", 0): delivered}, shard)
    for origin, value in entries:
        check.take(Record(origin.partition("/")[0], value, origin, NOW_US))
    check.end()
    return verdict.counts


ENTRIES = tuple((f"transfers/0/{number}", b"%d" % number) for number in range(3))
TICK = ("control/driftline", b'{"kind":"tick"}')


def test_a_log_has_what_belongs_to_its_shard_and_repetitions() -> None:
    assert log(*ENTRIES[:2], TICK, *ENTRIES) == {}
    assert log(ENTRIES[1], shard=1) == {}


@pytest.mark.parametrize(
    ("entries", "kind"),
    [
        (ENTRIES[:2], "input lost"),
        ((ENTRIES[0], ENTRIES[2], ENTRIES[1]), "log out of order"),
        ((*ENTRIES[:2], ("transfers/0/2", b"changed")), "log changed"),
        ((*ENTRIES, ("transfers/0/3", b"3")), "log invented"),
        ((*ENTRIES, ("control/driftline", b'{"kind":"plan"}')), "log invented"),
    ],
)
def test_what_is_wrong_with_a_log_is_seen(entries: tuple[tuple[str, bytes], ...], kind: str) -> None:
    assert log(*entries) == {kind: 1}


def test_a_record_in_the_log_of_another_shard_is_seen() -> None:
    assert log(ENTRIES[1], ENTRIES[2], shard=1) == {"log of another shard": 1}


# -------------------------------------------------------------------------------------------------------- the ticks

SECOND_US = 1_000_000
PLACE = ("transfers", 0)


def judged(*entries: tuple[str, bytes, int], until_us: int | None = None) -> dict[str, int]:
    """Judge a log of (origin, bytes, second of its stamp) against inputs that came at seconds 10, 20, 30 and say 1, 2, 90."""
    verdict, delivered = Verdict(), Delivered()
    for came, observed, shards in ((10, 1, 1), (15, 0, 2), (20, 2, 1), (30, 90, 1), (40, 3, 1)):
        delivered.came_us.append(came * SECOND_US)
        delivered.observed.append(observed * SECOND_US)
        delivered.shards.append(shards)
    ticks = TickCheck(verdict, {PLACE: delivered}, 0, until_us)
    for origin, value, second in entries:
        ticks.take(Record(origin.partition("/")[0], value, origin, 0), second * SECOND_US)
    return verdict.counts


def tick(second: int, *partial: str) -> tuple[str, bytes, int]:
    """Return a tick that claims a second, stamped one later."""
    marks = dict.fromkeys(partial, second * SECOND_US)
    value = partial_tick_record(marks, "w") if marks else tick_record(second * SECOND_US)
    return "control/driftline", value, second + 1


def taken(at: int) -> tuple[str, bytes, int]:
    return f"transfers/0/{at}", b"", 0


PAST = {"tick past an unread record": 1}


def test_a_tick_may_claim_what_is_read_and_what_had_not_come() -> None:
    assert judged(tick(9), taken(0), tick(19), taken(2), taken(3), tick(39), taken(4), tick(99)) == {}
    assert judged(tick(9, "transfers/0"), taken(0), tick(19, "transfers/0")) == {}


@pytest.mark.parametrize("partial", [(), ("transfers/0",)])
def test_a_tick_past_an_unread_record_is_seen(partial: tuple[str, ...]) -> None:
    assert judged(tick(12, *partial)) == PAST
    assert judged(taken(0), tick(22, *partial)) == PAST
    assert judged(taken(0), tick(18, *partial), taken(2), tick(32, *partial)) == PAST


def test_a_tick_may_claim_what_a_record_read_before_it_says_once_that_is_no_future() -> None:
    assert judged(taken(0), taken(2), taken(3), tick(80)) == PAST, "nobody could know of 90 then"
    assert judged(taken(0), taken(2), taken(3), tick(90)) == {}


def test_a_tick_of_a_partition_that_is_not_there_is_seen() -> None:
    assert judged(tick(12, "ledger/0")) == {"tick of no input": 1}


def test_a_tick_of_a_clock_that_was_stepped_is_not_judged() -> None:
    assert judged(tick(12), until_us=13 * SECOND_US) == {}
    assert judged(tick(12), tick(13), until_us=14 * SECOND_US) == PAST


# ---------------------------------------------------------------------------------------------- schedule and feed


def test_every_kind_of_fault_has_somebody_who_brings_it_about() -> None:
    from tests.chaos.nemesis import Nemesis

    assert set(OTHERS) >= BY_PROXY
    assert all(hasattr(Nemesis, "_" + kind.replace(" ", "_")) for kind in OTHERS)
    assert {fault.kind for fault in schedule(3, 400)} == {*OTHERS, "named"}
    assert {fault.kind for fault in schedule(3, 40, frozenset(("kill", "term")), named_share=0.0)} == {"kill", "term"}


def test_a_feed_of_several_firms_reaches_every_shard_and_some_of_it_two() -> None:
    routes, sent = ShardMap(firm_rules(3)), list(records(5, 4_000, NOW_US, firms=3))
    assert sent == list(records(5, 4_000, NOW_US, firms=3))
    reached = {routes.shards_of(topic, value or b"") for topic, _, value in sent if topic == "transfers"}
    assert reached == {(0,), (1,), (2,), (0, 1), (1, 2), (0, 2)}


# -------------------------------------------------------------------------------------------------------- the wire


def text(value: bytes) -> bytes:
    return struct.pack(">h", len(value)) + value


def test_only_the_error_code_of_an_answer_is_changed() -> None:
    ask = wire.Asked(wire.PRODUCE, 7)
    ok = struct.pack(">ii", 77, 1) + text(b"log") + struct.pack(">iihqqqi", 1, 0, 0, 5, -1, 0, 0)
    bad = wire.spoiled(ok, ask, 20)
    assert bad == struct.pack(">ii", 77, 1) + text(b"log") + struct.pack(">iihqqqi", 1, 0, 20, 5, -1, 0, 0)


def test_a_flexible_answer_is_changed_at_the_right_place() -> None:
    def answer(code: int) -> bytes:
        topic = b"\x02" + b"\x04log" + b"\x02" + struct.pack(">ih", 3, code) + struct.pack(">qqq", 5, -1, 0)
        return struct.pack(">i", 77) + b"\x00" + topic + b"\x01\x00\x00" + b"\x00" + struct.pack(">i", 0) + b"\x00"

    assert wire.spoiled(answer(0), wire.Asked(wire.PRODUCE, 9), 7) == answer(7)


def test_every_partition_of_a_commit_fails() -> None:
    def answer(code: int) -> bytes:
        partitions = struct.pack(">iihih", 2, 0, code, 1, code)
        return struct.pack(">ii", 77, 2) + text(b"a") + partitions + text(b"bc") + partitions

    assert wire.spoiled(answer(0), wire.Asked(wire.OFFSET_COMMIT, 2), 16) == answer(16)


def test_an_answer_of_a_version_that_nobody_knows_stays_as_it_is() -> None:
    assert wire.spoiled(b"\0\0\0\1whatever", wire.Asked(wire.PRODUCE, 99), 7) == b"\0\0\0\1whatever"
    assert wire.spoiled(b"\0\0\0\1whatever", wire.Asked(wire.END_TXN + 100, 1), 7) == b"\0\0\0\1whatever"


# ------------------------------------------------------------------------------------------------- clock and balances


def test_a_clock_that_is_stepped_is_what_the_process_reads(tmp_path: Path) -> None:
    import subprocess
    import sys

    from tests.chaos.clock import Clock

    steps = Clock(tmp_path / "clock")
    steps.step_to(86_400_000_000)
    program = (
        "import sys, time; from pathlib import Path; from tests.chaos.clock import follow; "
        "follow(Path(sys.argv[1])); print(time.time_ns())"
    )
    said = subprocess.run([sys.executable, "-c", program, str(steps.path)], capture_output=True, check=True).stdout
    assert abs(int(said) - time.time_ns() - 86_400 * 10**9) < 3_600 * 10**9


def test_balances_that_are_counted_twice_or_not_are_told_apart() -> None:
    right = {"a": (2, 10), "b": (1, 5), "c": (3, 1)}
    found = score("x", right, {"a": (3, 12), "b": (1, 5)})
    assert (found.keys, found.wrong, found.over, found.under) == (3, 2, 1, 3)


def test_the_light_machine_counts_an_input_once_and_goes_on_from_its_rows() -> None:
    def fed(machine: Balances, start: int, end: int) -> None:
        for number, (topic, _, value) in enumerate(list(bookings(1, 50, 5, NOW_US))[start:end], start):
            machine.step(Record(topic, value or b"", f"ledger/0/{number}", NOW_US))

    whole, halves = Balances(), Balances()
    fed(whole, 0, 50)
    fed(halves, 0, 30)
    rows = {key: list(row) if isinstance(row, tuple) else row for key, row in halves.changed_rows().items()}
    again = Balances()
    again.restore(encoded_rows(rows))
    fed(again, 20, 50)
    assert {**rows, **again.changed_rows()} == whole.changed_rows()


# ------------------------------------------------------------------------------------------------ found by the chaos


class SlowMachine(Balances):
    """A machine that takes its time to be put back, and notes whether another is put back meanwhile."""

    at_once = 0
    most_at_once = 0

    def restore(self, rows: Mapping[bytes, bytes]) -> None:
        SlowMachine.at_once += 1
        SlowMachine.most_at_once = max(SlowMachine.most_at_once, SlowMachine.at_once)
        time.sleep(0.05)
        SlowMachine.at_once -= 1


def test_two_shards_that_are_opened_at_once_are_put_back_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "read_saved", lambda *_: Saved(None, {}))
    monkeypatch.setattr(CheckpointWriter, "open", lambda _: None)
    settings = EngineSettings(broker="localhost:9", shards=3)
    machines = [SlowMachine() for _ in range(3)]
    keepers = [keeper.Keeper(settings, Shard(number, machine, 0), machine) for number, machine in enumerate(machines)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(keeper.Keeper.open, keepers))
    assert SlowMachine.most_at_once == 1
