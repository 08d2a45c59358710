"""Forest plots as tables: a row's name, what it counts, its gain as a dot on its interval, and both in figures.

The plot of a row is an SVG of its own, with places in percent, so that it is as wide as the reader's page has room for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from harness.analysis.words import interval, many, points
from harness.publish.html.prose import CLOSING, opening, prose
from harness.publish.svg import tick_label, tick_places
from harness.publish.tables import COLUMN_NAMES
from harness.publish.training import differ
from harness.suite import Suite

Report = dict[str, Any]
MOST_TICKS = 6
"""More are too many for a narrow page: then every other one is shown."""

UNITS = '<span title="languages: scripts and standards of one count once">units</span>'

Ends = tuple[float, float] | None


@dataclass(frozen=True)
class Line:
    """One row: its name and n, its gain and interval as ratios, the standard error that they are printed to, and more.

    ``tip`` says what the interval is over and what the gain rests on; ``whole`` is a mean over families.
    """

    name: str
    n: int
    gain: float
    ends: Ends
    se: float | None
    tip: str
    whole: bool = False


@dataclass(frozen=True)
class Axis:
    """Places of values along a plot, in percent of its width."""

    low: float
    high: float
    ticks: Sequence[float]

    def at(self, value: float) -> float:
        """Return where a value stands."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)


def axis_of(values: Sequence[float]) -> Axis:
    """Return an axis from the least of ``values`` to the greatest, zero among them, with a margin of a twentieth."""
    ticks = tick_places(min(*values, 0.0), max(*values, 0.0))
    low, high = ticks[0], ticks[-1]
    margin = ((high - low) or 2.0) / 20
    shown = ticks if len(ticks) <= MOST_TICKS else ticks[ticks.index(0.0) % 2 :: 2]
    return Axis(low - margin, high + margin, shown)


def plot(axis: Axis, value: float, ends: Ends, whole: bool = False) -> str:
    """Return a row's plot: a dot, or a diamond for a mean of all, on the line of its interval."""
    line = f'<line x1="{axis.at(ends[0])}%" x2="{axis.at(ends[1])}%" y1="50%" y2="50%"/>' if ends else ""
    x = f"{axis.at(value)}%"
    diamond = f'<svg x="{x}" y="50%" overflow="visible"><path d="M-6 0 0-6 6 0 0 6z"/></svg>'
    dot = f'<circle cx="{x}" cy="50%" r="3.5"/>'
    return f'<svg aria-hidden="true">{line}{diamond if whole else dot}</svg>'


def scale(axis: Axis) -> str:
    """Return the axis with its ticks, as the head of the column of plots."""
    nought = {0.0: ' class="nought"'}
    texts = (f'<text{nought.get(t, "")} x="{axis.at(t)}%" y="70%">{tick_label(t)}</text>' for t in axis.ticks)
    return f'<svg aria-hidden="true" class="ticks">{"".join(texts)}</svg>'


def forest(caption: str, first: str, counted: str, lines: Sequence[Line], side: str) -> str:
    """Return a table of lines; ``first`` and ``counted`` head its first columns, ``side`` says what the right means."""
    values = [v * 100 for line in lines for v in (line.gain, *(line.ends or ()))]
    axis = axis_of(values)
    head = (
        f'<thead><tr><th scope="col">{first}</th><th scope="col" class="n">{counted}</th>'
        f'<td class="plot" title="{escape(side)}">{scale(axis)}</td>'
        '<th scope="col" class="n">gain</th><th scope="col" class="n">95 % interval</th></tr></thead>'
    )
    rows = "\n".join(_row(line, axis) for line in lines)
    table = f"{opening(caption, 'forest')}{head}\n<tbody>\n{rows}\n</tbody>{CLOSING}"
    return figure(caption, table, f'style="--zero:{axis.at(0.0)}%"')


def figure(caption: str, table: str, more: str) -> str:
    """Return a table under its caption, with ``more`` attributes; those who do not see it have the table's own."""
    return f'<figure {more}><figcaption aria-hidden="true">{escape(caption)}</figcaption>{table}</figure>'


