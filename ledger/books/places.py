"""The places of a recon group: what they hold in an asset, and who may tell of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.positions import Position

if TYPE_CHECKING:
    from ledger.context import Context


def tellers(context: Context, group: str) -> tuple[str, ...]:
    """Return who may tell of a group's books and places; of who only sends heartbeats so far nobody knows of what."""
    heard, of = context.heard, context.groups.of_location
    names = dict.fromkeys(heard.sources(("ledger", group)))
    for location, place in sorted(context.holdings.places.by_name.items()):
        if of(location) == group:
            names |= dict.fromkeys(heard.sources(("movements", location)))
            names |= dict.fromkeys(position.reporter for position in place.positions.values() if position.reporter)
    sources = context.sources.table.rows.items()
    return tuple(
        names
        | dict.fromkeys(
            sorted(
                name
                for name, source in sources
                if source.beats and not source.locations and context.territory.has_source(name)
            )
        )
    )


def positions(context: Context, key: tuple[str, str]) -> list[Position]:
    """Return what the places of a group hold in an asset."""
    of = context.groups.of_location
    found = (
        place.positions.get(key[1]) for place in context.holdings.places.by_name.values() if of(place.name) == key[0]
    )
    return [position for position in found if position is not None]
