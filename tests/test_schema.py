"""The published JSON Schema says what the contract says: the fields of every event, and which of them must be there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from ledger.parser import Rejected, parse
from streams.cli import cli
from streams.schema import NAMES, schema
from streams.simulate import Simulation, WorldConfig

HEAD = "schema_version event_id source event_time observed_at | revision source_seq"
# Fields of the contract, the mandatory ones before the bar.
CONTRACT = {
    "Transfer": "transfer_id op_type status from to asset amount | raw_status sub_status asset_id network "
    "amount_delivered fee_amount fee_asset fee_payer confirmations confirmations_required ids plan_id parent_id control",
    "Posting": "source_seq posting_id journal_id leg_no legs_total account_id account_class asset amount booked_at op_type "
    "| client_id balance_after value_date transfer_id origin maker checker reason reverses",
    "Snapshot": "snapshot_id location as_of complete holding_kind rows | block_height",
    "LocationRef": "kind location role | recon_group snapshot_every_s active",
    "AccountRef": "kind account_id account_class | client_id recon_group credit_line active",
    "AddressRef": "kind address network owner role state | tag location added_at control_proved_at",
    "AssetRef": "kind asset decimals dust | rebasing aliases networks tag_required",
    "LimitRef": "kind limit_id scope | single share_of_balance window_s window_sum window_count address_hold_s kyt_max "
    "quorum hours",
    "RouteRef": "kind asset from_role to_role sla_s | network p99_s",
    "PriceRef": "kind asset usd as_of |",
    "Plan": "kind plan_id op_type from asset | scope to to_role amount amount_min amount_max not_before not_after "
    "recurring_s",
    "Maintenance": "kind from until what | scope location network of_source",
    "Heartbeat": "kind of_source watermark | scope",
    "Acknowledge": "kind alert_id actor | scope until verdict reason",
    "Snooze": "kind alert_id actor | scope until verdict reason",
    "Close": "kind alert_id actor | scope until verdict reason",
    "Thresholds": "kind version changes proposer approver effective_from | scope",
    "Config": "kind | scope settings clock inputs",
    "Tick": "kind | scope inputs",
}
ALERT = (
    "alert_id incident_id type severity state scope opened_at updated_at seq count evidence explanation suggested_action "
    "runbook | expected observed difference usd rule model score threshold"
)
DECISION = "transfer_id class action failed_rules policy_version decided_at seq |"


def fields(text: str) -> tuple[set[str], set[str]]:
    """Return the mandatory and all fields of a row of the contract."""
    mandatory, optional = text.split("|")
    return set(mandatory.split()), set(mandatory.split()) | set(optional.split())


def said(definition: dict[str, Any]) -> tuple[set[str], set[str]]:
    return set(definition.get("required", ())), set(definition["properties"])


@pytest.mark.parametrize("name", CONTRACT)
def test_an_event_has_the_fields_of_the_contract(name: str) -> None:
    head, own = fields(HEAD), fields(CONTRACT[name])
    mandatory = head[0] | own[0]
    assert said(schema()["$defs"][name]) == (mandatory, head[1] | own[1])


def test_alerts_and_decisions_have_the_fields_of_the_contract() -> None:
    definitions = schema()["$defs"]
    assert said(definitions["Alert"]) == fields(ALERT)
    assert said(definitions["Decision"]) == fields(DECISION)


def test_amounts_are_plain_decimal_text_and_no_numbers() -> None:
    amount = schema("transfers")["$defs"]["Transfer"]["properties"]["amount"]
    assert (amount["type"], amount["pattern"]) == ("string", r"^\d{1,60}(\.\d{1,30})?$")


@pytest.mark.parametrize("name", NAMES)
def test_the_command_prints_the_schema_of_one_topic(name: str) -> None:
    result = CliRunner().invoke(cli, ["schema", name])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == schema(name)


def test_a_simulated_day_is_read_without_a_word() -> None:
    world = Simulation(WorldConfig(seed=2, duration_s=86_400.0, transfers_per_day=300), [])
    read = [parse(event.topic, json.dumps(event.value).encode()) for event in world.events()]
    assert len(read) > 1_000
    assert not any(isinstance(event, Rejected) for event in read)
