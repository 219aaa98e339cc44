"""The monitor: one pure step that joins ledger, models and alerts. See `streams.monitor.machine`."""

from __future__ import annotations

from streams.monitor.machine import Monitor
from streams.monitor.outputs import Quarantined, encode
from streams.monitor.settings import Settings, SettingsError, load_settings

__all__ = ["Monitor", "Quarantined", "Settings", "SettingsError", "encode", "load_settings"]
