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

UNORDERED = ("word_order", "macroarea")

SLOPE_KEYS = ("slope", "p", "families", "min_p", "left_out", "seed_se")

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


def slope(g: Gains, x_of: dict[str, float]) -> dict[str, Any]:
    """Return the test of the gain rising with x within families; ``x_of`` gives each language's place, NaN if unknown.

    A unit's place is the mean over its codes.
    """
    codes = g.pair.languages
    units, clusters = [lang.unit(c) for c in codes], [lang.cluster(c) for c in codes]
    x = unit_means([x_of[c] for c in codes], units, clusters)[1]
    seeds: dict[str, Floats] = {}
    if g.seeds_a is not None:
        arms = {"seeds_a": g.pair.a, "seeds_b": g.pair.b}
        seeds = {name: unit_means(g.pair.scores(arm), units, clusters)[1] for name, arm in arms.items()}
    found = slope_test(np.asarray(x), g.d, g.unit_families, **seeds)
    return {**{key: getattr(found, key) for key in SLOPE_KEYS}, "p_holm": None, "reason": found.reason}


def _slope(g: Gains, column: str) -> dict[str, Any]:
    """Return a column's slope, exploratory; none for columns without an order."""
    if column in UNORDERED:
        return {**dict.fromkeys(SLOPE_KEYS), "p_holm": None, "reason": "no_scale"}
    return slope(g, {code: lang.scale(column, code) for code in g.pair.languages})
