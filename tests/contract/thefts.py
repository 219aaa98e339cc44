"""A theft: value that leaves a hot wallet for an address nobody knows, and that nobody asked for."""

from __future__ import annotations

from typing import Any

from tests.contract.firm import Firm
from tests.contract.names import ETHEREUM, HOT, address_of
from tests.contract.ways import side
from tests.contract.worlds import Movement


def stolen(firm: Firm, transfer_id: str = "x", amount: str = "40", asset: str = "ETH", **more: Any) -> Movement:
    """Return the movement; `op` is what its source calls it."""
    to = side("external", address="0x" + "9" * 40, network=ETHEREUM)
    start = side(HOT, address=address_of(HOT, ETHEREUM), network=ETHEREUM)
    op = more.pop("op", "withdrawal")
    return firm.movement(transfer_id, op, start, to, asset, amount, network=ETHEREUM, **more)
