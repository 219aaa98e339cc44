"""The assets of the books: their names, how finely they divide, and what they are worth."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.amounts import to_units
from ledger.assets import Assets
from ledger.events import AssetRef, PriceRef
from ledger.parser import parse
from tests.ledger.wire import asset, received, reference, stamp


def told(assets: Assets, code: str, **more: Any) -> None:
    """Let the registry hear of an asset."""
    record = received(asset(code, **more), 0)
    event = parse(record.topic, record.value)
    assert isinstance(event, AssetRef)
    assets.define(event)


def priced(assets: Assets, code: str, usd: str) -> None:
    record = received(reference("price", f"price-{code}-{usd}", asset=code, usd=usd, as_of=stamp(0)), 0)
    event = parse(record.topic, record.value)
    assert isinstance(event, PriceRef)
    assets.set_price(event)


def reloaded(assets: Assets) -> Assets:
    again = Assets()
    for code in sorted({*assets.by_code, *assets.prices}):
        again.load(code, json.loads(json.dumps(assets.to_plain(code))))
    return again


def test_an_asset_is_known_by_its_code_and_its_aliases() -> None:
    assets = Assets()
    told(assets, "BTC", aliases=["XBT", "BTC.F"])
    assert [assets.code(name) for name in ("BTC", "XBT", "BTC.F", "btc")] == ["BTC", "BTC", "BTC", None]


def test_the_latest_reference_holds_and_an_alias_once_given_stays() -> None:
    assets = Assets()
    told(assets, "BTC", dust="0.1", aliases=["XBT"])
    told(assets, "BTC", dust="0.5", decimals=9)
    known = assets.by_code["BTC"]
    assert (known.decimals, known.dust, known.step) == (9, to_units("0.5"), to_units("0.000000001"))
    assert assets.code("XBT") == "BTC"


@pytest.mark.parametrize(
    "story",
    [
        [("B", ["X"]), ("A", ["X"])],  # the first to claim a name keeps it
        [("A", ["X"]), ("B", ["X"])],
        [("WBTC", ["BTC"]), ("BTC", [])],  # an asset of that name takes it back
        [("BTC", []), ("WBTC", ["BTC"])],
        [("A", ["B", "C"]), ("B", ["C", "A"]), ("C", ["X"]), ("A", ["X"])],
        [("A", ["A"])],
    ],
)
def test_a_name_means_one_asset_before_and_after_a_restart(story: list[tuple[str, list[str]]]) -> None:
    assets = Assets()
    for code, aliases in story:
        told(assets, code, aliases=aliases)
    assert all(assets.code(code) == code for code, _ in story)
    assert reloaded(assets).codes == assets.codes


def test_an_alias_cannot_take_over_a_name() -> None:
    assets = Assets()
    told(assets, "B", aliases=["X"])
    told(assets, "A", aliases=["X", "B"])
    assert (assets.code("X"), assets.code("B")) == ("B", "B")


@pytest.mark.parametrize(
    ("price", "amount", "cents"),
    [
        ("50000", "2", 10_000_000),
        ("50000", "-2", 10_000_000),
        ("0.0001", "1", 0),
        ("0.019", "1", 1),
        ("50000", "0", 0),
        ("9" * 60, "9" * 60, (10**60 - 1) ** 2 * 100),
    ],
)
def test_worth_is_in_whole_cents_toward_zero_and_never_negative(price: str, amount: str, cents: int) -> None:
    assets = Assets()
    told(assets, "BTC", aliases=["XBT"])
    priced(assets, "XBT", price)
    assert assets.usd_cents("BTC", to_units(amount)) == cents
    assert reloaded(assets).usd_cents("BTC", to_units(amount)) == cents


def test_a_dollar_is_worth_a_dollar_and_what_has_no_price_has_no_worth() -> None:
    assets = Assets()
    assert (assets.usd_cents("USD", to_units("1.5")), assets.usd_cents("BTC", to_units("1"))) == (150, None)
