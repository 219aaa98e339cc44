"""Numbers of accounts and payments that somebody has typed where an amount belongs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ledger.amounts import to_decimal
from ledger.dossiers import Dossier
from ledger.events import Posting

DIGITS_MIN = 6
TELLING_MIN = 4
"""Fewer digits before the zeros at the end are a round figure, which proves nothing."""
_NUMBER = re.compile(rf"\d{{{DIGITS_MIN},}}")


def said_in_amount(units: int, texts: Iterable[str | None]) -> str:
    """Return the id of which an amount has the very digits; "" where none has.

    >>> from ledger.amounts import to_units
    >>> said_in_amount(to_units("10474143.00"), ["client-7", "ACCT-10474143"])
    'ACCT-10474143'
    """
    whole, point, fraction = to_decimal(abs(units)).partition(".")
    digits = (whole + fraction).lstrip("0")
    if len(digits) + len(point) < DIGITS_MIN or len(digits.rstrip("0")) < TELLING_MIN:
        return ""
    for text in texts:
        for number in _NUMBER.findall(text or ""):
            written = number.lstrip("0")
            if written == digits or (point and written.rstrip("0") == digits):  # 1234.50 has lost its last zero
                return text or ""
    return ""


def of_movement(dossier: Dossier) -> tuple[str, ...]:
    """Return the ids that a movement names besides its own."""
    return (
        dossier.account, dossier.origin_account, dossier.client, dossier.origin_client, dossier.client_ref,
        dossier.end_to_end_id, dossier.refers_to, dossier.reverses, dossier.address,
    )  # fmt: skip


def of_posting(event: Posting) -> tuple[str | None, ...]:
    """Return the ids that a posting names besides its own; not its reason, which may well repeat the amount."""
    return event.account_id, event.client_id, event.transfer_id, event.reverses
