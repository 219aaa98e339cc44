"""What a caller may not promise is refused where it is said, with the value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alerts.records import Severity
from alerts.signals import Signal

GOOD = Signal(
    type="position_drift",
    key="position_drift|venue:one|BTC",
    severity=Severity.P2,
    scope={"location": "venue:one", "asset": "BTC"},
    cause_id="ev-1",
    at_us=0,
    explanation="reported 0.40 BTC more than expected",
    difference="0.40",
    rule="position_drift",
)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(AssertionError, match="'drift'"):
        replace(GOOD, type="drift")


@pytest.mark.parametrize(("rule", "model"), [(None, None), ("a", "b")])
def test_either_a_rule_or_a_model_found_it(rule: str | None, model: str | None) -> None:
    with pytest.raises(AssertionError, match="one of rule"):
        replace(GOOD, rule=rule, model=model)


@pytest.mark.parametrize("field", ["expected", "observed", "difference", "usd"])
def test_an_amount_is_a_plain_decimal(field: str) -> None:
    bad: dict[str, Any] = {field: "1e5"}
    with pytest.raises(AssertionError, match="'1e5' is not"):
        replace(GOOD, **bad)


@pytest.mark.parametrize("link", ["", "place", "place|", "|hot"])
def test_a_link_has_a_kind_and_a_name(link: str) -> None:
    with pytest.raises(AssertionError, match="is not a link"):
        replace(GOOD, links=("place|hot|BTC", link))
