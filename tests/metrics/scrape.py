"""A scrape as Prometheus makes one: over HTTP, read by prometheus_client's own parser."""

from __future__ import annotations

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
