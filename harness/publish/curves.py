"""The figure of a forecast: the smallest difference that a design finds, against the number of seeds, a curve each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from harness.analysis.forecast import Design
from harness.errors import UserError
from harness.publish.svg import STYLE, tick_label, tick_places

LEFT, WIDTH, TOP, HEIGHT, BOTTOM = 40, 360, 74, 240, 48

LINE, LETTER = 15, 7
"""Pixels that a label takes: from one to the next below, and at most for each letter."""

TITLE = "Smallest difference found in 4 of 5 repetitions"


@dataclass(frozen=True)
class Curve:
    """What one design finds, in points, at 2, 3, … seeds in each arm; its name stands at the curve's end."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True)
class _Scale:
    """Where seeds from 2 to ``last`` and points from 0 to ``top`` stand, in pixels above ``bottom``."""

    last: int
    top: float
    bottom: float

    def x(self, seeds: int) -> float:
        return round(LEFT + (seeds - 2) / (self.last - 2) * WIDTH, 1)

    def y(self, points: float) -> float:
        return round(self.bottom - points / self.top * (self.bottom - TOP), 1)


def seeds_figure(designs: Sequence[Design], seeds: Sequence[int]) -> str:
    """Return the SVG of what designs find at 2 to 10 seeds, or to the largest of ``seeds``, which are marked.

    What the designs share is said below the title, what they differ in at the end of their curves.
    """
    drawn = [design for design in designs if design.at(2)]
    if not drawn:
        raise UserError("power: --out: nothing to draw, as only one seed was measured; assume --seed-sd")
    facts = [_facts(design) for design in drawn]
    differs = [len(set(column)) > 1 for column in zip(*facts, strict=True)]
    names = [", ".join(f for f, d in zip(row, differs, strict=True) if f and d) for row in facts]
    shared = ", ".join(f for f, d in zip(facts[0], differs, strict=True) if f and not d)
    last = max(10, *seeds)
    values = [[found.mde for count in range(2, last + 1) if (found := design.at(count))] for design in drawn]
    curves = [Curve(*pair) for pair in zip(names, values, strict=True)]
    return _draw(shared, curves, sorted({2, last} | {count for count in seeds if count > 1}))


def _facts(design: Design) -> tuple[str, ...]:
    families = f"{design.families} families"
    if design.contrast:
        return f"{design.contrast.name} · {design.target}", families, design.basis
    items = f"standard error {design.item_se:g} of items" if design.item_se else ""
    return families, f"sd {design.family_sd:g} over families and {design.seed_sd:g} over seeds", items, design.basis


def _draw(shared: str, curves: Sequence[Curve], marked: Sequence[int]) -> str:
    ticks = tick_places(0.0, max(value for curve in curves for value in curve.values))
    scale = _Scale(marked[-1], ticks[-1], TOP + max(HEIGHT, LINE * len(curves)))
    width = LEFT + WIDTH + 24 + LETTER * max(len(curve.name) for curve in curves)
    width, height = max(width, 20 + LETTER * max(len(shared), len(TITLE))), scale.bottom + BOTTOM
    heights = _apart([scale.y(curve.values[-1]) for curve in curves])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" width="{width}">',
        f"<title>{TITLE}</title><style>{STYLE}</style>",
        f'<text class="title" x="10" y="20">{TITLE}</text>',
        f'<text x="10" y="40">{escape(shared)}</text>',
        *_axes(scale, ticks, marked),
        *(part for curve, y in zip(curves, heights, strict=True) for part in _curve(curve, y, scale, marked)),
    ]
    return "\n".join([*parts, "</svg>", ""])


def _axes(scale: _Scale, ticks: Sequence[float], marked: Sequence[int]) -> list[str]:
    parts = [f'<text class="small" x="10" y="{TOP - 14}">points</text>']
    for tick in ticks:
        kind, y = "grid" if tick else "zero", scale.y(tick)
        parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="small" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tick_label(tick)}</text>')
    below = [(scale.x(count), 18, str(count)) for count in marked] + [(LEFT + WIDTH / 2, 36, "seeds in each arm")]
    for x, down, text in below:
        parts.append(f'<text class="small" x="{x}" y="{scale.bottom + down}" text-anchor="middle">{text}</text>')
    return parts


def _curve(curve: Curve, label: float, scale: _Scale, marked: Sequence[int]) -> list[str]:
    """Draw a curve, a dot at each marked number of seeds, and its name at the height ``label``."""
    line = " ".join(f"{scale.x(count)},{scale.y(value)}" for count, value in enumerate(curve.values, 2))
    parts = [f'<polyline class="bar" fill="none" points="{line}"/>']
    for count in marked:
        x, y = scale.x(count), scale.y(curve.values[count - 2])
        said = f"{curve.name}{': ' if curve.name else ''}{curve.values[count - 2]:.1f} points with {count} seeds"
        parts.append(f'<circle class="dot" cx="{x}" cy="{y}" r="4"><title>{escape(said)}</title></circle>')
    if curve.name:
        right, end = LEFT + WIDTH, scale.y(curve.values[-1])
        parts.append(f'<line class="grid" x1="{right}" x2="{right + 16}" y1="{end}" y2="{label}"/>')
        parts.append(f'<text x="{right + 20}" y="{label + 4}">{escape(curve.name)}</text>')
    return parts


def _apart(heights: Sequence[float]) -> list[float]:
    """Return the heights of labels in their order, moved up where one would be nearer than a line to that below."""
    placed = list(heights)
    order = sorted(range(len(heights)), key=lambda i: -heights[i])
    for below, above in pairwise(order):
        placed[above] = min(placed[above], placed[below] - LINE)
    return placed
