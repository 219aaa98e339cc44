"""R11: what is known of the places of a movement is of now: their sources speak, and their balances are no old ones."""

from __future__ import annotations

from ledger.policy.asked import Answer, Asked, Known, proved, unknown
from ledger.policy.document import Fresh
from ledger.times import SECOND_US


def fresh(known: Known, rule: Fresh, asked: Asked) -> Answer:
    """R11: no source of its places is silent or in maintenance, and their snapshots are not stale."""
    context, places = known.context, _heard_here(known, asked)
    topics = [(topic, place) for place in places for topic in ("of", "balances")]
    names = dict.fromkeys(name for topic in topics for name in context.heard.sources(topic))
    for name in names:
        if context.stands("source_silent", name):
            return proved(f"{name} is silent, which tells of {', '.join(places)}")
    if context.maintenance.is_active(context.now_us, places, asked.dossier.network, names):
        return proved(f"{', '.join(places)} or who tells of them is in maintenance")
    for place in places:
        if context.stands("stale_snapshot", place):
            return proved(f"the balances that {place} reports are old ones")
    return _old(known, rule, asked)


def _heard_here(known: Known, asked: Asked) -> tuple[str, ...]:
    """Return its places that report to this shard: of those of another shard nobody here can tell."""
    return tuple(place for place in asked.own_places if place not in known.context.territory.away)


def _old(known: Known, rule: Fresh, asked: Asked) -> Answer:
    """Tell why the latest balance of a place is too old, where the policy says how old it may be."""
    if rule.snapshot_age_s is None:
        return None
    for place in _heard_here(known, asked):
        position = known.position(place, asked.dossier.asset)
        latest = None if position is None else position.latest
        if latest is None:
            return unknown(f"{place} has reported no balance of {asked.dossier.asset}")
        age_us = known.context.now_us - latest.as_of_us
        if age_us > round(rule.snapshot_age_s * SECOND_US):
            return proved(f"the balance of {place} is {age_us // SECOND_US} s old, of {rule.snapshot_age_s:g} s")
    return None
