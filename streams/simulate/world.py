"""The firm: its clients with their habits and addresses, what it opened with, and what things cost."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from random import Random

from streams.simulate.books import HOUSE, WORLD, Account, Books
from streams.simulate.catalogue import ASSETS, BITCOIN, ETHEREUM, IBAN, KNOWN, PLACES
from streams.simulate.config import WorldConfig
from streams.simulate.units import units_worth
from streams.simulate.venues import Vaults

_SCALE_CENTS = 1_200_000  # a middling client moves some 12,000 USD at a time
_HOUSE_CENTS = 400_000_000  # the firm's own money in each asset: at least 4 million USD
_TASTE = {"BTC": 5.0, "ETH": 4.0, "USDC": 4.0, "USDT": 4.0, "USD": 3.0, "EUR": 2.0}


@dataclass(frozen=True, slots=True)
class Client:
    """A client: `scale_cents` is the typical size of a movement, in US cents; addresses are by network."""

    client_id: str
    account: Account
    scale_cents: int
    assets: tuple[str, ...]
    payout_addresses: dict[str, str]
    deposit_addresses: dict[str, str]
    known_since_days: int


class Firm:
    """Who and what is there. Prices (US cents a whole unit) wander; all else stands."""

    __slots__ = ("_cumulative", "by_id", "clients", "house_floor", "prices", "targets")

    def __init__(self, config: WorldConfig, rng: Random) -> None:
        self.clients = [new_client(f"client-{number:03d}", rng) for number in range(1, config.clients + 1)]
        self.by_id = {client.client_id: client for client in self.clients}
        # Busy clients are few: activity falls off like one over the rank.
        self._cumulative = list(accumulate(1.0 / (rank + 3) for rank in range(len(self.clients))))
        self.prices = {code: asset.price_cents for code, asset in ASSETS.items()}
        self.targets: dict[tuple[str, str], int] = {}
        self.house_floor: dict[str, int] = {}

    def account_of(self, client_id: str) -> Account:
        return self.by_id[client_id].account

    def share_of(self, number: int) -> float:
        """Return how much of all that clients do the one with this number does, counted from 0."""
        before = self._cumulative[number - 1] if number else 0.0
        return (self._cumulative[number] - before) / self._cumulative[-1]

    def pick_client(self, rng: Random) -> Client:
        return rng.choices(self.clients, cum_weights=self._cumulative)[0]

    def open_books(self, books: Books, vaults: Vaults, rng: Random) -> None:
        """Book what everybody starts with, and put the same amounts, to the unit, where they are held."""
        for code in KNOWN:
            owed = [(client.account, code, _opening_units(client, code, rng)) for client in self.clients]
            owed = [leg for leg in owed if leg[2]]
            total = sum(leg[2] for leg in owed)
            house = max(total // 8, units_worth(_HOUSE_CENTS, self.prices[code], ASSETS[code].decimals))
            self.house_floor[code] = house // 4
            books.post("opening", [*owed, (HOUSE, code, house), (WORLD, code, -total - house)])
            self._fill(vaults, code, total + house)

    def _fill(self, vaults: Vaults, code: str, total: int) -> None:
        places = [place for place in PLACES.values() if code in place.assets]
        shares = sum(place.share_permille for place in places)
        rest = total
        for place in places:
            units = total * place.share_permille // shares
            self.targets[place.location, code] = units
            vaults.add(place.location, code, units)
            rest -= units
        vaults.add(places[0].location, code, rest)  # what rounding left over


def new_client(client_id: str, rng: Random) -> Client:
    """Return a client with habits, assets and addresses of its own."""
    wanted = rng.randint(3, len(KNOWN))
    assets = sorted(KNOWN, key=lambda code: rng.random() ** (1.0 / _TASTE[code]), reverse=True)[:wanted]
    return Client(
        client_id,
        Account(f"{client_id}:main", "client", client_id),
        int(_SCALE_CENTS * rng.lognormvariate(0.0, 0.9)),
        tuple(assets),
        _addresses(rng) | {IBAN: f"IBAN-{client_id}"},
        _addresses(rng),
        rng.randint(30, 400),
    )


def _addresses(rng: Random) -> dict[str, str]:
    return {BITCOIN: f"bc1q{rng.getrandbits(152):038x}", ETHEREUM: f"0x{rng.getrandbits(160):040x}"}


def _opening_units(client: Client, code: str, rng: Random) -> int:
    if code not in client.assets:
        return 0
    asset = ASSETS[code]
    return units_worth(int(client.scale_cents * rng.uniform(15, 60)), asset.price_cents, asset.decimals)


def draw_units(client: Client, code: str, price_cents: int, rng: Random) -> int:
    """Return the size of a movement in smallest units: lognormal about the client's own scale, with a Pareto tail.

    The floats here are a choice of nature; what is chosen is an integer, and exact from then on.
    """
    asset = ASSETS[code]
    size_cents = client.scale_cents * rng.lognormvariate(-0.4, 0.9)
    if rng.random() < 0.02:
        size_cents *= min(rng.paretovariate(1.5), 30.0)
    units = units_worth(int(size_cents), price_cents, asset.decimals)
    if rng.random() < 0.5:  # people like round figures
        units -= units % 10 ** max(asset.decimals - 3, 0)
    return max(units, asset.dust_units * 1000)
