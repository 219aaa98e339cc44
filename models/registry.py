"""The list of all models, which the conformance suite runs over: a new model is one file and one line here.

River's are made only when asked for, because river takes a second to import.
"""

from __future__ import annotations

from typing import Any, Final

from models.base import Detector
from models.checks import Candidate
from models.cusum import Cusum
from models.size import SizeDetector, SizeSample

_CLIENTS: Final = ("acme", "birch", "cedar")


def _movement(index: int, value: float) -> SizeSample:
    """Return the size of a movement of one of three clients, the third of them in another asset."""
    client = _CLIENTS[index % len(_CLIENTS)]
    return SizeSample(client, "BTC" if client == "cedar" else "EUR", "withdrawal", value)


def _number(_index: int, value: float) -> float:
    return value


def _pair(index: int, value: float) -> tuple[float, float]:
    """Return two numbers that go together, loosely."""
    return value, value / 2.0 if index % 3 else 0.5 - value


def _adwin_switch() -> Detector[Any, float]:
    from models.river_adapter import AdwinSwitch

    return AdwinSwitch(window=64)


def _gaussian() -> Detector[Any, float]:
    from models.river_adapter import GaussianModel

    return GaussianModel(scale_floor=0.01, window=64)


def _half_space() -> Detector[Any, tuple[float, ...]]:
    from models.river_adapter import HalfSpaceModel

    return HalfSpaceModel(scales=(1.0, 0.5), window=60, trees=3, height=4, least_tail=20)


CANDIDATES: Final = (
    Candidate("cusum", lambda: Cusum(scale_floor=0.01), _number, warm_within=20, plain_bytes_max=1200),
    Candidate("size", SizeDetector, _movement, warm_within=200, plain_bytes_max=1000),
    Candidate("adwin_switch", _adwin_switch, _number, warm_within=32, plain_bytes_max=4000),
    Candidate("gaussian", _gaussian, _number, warm_within=30, plain_bytes_max=4000),
    Candidate("half_space", _half_space, _pair, warm_within=80, plain_bytes_max=8000),
)
