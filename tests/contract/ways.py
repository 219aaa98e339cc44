"""The words and the liberties of the contract: moments, amounts, the ends of a movement, and what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = 86_400.0
FACTS = ("transfers", "ledger", "balances")
CLASSES = {"transit": "in_transit", "world": "external"}  # other accounts are named after their class

Leg = tuple[str, str, str]  # account, asset, signed amount


def stamp(at: float) -> str:
    """Return RFC 3339 of a moment in seconds after the start."""
    return (START + timedelta(seconds=at)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seconds(text: str) -> float:
    """Return seconds after the start of an RFC 3339 moment."""
    return (datetime.fromisoformat(text) - START).total_seconds()


def plain(value: Decimal) -> str:
    """Return a decimal with no exponent."""
    return format(value, "f")


def side(location: str, **more: Any) -> dict[str, Any]:
    """Return one end of a movement."""
    return {"location": location, **{name: value for name, value in more.items() if value is not None}}


@dataclass(frozen=True)
class Ways:
    """What the contract leaves to whoever writes the events."""

    group: str | None = None  # recon_group of locations and accounts
    heartbeat_s: float | None = None
    heartbeat_lag_s: float = 0.0
    balance_after: bool = True
    transfer_ids: bool = True  # postings name their movement
    sequence: str = "global"  # or one for each account
    told_twice: bool = False  # chain and custodian tell the same movement
    prices: bool = True
    accounts: bool = True  # accounts have references
    client_named: bool = True  # deposits name the client, not only the address
    deposit_role: str = "client"  # role of an address at which a client pays in
    single_completed: bool = False  # deposits are told once, as completed
    debit_late: bool = False  # ledger legs of withdrawals come after the money has left
    seq_everywhere: bool = False  # every source counts its events
    first_seq: int = 1
    late_by_s: float = 0.0  # how long after they happened things are observed

    def __str__(self) -> str:
        """Name only the liberties that are taken."""
        usual = {part.name: part.default for part in fields(self)}
        return " ".join(f"{name}={value}" for name, value in vars(self).items() if value != usual[name]) or "plain"


USUAL_WAYS = [
    Ways(),
    Ways(group="all"),
    Ways(heartbeat_s=60),
    Ways(told_twice=True),
    Ways(transfer_ids=False),
    Ways(prices=False, accounts=False),
]
"""The conventions in which most of the contract is tried."""
