"""Amounts too small to see: taken one by one they add up, and rounded up and down they do not (S12)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from streams.simulate.catalogue import ASSETS, HOT
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.movement import Movement
from streams.simulate.units import DAY_S, decimal_text, span_us

if TYPE_CHECKING:
    from streams.simulate.desk import Desk


@scenario(
    "S12", "salami_skim", "a slice below the dust goes missing with each withdrawal, for a day", ["drift_trend"],
    severity="P3", deadline_s=DAY_S, possible=["position_drift"], window=(0.02, 0.05),
    world={"duration_s": float(DAY_S), "transfers_per_day": 10_000},
)  # fmt: skip
def salami_skim(desk: Desk, label: Label, rng: Random) -> None:
    """Skim the withdrawals of an asset from the hot wallet, so little that every snapshot still agrees."""
    _slice(desk, label, rng, "taken from", lambda: -1)


@lookalike("salami_skim", "withdrawals are rounded up and down by slices of the same size")
def rounding(desk: Desk, label: Label, rng: Random) -> None:
    """Round as often and by as much, up or down by chance."""
    _slice(desk, label, rng, "rounded at", lambda: rng.choice((-1, 1)))


def _slice(desk: Desk, label: Label, rng: Random, done: str, sign: Callable[[], int]) -> None:
    code = rng.choice(("BTC", "ETH"))
    asset = ASSETS[code]
    slice_units = asset.dust_units * 2 // 5
    # At most two slices between two snapshots: together they stay below the dust.
    apart_us = span_us((desk.config.snapshot_every_s + 2 * desk.config.snapshot_jitter_s) * 0.55)
    sliced_at_us = 0

    def skim(move: Movement) -> None:
        nonlocal sliced_at_us
        wanted = move.op_type == "withdrawal" and move.origin.location == HOT and move.asset.code == code
        if not wanted or desk.now_us - sliced_at_us < apart_us or desk.vaults.free(HOT, code) < slice_units:
            return
        sliced_at_us = desk.now_us
        units = sign() * slice_units
        desk.vaults.add(HOT, code, units)
        label.difference_units += units
        moved = decimal_text(label.difference_units, asset.decimals)
        label.note = f"{moved} {code} in all {done} {HOT} since then, by slices of {slice_text}"

    slice_text = decimal_text(slice_units, asset.decimals)
    label.scope = {"location": HOT, "asset": code}
    label.note = f"{slice_text} {code} {done} {HOT} with each withdrawal"
    desk.skim = skim
