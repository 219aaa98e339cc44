"""A client pays its people: hundreds of near-equal withdrawals within ten minutes, each to an address of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, BANKS, DEPOSITS, EXTERNAL, HOT, IBAN, Asset
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.emit import Json
from streams.simulate.limits import daily, hourly, opens_in_us
from streams.simulate.patterns.moments import first_us, hours_us
from streams.simulate.patterns.registry import pattern
from streams.simulate.reference import register_payout, tell_limit
from streams.simulate.scenarios.props import stranger
from streams.simulate.units import DAY_S, US, decimal_text, span_us, time_text, units_of, units_worth
from streams.simulate.withdrawals import launch, withdrawal
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_WEEK_S = 7 * DAY_S
_BURST_S = 600.0
_LEAST, _MOST = 200, 2_000
_SHARE_OF_DAY = (0.05, 0.2)
_WAGE_CENTS, _TIP_CENTS = (150_000, 400_000), (10_000, 40_000)
_WINDOW_S = 2 * 3_600


@dataclass(frozen=True, slots=True)
class Payroll:
    """Whom a client pays what about every week; `recurring` says that its plan does, else it is advised once."""

    plan_id: str
    client: Client
    asset: Asset
    location: str
    usual_units: int
    payees: tuple[str, ...]
    recurring: bool

    @property
    def most_units(self) -> int:
        return self.usual_units * 103 // 100


@pattern(
    2, "payroll_burst", "200 to 2,000 near-equal withdrawals of a client in ten minutes, by a plan or as every week"
)
def payroll_burst(desk: Corner) -> Process:
    """Let one employer pay wages by wire under a recurring plan, and one pay in USDC, whose first burst is advised."""
    employers = desk.rng.sample(desk.firm.clients, min(2, len(desk.firm.clients)))
    for number, client in enumerate(employers):
        by_wire = number == 0
        payroll = _payroll(desk, client, desk.rng.choice(sorted(BANKS)) if by_wire else "USDC", recurring=by_wire)
        desk.start(_pay_weekly(desk, payroll))
    yield from ()


def _payroll(desk: Corner, client: Client, code: str, *, recurring: bool) -> Payroll:
    """Return a payroll whose payees have been registered for long."""
    asset, rng = ASSETS[code], desk.rng
    number = int(desk.config.transfers_per_day * rng.uniform(*_SHARE_OF_DAY))
    most = _MOST if asset.is_fiat else _MOST // 4
    network = asset.network or IBAN
    payees = tuple(
        f"DE{rng.randrange(10**20):020d}" if asset.is_fiat else stranger(network, rng)
        for _ in range(max(_LEAST, min(number, most)))
    )
    for address in payees:
        register_payout(desk, client, network, address)
    cents = rng.randint(*(_WAGE_CENTS if asset.is_fiat else _TIP_CENTS))
    units = units_worth(cents, 100, asset.decimals)
    location = BANKS.get(code, HOT)
    return Payroll(desk.next_id("plan-payroll"), client, asset, location, units, payees, recurring)


def _pay_weekly(desk: Corner, payroll: Payroll) -> Process:
    """Advise the first burst, and then pay every week at the same hour, with the money there in time."""
    yield first_us(desk, _WEEK_S)
    ahead_us = hours_us(desk, 1.0, 1.5)
    ahead_us += _opens_in_us(payroll, desk.now_us + ahead_us)
    _advise(desk, payroll, desk.now_us + ahead_us)
    _allow(desk, payroll)
    plan_id = payroll.plan_id
    while True:
        began_us = desk.now_us
        _fund(desk, payroll)
        yield ahead_us
        yield from _burst(desk, payroll, plan_id)
        plan_id = payroll.plan_id if payroll.recurring else ""
        yield began_us + _WEEK_S * US - desk.now_us


def _opens_in_us(payroll: Payroll, at_us: int) -> int:
    """Return how much later a burst must begin to be over before money cannot be asked for."""
    code = payroll.asset.code
    return max(opens_in_us(code, at_us), opens_in_us(code, at_us + int(_BURST_S) * 2 * US))


def _advise(desk: Corner, payroll: Payroll, from_us: int) -> None:
    """Put the plan on record; its bounds are those of a single payment."""
    decimals = payroll.asset.decimals
    body: Json = {
        "kind": "plan", "scope": payroll.plan_id, "plan_id": payroll.plan_id, "op_type": "withdrawal",
        "from": payroll.location, "to": EXTERNAL, "to_role": "client", "asset": payroll.asset.code,
        "amount_min": decimal_text(payroll.usual_units * 97 // 100, decimals),
        "amount_max": decimal_text(payroll.most_units, decimals),
        "not_before": time_text(from_us - 60 * US), "not_after": time_text(from_us + _WINDOW_S * US),
    }  # fmt: skip
    if payroll.recurring:
        body["recurring_s"] = _WEEK_S
    desk.standing.records["plan"][payroll.plan_id] = body
    desk.outbox.post("control", payroll.plan_id, "treasury", payroll.plan_id, body)


def _allow(desk: Corner, payroll: Payroll) -> None:
    """Raise the employer's limits to what it is going to pay out, as clients do who advise a payroll."""
    client, asset = payroll.client, payroll.asset
    records = desk.standing.records["limit"]
    an_hour = records.get(f"limit-hourly-{client.client_id}", {}).get("window_count", 0)
    tell_limit(desk, hourly(client, an_hour + 2 * len(payroll.payees)))
    body = daily(client, asset, 0)
    if known := records.get(body["limit_id"]):
        more = 2 * payroll.most_units * len(payroll.payees)
        total = units_of(known["window_sum"], asset.decimals) + more
        tell_limit(desk, {**body, "window_sum": decimal_text(total, asset.decimals)})


def _fund(desk: Corner, payroll: Payroll) -> None:
    """Let the employer pay in all that it is going to pay out, and a little more."""
    code = payroll.asset.code
    total = payroll.most_units * len(payroll.payees)
    desk.start(run_deposit(desk, deposit(desk, payroll.client, code, BANKS.get(code, DEPOSITS), total)))


def _burst(desk: Corner, payroll: Payroll, plan_id: str) -> Process:
    client, asset = payroll.client, payroll.asset
    network = asset.network or IBAN
    for address in payroll.payees:
        units = payroll.usual_units * desk.rng.randint(9_700, 10_300) // 10_000
        move = withdrawal(desk, client, asset.code, payroll.location, units, "sender")
        move.target = replace(move.target, address=address, network=network)
        move.plan_id = plan_id
        free = desk.vaults.free
        spendable = desk.books.spendable[client.client_id, asset.code] >= units
        if spendable and free(payroll.location, asset.code) > 2 * units and _has_fee(desk, payroll, move.fee_units):
            launch(desk, move)
        yield span_us(_BURST_S / len(payroll.payees) * desk.rng.uniform(0.5, 1.4) * desk.config.time_scale)


def _has_fee(desk: Corner, payroll: Payroll, fee_units: int) -> bool:
    fee_asset = payroll.asset.fee_asset or payroll.asset.code
    return desk.vaults.free(payroll.location, fee_asset) > 4 * fee_units
