"""The ledger outside of the system: what each device measured, and what was receipted when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Page:
    """One device: entry `n` is the reading with sequence number `n + 1`."""

    device: str
    times_ms: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    receipted_at: list[float] = field(default_factory=list)
    """Seconds of the drill's clock; as long as what has been receipted."""

    @property
    def readings(self) -> list[tuple[int, float]]:
        return list(zip(self.times_ms, self.values, strict=True))

    def receipt(self, upto: int, now: float) -> None:
        new = min(upto, len(self.times_ms)) - len(self.receipted_at)
        self.receipted_at.extend([now] * max(0, new))


@dataclass(slots=True)
class Ledger:
    pages: list[Page]

    @property
    def measured(self) -> int:
        return sum(len(page.times_ms) for page in self.pages)

    @property
    def receipted(self) -> int:
        return sum(len(page.receipted_at) for page in self.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A device's page beside what is stored of it."""

    stored: int
    lost: int
    """Receipted and not there."""
    wrong: int
    """There with another value."""
    twice: int
    strange: int
    """Stored at a time at which the device measured nothing."""

    @property
    def faults(self) -> tuple[int, int, int, int]:
        return self.lost, self.wrong, self.twice, self.strange


def compare(page: Page, stored: Sequence[tuple[int, float]]) -> Comparison:
    first = dict(reversed(stored))
    known = dict(page.readings)
    receipted = page.readings[: len(page.receipted_at)]
    return Comparison(
        stored=len(stored),
        lost=sum(1 for at, _ in receipted if at not in first),
        wrong=sum(1 for at, value in page.readings if at in first and first[at] != value),
        twice=len(stored) - len(first),
        strange=sum(1 for at in first if at not in known),
    )


def total(comparisons: Iterable[Comparison]) -> Comparison:
    found = list(comparisons)
    return Comparison(
        stored=sum(c.stored for c in found),
        lost=sum(c.lost for c in found),
        wrong=sum(c.wrong for c in found),
        twice=sum(c.twice for c in found),
        strange=sum(c.strange for c in found),
    )
