"""Settings files: read with the line of every key, held against the types they become, and written back as TOML.

It knows what a policy must not say; it does not know the monitor, which names the type that a file has to fit.
"""

from __future__ import annotations

from streams.configuration.emit import policy_toml
from streams.configuration.mistakes import Mistake
from streams.configuration.reading import Document, read
from streams.configuration.sense import contradictions
from streams.configuration.shards import map_mistakes

__all__ = ["Document", "Mistake", "contradictions", "map_mistakes", "policy_toml", "read"]
