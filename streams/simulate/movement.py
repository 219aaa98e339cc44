"""A movement of value: what its events say, and, kept apart, what is really executed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from streams.simulate.catalogue import ASSETS, EXTERNAL, Asset
from streams.simulate.emit import Json
from streams.simulate.units import decimal_text


@dataclass(frozen=True, slots=True)
class End:
    """One side of a movement."""

    location: str
    client_id: str = ""
    account_id: str = ""
    address: str = ""
    network: str = ""
    tag: str = ""

    def as_json(self) -> Json:
        fields = ("location", "account_id", "client_id", "address", "network", "tag")
        return {name: value for name in fields if (value := getattr(self, name))}


OUTSIDE = End(EXTERNAL)
Tap = Callable[["Movement", Json], int | None]


@dataclass(slots=True)
class Movement:
    """One movement under way. All `*_units` are in smallest units of their asset, never negative.

    `units`, `fee_units` and `delivered_units` are what is said; `executed_units` and `executed_fee_units` what is
    done. They differ only where a fault makes them. A `tap` sees each event before it is sent and may change it: it
    returns how much later than usual it is sent (microseconds), or None to keep it back. What `passes_anyway` is asked
    about by nobody: a fault lets it pass, and its `control` says what it says.
    `told_network` is the network that a request names, where that is not its asset's own.
    Its events come as soon as any of their source where it is `prompt`.
    """

    transfer_id: str
    op_type: str
    source: str
    origin: End
    target: End
    asset: Asset
    units: int
    fee_units: int = 0
    fee_asset: str = ""
    fee_payer: str = ""
    delivered_units: int | None = None
    arrival_source: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    control: Json | None = None
    plan_id: str = ""
    parent_id: str = ""
    client_id: str = ""
    account_id: str = ""
    tap: Tap | None = None
    passes_anyway: bool = False
    told_network: str = ""
    prompt: bool = False
    clock_ahead_us: int = 0
    executed_units: int = -1
    executed_fee_units: int = -1
    left: bool = False
    said: int = 0
    _body: Json | None = None

    def __post_init__(self) -> None:
        """What is done is what is said, until a fault says otherwise."""
        if self.executed_units < 0:
            self.executed_units = self.units
        if self.executed_fee_units < 0:
            self.executed_fee_units = self.fee_units

    @property
    def is_book(self) -> bool:
        """Whether it changes only the books: the same place on both sides."""
        return self.origin.location == self.target.location

    @property
    def arriving_units(self) -> int:
        """What really reaches the target."""
        if self.fee_payer == "deducted":
            return self.executed_units - self.executed_fee_units
        return self.executed_units

    def delivered_json(self) -> Json:
        """Return the field that says what arrived, where that is said."""
        if self.delivered_units is None:
            return {}
        return {"amount_delivered": decimal_text(self.delivered_units, self.asset.decimals)}

    def body(self) -> Json:
        """Return what all events of the movement have in common, as they stand now."""
        if self._body is None:
            self._body = self._make_body()
        return self._body

    def changed(self) -> None:
        """Forget the common part: ids or the fee are not what they were."""
        self._body = None

    def _make_body(self) -> Json:
        asset = self.asset
        body: Json = {
            "transfer_id": self.transfer_id,
            "op_type": self.op_type,
            "from": self.origin.as_json(),
            "to": self.target.as_json(),
            "asset": asset.code,
            "amount": decimal_text(self.units, asset.decimals),
        }
        if self.fee_payer:
            body["fee_amount"] = decimal_text(self.fee_units, ASSETS[self.fee_asset].decimals)
            body["fee_asset"] = self.fee_asset
            body["fee_payer"] = self.fee_payer
        if asset.network and not self.is_book:
            body["asset_id"], body["network"] = asset.asset_id, asset.network
        if self.ids:
            body["ids"] = dict(self.ids)
        for name in ("plan_id", "parent_id", "control"):
            if value := getattr(self, name):
                body[name] = value
        return body
