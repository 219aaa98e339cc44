"""Journals that name no movement: what they credit clients with has a clock of its own, until a movement is found.

A movement that is found by amount, party and time ends what was said, and the words say that no id shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.books.journals import Journal
from ledger.findings import Breach
from ledger.matching.loose import Key, Loose
from ledger.screens.words import amount_text
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.matching.join import Join

KIND = "phantom_credit"


class Orphans:
    """`phantom_credit` of journals without a movement's id."""

    def __init__(self, join: Join) -> None:
        self.join = join
        self.context = join.context

    def take(self, journal_id: str, journal: Journal, group: str, *, undoes: bool) -> None:
        """Take a journal, whole or as it will stay; what of it was known before is taken anew."""
        keys = [(journal_id, asset) for asset in dict.fromkeys(leg.asset for leg in journal.legs.values())]
        before = [key for key in keys if self.join.loose.drop(key) is not None]
        taken, gone = self.join.loose.take(journal_id, journal, group, undoes=undoes)
        for key in before:
            if key not in taken:
                self._end(key, f"Journal {journal_id} is whole now, and brings nothing from outside.", explained=False)
        for key in gone:
            self._end(key, f"Journal {key[0]} was reversed by {journal_id}.", explained=False)
        for key in taken:
            self._watch(key)

    def take_again(self, journal_id: str, group: str) -> None:
        """Take back a journal that was given to a movement which has a posting of its own."""
        journal = self.context.journals.journals.rows.get(journal_id)
        if journal is not None:
            self.take(journal_id, journal, group, undoes=False)

    def _watch(self, key: Key) -> None:
        row = self.join.loose.table.get(key)
        if row is None or self.join.fuzzy.find_movement(key, row, told=True):
            return
        asset = key[1]
        known = self.context.assets.by_code.get(asset)
        if row.credited_units <= (0 if known is None else known.dust) or self.context.stands(KIND, _name(key)):
            return
        if not self.context.heard.any(("inflows", row.group)):
            return
        heard = self.context.heard
        sources = heard.sources(("inflows", row.group, asset)) or heard.sources(("inflows", row.group))
        due_us = max(row.heard_us + round(self.context.limits.unmatched_s * SECOND_US), self.context.now_us)
        cents = self.context.cents(asset, row.credited_units)
        self.context.absences.expect(f"orphan|{_rest(key)}", due_us, sources, cents)

    def due(self, rest: str, due_us: int) -> None:
        """The time is over in which a movement should have been heard of."""
        key = _key(rest)
        row = self.join.loose.table.get(key)
        if row is not None and not self.join.fuzzy.find_movement(key, row):
            self.context.tell(self._breach(key, row))

    def _breach(self, key: Key, row: Loose) -> Breach:
        journal_id, asset = key
        credited = amount_text(row.credited_units, asset)
        client = row.party or row.account_id
        return Breach(
            kind=KIND,
            key=_name(key),
            scope={"client_id": client, "account_id": row.account_id, "asset": asset},
            sentence=f"{client} was credited with {credited} from outside by journal {journal_id}, which names no movement, "
            f"and no inflow of that amount was reported for it.{self._doubt(key, row)}",
            evidence=tuple(reversed(row.event_ids)),
            rule="no_inflow_of_that_amount",
            asset=asset,
            expected=0,
            observed=row.credited_units,
            difference=row.credited_units,
            threshold=self.context.limits.unmatched_s,
            links=(f"journal|{journal_id}", f"account|{row.account_id}|{asset}"),
        )

    def _doubt(self, key: Key, row: Loose) -> str:
        """Return what could be meant all the same, as a sentence."""
        meant = self.join.fuzzy.possible(key, row)
        if meant:
            return f" More than one could be meant, and none is taken for it: {', '.join(meant)}."
        like = self.join.fuzzy.resembling(row.group, key[1], row.units)
        return f" {like} of that amount has no posting, and is for another." if like else ""

    def is_told(self, key: Key) -> bool:
        """Tell whether it was said of a journal that nothing is behind it."""
        return self.context.stands(KIND, _name(key))

    def claimed(self, key: Key, by: str) -> None:
        """A movement was found for a journal, by a rule that names no id."""
        self.join.loose.drop(key)
        sentence = f"Explained by amount, client and time alone, and by no id: {by} is taken to be what {key[0]} books."
        self._end(key, sentence, explained=True)

    def swept(self, before_us: int) -> None:
        for key in self.join.loose.swept(before_us):
            self._end(key, f"Journal {key[0]} is older than the horizon and is watched no more.", explained=False)

    def _end(self, key: Key, sentence: str, *, explained: bool) -> None:
        self.context.absences.met(f"orphan|{_rest(key)}")
        self.context.mend(KIND, _name(key), sentence, explained=explained)


def _name(key: Key) -> str:
    return f"journal|{key[0]}|{key[1]}"


def _rest(key: Key) -> str:
    """Return a journal and asset as the rest of a deadline's key, from which both can be told again."""
    return f"{len(key[0])}|{key[0]}|{key[1]}"


def _key(rest: str) -> Key:
    length, _, names = rest.partition("|")
    return names[: int(length)], names[int(length) + 1 :]
