"""Who is who at the broker: its places, its clients, its assets, and their addresses."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from tests.contract.ways import stamp

HOT, COLD, VENUE, BANK = "fireblocks:hot-1", "fireblocks:cold-1", "binance:main", "bank:acme-usd"
ROLES = {HOT: "hot", COLD: "cold", VENUE: "venue", BANK: "bank"}
CLIENTS = ("alice", "bob", "carol")
BITCOIN, ETHEREUM, RIPPLE = "bip122:000000000019d6689c085ae165831e93", "eip155:1", "xrpl:0"
ASSETS: dict[str, dict[str, Any]] = {
    "BTC": {"decimals": 8, "dust": "0.0001", "aliases": ["XBT"], "networks": [BITCOIN]},
    "ETH": {"decimals": 18, "dust": "0.0001", "networks": [ETHEREUM]},
    "USDC": {"decimals": 6, "dust": "0.01", "networks": [ETHEREUM, "eip155:10"]},
    "XRP": {"decimals": 6, "dust": "0.01", "networks": [RIPPLE], "tag_required": [RIPPLE]},
    "USD": {"decimals": 2, "dust": "0.01"},
}
NETWORK = {"BTC": BITCOIN, "ETH": ETHEREUM, "USDC": ETHEREUM, "XRP": RIPPLE}
PRICES = {"BTC": "60000", "ETH": "3000", "USDC": "1", "XRP": "0.5", "USD": "1"}
HELD = {
    HOT: {"BTC": "50", "ETH": "500", "USDC": "500000", "XRP": "300000"},
    COLD: {"BTC": "200", "ETH": "2000"},
    VENUE: {"BTC": "20", "USDC": "1000000"},
    BANK: {"USD": "2000000"},
}
OWED = {
    "alice": {"BTC": "30", "ETH": "100", "USDC": "200000", "XRP": "100000", "USD": "300000"},
    "bob": {"BTC": "20", "ETH": "50", "USDC": "100000", "USD": "200000"},
    "carol": {"BTC": "10", "USD": "100000"},
}
LONG_AGO = stamp(-90 * 86_400)


def place_of(asset: str) -> str:
    """Return where client flows of an asset go through."""
    return BANK if asset == "USD" else HOT


def address_of(owner: str, network: str | None, purpose: str = "out") -> str:
    """Return the address of somebody: `in` is where he pays in, `out` where he is paid."""
    digest = sha256(f"{owner}/{network}/{purpose}".encode()).hexdigest()
    return f"0x{digest[:40]}" if network and network.startswith("eip155") else f"bc1q{digest[:38]}"
