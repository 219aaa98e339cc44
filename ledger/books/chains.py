"""Chains: in each account the balance follows from the one before; where postings are missing between two, that is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ledger.amounts import to_decimal
from ledger.books.account import Account, Item, loose_links
from ledger.books.chain import conclude, loose_from_us
from ledger.books.loose import Loose, links_after
from ledger.check import Check, Timer
from ledger.findings import EVIDENCE_MAX, Breach
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "balance_chain_broken"
Key = tuple[str, str]  # account and asset


class Chains(Check):
    """The accounts, by account and asset, and the breaks in their chains. `Accounts` puts the postings into them."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.table: Table[Key, Account] = Table(Account)
        self.foreseen: dict[Key, int] = {}  # answers kept as long as the postings of an account are the same
        self.loose: dict[Key, Loose] = {}  # the links that do not hold, of accounts that have some

    def timers(self) -> Mapping[str, Timer]:
        return {"chain": self._chain_due}

    def links(self, key: Key) -> list[int] | None:
        """Return the links of an account that do not hold; None where they are not known without looking."""
        known = self.loose.get(key)
        return None if known is None else known.places

    def foresee(self, key: Key, account: Account) -> None:
        """A balance may tell of postings that are not here yet."""

    def latest_events(self, account: Account) -> tuple[str, ...]:
        """Return the events of an account's latest postings, the latest first."""
        return tuple(self._event_of(item.posting_id) for item in reversed(account.tail[-EVIDENCE_MAX:]))

    def _event_of(self, posting_id: str) -> str:
        journal = self.context.journals.of_posting(posting_id)
        return posting_id if journal is None else journal.legs[posting_id].event_id

    def look(self, key: Key, account: Account, item: Item) -> None:
        """See whether a link of the chain is to be judged, or a gap is closed, now that a posting is in it."""
        timer, sequences = f"chain|{key[0]}|{key[1]}", self.context.sequences
        links = links_after(self.loose.pop(key, None), account.tail, item)
        if links and conclude(
            account, links, lambda left, right: sequences.has_all_between(account.source, key[0], left.seq, right.seq)
        ):
            self._tell(key, account)
            links = loose_links(account.tail, links[0])
        since_us = self._keep(key, account, links)
        if since_us is None:
            self.context.absences.met(timer)
        elif not self.context.absences.expects(timer):
            self.foresee(key, account)
            self._expect(timer, account, self.context.now_us)
        if not account.gaps:
            sentence = (
                f"What was missing from account {key[0]} in {key[1]} has come; its balances follow from each other."
            )
            self.context.mend(KIND, "|".join(key), sentence, (self.context.cause_id,), explained=True)

    def _keep(self, key: Key, account: Account, links: list[int]) -> int | None:
        """Keep the links that do not hold; return since when the oldest of them has not."""
        account.loose = bool(links)
        if links:
            self.loose[key] = Loose(len(account.tail), links)
        else:
            self.loose.pop(key, None)
        return loose_from_us(account, links)

    def _expect(self, timer: str, account: Account, since_us: int) -> None:
        due_us = since_us + round(self.context.limits.gap_wait_s * SECOND_US)
        self.context.absences.expect(timer, due_us, (account.source,), despite_holes=True)

    def _chain_due(self, rest: str, due_us: int) -> None:
        account_id, _, asset = rest.rpartition("|")
        account = self.table.edit((account_id, asset))
        if account is None:
            return
        self.foreseen.pop((account_id, asset), None)
        until_us = due_us - round(self.context.limits.gap_wait_s * SECOND_US)
        links = loose_links(account.tail)
        if conclude(account, links, lambda left, right: max(left.heard_us, right.heard_us) <= until_us):
            self._tell((account_id, asset), account)
            links = loose_links(account.tail, links[0])
        since_us = self._keep((account_id, asset), account, links)
        if since_us is not None:
            self._expect(f"chain|{rest}", account, since_us)

    def _tell(self, key: Key, account: Account) -> None:
        gap, (account_id, asset) = account.gaps[-1], key
        at = next(place for place, item in enumerate(account.tail) if item.posting_id == gap.right_id)
        item = account.tail[at]
        assert item.after is not None, "a link is between balances"
        more = f" {len(account.gaps)} such breaks are open on it." if len(account.gaps) > 1 else ""
        scope = {"account_id": account_id, "asset": asset, "client_id": account.client_id, "source": account.source}
        # A hole in the source's own numbers is one cause for all accounts.
        source = self.context.sources.table.rows.get(account.source)
        links = (f"source|{account.source}",) if source is not None and source.hole_us else ()
        self.context.tell(
            Breach(
                kind=KIND,
                key="|".join(key),
                scope={field: value for field, value in scope.items() if value},
                sentence=f"The balance of {account_id} after number {gap.right} is {to_decimal(item.after)} {asset}, "
                f"which is {to_decimal(gap.units)} off what number {gap.left} and the amounts since say; postings "
                f"between the two are missing or wrong.{more}",
                evidence=tuple(dict.fromkeys((self._event_of(gap.right_id), *self.latest_events(account))))[
                    :EVIDENCE_MAX
                ],
                rule="balance_after",
                asset=asset,
                expected=item.after - gap.units,
                observed=item.after,
                difference=gap.units,
                told=len(account.gaps) > 1,
                links=(f"account|{account_id}|{asset}", *links),
            )
        )

    def swept(self, before_us: int) -> None:
        for key in sorted(key for key, account in self.table.rows.items() if account.gaps):
            account = self.table.edit(key)
            assert account is not None, key
            account.gaps = [gap for gap in account.gaps if gap.heard_us >= before_us]
            if not account.gaps:
                sentence = (
                    f"The break of account {key[0]} in {key[1]} is older than the horizon and is watched no more."
                )
                self.context.mend(KIND, "|".join(key), sentence, explained=False)
