"""The clerk of the simulated broker, who shares no code with the monitor, judges every movement as the monitor does."""

from __future__ import annotations

import pytest

from tests.contract.agreement import Agreement, compare, firms, simulated

RULES = {f"R{number}" for number in range(1, 13)}


def agreed(found: Agreement) -> Agreement:
    assert not found.quarantined, found.quarantined
    assert not found.differences, "\n".join(found.differences[:20])
    return found


@pytest.mark.parametrize("seed", range(1, 13))
def test_on_a_random_firm_they_agree_verdict_by_verdict(seed: int) -> None:
    found = agreed(compare(firms(seed, 250)))
    assert found.decisions > 230
    assert len(found.failures()) >= 8, "a firm in which few rules fail proves little"


def test_random_firms_fail_every_rule_alone_and_together_and_pass_them_all() -> None:
    outcomes = [outcome for seed in (1, 3, 5) for outcome in compare(firms(seed, 250)).outcomes]
    assert set().union(*outcomes) == RULES
    assert () in outcomes
    assert max(map(len, outcomes)) >= 5


@pytest.mark.parametrize(("seed", "movements"), [(1, 2_000), (2, 800)])
def test_on_a_simulated_broker_with_spoilt_requests_they_agree(seed: int, movements: int) -> None:
    found = agreed(compare(simulated(seed, movements)))
    assert found.decisions > movements * 0.75
    assert found.outcomes[()] > 30
    assert len(found.failures()) >= 7
