"""What is on record: roles of places and the routes between them."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ledger.events import Reference
from ledger.parser import Rejected, parse
from ledger.references import References
from tests.ledger.wire import received, reference

PLACES = {"hot-1": "hot", "kraken": "venue", "acme-usd": "bank"}


def known(*more: tuple[str, dict[str, Any]]) -> References:
    """Return references with three places and some more."""
    references = References()
    told: list[tuple[str, dict[str, Any]]] = [
        ("location", {"location": name, "role": role}) for name, role in PLACES.items()
    ]
    for number, (kind, fields) in enumerate([*told, *more]):
        record = received(reference(kind, f"ref-{number}", **fields), 0)
        event = parse(record.topic, record.value)
        assert not isinstance(event, Rejected), event.reason
        references.put(cast(Reference, event))
    return references


def route(sla_s: float, from_role: str, to_role: str, **more: str) -> tuple[str, dict[str, Any]]:
    return "route", {"asset": "BTC", "from_role": from_role, "to_role": to_role, "sla_s": sla_s, **more}


ROUTES = known(
    route(1, "hot", "venue"),
    route(2, "hot", "venue", network="lightning"),
    route(3, "hot", "client"),
    route(4, "external", "venue"),
    route(5, "client", "venue"),
    route(6, "venue", "bank"),
    route(7, "venue", "bank"),
)


@pytest.mark.parametrize(
    ("origin", "destination", "network", "sla_s"),
    [
        ("hot-1", "kraken", None, 1),
        ("hot-1", "kraken", "lightning", 2),
        ("hot-1", "kraken", "liquid", 1),
        ("hot-1", "external", None, 3),
        ("external", "kraken", None, 4),
        ("kraken", "acme-usd", None, 7),
        ("kraken", "hot-1", None, None),
        ("hot-1", "nowhere", None, None),
        ("nowhere", "kraken", None, None),
    ],
)
def test_the_route_of_the_network_goes_before_the_one_for_any(
    origin: str, destination: str, network: str | None, sla_s: float | None
) -> None:
    for names in (("BTC",), ("XBT", "BTC")):  # a reference may use any name of an asset
        found = ROUTES.route(names, network, origin, destination)
        assert (None if found is None else found.sla_s) == sla_s
    assert ROUTES.route(("ETH",), network, origin, destination) is None


def test_the_latest_role_holds() -> None:
    references = known(("location", {"location": "hot-1", "role": "cold"}))
    assert [references.role(name) for name in ("hot-1", "external", "nowhere")] == ["cold", "external", None]


def test_references_survive_as_rows() -> None:
    references = known(
        route(1, "hot", "venue", network="lightning"), ("account", {"account_id": "a", "account_class": "house"})
    )
    again = References()
    for key in references.keys():  # noqa: SIM118  # a method, not a mapping
        again.load(references.to_plain(key))
    assert again.keys() == references.keys()
    assert [again.get(key) for key in again.keys()] == [references.get(key) for key in references.keys()]  # noqa: SIM118  # the same
