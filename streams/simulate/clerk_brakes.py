"""What stops a movement whatever it is: data that are not of now (R11), and books that are not clear (R12, the brake)."""

from __future__ import annotations

from streams.simulate.clerk_cabinet import Cabinet, Request
from streams.simulate.clerk_records import Json
from streams.simulate.units import moment_us

BRAKES: dict[str, tuple[str, tuple[str, ...]]] = {  # the least severity that counts, and what is shared with a movement
    "position_drift": ("P4", ("location", "asset")),
    "liabilities_exceed_holdings": ("P4", ("asset",)),
    "in_transit_overdue": ("P2", ("way",)),
    "phantom_credit": ("P4", ("client",)),
    "double_credit": ("P4", ("client",)),
    "negative_balance": ("P4", ("client",)),
    "credit_line_breach": ("P4", ("client",)),
}


def fresh(cabinet: Cabinet, it: Request) -> bool:
    """R11: whoever tells of its places is neither silent nor in maintenance, and no report of them is stale."""
    sources = {source for place in it.own_places for source in cabinet.places.tellers[place]}
    for alert in cabinet.alerts.values():
        scope = alert["scope"]
        if alert["type"] == "source_silent" and scope.get("source") in sources:
            return False
        if alert["type"] == "stale_snapshot" and scope.get("location") in it.own_places:
            return False
    reached = {("location", place) for place in it.own_places} | {("of_source", source) for source in sources}
    reached.add(("network", it.network or ""))
    return not any(
        (name, window.get(name)) in reached and moment_us(window["from"]) <= cabinet.now <= moment_us(window["until"])
        for window in cabinet.maintenance for name in ("location", "network", "of_source")
    )  # fmt: skip


def books_clear(cabinet: Cabinet, it: Request) -> bool:
    """R12: nothing unexplained is open on its places, its asset, its client, or its way."""
    for alert in cabinet.alerts.values():
        least, reach = BRAKES.get(alert["type"], ("P0", ()))
        is_grave = alert["severity"] <= least  # P1 is the gravest; nothing is P0
        if is_grave and any(_shares(cabinet, it, alert, name) for name in reach):
            return False
    return True


def _shares(cabinet: Cabinet, it: Request, alert: Json, name: str) -> bool:
    """Return whether an alert is open on the place, asset, client or way of a movement."""
    scope = alert["scope"]
    if name == "location":
        return scope.get("location") in it.own_places
    if name == "asset":
        return bool(scope.get("asset") == it.asset)
    if name == "client":
        whose = scope.get("client_id") or cabinet.owner_of(scope.get("account_id"))
        return it.client is not None and whose == it.client
    stuck = cabinet.files.get(scope.get("transfer_id") or "")
    return stuck is not None and stuck is not it.file and cabinet.way_of(stuck.words) == cabinet.way_of(it.words)
