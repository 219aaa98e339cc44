"""A signal: somebody downstairs has seen a condition, now. The alert book decides what people hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.records import Scope, Severity, is_plain_decimal
from alerts.types import ALERT_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One sighting of a condition.

    `key` is the identity of the condition (`position_drift|fireblocks:hot-1|BTC`): at most one alert is open for it.
    `cause_id` is the event id or the deadline key that is being applied now (not an older event that is judged again),
    and `at_us` its time, in microseconds since 1970 UTC. `expected`, `observed`, `difference` (observed less expected)
    and `usd` are plain decimals. `evidence` holds event ids, the most telling first. Exactly one of `rule` and `model`
    says who found it; `score` and `threshold` are finite.

    `links` name what ties it to others, each `kind|name`: the movement, the place, the journal (`transfer|W-1`,
    `place|hot|BTC`, `journal|j-7`). An alert that opens joins the incident that one of them leads to; a sighting renews
    those that it names, so a condition names them each time. What thousands share is no link.

    `told` is True where the condition changed so much that people must hear again at the same severity. `one_off` is
    for facts that repeat without lasting (one source sends conflicting events): they are told at counts 1, 2, 4, 8, ...
    """

    type: str
    key: str
    severity: Severity
    scope: Scope | Mapping[str, str] | tuple[tuple[str, str], ...]
    cause_id: str
    at_us: int
    explanation: str
    expected: str | None = None
    observed: str | None = None
    difference: str | None = None
    usd: str | None = None
    evidence: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    rule: str | None = None
    model: str | None = None
    score: float | None = None
    threshold: float | None = None
    told: bool = False
    one_off: bool = False

    def __post_init__(self) -> None:
        """Refuse what no caller may promise: AssertionError, with the values."""
        assert self.type in ALERT_TYPES, f"no alert type is called {self.type!r}"
        assert (self.rule is None) != (self.model is None), f"one of rule {self.rule!r} and model {self.model!r}"
        for amount in (self.expected, self.observed, self.difference, self.usd):
            assert amount is None or is_plain_decimal(amount), f"{amount!r} is not a plain decimal"
        for link in self.links:
            assert all(link.partition("|")), (
                f"{link!r} is not a link, which is a kind and a name: it would tie strangers"
            )
