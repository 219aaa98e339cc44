"""One full event of each kind, and what becomes of them on a bad line: values that nobody should send, torn bytes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from streams.record import Record
from tests.ledger.wire import HOUR, Sent, control, posting, reference, snapshot, stamp, transfer

NASTY: list[Any] = [
    None, True, -1, 0, 10**400, 2**63, -0.0, 1e300, 0.5, "", "\x00", "\ud7ff", "9" * 60, "9" * 61, "-1", "1e5", "NaN", "1_0",
    "٣", " 1", "0." + "1" * 30, "0." + "1" * 31, "-0", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-23:59", "2026-02-30", "2026-02-30T00:00:00Z", "2026-01-05T00:00:00",
    "0000-00-00", "external", "x" * 5000, [], {}, [[]], {"": None}, ["BTC"], {"BTC": "1"}, 1, "1",
]  # fmt: skip


def _from(value: str) -> dict[str, Any]:
    """Return the field whose name is a word of Python."""
    return {"from": value}


def full_events() -> list[Sent]:
    """Return one event of each kind with every field filled."""
    end = {"account_id": "a", "client_id": "c", "address": "0xA", "tag": "7", "network": "eip155:1"}
    head: dict[str, Any] = {"revision": 0, "source_seq": "12"}
    return [
        transfer(
            "full-1", 60, "T1", "completed", "hot", "venue", "1.50", **head, raw_status="COMPLETED",
            sub_status="CONFIRMED", **{"from": {"location": "hot", **end}, "to": {"location": "venue", **end}},
            asset_id="eip155:1/slip44:60", network="eip155:1", amount_delivered="1.49", fee_amount="0.01",
            fee_asset="BTC", fee_payer="deducted", confirmations=3, confirmations_required=6,
            ids={
                "tx_hash": "0x1", "tx_index": 2, "venue_id": "v", "client_ref": "r", "end_to_end_id": "e",
                "replaced_tx_hash": "0x0", "refers_to": "T0", "reverses": "T-1",
            },
            plan_id="P1", parent_id="B1",
            control={
                "origin": "manual", "declared_class": "risky", "initiator": "ann", "approvers": ["bob"],
                "kyt_score": 0.25, "address_added_at": stamp(0),
            },
        ),
        posting(
            "full-2", 60, client_id="acme", balance_after="8.5", value_date="2026-01-06", transfer_id="T1",
            origin="auto", maker="ann", checker="bob", reason="why", reverses="posting-0", revision=0,
        ),
        snapshot(
            "full-3", 60, "hot", {}, **head, block_height=9,
            rows=[
                {"asset": "BTC", "total": "-1", "available": "1", "held": "0", "staked": "0", "debt": "2"},
                {"asset": "ETH", "total": "3", "account_id": "trading"},
            ],
        ),
        reference(
            "location", "full-4", **head, location="hot", role="hot", recon_group="g", snapshot_every_s=60, active=True
        ),
        reference(
            "account", "full-5", **head, account_id="a", client_id="c", account_class="client", recon_group="g",
            credit_line={"BTC": "1", "ETH": "2"}, active=True,
        ),
        reference(
            "address", "full-6", **head, address="0xA", network="eip155:1", tag="7", owner="acme", location="hot",
            role="hot", state="active", added_at=stamp(0), control_proved_at=stamp(0),
        ),
        reference(
            "asset", "full-7", **head, asset="SOL", decimals=9, dust="0.1", rebasing=False, aliases=["WSOL"],
            networks=["solana:1"], tag_required=["solana:1"],
        ),
        reference(
            "limit", "full-8", **head, limit_id="L", scope={"op_type": "fee", "client_id": "c", "asset": "BTC", "location": "hot"},
            single="1", share_of_balance="0.5", window_s=60, window_sum="2", window_count=3, address_hold_s=60, kyt_max=0.5,
            quorum=2, hours="08:00-18:00",
        ),
        reference(
            "route", "full-9", **head, asset="BTC", network="eip155:1", from_role="hot", to_role="venue", sla_s=60, p99_s=90.5
        ),
        reference("price", "full-10", **head, asset="BTC", usd="50000", as_of=stamp(0)),
        control(
            "plan", "full-11", **head, plan_id="P", op_type="sweep", **_from("hot"), to="venue", to_role="venue",
            asset="BTC", amount="1", amount_min="1", amount_max="2", not_before=stamp(0), not_after=stamp(60),
            recurring_s=86400,
        ),
        control(
            "maintenance", "full-12", **head, location="hot", network="n", of_source="s", **_from(stamp(0)),
            until=stamp(60), what="all",
        ),
        control("heartbeat", "full-13", **head, of_source="desk", watermark=stamp(0)),
        control("acknowledge", "full-14", alert_id="al-1", actor="ann", until=stamp(60), verdict="expected", reason="r"),
        control("snooze", "full-15", alert_id="al-1", actor="ann", until=stamp(60), verdict="expected", reason="r"),
        control("close", "full-16", alert_id="al-1", actor="ann", until=stamp(60), verdict="data_error", reason="r"),
        control(
            "thresholds", "full-17", version=3, changes={"material_usd": 5, "quiet_s": 6}, proposer="ann", approver="bob",
            effective_from=stamp(0),
        ),
        control("config", "full-18", settings={"quiet_s": 5, "log_lag_s": 6}, clock="events"),
        control("tick", "full-19"),
    ]  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a JSON value."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [at, *(path for key in keys for path in paths(value[key], (*at, key)))]


def with_value(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a JSON value with another one at a path."""
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = with_value(value[path[0]], path[1:], new)
    return changed


@st.composite
def spoilt(draw: st.DrawFn) -> Record:
    """A good event with one or two of its values replaced by a nasty one."""
    topic, event = draw(st.sampled_from(full_events()))
    spoilt_event: Any = {**event, "observed_at": stamp(HOUR)}
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(paths(spoilt_event)[1:]))
        spoilt_event = with_value(spoilt_event, path, draw(st.sampled_from(NASTY)))
    return Record(topic, json.dumps(spoilt_event).encode())


@st.composite
def torn(draw: st.DrawFn) -> Record:
    """A good event with bytes cut out, put in or turned over, on the right topic or another."""
    topic, event = draw(st.sampled_from(full_events()))
    raw = json.dumps({**event, "observed_at": stamp(HOUR)}).encode()
    start = draw(st.integers(0, len(raw)))
    end = draw(st.integers(start, min(len(raw), start + 20)))
    piece = draw(
        st.binary(max_size=6) | st.sampled_from([b"[" * 3000, b'{"a":' * 3000, b"NaN", b"1e999", b'"', b"\\ud800"])
    )
    wrong = st.sampled_from(["", "ledger", "control", "reference", "nowhere"])
    return Record(draw(st.just(topic) | wrong), raw[:start] + piece + raw[end:])
