"""The figures of a page: the gain of every family, and at every level of a resource column."""

from __future__ import annotations

from typing import Any

from harness.publish.svg import Panel, Row, forest
from harness.publish.tables import COLUMN_NAMES

Report = dict[str, Any]


def family_figure(main: list[Report]) -> str:
    """Return the SVG of the gain of every family, a panel per target, largest gain of the first target on top."""
    panels = []
    order = dict.fromkeys(f["family"] for r in main for f in sorted(r["families"], key=lambda f: -f["gain"]))
    for r in main:
        by_name = {f["family"]: f for f in r["families"]}
        panels.append(Panel(_title(r, main), [_family_row(by_name[f]) for f in order if f in by_name]))
    return forest(f"Gain{_of(main)} by language family", panels, f"{_in_favour(main)}; 95 % over items and seeds")


def _one(main: list[Report]) -> bool:
    """Return whether all panels compare the same two arms."""
    return len({(r["a"], r["b"]) for r in main}) == 1


def _of(main: list[Report]) -> str:
    return f" of {main[0]['a']} over {main[0]['b']}" if _one(main) else ""


def _title(r: Report, main: list[Report]) -> str:
    return f"{r['target']} ({r['metric']})" if _one(main) else f"{r['contrast']}: {r['target']}"


def _in_favour(main: list[Report]) -> str:
    return f"points in favour of {main[0]['a'] if _one(main) else 'the first arm'}"


def _family_row(family: Report) -> Row:
    low, high = (end * 100 for end in family["interval"]) if family["interval"] else (None, None)
    count = f"{family['units']} language{'s' if family['units'] != 1 else ''}"
    return Row(f"{family['family']} ({family['units']})", count, family["gain"] * 100, low, high)


def level_figure(main: list[Report], column: str) -> str:
    """Return the SVG of the gain at every level of a column, a panel per target."""
    panels = []
    for r in main:
        levels: list[Report] = next((b["levels"] for b in r["breakdowns"] if b["by"] == column), [])
        panels.append(Panel(_title(r, main), [_level_row(level) for level in levels]))
    title = f"Gain{_of(main)} by {COLUMN_NAMES[column]}"
    return forest(title, panels, f"{_in_favour(main)}; 95 % over families, items, seeds")


def _level_row(level: Report) -> Row:
    low, high = (end * 100 for end in level["interval"]) if level["interval"] else (None, None)
    return Row(f"class {level['level']}", f"{level['families']} families", level["estimate"] * 100, low, high)
