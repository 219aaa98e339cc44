"""The ledger's list of what is less than P2 is that of the alerts."""

from __future__ import annotations

import pytest

from alerts.severity import severity_for
from alerts.types import ALERT_TYPES
from ledger.findings import Breach
from ledger.service.gravity import is_error, is_grave


def breach(kind: str, *, worse: bool, rule: str = "") -> Breach:
    return Breach(kind=kind, key="k", scope={}, sentence="", evidence=(), rule=rule, worse=worse)


@pytest.mark.parametrize("kind", sorted(ALERT_TYPES))
def test_what_is_grave_is_what_the_alerts_call_p1_or_p2(kind: str) -> None:
    for worse in (False, True):
        told = breach(kind, worse=worse)
        if is_error(told):
            assert is_grave(told) == (severity_for(kind, aggravated=worse).value <= "P2")


def test_what_is_only_foreseen_or_held_is_no_error() -> None:
    assert not is_error(breach("sla_breach", worse=False, rule="promise_foreseen"))
    assert not is_error(breach("brake_applied", worse=False))
    assert is_error(breach("sla_breach", worse=True, rule="promise_broken"))
