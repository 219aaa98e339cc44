"""The firm's limits: what may pass without people, by asset, by client, by hour and day, and where several must agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from streams.simulate.catalogue import ASSETS, BANKS, COLD, Asset
from streams.simulate.emit import Json
from streams.simulate.units import DAY_S, US, decimal_text, units_worth

if TYPE_CHECKING:
    from streams.simulate.config import WorldConfig
    from streams.simulate.world import Client, Firm

HOUR_S = 3_600
ADDRESS_HOLD_S = DAY_S
_OPENS_S, _CLOSES_S = 3 * HOUR_S, 23 * HOUR_S
HOURS_EUR = "03:00-23:00"
KYT_MAX = 0.7
_LEAST_AN_HOUR, _BUSY = 30, 6  # requests of any client, and how many times what a client usually asks for
_LEAST_A_DAY, _BUSY_DAY = 40, 4  # withdrawals of its usual size
_EVERY_NTH = 3  # so many clients have a daily limit


def opens_in_us(code: str, at_us: int) -> int:
    """Return how long clients who want money in an asset have to wait until they can ask; 0 while it is open."""
    second = at_us // US % DAY_S
    if code != "EUR" or _OPENS_S <= second < _CLOSES_S:
        return 0
    return ((_OPENS_S - second) % DAY_S) * US


def of_asset(asset: Asset) -> Json:
    """Return what holds for each withdrawal of an asset."""
    return {
        "limit_id": f"limit-withdrawal-{asset.code}",
        "scope": {"op_type": "withdrawal", "asset": asset.code},
        "single": decimal_text(asset.single_limit_units, asset.decimals),
        "share_of_balance": "0.5",
        "address_hold_s": ADDRESS_HOLD_S,
        "kyt_max": KYT_MAX,
    }


def of_firm(firm: Firm, config: WorldConfig) -> Iterator[Json]:
    """Yield the limits of places and clients."""
    yield {
        "limit_id": "limit-hours-EUR",
        "scope": {"op_type": "withdrawal", "asset": "EUR", "location": BANKS["EUR"]},
        "hours": HOURS_EUR,
    }
    yield {"limit_id": "limit-quorum-cold", "scope": {"op_type": "rebalance", "location": COLD}, "quorum": 2}
    for number, client in enumerate(firm.clients):
        requests_a_day = config.transfers_per_day * firm.share_of(number)
        yield hourly(client, max(_LEAST_AN_HOUR, int(_BUSY * requests_a_day / 24)))
        if number % _EVERY_NTH == 0:
            a_day = max(_LEAST_A_DAY, int(_BUSY_DAY * requests_a_day / len(client.assets)))
            yield from (daily(client, ASSETS[code], a_day * client.scale_cents) for code in client.assets)


def hourly(client: Client, count: int) -> Json:
    """Return how often a client may ask for money within an hour."""
    return {
        "limit_id": f"limit-hourly-{client.client_id}",
        "scope": {"op_type": "withdrawal", "client_id": client.client_id},
        "window_s": HOUR_S,
        "window_count": count,
    }


def daily(client: Client, asset: Asset, usd_cents: int) -> Json:
    """Return how much of an asset a client may withdraw within a day."""
    units = units_worth(usd_cents, asset.price_cents, asset.decimals)
    return {
        "limit_id": f"limit-daily-{client.client_id}-{asset.code}",
        "scope": {"op_type": "withdrawal", "client_id": client.client_id, "asset": asset.code},
        "window_s": DAY_S,
        "window_sum": decimal_text(units, asset.decimals),
    }
