"""How long a movement may take: the record's word, else what was learned, within bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.assets import Assets
from ledger.context import Context
from ledger.deadlines import Deadlines
from ledger.events import Reference
from ledger.holdings import Holdings
from ledger.pace import routes as pace_routes
from ledger.pace.routes import Ends, Routes
from ledger.parser import Rejected, parse
from ledger.references import References
from ledger.times import DAY_US, SECOND_US
from tests.ledger.wire import received, reference

WAY = Ends("BTC", "", "hot-1", "kraken")


def known(kind: str, **fields: Any) -> Reference:
    record = received(reference(kind, f"{kind}-{json.dumps(fields)[:90]}", **fields), 0)
    event = parse(record.topic, record.value)
    assert not isinstance(event, Rejected), event.reason
    return event  # type: ignore[return-value]  # a record of reference is parsed as one


def routes(*records: Reference) -> Routes:
    """Return the routes of a firm with a hot wallet, a venue, and these records."""
    assets, references = Assets(), References()
    for record in (known("location", location="hot-1", role="hot"), known("location", location="kraken", role="venue")):
        references.put(record)
    for record in records:
        references.put(record)
    return Routes(Context(assets, references, Holdings(assets), Deadlines()))


def route(**fields: Any) -> Reference:
    return known("route", asset="BTC", from_role="hot", to_role="venue", **fields)


def learn(firm: Routes, count: int, seconds: int, ends: Ends = WAY) -> list[bool]:
    return [firm.learn(ends, seconds * SECOND_US) for _ in range(count)]


def allowed_s(firm: Routes, ends: Ends = WAY) -> float | None:
    allowance = firm.under_way(ends)
    return None if allowance is None else allowance.us / SECOND_US


def test_the_record_decides_whatever_was_learned() -> None:
    firm = routes(route(sla_s=600, p99_s=400))
    learn(firm, 100, 5_000)
    assert allowed_s(firm) == 1_200
    assert firm.promised(WAY) == firm.under_way(WAY)


def test_the_slowest_of_a_record_that_leaves_it_out_is_learned_from_fifty_movements_on() -> None:
    firm = routes(route(sla_s=600))
    learn(firm, 49, 400)
    assert allowed_s(firm) == 600
    learn(firm, 1, 400)
    assert 1_200 <= (allowed_s(firm) or 0) <= 1_350
    promised = firm.promised(WAY)
    assert promised is not None
    assert promised.us == 600 * SECOND_US, "what was promised does not change with what is done"


def test_what_was_learned_shortens_no_promise_and_never_triples_it() -> None:
    fast, slow = routes(route(sla_s=600)), routes(route(sla_s=600))
    learn(fast, 60, 10)
    learn(slow, 60, 90_000)
    assert (allowed_s(fast), allowed_s(slow)) == (600, 1_800)


def test_without_a_record_thirty_movements_say_how_long_it_takes_but_promise_nothing() -> None:
    firm = routes()
    assert learn(firm, 30, 80) == [False] * 29 + [True]
    assert 240 <= (allowed_s(firm) or 0) <= 270
    assert firm.promised(WAY) is None


def test_nothing_that_was_learned_allows_more_than_a_week() -> None:
    firm = routes()
    learn(firm, 30, 6 * DAY_US // SECOND_US)
    assert allowed_s(firm) == 7 * 86_400


@pytest.mark.parametrize("other", [("ETH", ""), ("BTC", "bip122:0")])
def test_another_asset_or_network_is_another_route(other: tuple[str, str]) -> None:
    firm = routes()
    learn(firm, 30, 80)
    assert allowed_s(firm, WAY._replace(asset=other[0], network=other[1])) is None


def test_places_of_one_role_teach_each_other_and_an_unknown_place_teaches_nothing() -> None:
    firm = routes(known("location", location="hot-2", role="hot"))
    learn(firm, 30, 80, WAY._replace(origin="hot-2"))
    learn(firm, 30, 80, WAY._replace(origin="nowhere"))
    assert allowed_s(firm) is not None
    assert allowed_s(firm, WAY._replace(origin="nowhere")) is None
    assert len(firm.learned) == 1


def test_a_record_that_changes_counts_at_once() -> None:
    firm = routes(route(sla_s=600))
    assert allowed_s(firm) == 600
    change = route(sla_s=60)
    firm.context.references.put(change)
    assert firm.hear(change)
    assert allowed_s(firm) == 60


def test_the_routes_that_are_learned_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_routes, "ROUTES_MAX", 3)
    firm = routes()
    for number in range(5):
        ends = WAY._replace(network=f"chain-{number}")
        learn(firm, 30, 80, ends)
        allowed_s(firm, ends)
    assert len(firm.learned) == 3
    assert len(firm._on_record) <= 3
