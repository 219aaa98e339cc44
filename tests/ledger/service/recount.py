"""Count again from nothing: what the tallies must say, from the dossiers at the end and a diary of what was heard.

It keeps no marks and takes nothing back; every figure is counted once, at the end, in the plainest way.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ledger.check import Change
from ledger.dossiers import PASSED, REQUESTED, Dossier
from ledger.findings import Breach, Verdict
from ledger.service.gravity import is_error, is_grave
from ledger.service.tally import Tally
from ledger.times import DAY_US
from streams.monitor import Monitor

Key = tuple[int, str, str]
UNDONE = ("failed", "cancelled", "expired", "rejected", "blocked", "returned", "reversed", "reorged")
CORRECTIONS = ("adjustment", "refund", "reversal")


@dataclass
class Moment:
    """Something that happened to a movement, and how it stood then."""

    at_us: int
    passed: bool
    over: bool
    verdict: Verdict | None = None


@dataclass
class Diary:
    """What a monitor heard and said of each movement, in order; it goes on over restarts."""

    moments: dict[str, list[Moment]] = field(default_factory=dict)
    breaches: dict[str, list[Breach]] = field(default_factory=dict)
    of_clients: Counter[tuple[int, str, str]] = field(default_factory=Counter)

    def follow(self, monitor: Monitor) -> None:
        """Listen to a monitor, beside the checks."""
        self.monitor = monitor
        reconciliation = monitor.state.reconciliation
        self.context = reconciliation.context
        self.context.on_told.insert(0, self._told)  # before it stands
        self.context.on_decided.append(self._decided)
        reconciliation._moved.append(self._moved)

    def _moved(self, change: Change) -> None:
        self._note(change.dossier, None)

    def _decided(self, verdict: Verdict, dossier: Dossier) -> None:
        self._note(dossier, verdict)

    def _note(self, dossier: Dossier, verdict: Verdict | None) -> None:
        passed = bool(dossier.stages & PASSED)
        moment = Moment(self.context.now_us, passed, passed or dossier.undone, verdict)
        self.moments.setdefault(dossier.transfer_id, []).append(moment)

    def _told(self, breach: Breach) -> None:
        if not is_error(breach):
            return
        transfer_id, client = breach.scope.get("transfer_id", ""), breach.scope.get("client_id", "")
        if transfer_id in self.context.dossiers:
            self.breaches.setdefault(transfer_id, []).append(breach)
        elif client and not self.context.stands(breach.kind, breach.key):
            self.of_clients[self.context.now_us // DAY_US, client, breach.kind] += 1

    def verdicts(self, transfer_id: str) -> list[Moment]:
        return [moment for moment in self.moments[transfer_id] if moment.verdict is not None]

    def held(self, transfer_id: str) -> tuple[bool, int]:
        """Return whether it was ever held while it waited, and for how long it was, before now."""
        held, since_us, length_us = False, 0, 0
        for moment in self.moments[transfer_id]:
            if moment.over or (moment.verdict is not None and moment.verdict.action != "hold"):
                length_us += moment.at_us - since_us if since_us else 0
                since_us = 0
            elif moment.verdict is not None:
                held, since_us = True, since_us or moment.at_us
        return held, length_us

    def tallies(self) -> dict[Key, Tally]:
        """Return what should be in the rows of the days."""
        found: dict[Key, Tally] = {}
        for dossier in self.context.dossiers.rows.values():
            client = dossier.origin_client or dossier.client
            self._count(found.setdefault((dossier.begun_us // DAY_US, dossier.op_type, client), Tally()), dossier)
        for (day, client, kind), number in self.of_clients.items():
            found.setdefault((day, "", client), Tally()).errors[kind] = number
        return found

    def _count(self, tally: Tally, dossier: Dossier) -> None:
        told = self.breaches.get(dossier.transfer_id, [])
        verdicts = self.verdicts(dossier.transfer_id)
        risks = ["risk_free" if moment.verdict and moment.verdict.risk_free else "risky" for moment in verdicts]
        before = [risk for risk, moment in zip(risks, verdicts, strict=True) if not moment.passed]
        passed_as = (before[-1:] or risks[:1] or [""])[0]
        held, held_us = self.held(dossier.transfer_id)
        way = ""
        if dossier.stages & PASSED:
            by_people = dossier.control_origin == "manual" or dossier.approvers
            way = "manual" if by_people else dossier.control_origin or "unsaid"
        tally.movements += 1
        tally.requested += bool(dossier.stages & REQUESTED)
        tally.risk_free += risks[-1:] == ["risk_free"]
        tally.risky += risks[-1:] == ["risky"]
        tally.auto += way == "auto"
        tally.manual += way == "manual"
        tally.unsaid += way == "unsaid"
        tally.completed += dossier.arrived
        clean = not held and not any(is_grave(breach) for breach in told)
        tally.straight_through += dossier.arrived and way == "auto" and passed_as == "risk_free" and clean
        asked = bool(dossier.stages & REQUESTED) or risks[-1:] == ["risk_free"]
        tally.asked_risky += asked and risks[-1:] == ["risky"]
        tally.asked_completed += asked and dossier.arrived
        tally.held += held
        tally.held_us += held_us
        if dossier.op_type in CORRECTIONS:
            cents = self.context.cents(dossier.asset, dossier.instructed_units)
            tally.corrections += 1
            tally.cents += cents or 0
            tally.unpriced += cents is None
        if dossier.arrived:
            tally.took_s += max(dossier.arrived_us - dossier.begun_us, 0) // 1_000_000
            tally.took.count += 1
        if dossier.undone:
            status = self._undone_by(dossier.transfer_id)
            tally.undone[status] = tally.undone.get(status, 0) + 1
        for kind in {breach.kind for breach in told}:
            tally.errors[kind] = tally.errors.get(kind, 0) + 1

    def judgements(self) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
        """Return how many verdicts there were by op_type and what they say, and by op_type and rule that they name."""
        said, named = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for transfer_id in self.moments:
            op_type = self.context.dossiers.rows[transfer_id].op_type
            for moment in self.verdicts(transfer_id):
                assert moment.verdict is not None
                risk = "risk_free" if moment.verdict.risk_free else "risky"
                said[op_type, f"{risk}|{moment.verdict.action}"] += 1
                named.update((op_type, failure.rule) for failure in moment.verdict.failed)
        return said, named

    def _undone_by(self, transfer_id: str) -> str:
        facts = self.monitor.state.holdings.movements.by_id[transfer_id].facts
        said = [STATUSES[fact.rank] for fact in sorted(facts)]
        return [status for status in said if status in UNDONE][-1]

    def blame(self) -> Counter[tuple[int, str, str, str]]:
        """Return by (day, rule, op_type) how many movements the latest verdict blames it for, and how many for people."""
        found: Counter[tuple[int, str, str, str]] = Counter()
        for dossier in self.context.dossiers.rows.values():
            verdicts = [moment.verdict for moment in self.verdicts(dossier.transfer_id)]
            day, op_type = dossier.begun_us // DAY_US, dossier.op_type
            last = verdicts[-1] if verdicts else None
            by_people = dossier.control_origin == "manual" or bool(dossier.approvers)
            for failure in last.failed if last else ():
                found[day, failure.rule, op_type, "movements"] += 1
                if by_people or not dossier.stages & PASSED:
                    found[day, failure.rule, op_type, "for_people"] += 1
                    found[day, failure.rule, op_type, "sole"] += last is not None and len(last.failed) == 1
        return +found


STATUSES = (
    "requested", "screening", "pending_approval", "approved", "queued", "signing", "broadcast", "confirming",
    "completed", "on_hold", "rejected", "blocked", "cancelled", "failed", "expired", "replaced", "returned",
    "reversed", "reorged",
)  # fmt: skip
