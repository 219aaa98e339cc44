"""Names of alerts and incidents: a function of what was seen, so that two runs over one input agree to the letter."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import msgspec

_DIGEST_BYTES: Final = 10  # 80 bits: a million alerts meet by chance once in 10^12


def alert_id(alert_type: str, key: str, cause_id: str, opened_at_us: int, reopening: int = 0, shard: int = 0) -> str:
    """Return the id of the alert that this cause opens, at this moment, on this condition.

    The moment is part of it because a deadline key may come round again. `reopening` counts how often one and the same
    cause has opened and ended this condition before; it is 0 but for that rare case. Two shards may see one condition by
    one cause: what each says of it is an alert of its own.
    """
    of_shard = (shard,) if shard else ()
    return "al-" + _digest(alert_type, key, cause_id, opened_at_us, reopening, *of_shard)


def incident_id(cause_id: str) -> str:
    """Return the id of the incident whose first alert this cause opens."""
    return "in-" + _digest("incident", cause_id)


def _digest(*parts: str | int) -> str:
    # JSON marks where a part ends, so "a|b","c" and "a","b|c" are two different inputs.
    return blake2b(msgspec.json.encode(parts), digest_size=_DIGEST_BYTES).hexdigest()
