"""The assets of the books: what they are called, how finely they divide, what is dust, and what they are worth.

Prices decide how serious a difference is and nothing else: they never take part in a comparison of amounts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ledger.amounts import ONE, UNIT_PLACES, to_decimal, to_units
from ledger.events import AssetRef, PriceRef

_CENTS_PER_UNIT_SQUARED = ONE * ONE // 100


@dataclass(slots=True)
class Asset:
    """One asset: `step` is its smallest amount and `dust` what no comparison minds, both in units."""

    code: str
    decimals: int
    dust: int
    rebasing: bool = False
    aliases: list[str] = field(default_factory=list)
    step: int = field(init=False)

    def __post_init__(self) -> None:
        """Work out the step, which every amount is held against."""
        self.step = int(10 ** (UNIT_PLACES - self.decimals))

    def to_plain(self) -> list[Any]:
        return [self.decimals, self.dust, self.rebasing, self.aliases]


class Assets:
    """The registry: names and aliases to codes, and prices in USD units per whole asset."""

    def __init__(self) -> None:
        self.by_code: dict[str, Asset] = {}
        self.codes: dict[str, str] = {}  # every name that is known, to its code
        self.prices: dict[str, int] = {}
        self.touched: set[str] = set()

    def code(self, name: str) -> str | None:
        """Return the code in the books of an asset's name or alias; None where no reference has told it."""
        return self.codes.get(name)

    def define(self, event: AssetRef) -> Asset:
        """Take over a reference; the latest of an asset holds, and aliases once given stay."""
        code, old = event.asset, self.by_code.get(event.asset)
        former = self.codes.get(code, code)
        if former != code:  # it was an alias of another asset, and is one of its own now
            self.by_code[former].aliases.remove(code)
            self.touched.add(former)
        wanted = sorted({*(old.aliases if old else ()), *event.aliases} - {code})
        # An alias cannot take over a name that already means something else.
        aliases = [name for name in wanted if self.codes.get(name, code) == code]
        asset = Asset(code, event.decimals, to_units(event.dust), event.rebasing, aliases)
        self._add(asset)
        self.touched.add(code)
        self._adopt_prices(asset)
        return asset

    def _adopt_prices(self, asset: Asset) -> None:
        """Take over prices that came under a name before it was known whose it is."""
        for name in asset.aliases:
            price = self.prices.pop(name, None)
            if price is not None:
                self.prices.setdefault(asset.code, price)
                self.touched.add(name)

    def _add(self, asset: Asset) -> None:
        self.by_code[asset.code] = asset
        for name in (asset.code, *asset.aliases):
            self.codes[name] = asset.code

    def set_price(self, event: PriceRef) -> None:
        code = self.code(event.asset) or event.asset
        self.prices[code] = to_units(event.usd)
        self.touched.add(code)

    def usd_cents(self, code: str, units: int) -> int | None:
        """Return what `units` are worth, in whole cents toward zero, never negative; None where no price is known."""
        price = self.prices.get(code, ONE if code == "USD" else None)
        return None if price is None else abs(units) * price // _CENTS_PER_UNIT_SQUARED

    def names(self, code: str) -> tuple[str, ...]:
        """Return the code of an asset and its aliases."""
        known = self.by_code.get(code)
        return (code,) if known is None else (code, *known.aliases)

    def to_plain(self, code: str) -> list[Any] | None:
        asset, price = self.by_code.get(code), self.prices.get(code)
        if asset is None and price is None:
            return None
        return [asset.to_plain() if asset else None, None if price is None else to_decimal(price)]

    def load(self, code: str, plain: list[Any]) -> None:
        if plain[0] is not None:
            decimals, dust, rebasing, aliases = plain[0]
            self._add(Asset(code, decimals, dust, rebasing, list(aliases)))
        if plain[1] is not None:
            self.prices[code] = to_units(plain[1])
