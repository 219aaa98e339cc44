"""Credits of clients with nothing behind them: the books say that value came from outside, and none has.

A credit whose inflow is on its way waits for it. One whose inflow nobody has seen waits a minute, and until all who tell
of such inflows have delivered; one whose inflow failed before it ever arrived waits seconds. The same holds for what
is given back to a client, against the outside, for a payment that went out and has not come back. Of a trade, a charge or
an income, of which venues tell page by page, the next number is waited for as well: a page may be missing.
"""

from __future__ import annotations

from ledger.dossiers import COMPLETED_BIT, UNDONE_BITS, Dossier
from ledger.findings import Breach
from ledger.fold import RANK
from ledger.matching.cases import NEED_A_LEG, Case
from ledger.matching.concerns import Ask, Concern, evidence_of, links_of_case, scope_of_case
from ledger.screens.words import amount_text
from ledger.times import SECOND_US

REORGED_BIT = 1 << RANK["reorged"]
_SEEN = (1 << RANK["broadcast"]) | (1 << RANK["confirming"]) | (1 << RANK["replaced"])


NEXT_NUMBER_US = 3_600 * SECOND_US
"""So long the credit of a trade, a charge or an income waits for the next number of who could tell of it."""


class Phantoms(Concern):
    """`phantom_credit`."""

    name = "phantom"
    kinds = ("phantom_credit",)
    of_legs = True

    def wanted(self, case: Case) -> Ask | None:
        if case.claim is None or not case.sums.outside:
            return None
        units = self._unbacked_units(case)
        if units <= case.dust_units or not self._are_inflows_heard(case):
            return None
        return Ask(self._due_us(case), _sources(case), units)

    def _due_us(self, case: Case) -> int:
        """Return until when the inflow may come: from the credit on, or from when it was undone."""
        limits, undone = self.context.limits, [member for member in case.family if member.undone]
        if case.direction == "in" and undone:
            was_final = any(member.stages & COMPLETED_BIT for member in undone)
            return self.after_us(limits.unmatched_s if was_final else limits.undone_credit_s)
        credited = [leg for leg in case.legs() if leg.outside and leg.units > 0 and leg.account_class == "client"]
        since_us = min((leg.heard_us for leg in credited), default=self.context.now_us)
        return max(since_us + round(limits.unmatched_s * SECOND_US), self.context.now_us)

    def _unbacked_units(self, case: Case) -> int:
        """Return what clients were credited with from outside and nothing came for, in units."""
        credited = case.sums.brought_to_clients
        if case.direction == "in":
            if credited <= 0 or case.arrived or any(is_reorganised(member) for member in case.family):
                return 0
            if any(_is_under_way(member) for member in case.family):  # what was told stands until it is final
                return credited if self.context.stands(self.kinds[0], case.transfer_id) else 0
            return credited
        if case.direction == "out":
            return self._given_back_units(case)
        if case.direction == "unknown":
            return credited - self._arrived_of_parent_units(case)
        return credited

    def _given_back_units(self, case: Case) -> int:
        """Return what was given back against the outside for a payment that stands, so far as it bears less than it took."""
        given = sum(units for units in case.sums.outside_clients.values() if units > 0)
        if given <= 0 or any(member.undone for member in case.family):
            return 0
        taken = -(case.sums.clients_total + case.sums.house)
        return min(given, max(case.arrived_units - taken, 0))

    def _arrived_of_parent_units(self, case: Case) -> int:
        """Return what the legs of a trade or batch have brought, where the books name that and not its legs."""
        legs = [leg for leg in self.join.links.children(case.transfer_id) if leg.asset == case.asset]
        enters = self.context.territory.enters
        return sum(leg.arrived_units for leg in legs if enters(leg) and (leg.arrived or _is_under_way(leg)))

    def _are_inflows_heard(self, case: Case) -> bool:
        return self.context.heard.any(("inflows", case.group))

    def ask(self, case: Case, ask: Ask) -> None:
        if self.name not in case.open and case.dossier is None and _is_by_itself(case):
            case.row().marks = self._marks(case)
        super().ask(case, ask)

    def _marks(self, case: Case) -> dict[str, int]:
        """Return the highest number that each of those who could tell has told, of those who number what they say."""
        sequences = self.context.sequences.table
        found = {source: sequences.get((source, "")) for source in _sources(case)}
        return {source: known.top for source, known in found.items() if known is not None and known.proven}

    def put_off_us(self, case: Case, due_us: int) -> int:
        """Wait for the next number of those who tell of trades and charges: a page of them may have been lost."""
        claim = case.claim
        if claim is None or not claim.marks or case.dossier is not None:
            return 0
        since_us = min(leg.heard_us for leg in claim.legs.values())
        if due_us - since_us >= NEXT_NUMBER_US or not claim.marks.items() & self._marks(case).items():
            return 0
        return round(self.context.limits.unmatched_s * SECOND_US)

    def breach(self, case: Case, ask: Ask) -> Breach:
        client = scope_of_case(case).get("client_id", "A client")
        credited = amount_text(ask.units, case.asset)
        like = self.join.fuzzy.resembling(case.group, case.asset, ask.units)
        hint = f" {like} of the same amount has no credit: the two may be one." if like else ""
        return Breach(
            kind="phantom_credit",
            key=case.transfer_id,
            scope=scope_of_case(case),
            sentence=f"{client} was credited with {credited} from outside for {case.transfer_id}, and {_why(case)}.{hint}",
            evidence=evidence_of(case, books_first=True),
            rule="no_final_inflow",
            asset=case.asset,
            expected=0,
            observed=ask.units,
            difference=ask.units,
            threshold=self.context.limits.unmatched_s,
            links=links_of_case(case, f"account|{scope_of_case(case).get('account_id', '')}|{case.asset}"),
        )

    def ending(self, case: Case) -> str:
        if case.late and case.dossier is not None and case.dossier.undone:
            return f"Explained: {case.transfer_id} has come back."
        if case.late:
            return f"Explained: {case.transfer_id} has brought what was credited."
        return f"The credit for {case.transfer_id} was taken back."


