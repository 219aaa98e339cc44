"""The checks of this room, in the order in which they hear and speak; apart from its documents, which settings know."""

from __future__ import annotations

from ledger.check import Check
from ledger.policy.audit import Audit
from ledger.policy.decisions import Decisions
from ledger.policy.followed import Followed

CHECKS: tuple[type[Check], ...] = (Decisions, Audit, Followed)
