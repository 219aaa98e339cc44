"""R2 and R4: the destination is exactly one on record, old enough, on a network that has the asset, with its tag."""

from __future__ import annotations

from ledger.policy.asked import Answer, Asked, Known, proved, unknown
from ledger.policy.document import Chain, Destination
from ledger.policy.kinds import is_own_place
from ledger.times import SECOND_US, to_us

HOUR_S = 3_600


def destination(known: Known, rule: Destination, asked: Asked) -> Answer:
    """R2: an address on record, exactly, active and older than the hold; our own places need none."""
    dossier, registry = asked.dossier, known.context.registry
    if not asked.leaves_firm and not is_own_place(known, dossier.destination):
        return unknown(f"nobody has told what place {dossier.destination} is")
    if not dossier.address:
        return unknown("it goes outside and names no address") if asked.leaves_firm else None
    entry = registry.find(dossier.address, dossier.network, dossier.tag)
    if entry is None:
        return _young(dossier.address, dossier.address_added_us, rule, asked) or _not_on_record(known, asked)
    if not asked.leaves_firm and (entry.location or entry.owner) != dossier.destination:
        return proved(f"{dossier.address} is of {entry.location or entry.owner}, not of {dossier.destination}")
    if entry.state != "active":
        return proved(f"{dossier.address} is {entry.state}, not active")
    added_us = dossier.address_added_us if entry.added_at is None else to_us(entry.added_at)
    young = _young(entry.address, added_us, rule, asked)
    if young is None and entry.added_at is None and _hold_s(rule, asked):
        return unknown(f"nobody has told since when {entry.address} is on record")
    return young


def _not_on_record(known: Known, asked: Asked) -> Answer:
    dossier, registry = asked.dossier, known.context.registry
    where = f"{dossier.address} on {dossier.network or 'no network'}"
    tag = f" with tag {dossier.tag}" if dossier.tag else ""
    resembled = registry.resembled(dossier.address)
    if resembled is not None and not registry.entries(dossier.address):
        return proved(f"{where}{tag} is not on record; it only looks like {resembled.address} of {resembled.owner}")
    why = f"{where}{tag} is not on record"
    if known.context.destinations.is_usual(dossier.network):
        return unknown(why)  # the firm does not register there
    return proved(why) if registry.entries(dossier.address) or registry.knows_others(dossier.network) else unknown(why)


def _hold_s(rule: Destination, asked: Asked) -> float:
    """Return how long an address must have been on record."""
    return max((rule.hold_s, *(float(limit.address_hold_s or 0) for limit in asked.limits)))


def _young(address: str, added_us: int, rule: Destination, asked: Asked) -> Answer:
    """Tell why an address is too new to be paid to; None where nobody says since when it is known."""
    hold_s, age_us = _hold_s(rule, asked), asked.at_us - added_us
    if not added_us or age_us >= round(hold_s * SECOND_US):
        return None
    hours = age_us / (HOUR_S * SECOND_US)
    return proved(f"its address {address} is {hours:.1f} h old, with {hold_s / HOUR_S:g} h to wait")


def chain(known: Known, rule: Chain, asked: Asked) -> Answer:
    """R4: the asset is on that network, and where a tag is needed the registered one is there."""
    dossier, registry = asked.dossier, known.context.registry
    about = registry.networks.get(dossier.asset)
    if not dossier.network:
        if about is not None and about.networks and (asked.leaves_firm or dossier.address):
            return unknown(f"it names no network, and {dossier.asset} is on {', '.join(sorted(about.networks))}")
        return None
    if about is None or not about.networks:
        return unknown(f"nobody has told whether {dossier.asset} is on {dossier.network}")
    if dossier.network not in about.networks:
        return proved(f"{dossier.asset} is not on {dossier.network}, but on {', '.join(sorted(about.networks))}")
    if dossier.network not in about.tag_required or not (asked.leaves_firm or dossier.address):
        return None
    if not dossier.tag:
        return proved(f"{dossier.asset} needs a tag on {dossier.network}, and there is none")
    tags = {tag for network, tag in registry.entries(dossier.address) if network == dossier.network}
    if dossier.tag in tags:
        return None
    why = f"the tag {dossier.tag} is not registered for {dossier.address}"
    return proved(why) if tags else unknown(why)