def _sources(case: Case) -> tuple[str, ...]:
    """Return who could still tell of an inflow: who tells of that asset in the group, and of this movement.

    All of the group, where nobody has told of that asset so far, or where it is what any venue may do by itself.
    """
    heard = case.context.heard
    tellers = heard.sources(("inflows", case.group, case.asset))
    if not tellers or (case.dossier is None and _is_by_itself(case)):
        tellers = heard.sources(("inflows", case.group))
    return tuple(dict.fromkeys((*tellers, *(member.source for member in case.family))))


def is_reorganised(dossier: Dossier) -> bool:
    """Tell whether a movement arrived and its chain took it back."""
    return dossier.undone and bool(dossier.stages & REORGED_BIT and dossier.stages & COMPLETED_BIT)


def _is_by_itself(case: Case) -> bool:
    """Tell whether a credit is booked for what venues do by themselves: trades, charges, income."""
    journals = case.context.journals.journals.rows
    booked = [journals.get(leg.journal_id) for leg in case.legs()]
    return any(journal is not None and journal.op_type in NEED_A_LEG for journal in booked)


def _is_under_way(dossier: Dossier) -> bool:
    """Tell whether an inflow was seen and may still arrive; one that is complete and did not arrive will not."""
    if dossier.undone or dossier.arrived or not dossier.stages & _SEEN:
        return False
    return not dossier.stages & COMPLETED_BIT or bool(dossier.stages & UNDONE_BITS)


def _why(case: Case) -> str:
    """Return what is known of the inflow, as a clause."""
    dossier = case.dossier
    if dossier is None:
        return "nobody has reported such a movement"
    if case.direction == "out":
        return "the payment has not come back"
    if case.direction == "own":
        return f"{dossier.transfer_id} brings nothing in from outside"
    if dossier.undone:
        return f"its inflow from {dossier.origin} was undone"
    return "its inflow has not been seen"
