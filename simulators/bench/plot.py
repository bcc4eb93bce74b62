"""Draws a plot as SVG by hand: lines, points, axes, and nothing to install."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from simulators.bench.figures import Plot, readable

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 44, 52
COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#8250df")
TICKS = 5


def svg(plot: Plot) -> str:
    """Return the plot; the vertical axis begins at 0, so that flat looks flat."""
    points = [point for curve in plot.curves for point in curve.points]
    scale = _Scale(plot, points)
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{escape(plot.title)}</text>',
        *_axes(plot, scale),
        *_curves(plot, scale),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Scale:
    """From values to places."""

    def __init__(self, plot: Plot, points: Sequence[tuple[float, float]]) -> None:
        self._logarithmic = plot.logarithmic
        across = [self._across(x) for x, _ in points]
        self._low = min(across) if plot.logarithmic else 0.0
        self._high = max(across)
        self.top = _round_up(max(y for _, y in points))
        self.marks = (
            sorted({x for x, _ in points})
            if plot.logarithmic
            else [self._high * step / TICKS for step in range(TICKS + 1)]
        )

    def x(self, value: float) -> float:
        share = (self._across(value) - self._low) / ((self._high - self._low) or 1.0)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self.top * (HEIGHT - TOP - BOTTOM)

    def _across(self, value: float) -> float:
        return math.log10(value) if self._logarithmic else value


def _round_up(value: float) -> float:
    """Return the next of 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def _axes(plot: Plot, scale: _Scale) -> Iterator[str]:
    for step in range(TICKS + 1):
        value = scale.top * step / TICKS
        y = scale.y(value)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#d0d7de"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{readable(value)}</text>'
    for mark in scale.marks:
        y = HEIGHT - BOTTOM + 18
        yield f'<text x="{scale.x(mark):.1f}" y="{y}" text-anchor="middle">{mark:,.0f}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">{escape(plot.x)}</text>'
    yield f'<text x="{LEFT}" y="{TOP - 10}" text-anchor="middle">{escape(plot.y)}</text>'


def _curves(plot: Plot, scale: _Scale) -> Iterator[str]:
    for number, curve in enumerate(plot.curves):
        colour = COLOURS[number % len(COLOURS)]
        places = [(scale.x(x), scale.y(y)) for x, y in curve.points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, y in places:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
        y = HEIGHT - BOTTOM - 10 - 16 * number
        name = escape(curve.name)
        yield f'<text x="{WIDTH - RIGHT}" y="{y}" text-anchor="end" fill="{colour}">{name}</text>'
