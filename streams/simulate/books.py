"""The firm's own books: journals of legs that add up to zero, each account with its running balance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from streams.simulate.agenda import Agenda
from streams.simulate.catalogue import ASSETS, RECON_GROUP
from streams.simulate.emit import Json, Outbox
from streams.simulate.units import day_text, decimal_text, time_text


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the books; positive balances are what the firm owes its holder."""

    account_id: str
    account_class: str
    client_id: str = ""

    def reference(self) -> Json:
        body: Json = {"account_id": self.account_id, "account_class": self.account_class, "recon_group": RECON_GROUP}
        return body | ({"client_id": self.client_id} if self.client_id else {}) | {"active": True}


HOUSE = Account("house:treasury", "house")
IN_TRANSIT = Account("transit:payments", "in_transit")
SUSPENSE = Account("suspense:unidentified", "suspense")
FEES = Account("fee:income", "fee")
INTEREST = Account("pnl:interest", "pnl")
WORLD = Account("external:world", "external")
OWN_ACCOUNTS = (HOUSE, IN_TRANSIT, SUSPENSE, FEES, INTEREST, WORLD)

Leg = tuple[Account, str, int]  # account, asset code, signed units


class Books:
    """Balances by (account, asset), and what each client may still spend.

    `spendable` is the balance less what is asked for and not booked yet, so that no client is overdrawn, unless it is
    in `unchecked`: the clients whose balance a fault keeps anybody from looking at.
    """

    __slots__ = ("_agenda", "_journals", "_outbox", "_postings", "balances", "spendable", "unchecked")

    def __init__(self, agenda: Agenda, outbox: Outbox) -> None:
        self._agenda = agenda
        self._outbox = outbox
        self._journals = self._postings = 0
        self.balances: dict[tuple[str, str], int] = defaultdict(int)
        self.spendable: dict[tuple[str, str], int] = defaultdict(int)
        self.unchecked: set[str] = set()

    def take(self, client_id: str, asset: str, units: int) -> None:
        """Set aside what a client asks for; the debit follows with the journal."""
        assert units >= 0, (client_id, asset, units)
        assert client_id in self.unchecked or units <= self.spendable[client_id, asset], (client_id, asset, units)
        self.spendable[client_id, asset] -= units

    def post(self, op_type: str, legs: Iterable[Leg], *, transfer_id: str = "", extra: Json | None = None) -> str:
        """Book one journal now and return its id; credits of clients become spendable.

        Raises AssertionError if the legs do not add up to zero by asset, or overdraw a client.
        """
        booked = [leg for leg in legs if leg[2]]
        _balanced(booked)
        self._journals += 1
        journal_id = f"jnl-{self._journals}"
        common = self._common(journal_id, len(booked), op_type, transfer_id, extra)
        for number, leg in enumerate(booked, start=1):
            self._post_leg(journal_id, number, leg, common)
        return journal_id

    def _common(self, journal_id: str, legs_total: int, op_type: str, transfer_id: str, extra: Json | None) -> Json:
        now_us = self._agenda.now_us
        body: Json = {
            "journal_id": journal_id,
            "legs_total": legs_total,
            "op_type": op_type,
            "booked_at": time_text(now_us),
            "value_date": day_text(now_us),
            "origin": "auto",
        }
        if transfer_id:
            body["transfer_id"] = transfer_id
        return body | extra if extra else body

    def _post_leg(self, journal_id: str, number: int, leg: Leg, common: Json) -> None:
        account, asset, units = leg
        key = (account.account_id, asset)
        balance = self.balances[key] = self.balances[key] + units
        decimals = ASSETS[asset].decimals
        self._postings += 1
        posting_id = f"{journal_id}-{number}"
        body: Json = {
            "source_seq": str(self._postings),
            "posting_id": posting_id,
            "leg_no": number,
            "account_id": account.account_id,
            "account_class": account.account_class,
            "asset": asset,
            "amount": decimal_text(units, decimals),
            "balance_after": decimal_text(balance, decimals),
            **common,
        }
        if account.client_id:
            body["client_id"] = account.client_id
            assert balance >= 0 or account.client_id in self.unchecked, (account.account_id, asset, balance)
            if units > 0:
                self.spendable[account.client_id, asset] += units
        self._outbox.post("ledger", account.account_id, "ledger", posting_id, body)


def _balanced(legs: list[Leg]) -> None:
    totals: dict[str, int] = defaultdict(int)
    for _, asset, units in legs:
        totals[asset] += units
    assert legs, "a journal has legs"
    assert not any(totals.values()), totals
