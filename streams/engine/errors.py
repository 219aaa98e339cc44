"""What can keep the engine from starting or going on, each as one sentence for whoever runs it."""

from __future__ import annotations


class EngineError(Exception):
    """The engine cannot start or go on; the text is one clear line."""


class UnavailableError(EngineError):
    """No broker answers, or not yet as it should: it may be asked again."""


class SettingsError(EngineError):
    """A setting is missing or has a value that cannot be used."""


class TopicsError(EngineError):
    """A topic is missing, or has a number of partitions that cannot be used."""


class LogError(EngineError):
    """The log is not what this start needs: its beginning is gone, or it was written under another clock."""


class StateError(EngineError):
    """The saved state is not what this start needs: of another program version, or of another log."""


class DeliveryError(EngineError):
    """The broker did not confirm a record in time, or refused it."""
