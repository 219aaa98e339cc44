"""So many accounts for a shard to remember: journals of two legs that open one of a client's and one of the outside's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from streams.simulate.units import time_text
from tests.chaos.feeder import Sent
from tests.chaos.firms import mark_of

ASSET = {"kind": "asset", "id": "USD", "asset": "USD", "decimals": 2, "dust": "0.01", "rebasing": False, "aliases": []}
_encode = msgspec.json.Encoder().encode


def openings(keys: int, firms: int, now_us: int) -> Iterator[Sent]:
    """Yield the postings that give each firm so many accounts with a balance."""
    moment = time_text(now_us)
    envelope = {"schema_version": 1, "event_time": moment, "observed_at": moment, "revision": 0}
    yield "reference", "asset:USD", _encode({**envelope, "event_id": "opening-usd", "source": "openings", **ASSET})
    for number in range(keys // 2):
        for firm in range(firms):
            mark = mark_of(firm) if firms > 1 else ""
            yield _leg(envelope, mark, number, 1, "client", "250.00")
            yield _leg(envelope, mark, number, 2, "external", "-250.00")


def _leg(envelope: dict[str, Any], mark: str, number: int, leg: int, account_class: str, amount: str) -> Sent:
    account = f"{mark}opened-{account_class}-{number:06d}"
    journal = f"{mark}opening-{number}"
    value = {
        **envelope, "event_id": f"{journal}-{leg}", "source": f"{mark}openings", "source_seq": str(2 * number + leg),
        "posting_id": f"{journal}-{leg}", "journal_id": journal, "leg_no": leg, "legs_total": 2,
        "account_id": account, "account_class": account_class, "asset": "USD", "amount": amount,
        "op_type": "opening", "booked_at": envelope["event_time"], "origin": "auto",
    }  # fmt: skip
    return "ledger", account, _encode(value)
