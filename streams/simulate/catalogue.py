"""What the simulated broker deals in, and where it keeps it: assets, networks, places and their sources."""

from __future__ import annotations

from dataclasses import dataclass

from streams.simulate.units import units_worth

EXTERNAL = "external"
BITCOIN = "bip122:000000000019d6689c085ae165831e93"
ETHEREUM = "eip155:1"
SOLANA = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
XRPL = "xrpl:0"
IBAN = "iban"  # what a bank's customers are addressed by


@dataclass(frozen=True, slots=True)
class Asset:
    """A unit of account. `*_units` are in its smallest unit, `price_cents` are US cents for a whole one.

    `settle_s` is the range of seconds between broadcast and final (on a chain) or the wire's way (at a bank).
    """

    code: str
    decimals: int
    dust_units: int
    price_cents: int
    settle_s: tuple[float, float]
    network: str = ""  # CAIP-2; empty for money at a bank
    asset_id: str = ""  # CAIP-19
    aliases: tuple[str, ...] = ()
    fee_asset: str = ""  # what its network fee is paid in
    confirmations: int = 0
    venue_fee_units: int = 0  # what a venue takes for a withdrawal
    needs_tag: bool = False  # its network tells the customers of one address apart by a tag
    rebasing: bool = False  # balances grow and shrink with no movement

    @property
    def is_fiat(self) -> bool:
        return not self.network

    @property
    def single_limit_units(self) -> int:
        """Return the largest withdrawal that passes without people, in smallest units."""
        return units_worth(SINGLE_LIMIT_CENTS, self.price_cents, self.decimals)


_ERC20 = f"{ETHEREUM}/erc20:0x"
_CHAIN_S, _FAST_S, _WIRE_S = (150.0, 420.0), (20.0, 60.0), (600.0, 5_400.0)
TOKENS = tuple(f"SPL{number:02d}" for number in range(1, 21))
GIFTS = tuple(f"DROP{number}" for number in range(1, 9))  # what airdrops bring
SPAM = tuple(f"CLAIM-{number}.EXAMPLE" for number in range(1, 41))  # what nobody asked for, and nobody would pay for
_ALL = (
    Asset("BTC", 8, 1_000, 6_400_000, (900.0, 2_400.0), BITCOIN, f"{BITCOIN}/slip44:0", ("XBT",), "BTC", 6, 20_000),
    Asset("ETH", 18, 10**14, 300_000, _CHAIN_S, ETHEREUM, f"{ETHEREUM}/slip44:60", (), "ETH", 30, 2 * 10**15),
    Asset("USDC", 6, 10_000, 100, _CHAIN_S, ETHEREUM, f"{_ERC20}{'a0' * 20}", (), "ETH", 30, 4_000_000),
    Asset("USDT", 6, 10_000, 100, _CHAIN_S, ETHEREUM, f"{_ERC20}{'da' * 20}", (), "ETH", 30, 4_000_000),
    Asset("USD", 2, 1, 100, _WIRE_S),
    Asset("EUR", 2, 1, 108, _WIRE_S),
    # Not in the reference at the start: faults bring them.
    Asset("SOL", 9, 10**6, 15_000, _FAST_S, SOLANA, f"{SOLANA}/slip44:501", (), "SOL", 32),
    Asset("XRP", 6, 10_000, 60, _FAST_S, XRPL, f"{XRPL}/slip44:144", (), "XRP", 1, 200_000, needs_tag=True),
    *(Asset(code, 6, 10_000, 5 + 20 * number, _FAST_S, SOLANA, f"{SOLANA}/token:{code}", (), "SOL", 32)
      for number, code in enumerate(TOKENS)),
    # Not in the reference at the start either: legitimate patterns bring them.
    Asset("STETH", 18, 10**14, 298_000, _CHAIN_S, ETHEREUM, f"{_ERC20}{'ae' * 20}", (), "ETH", 30, rebasing=True),
    Asset("MATIC", 18, 10**16, 45, _CHAIN_S, ETHEREUM, f"{_ERC20}{'7d' * 20}", (), "ETH", 30),
    Asset("LUMENA", 6, 10_000, 1, _CHAIN_S, ETHEREUM, f"{_ERC20}{'1a' * 20}", (), "ETH", 30),
    Asset("LUMA", 6, 10_000, 1_000, _CHAIN_S, ETHEREUM, f"{_ERC20}{'1b' * 20}", (), "ETH", 30),
    *(Asset(code, 18, 10**16, 150, _CHAIN_S, ETHEREUM, f"{_ERC20}{number:040x}", (), "ETH", 30)
      for number, code in enumerate(GIFTS)),
    *(Asset(code, 18, 10**18, 0, _CHAIN_S, ETHEREUM, f"{_ERC20}{number + 900:040x}", (), "ETH", 30)
      for number, code in enumerate(SPAM)),
)  # fmt: skip
ASSETS = {asset.code: asset for asset in _ALL}
KNOWN = ("BTC", "ETH", "USDC", "USDT", "USD", "EUR")
CHAIN_ASSETS = ("BTC", "ETH", "USDC", "USDT")
# Range of a network fee by the asset it is paid in, in smallest units.
NETWORK_FEE_UNITS = {
    "BTC": (2_000, 40_000),
    "ETH": (2 * 10**14, 2 * 10**15),
    "SOL": (5_000, 50_000),
    "XRP": (10, 1_000),
}
WIRE_FEE_UNITS = 1_500  # 15.00
SINGLE_LIMIT_CENTS = 15_000_000  # a withdrawal above 150,000 USD needs people