def _row(line: Line, axis: Axis) -> str:
    drawn = plot(axis, line.gain * 100, (line.ends[0] * 100, line.ends[1] * 100) if line.ends else None, line.whole)
    ends, kind = interval(line.ends, line.se), ' class="whole"' if line.whole else ""
    tip = f' title="{escape(f"95 % interval {ends} over {line.tip}" if line.ends else f"{ends}; {line.tip}")}"'
    return (
        f'<tr{kind}><th scope="row">{escape(line.name)}</th><td class="n">{line.n}</td>'
        f'<td class="plot"{tip}>{drawn}</td><td class="n"{tip}>{points(line.gain, line.se)}</td>'
        f'<td class="n">{ends}</td></tr>'
    )


def overview(reports: list[Report]) -> str:
    """Return the forest plot of every contrast that compares two arms, on the languages that neither has seen."""
    plain = [r for r in reports if not r["by"] and r["estimate"] is not None]
    several = len({r["target"] for r in plain}) > 1
    lines = [_mean(r, f"{r['contrast']}, {r['target']}" if several else r["contrast"], "families") for r in plain]
    if not lines:
        return ""
    caption = "Declared contrasts: gain in points on languages that neither arm has seen, mean over families"
    return forest(caption, "contrast", "families", lines, "points in favour of the first arm")


def _mean(report: Report, name: str, counted: str) -> Line:
    n = report["n"]
    families, codes = many(n["families"], "family", "families"), many(n["codes"], "language")
    tip = f"families, {_noise(report)}; {families}, {codes}, {many(n['items'], 'item')}"
    return Line(name, n[counted], report["estimate"], report["interval"], report["se"], tip, whole=True)


def _noise(report: Report) -> str:
    return "items and seeds" if report["scope"] == "recipe" else "items"


def contrasts(suite: Suite, reports: list[Report], said: str) -> str:
    """Return a part for each declared contrast: its statements, and the gain of every family in each target.

    ``said`` is what the markdown page says of contrasts. Primary ones are open.
    """
    parts = []
    for contrast in suite.contrasts:
        mine = [r for r in reports if r["contrast"] == contrast.name]
        if mine:
            role = mine[0]["role"]
            what = ", ".join(differ(suite, contrast)) or "nothing"
            shown = " open" if role == "primary" else ""
            parts.append(
                f"<details{shown}><summary><b>{escape(contrast.name)}</b> "
                f'<span class="role">{role}</span></summary><p class="note">{escape(contrast.a)} against '
                f"{escape(contrast.b)}, which differ in: {escape(what)}.</p>"
                f'<div class="panels">{"".join(_panel(r) for r in mine)}</div></details>'
            )
    table = f"<details><summary>All contrasts in one table, by edition and by area</summary>{prose(said, 'Contrasts')}"
    return "\n".join([*parts, f"{table}</details>"]) if parts else prose(said, "Contrasts")


def _panel(r: Report) -> str:
    shown = ""
    if r["families"] and not r["by"]:
        lines = [_mean(r, "all families", "units")]
        for f in sorted(r["families"], key=lambda f: (-f["gain"], f["family"])):
            tip = f"its {_noise(r)}; {many(f['units'], 'language')}"
            lines.append(Line(f["family"], f["units"], f["gain"], f["interval"], r["se"], tip))
        caption = f"Gain of {r['a']} over {r['b']} in {r['target']}, points of {r['metric']}"
        shown = forest(caption, "family", UNITS, lines, f"points in favour of {r['a']}") + _levels(r)
    return f'<div class="panel"><h3>{escape(r["target"])}</h3><p>{escape(r["statement"])}</p>{shown}</div>'


def _levels(r: Report) -> str:
    """Return the forest plot of the levels of resource of a primary contrast; others' stand in the tables alone."""
    lines = []
    for level in (level for b in r["breakdowns"] if b["by"] == "joshi_class" for level in b["levels"]):
        tip = f"families, {_noise(r)}; {many(level['families'], 'family', 'families')}"
        ends = level["interval"]
        lines.append(Line(str(level["level"]), level["languages"], level["estimate"], ends, level["se"], tip))
    if r["role"] != "primary" or not lines:
        return ""
    named = COLUMN_NAMES["joshi_class"]
    return forest(f"The same by {named}", "class", "languages", lines, f"points in favour of {r['a']}")
