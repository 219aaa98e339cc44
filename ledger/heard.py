"""Who has been heard to tell of what: what was never heard proves nothing by its absence, and who may still tell."""

from __future__ import annotations

from ledger.table import Table

SOURCES_MAX = 16
_OF_RECORDS = frozenset(("addresses", "plans"))
Topic = tuple[str, ...]  # a subject and what it is about: ("requests", "fireblocks:hot-1")
PLANS: Topic = ("plans", "")  # of two parts, as all: a row of one part is kept under the part itself


class Heard:
    """The sources, in order of first hearing, that have told of a subject. Subjects:

    - ("ledger", group): postings of a recon group
    - ("requests", group): instructions (any stage before broadcast) for movements out of a group's places
    - ("movements", location): reports of movements that touch a place
    - ("of", location): what leaves a place, or has come there; who tells of its other end is not among them
    - ("balances", location): what a place holds
    - ("approvals", group): who has approved movements out of a group's places
    - ("inflows", group, asset): arrivals of an asset at a group's places; ("inflows", group): of any, from outside
    - ("addresses", network), PLANS: records of the firm
    """

    def __init__(self) -> None:
        self.table: Table[tuple[str | int, ...], list[str]] = Table(list[str])

    def note(self, topic: Topic, source: str) -> None:
        """Note that `source` has told of `topic`."""
        known = self.table.rows.get(topic)
        if known is None:
            self.table.put(topic, [source])
        elif source not in known and len(known) < SOURCES_MAX:
            known.append(source)
            self.table.touched.add(topic)

    def sources(self, topic: Topic) -> tuple[str, ...]:
        """Return who has told of `topic`; nobody where it was never heard."""
        return tuple(self.table.rows.get(topic, ()))

    def is_teller(self, source: str) -> bool:
        """Tell whether a source has told of a movement, posting or balance."""
        return any(topic[0] not in _OF_RECORDS and source in known for topic, known in self.table.rows.items())

    def any(self, topic: Topic) -> bool:
        """Tell whether anybody has ever told of `topic`."""
        return topic in self.table.rows