@dataclass(frozen=True, slots=True)
class Place:
    """Where value is held, who reports on it, and its share (per mille) of the firm's holdings of each asset."""

    location: str
    role: str
    source: str
    assets: tuple[str, ...]
    share_permille: int
    aliases: tuple[tuple[str, str], ...] = ()  # our code to the place's own


HOT, DEPOSITS, COLD, GAS = "fireblocks:hot-1", "fireblocks:hot-2", "fireblocks:cold-1", "fireblocks:gas"
BINANCE, KRAKEN = "binance:main", "kraken:main"
BANKS = {"USD": "bank:acme-usd", "EUR": "bank:acme-eur"}
PLACES = {
    place.location: place
    for place in (
        Place(HOT, "hot", "fireblocks", CHAIN_ASSETS, 180),
        Place(DEPOSITS, "hot", "fireblocks", CHAIN_ASSETS, 40),
        Place(COLD, "cold", "fireblocks", CHAIN_ASSETS, 570),
        Place(GAS, "gas", "fireblocks", ("ETH",), 10),
        Place(BINANCE, "venue", BINANCE, CHAIN_ASSETS, 120),
        Place(KRAKEN, "venue", KRAKEN, ("BTC", "ETH", "USDC"), 80, (("BTC", "XBT"),)),
        Place("bank:acme-usd", "bank", "bank:acme-usd", ("USD",), 1_000),
        Place("bank:acme-eur", "bank", "bank:acme-eur", ("EUR",), 1_000),
    )
}
# Not there at the start: legitimate patterns open them.
COLD_2, STAKING = "fireblocks:cold-2", "staking:validators"
EVERY_PLACE = PLACES | {
    COLD_2: Place(COLD_2, "cold", "fireblocks", CHAIN_ASSETS, 0),
    STAKING: Place(STAKING, "counterparty", "fireblocks", ("ETH",), 0),
}
RECON_GROUP = "acme-prime"
SOURCES = ("fireblocks", BINANCE, KRAKEN, "bank:acme-usd", "bank:acme-eur", "ledger")
# Seconds from an event to its arrival here, by source: (least, most).
DELAY_S = {
    "fireblocks": (0.3, 4.0),
    BINANCE: (1.0, 8.0),
    KRAKEN: (1.0, 10.0),
    "bank:acme-usd": (4.0, 25.0),
    "bank:acme-eur": (4.0, 25.0),
    "ledger": (0.1, 1.2),
    "treasury": (0.1, 1.0),
    "reference-data": (0.2, 0.2),  # no jitter: told in order
}
ROLES = {location: place.role for location, place in PLACES.items()} | {EXTERNAL: EXTERNAL}
ALIASES = {place.source: dict(place.aliases) for place in PLACES.values() if place.aliases}
