"""Figures as plain SVG: gains with their intervals, a row each. Readable on light and on dark pages, without colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

ROW, LABELS, PANEL, GAP, TOP, BOTTOM = 20, 190, 300, 44, 52, 44

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #717a84 }
.small { font-size: 11px }
.title { font-weight: 600 }
.zero { stroke: #8b949e; stroke-width: 1.5 }
.grid { stroke: #8b949e; stroke-opacity: .3; stroke-width: 1 }
.bar { stroke: #3b82f6; stroke-width: 2 }
.dot { fill: #3b82f6 }
@media (prefers-color-scheme: light) { text { fill: #1f2328 } }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
"""
# The colours outside the queries can be read on white and on black: not every viewer knows the page's scheme.


@dataclass(frozen=True)
class Row:
    """One row of a figure: its label, what it counts, the gain in points and its interval, if there is one."""

    label: str
    note: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Panel:
    """One column of a figure: a title and a row for each label; labels are shared with the other panels."""

    title: str
    rows: Sequence[Row]


def forest(title: str, panels: Sequence[Panel], axis: str) -> str:
    """Return a figure of panels side by side, a row per label of the first panel, zero marked in each."""
    labels = list(dict.fromkeys(row.label for panel in panels for row in panel.rows))
    width = LABELS + len(panels) * (PANEL + GAP) + 10
    height = TOP + ROW * len(labels) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" width="{width}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<text class="title" x="10" y="20">{escape(title)}</text>',
    ]
    for i, label in enumerate(labels):
        parts.append(f'<text x="{LABELS - 12}" y="{_y(i) + 4}" text-anchor="end">{escape(label)}</text>')
    for i, panel in enumerate(panels):
        parts += _panel(panel, labels, LABELS + i * (PANEL + GAP), height, axis)
    return "\n".join([*parts, "</svg>", ""])


def _y(row: int) -> float:
    return TOP + ROW * (row + 0.5)


def _panel(panel: Panel, labels: list[str], left: float, height: float, axis: str) -> list[str]:
    ends = [v for r in panel.rows for v in (r.value, r.low, r.high) if v is not None] + [0.0]
    ticks = tick_places(min(ends), max(ends))
    low, high = min(*ends, ticks[0]), max(*ends, ticks[-1])
    if low == high:  # every gain is exactly zero
        low, high = low - 1, high + 1
    bottom = height - BOTTOM + 4

    def x(value: float) -> float:
        return round(left + (value - low) / (high - low) * PANEL, 1)

    parts = [f'<text class="title" x="{left}" y="{TOP - 10}">{escape(panel.title)}</text>']
    for tick in ticks:
        kind = "zero" if tick == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{x(tick)}" x2="{x(tick)}" y1="{TOP - 4}" y2="{bottom}"/>')
        parts.append(
            f'<text class="small" x="{x(tick)}" y="{bottom + 14}" text-anchor="middle">{tick_label(tick)}</text>'
        )
    parts.append(
        f'<text class="small" x="{left + PANEL / 2}" y="{bottom + 30}" text-anchor="middle">{escape(axis)}</text>'
    )
    for row in panel.rows:
        y = _y(labels.index(row.label))
        if row.low is not None and row.high is not None:
            parts.append(f'<line class="bar" x1="{x(row.low)}" x2="{x(row.high)}" y1="{y}" y2="{y}"/>')
        said = f"{row.label}: {row.value:.1f} ({row.note})"
        parts.append(f'<circle class="dot" cx="{x(row.value)}" cy="{y}" r="4"><title>{escape(said)}</title></circle>')
    return parts


def tick_places(low: float, high: float) -> list[float]:
    """Return round values from at most ``low`` to at least ``high``, zero among them, four to nine of them."""
    span = (high - low) or 1.0
    step = next(s for e in range(-3, 4) for s in (10.0**e, 2 * 10.0**e, 5 * 10.0**e) if span / s <= 6)
    first, last = int(low // step), int(-(-high // step))
    return [round(i * step, 6) for i in range(min(first, 0), max(last, 0) + 1)]


def tick_label(tick: float) -> str:
    """Return a tick as it is printed, with a true minus sign."""
    return f"{tick:g}".replace("-", "−")
