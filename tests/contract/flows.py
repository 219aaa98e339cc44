"""Honest movements of a small broker: told, booked, and truly held. A test takes one of them and tells it wrongly."""

from __future__ import annotations

from typing import Any

from tests.contract.names import NETWORK, address_of, place_of
from tests.contract.ways import Leg, side
from tests.contract.worlds import Movement, World


class Flows(World):
    """The verbs of a desk."""

    def coming(self, transfer_id: str, client: str, asset: str, amount: str, **more: Any) -> Movement:
        """Return a deposit that has not begun."""
        network = more.pop("network", NETWORK.get(asset))
        address = address_of(client, network, "in") if network else None
        named = client if self.ways.client_named or not network else None
        end = side(more.pop("place", place_of(asset)), client_id=named, address=address, network=network)
        ids = {"tx_hash": f"hash-{transfer_id}", "tx_index": 0}
        fields = {"network": network, "ids": ids, **more}
        return self.movement(transfer_id, "deposit", side("external"), end, asset, amount, **fields)

    def arrive(self, it: Movement, at: float) -> None:
        """Tell the life of a deposit: seen at once, final 30 s later."""
        chain = f"chain:{it.fields['network']}" if it.fields["network"] else "bank:acme-usd"
        if not self.ways.single_completed and it.fields["network"]:
            it("confirming", at, chain, confirmations=0, confirmations_required=2)
        if self.ways.told_twice:
            it("completed", at + 28, "fireblocks", confirmations=2, confirmations_required=2)
        it("completed", at + 30, chain, confirmations=2, confirmations_required=2)

    def deposit(
        self, transfer_id: str, client: str, asset: str, amount: str, at: float, credit_s: float = 20.0, **more: Any
    ) -> Movement:
        """Let a client pay in; he is credited `credit_s` after it is final."""
        it = self.coming(transfer_id, client, asset, amount, **more)
        self.arrive(it, at)
        landed = at + (28 if self.ways.told_twice else 30)
        self.value(landed, it.fields["to"]["location"], asset, amount)
        self.credit(it, client, amount, at + 30 + credit_s)
        return it

    def credit(self, it: Movement, client: str, amount: str, at: float, **more: Any) -> list[str]:
        legs: tuple[Leg, Leg] = (
            (f"client:{client}", it.fields["asset"], amount),
            ("world:w", it.fields["asset"], f"-{amount}"),
        )
        return self.journal(at, "deposit", *legs, **{"transfer_id": it.fields["transfer_id"], "origin": "auto", **more})

    def wanted(self, transfer_id: str, client: str, asset: str, amount: str, **more: Any) -> Movement:
        """Return a withdrawal that has not begun."""
        network = more.pop("network", NETWORK.get(asset))
        address = more.pop("address", address_of(client, network) if network else None)
        start = side(more.pop("place", place_of(asset)), client_id=client, account_id=f"client:{client}")
        end = side("external", address=address, tag=more.pop("tag", None), network=network)
        return self.movement(transfer_id, "withdrawal", start, end, asset, amount, network=network, **more)

    def leave(self, it: Movement, at: float) -> None:
        """Tell the life of a withdrawal: asked, approved, sent 10 s later and final 40 s later."""
        chain = f"chain:{it.fields['network']}" if it.fields["network"] else "bank:acme-usd"
        it("requested", at, "oms")
        it("approved", at + 2, "oms")
        it("broadcast", at + 10, "fireblocks" if it.fields["network"] else chain)
        if self.ways.told_twice:
            it("completed", at + 38, "fireblocks")
        it("completed", at + 40, chain)

    def withdraw(
        self, transfer_id: str, client: str, asset: str, amount: str, at: float, fee: Leg | None = None, **more: Any
    ) -> Movement:
        """Pay a client; a fee is (amount, asset, payer)."""
        paid = dict(zip(("fee_amount", "fee_asset", "fee_payer"), fee, strict=True)) if fee else {}
        it = self.wanted(transfer_id, client, asset, amount, **paid, **more)
        self.leave(it, at)
        place = it.fields["from"]["location"]
        self.value(at + 10, place, asset, f"-{amount}")
        if fee and fee[2] == "sender":
            self.value(at + 10, place, fee[1], f"-{fee[0]}")
            self.journal(
                at + 45, "fee", ("house:main", fee[1], f"-{fee[0]}"), ("world:w", *fee[1::-1]), transfer_id=transfer_id
            )
        self.debit(
            it, client, amount, at + (60 if self.ways.debit_late else 1), at + (61 if self.ways.debit_late else 42)
        )
        return it

    def debit(self, it: Movement, client: str, amount: str, at: float, done: float) -> None:
        asset, more = it.fields["asset"], {"transfer_id": it.fields["transfer_id"], "origin": "auto"}
        self.journal(
            at, "withdrawal", (f"client:{client}", asset, f"-{amount}"), ("transit:main", asset, amount), **more
        )
        self.journal(done, "withdrawal", ("transit:main", asset, f"-{amount}"), ("world:w", asset, amount), **more)

    def own(
        self, transfer_id: str, start: str, end: str, asset: str, amount: str, op: str = "rebalance", **more: Any
    ) -> Movement:
        """Return a movement between own places that has not begun."""
        network = NETWORK.get(asset)
        to = side(end, address=address_of(end, network), network=network)
        return self.movement(transfer_id, op, side(start), to, asset, amount, network=network, **more)

    def move(
        self,
        transfer_id: str,
        start: str,
        end: str,
        asset: str,
        amount: str,
        at: float,
        op: str = "rebalance",
        **more: Any,
    ) -> Movement:
        """Move value between own places; it is on its way for 60 s."""
        it = self.own(transfer_id, start, end, asset, amount, op, **more)
        it("requested", at, "treasury")
        it("broadcast", at + 10)
        it("completed", at + 70)
        self.value(at + 10, start, asset, f"-{amount}")
        self.value(at + 70, end, asset, amount)
        return it
