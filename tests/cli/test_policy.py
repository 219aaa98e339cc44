"""`driftline policy`: what is in force, and what another policy would change in what has happened."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from alerts.records import Alert, AlertState, Scope, Severity
from ledger.policy.document import CHECKS, Policy, default_policy, default_text
from streams.cli import cli
from streams.cli.trial import Moved, Said, Trial, try_policy, without_policy
from streams.cli.trial_outcome import Change, Value, outcome
from streams.cli.trial_report import lines
from streams.lines import Placed
from streams.monitor import Settings
from streams.monitor.outputs import Decision, FailedRule
from streams.record import Output, Record
from tests.ledger.wire import Sent, control, received, reference, snapshot, stamp, transfer

KIND = {"id": "kind", "check": "operation", "automatic": ["withdrawal", "sweep"]}
CAP = {"id": "cap", "check": "amount", "single_usd": 50_000}


def asking(version: str, *rules: dict[str, Any]) -> dict[str, Any]:
    """Return a policy that asks these rules and goes without all else."""
    asked = {rule["check"] for rule in rules}
    return {"version": version, "without": [name for name in CHECKS if name not in asked], "rule": list(rules)}


LAX, CAPPED = asking("lax", KIND), asking("capped", KIND, CAP)


def policy(plain: dict[str, Any]) -> Policy:
    return msgspec.convert(plain, Policy)


def withdrawal(number: int, amount: str) -> list[Sent]:
    """Return a withdrawal that a machine passes a minute after it was asked for."""
    at_s = 600 * number
    more: dict[str, Any] = {"op_type": "withdrawal", "from": {"location": "hot", "client_id": "acme"}}
    steps = [("requested", 0), ("approved", 60)]
    return [
        transfer(f"w{number}-{status}", at_s + later_s, f"W{number}", status, "hot", "external", amount, **more,
                 control={"origin": "auto"})
        for status, later_s in steps
    ]  # fmt: skip


def day(*between: Sent) -> list[Placed]:
    """Return a day with withdrawals of 1 and 2 BTC at 30,000 USD, and with something told in between."""
    sent = [
        reference("asset", "ref-BTC", asset="BTC", decimals=8, dust="0"),
        reference("price", "price-BTC", asset="BTC", usd="30000", as_of=stamp(0)),
        reference("location", "ref-hot", location="hot", role="hot"),
        snapshot("opening", 0, "hot", {"BTC": "100"}),
    ]
    heard = [(one, 0) for one in sent] + [(one, 300) for one in between]
    heard += [(one, 600 * n + 60) for n, amount in ((1, "1"), (2, "2")) for one in withdrawal(n, amount)]
    return [Placed(received(one, at_s), None) for one, at_s in heard]


def actions(said: Said) -> dict[str, str]:
    return {name: decision.action for name, decision in said.decisions.items()}


def test_two_policies_judge_the_same_day() -> None:
    trial = try_policy(Settings(policy=policy(CAPPED)), policy(LAX), day())
    assert actions(trial.now) == {"W1": "auto_approve", "W2": "auto_approve"}
    assert actions(trial.then) == {"W1": "auto_approve", "W2": "review"}
    assert trial.moved["W2"] == Moved(op_type="withdrawal", client="acme", amount="2", asset="BTC", usd_cents=6_000_000)
    found = outcome(trial)
    assert (found.records, found.movements) == (8, 2)
    assert [change.transfer_id for change in found.changed] == ["W2"]
    assert [failed.rule for failed in found.changed[0].then.failed_rules] == ["cap"]
    assert found.no_longer_automatic == Value(movements=1, usd="60000.00", unpriced=0)
    assert found.newly_automatic.movements == 0
    assert [told.transfer_id for told in found.violations_appear] == ["W2"], "a machine let it pass all the same"
    assert found.violations_disappear == ()


def test_the_policy_in_force_is_what_the_log_says_and_the_tried_one_stays() -> None:
    told = control("config", "config-1", 300, settings={"policy": LAX, "silent_s": 1_234})
    trial = try_policy(Settings(policy=policy(CAPPED)), None, day(told))
    assert list(trial.now.versions) == ["lax"]
    assert list(trial.then.versions) == ["capped"]
    assert actions(trial.now)["W2"] == "auto_approve"
    assert actions(trial.then)["W2"] == "review"


def test_against_another_policy_the_log_has_no_say_in_either_run() -> None:
    told = control("config", "config-1", 300, settings={"policy": CAPPED})
    trial = try_policy(Settings(policy=policy(LAX)), policy(LAX), day(told))
    assert (list(trial.now.versions), list(trial.then.versions)) == (["lax"], ["lax"])
    assert outcome(trial).changed == ()


def test_where_nothing_was_decided_the_policies_are_named_all_the_same() -> None:
    trial = try_policy(Settings(policy=policy(LAX)), None, [])
    assert (list(trial.now.versions), list(trial.then.versions)) == ([default_policy().version], ["lax"])


@pytest.mark.parametrize("value", [b"\xff", b"[1]", b'"policy"', b'{"settings": "policy"}', b'{"changes": ["policy"]}'])
def test_a_record_that_puts_no_policy_in_force_means_what_it_did(value: bytes) -> None:
    kept = without_policy(Record("control", value))
    assert kept.value == value or json.loads(kept.value) == json.loads(value)


def test_the_policy_is_taken_out_of_a_record_and_the_rest_is_left() -> None:
    for name in ("settings", "changes"):
        raw = json.dumps({"kind": "x", name: {"policy": LAX, "silent_s": 3}}).encode()
        assert json.loads(without_policy(Record("control", raw)).value) == {"kind": "x", name: {"silent_s": 3}}
        assert without_policy(Record("transfers", raw)).value == raw


def decision(transfer_id: str, action: Any, *failed: str, seq: int = 0, why: str = "") -> Output:
    value = Decision(
        transfer_id=transfer_id,
        risk_class="risky" if failed else "risk_free",
        action=action,
        failed_rules=tuple(FailedRule(rule=rule, why=why) for rule in failed),
        policy_version="v",
        decided_at=stamp(0),
        seq=seq,
    )
    return Output("decisions", transfer_id, value)


def alert(alert_id: str, alert_type: str, transfer_id: str, seq: int = 0) -> Output:
    value = Alert(
        alert_id=alert_id, incident_id="i", type=alert_type, severity=Severity.P2, state=AlertState.OPEN, opened_at=stamp(0),
        scope=Scope(transfer_id=transfer_id), updated_at=stamp(0), seq=seq, count=1, evidence=(), explanation=f"{seq}\x1b[1m",
        suggested_action="", runbook="",
    )  # fmt: skip
    return Output("alerts", "", value)


def trial_of(now: list[Output], then: list[Output], **moved: Moved) -> Trial:
    trial = Trial(moved=dict(moved))
    for said, outputs in ((trial.now, now), (trial.then, then)):
        for output in outputs:
            said.take(output)
    return trial


def test_of_several_decisions_on_a_movement_the_highest_seq_is_compared() -> None:
    held = [decision("A", "hold", "R7"), decision("A", "auto_approve", seq=1), decision("A", "hold", "R7")]
    assert outcome(trial_of(held, [decision("A", "auto_approve")])).changed == ()


def test_a_reason_in_other_words_is_no_change_and_another_rule_is_one() -> None:
    now = [decision("A", "review", "R5", why="3 are more than 2"), decision("B", "review", "R5")]
    then = [decision("A", "review", "R5", why="3 are more than 1"), decision("B", "review", "R6")]
    found = outcome(trial_of(now, then))
    assert [change.transfer_id for change in found.changed] == ["B"]
    assert found.rules == (Change(name="R5", now=2, then=1), Change(name="R6", now=0, then=1))


def test_what_would_pass_by_itself_is_shown_first_and_what_only_fails_for_other_reasons_last() -> None:
    now = [decision("A", "review", "R5"), decision("B", "auto_approve"), decision("C", "hold", "R12")]
    then = [decision("A", "review", "R10"), decision("B", "review", "R10"), decision("C", "auto_approve")]
    found = outcome(trial_of(now, then))
    assert [change.transfer_id for change in found.changed] == ["C", "B", "A"]
    assert [change.name for change in found.rules] == ["R5", "R10", "R12"]


def test_what_is_newly_automatic_is_added_up_and_what_has_no_price_is_counted() -> None:
    now = [decision("A", "review", "R5"), decision("B", "hold", "R7"), decision("C", "auto_approve")]
    then = [decision("A", "auto_approve"), decision("B", "auto_approve"), decision("C", "hold", "R7")]
    found = outcome(trial_of(now, then, A=Moved(usd_cents=123_456), C=Moved(usd_cents=7)))
    assert found.newly_automatic == Value(movements=2, usd="1234.56", unpriced=1)
    assert found.no_longer_automatic == Value(movements=1, usd="0.07", unpriced=0)
    assert found.classes == (Change(name="risk_free", now=1, then=2), Change(name="risky", now=2, then=1))
    assert "Newly automatic: 2 movements, 1,234.56 USD (1 of them without a price)." in lines(found)


def test_a_movement_decided_in_one_run_only_is_a_change() -> None:
    found = outcome(trial_of([], [decision("A", "auto_approve")]))
    assert (found.changed[0].now.action, found.changed[0].now.risk_class) == ("no decision", None)
    assert found.newly_automatic.movements == 1


def test_alerts_are_compared_by_their_ids_and_violations_are_listed() -> None:
    now = [alert("v1", "policy_violation", "A"), alert("v2", "policy_violation", "B"), alert("s1", "sla_breach", "C")]
    then = [
        alert("v2", "policy_violation", "B"),
        alert("v3", "policy_violation", "D"),
        alert("v3", "policy_violation", "D", 1),
    ]
    found = outcome(trial_of(now, then))
    assert found.alerts == (Change(name="sla_breach", now=1, then=0),)
    assert [told.transfer_id for told in found.violations_appear] == ["D"]
    assert [told.transfer_id for told in found.violations_disappear] == ["A"]
    assert "  D at 2026-01-05T00:00:00Z: 0\\u001b[1m" in lines(found)


def test_the_terminal_shows_the_first_twenty_and_the_data_all() -> None:
    now = [decision(f"T{number}", "auto_approve") for number in range(25)]
    then = [decision(f"T{number}", "review", "R5") for number in range(25)]
    found = outcome(trial_of(now, then))
    assert len(found.changed) == 25
    shown = lines(found)
    assert "Verdicts that change: 25, the first 20" in shown
    assert sum(line.startswith("  T") for line in shown) == 20


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["policy", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def write_toml(file: Path, plain: dict[str, Any]) -> Path:
    """Write a settings file with this policy; TOML takes what JSON writes, key by key."""
    rules = "".join(
        "[[policy.rule]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in rule.items())
        for rule in plain["rule"]
    )
    file.write_text(
        f"[policy]\nversion = '{plain['version']}'\nwithout = {plain['without']}\n{rules}", encoding="utf-8"
    )
    return file


def write_events(file: Path, lines: list[Placed]) -> Path:
    envelopes = [{"topic": record.topic, "value": json.loads(record.value)} for record, _ in lines]
    file.write_text("".join(json.dumps(envelope) + "\n" for envelope in envelopes), encoding="utf-8")
    return file


def test_the_default_policy_is_shown_as_it_was_written() -> None:
    assert run("show") == (0, default_text(), "")


def test_the_policy_of_a_file_is_shown_with_its_defaults(tmp_path: Path) -> None:
    code, shown, _ = run("show", "--config", write_toml(tmp_path / "lax.toml", LAX))
    assert code == 0
    assert msgspec.convert(tomllib.loads(shown)["policy"], Policy) == policy(LAX)
    assert "with_plan = []" in shown


def test_a_trial_prints_what_would_change_and_writes_all_of_it(tmp_path: Path) -> None:
    lax, capped = write_toml(tmp_path / "lax.toml", LAX), write_toml(tmp_path / "capped.toml", CAPPED)
    records = day()
    first, second = write_events(tmp_path / "1.jsonl", records[:5]), write_events(tmp_path / "2.jsonl", records[5:])
    out = tmp_path / "changes.json"
    code, shown, complained = run("test", capped, "--events", first, second, "--against", lax, "--json", out)
    assert (code, complained) == (0, "")
    assert shown.startswith("Now: policy lax. Then: policy capped. 8 records, 2 decided movements.\n")
    assert "  cap                                0         1        +1\n" in shown
    assert "  W2 withdrawal of acme, 2 BTC (60,000.00 USD): auto_approve -> review [cap]\n" in shown
    written = json.loads(out.read_bytes())
    assert [change["transfer_id"] for change in written["changed"]] == ["W2"]
    assert written["changed"][0]["now"] == {"class": "risk_free", "action": "auto_approve", "failed_rules": []}
    assert written["no_longer_automatic"] == {"movements": 1, "usd": "60000.00", "unpriced": 0}


def test_what_cannot_be_read_or_written_ends_it_with_one_clear_line(tmp_path: Path) -> None:
    lax, events = write_toml(tmp_path / "lax.toml", LAX), write_events(tmp_path / "e.jsonl", [])
    bad = tmp_path / "bad.toml"
    bad.write_text("x = 1\n")
    for arguments, said in (
        ((bad, "--events", events), f"driftline policy: {bad}:1: x: Expected no such key\n"),
        ((lax, "--events", events, "--against", bad), f"driftline policy: {bad}:1: x: Expected no such key\n"),
        ((lax, "--events", tmp_path / "none"), f"driftline policy: cannot read {tmp_path}/none: No such file or directory\n"),
        ((lax, "--events", events, "--json", events), f"driftline policy: {events} is named twice: it cannot be written as well\n"),
        ((lax, "--events", events, "--json", tmp_path), f"driftline policy: cannot write {tmp_path}: Is a directory\n"),
    ):  # fmt: skip
        assert run("test", *arguments) == (2, "", said)
