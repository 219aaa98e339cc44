"""What a port is asked: by Prometheus, read by prometheus_client's own parser, and by a supervisor."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(port: int) -> Figures:
    """Return what the server on a port says, by name and labels; every sample is declared, and none comes twice."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    figures: Figures = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in figures, key
            figures[key] = sample.value
    return figures


def of(figures: Figures, name: str, **labels: str) -> float | None:
    """Return one figure, of shard 0 where it is one of a shard and none is named; None where nothing is said."""
    found = figures.get((f"driftline_{name}", tuple(sorted(labels.items()))))
    if found is None and "shard" not in labels:
        return of(figures, name, shard="0", **labels)
    return found


def page(port: int, path: str) -> tuple[int, Any]:
    """Return the status and the JSON of a page; 0 and an empty object where nobody serves it."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())
    except OSError:
        return 0, {}
