"""Where a gain lies: the gain at each level of a column of the languages table, and whether it depends on it.

Levels are never compared by their verdicts; the question whether a gain depends on a column has a test of its own,
within families (statistics §6). A level of fewer than six families has an interval and no verdict.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from harness import languages as lang
from harness.analysis.gains import Gains, gains
from harness.analysis.results import Floats
from harness.analysis.significance import family_test, mde, slope_test, unit_means

COLUMNS = ("joshi_class", "nllb_resource", "in_xlmr", "script", "word_order", "macroarea")
"""The columns that every report is broken down by."""

MIN_CODES = 2
"""Levels of a column with fewer languages than this are gathered under ``other``."""


def breakdowns(g: Gains) -> list[dict[str, Any]]:
    """Return for each of :data:`COLUMNS` its levels, and the slope within families where the column is a scale."""
    return [_breakdown(g, column) for column in COLUMNS]


def _breakdown(g: Gains, column: str) -> dict[str, Any]:
    codes: dict[str, set[str]] = {}
    for code in g.pair.languages:
        codes.setdefault(lang.languages()[code][column] or "unknown", set()).add(code)
    levels = [_level(g, level, members) for level, members in sorted(codes.items()) if len(members) >= MIN_CODES]
    rest = {code for members in codes.values() if len(members) < MIN_CODES for code in members}
    levels += [_level(g, "other", rest)] if rest else []
    return {"by": column, "levels": levels, **_slope(g, column)}


def _level(g: Gains, level: str, members: set[str]) -> dict[str, Any]:
    part = g.pair.within(members)
    assert part is not None
    inside = gains(part)
    test = family_test(inside.m, item_variance=inside.item_part, seeds_a=inside.seeds_a, seeds_b=inside.seeds_b)
    return {
        "level": level,
        "languages": len(part.languages),
        "families": len(inside.families),
        "estimate": test.estimate,
        "se": test.se,
        "interval": test.interval,
        "mde80": mde(test.se, test.df) if test.se and test.df else None,
        "reason": test.reason,
    }


def scale(column: str, code: str) -> float:
    """Return a language's place on a column's scale: class 0 to 5, high 1, in 1, Latin 1; NaN where unknown."""
    value = lang.languages()[code][column]
    if value is None:
        return float("nan")
    if column == "script":
        return float(value == "Latn")
    return {"high": 1.0, "low": 0.0}[value] if column == "nllb_resource" else float(value)


def _slope(g: Gains, column: str) -> dict[str, Any]:
    """Return the exploratory test of the gain rising with the column within families; none for unordered columns."""
    keys = ("slope", "p", "families", "min_p", "left_out", "seed_se")
    empty = {**dict.fromkeys(keys), "p_holm": None, "reason": "no_scale"}
    if column in ("word_order", "macroarea"):
        return empty
    codes = g.pair.languages
    units, clusters = [lang.unit(c) for c in codes], [lang.cluster(c) for c in codes]
    x = unit_means([scale(column, c) for c in codes], units, clusters)[1]
    seeds: dict[str, Floats] = {}
    if g.seeds_a is not None:
        seeds = {
            f"seeds_{s}": unit_means(g.pair.scores(v), units, clusters)[1]
            for s, v in (("a", g.pair.a), ("b", g.pair.b))
        }
    found = slope_test(np.asarray(x), g.d, g.unit_families, **seeds)
    return {**{key: getattr(found, key) for key in keys}, "p_holm": None, "reason": found.reason}
