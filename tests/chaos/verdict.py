"""What a run is found to be: a sentence for each fault, counted by kind, and the figures that say how much was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

SHOWN = 5  # of the findings of one kind


@dataclass
class Verdict:
    """What was found; `wrong` has a sentence for each fault, by kind at most a few."""

    counts: dict[str, int] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        return not self.counts

    def wrong(self, kind: str, sentence: str) -> None:
        """Note a fault."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= SHOWN:
            self.sentences.append(f"{kind}: {sentence}")

    def add(self, other: Verdict) -> None:
        """Take over what another part found: counts and figures are added up."""
        for ours, theirs in ((self.counts, other.counts), (self.figures, other.figures)):
            for name, number in theirs.items():
                ours[name] = ours.get(name, 0) + number
        self.sentences += other.sentences

    def __str__(self) -> str:
        figures = ", ".join(f"{name} {number:,}" for name, number in self.figures.items())
        if self.is_exact:
            return f"EXACT: {figures}"
        counts = ", ".join(f"{kind} {number:,}" for kind, number in self.counts.items())
        return "\n".join((f"WRONG: {counts} ({figures})", *(f"  {line}" for line in self.sentences)))
