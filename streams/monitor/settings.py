"""The settings that decide: every number that changes what the monitor concludes, with its unit in its name.

They reach the monitor through the log only (a `config` record), so a replay uses what was in force at the time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec

from ledger.limits import Limits, Positive, Share
from ledger.shards import ShardRule
from streams.configuration import contradictions, map_mistakes, read


class SettingsError(ValueError):
    """Settings that cannot be used; the message has a line for each mistake, with file and line where it is a file."""


class Settings(Limits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What decides, with its defaults; the limits of the ledger's checks are among them."""

    horizon_days: Annotated[int, msgspec.Meta(ge=1, le=400)] = 35
    clock_skew_s: Positive = 300.0
    """An event time later than its arrival by more than this says that a source's clock is wrong."""
    snapshot_skew_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 2.0
    """An effect this near to a snapshot's moment may stand on either side of it."""
    rebasing_tolerance: Share = 0.001
    """How far a rebasing asset may move between two snapshots, as a share of the balance."""
    trend_events_between_false_alarms: Annotated[float, msgspec.Meta(ge=10, le=1e12)] = 100_000.0
    trend_dust_multiple: Positive = 3.0
    """A trend is worth telling once its sum is this many times the asset's dust."""
    size_surprise_min: Annotated[float, msgspec.Meta(gt=1, le=300)] = 5.0
    """-log10 p from which a movement is unusually large: at 5,000 movements a day, 5 is one false alarm in 20 days."""
    quiet_s: Positive = 86_400.0
    """A one-off condition that has not been seen for this long is over."""
    log_lag_s: Positive = 60.0
    """Inputs that have been read only up to this long ago say that the monitor is late."""
    set_aside_max: Annotated[int, msgspec.Meta(ge=1, le=10**7)] = 100_000
    """How many events may wait for the reference of their asset."""
    shards: tuple[ShardRule, ...] = ()
    """Which places and accounts go to which shard; without it there is one shard for all."""


def load_settings(path: Path) -> Settings:
    """Return the settings of a TOML file; raise SettingsError with every mistake in it."""
    document = read(path)
    if mistakes := document.mistakes(Settings):
        raise SettingsError("\n".join(mistakes))
    return settings_from(document.plain)


def settings_from(plain: dict[str, Any]) -> Settings:
    """Return the settings that plain data says, over the defaults; raise SettingsError."""
    try:
        return msgspec.convert(plain, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(str(error)) from None


def changed(settings: Settings, changes: dict[str, Any]) -> Settings:
    """Return `settings` with `changes` over them; raise SettingsError where they do not fit, or make no sense."""
    fitting = settings_from({**plain(settings), **changes})
    found = (*contradictions(changes.get("policy"), ("policy",)), *map_mistakes(changes.get("shards"), ("shards",)))
    if mistakes := [str(mistake) for mistake in found]:
        raise SettingsError("; ".join(mistakes))
    return fitting


def plain(settings: Settings) -> dict[str, Any]:
    """Return settings as plain data, which `settings_from` takes back; without a map of shards where there is none."""
    values: dict[str, Any] = msgspec.to_builtins(settings)
    if not settings.shards:
        del values["shards"]
    return values
