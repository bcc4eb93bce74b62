"""Figures over several runs, and what they say together."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing measured in every run."""

    name: str
    unit: str
    runs: tuple[float, ...]
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def spread(self) -> str:
        """Return the median with the smallest and the largest run."""
        if len(self.runs) == 1:
            return readable(self.runs[0])
        low, high = readable(min(self.runs)), readable(max(self.runs))
        return f"{readable(self.median)} ({low}-{high})"

    def plain(self) -> dict[str, object]:
        low, high = min(self.runs), max(self.runs)
        return asdict(self) | {"min": low, "median": self.median, "max": high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One subject's line in a table: its figures by column."""

    name: str
    figures: tuple[Figure, ...]

    def figure(self, name: str) -> Figure | None:
        return next((figure for figure in self.figures if figure.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """How one figure moves as something grows."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    name: str
    title: str
    x: str
    y: str
    curves: tuple[Curve, ...]
    logarithmic: bool = False
    """The horizontal axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    name: str
    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> Sequence[tuple[str, str]]:
        """Return (figure, unit) in the order in which rows bring them up."""
        found = {(figure.name, figure.unit): None for row in self.rows for figure in row.figures}
        return list(found)


@dataclass(slots=True, kw_only=True)
class Findings:
    """All that a run of the bench has found so far."""

    tables: list[Table] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)

    def plain(self) -> dict[str, object]:
        return {
            "tables": [
                {
                    "name": table.name,
                    "title": table.title,
                    "notes": table.notes,
                    "rows": [
                        {"name": row.name, "figures": [one.plain() for one in row.figures]}
                        for row in table.rows
                    ],
                }
                for table in self.tables
            ],
            "plots": [asdict(plot) for plot in self.plots],
        }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * share // 1) - 1))]


def readable(number: float) -> str:
    """Return about three digits: 31,060 and 1.55 and 0.012."""
    size = abs(number)
    if size >= 100:  # noqa: PLR2004 - from here on whole numbers say enough
        return f"{number:,.0f}"
    if size >= 10:  # noqa: PLR2004
        return f"{number:.1f}"
    if size >= 1 or not size:
        return f"{number:.2f}"
    return f"{number:.3f}"
