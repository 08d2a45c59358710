"""Where a gain lies: the gain at each level of a column of the languages table, and whether it depends on it.

Levels are never compared by their verdicts; the question whether a gain depends on a column has a test of its own,
within families (statistics §6). A level of fewer than six families has an interval and no verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from harness import languages as lang
from harness.analysis.gains import Gains, gains
from harness.analysis.results import Floats
from harness.analysis.significance import family_test, mde, slope_test, unit_means
from harness.errors import UserError, unknown

COLUMNS = ("joshi_class", "nllb_resource", "in_xlmr", "script", "word_order", "macroarea")
"""The columns that every report is broken down by."""

SLOPE_KEYS = ("slope", "p", "families", "min_p", "left_out", "seed_se", "recipe_p")

MIN_CODES = 2
"""Levels of a column with fewer languages than this are gathered under ``other``."""

MAX_LEVELS = 12
"""A scale with more values than this is cut into quarters of the languages."""

DISTANCES = [f"distance.{kind}" for kind in lang.DISTANCES]


def check_column(by: str) -> None:
    """Refuse what no gain can be broken down by: an unknown name, or a column whose values are names of languages."""
    known = [*lang.columns(), *DISTANCES]
    if by not in known:
        raise unknown("column of languages", by, known, "--by")
    if by in DISTANCES or has_order(by):
        return
    values = {row[by] for row in lang.languages().values()}
    if 3 * len(values) > len(lang.languages()):
        raise UserError(
            f"--by {by}: has {len(values)} values for {len(lang.languages())} languages; name a column with levels, "
            "as family or script"
        )


def has_order(column: str) -> bool:
    """Return whether a column's values are places on a scale."""
    try:
        return all(lang.scale(column, code) is not None for code in lang.languages())
    except UserError:
        return False


def places(by: str, codes: Sequence[str], trained: Sequence[str]) -> dict[str, float]:
    """Return each language's place on a scale, NaN where unknown.

    ``by`` is a column of languages, or ``distance.KIND``: to the nearest of the languages ``trained`` on.
    """
    kind = by.removeprefix("distance.")
    if kind == by:
        return {code: lang.scale(by, code) for code in codes}
    apart = {code: [lang.distance(code, t, kind) for t in trained] for code in codes}
    return {code: min((d for d in row if not math.isnan(d)), default=math.nan) for code, row in apart.items()}


def breakdowns(g: Gains, columns: Sequence[str] = COLUMNS, trained: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return for each column its levels, and the slope within families (exploratory) where it is a scale.

    A column is one of the languages table, or ``distance.KIND``: to the nearest of the languages ``trained`` on.
    """
    return [_breakdown(g, column, trained) for column in columns]


def _breakdown(g: Gains, column: str, trained: Sequence[str]) -> dict[str, Any]:
    codes = g.pair.languages
    if not (column in DISTANCES or has_order(column)):
        slopes = {**dict.fromkeys(SLOPE_KEYS), "p_holm": None, "reason": "no_scale"}
        return {"by": column, "levels": _levels(g, _named(column, codes)), **slopes}
    x_of = places(column, codes, trained)
    many = len({x for x in x_of.values() if not math.isnan(x)}) > MAX_LEVELS
    return {"by": column, "levels": _levels(g, _quarters(x_of) if many else _named(column, codes)), **slope(g, x_of)}


def _named(column: str, codes: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for code in codes:
        found.setdefault(lang.languages()[code][column] or "unknown", set()).add(code)
    return dict(sorted(found.items()))


def _quarters(x_of: dict[str, float]) -> dict[str, set[str]]:
    """Cut a scale into quarters of the languages, each named by its ends; equal values stay together."""
    known = {code: x for code, x in x_of.items() if not math.isnan(x)}
    cuts = np.quantile(list(known.values()), [0.25, 0.5, 0.75])
    quarters: list[set[str]] = [set() for _ in range(4)]
    for code, x in known.items():
        quarters[int(np.searchsorted(cuts, x))].add(code)
    ends = [(min(known[c] for c in part), max(known[c] for c in part), part) for part in quarters if part]
    levels = {f"{low:,.10g} to {high:,.10g}": part for low, high, part in ends}
    unknown_places = set(x_of) - set(known)
    return levels | ({"unknown": unknown_places} if unknown_places else {})


def _levels(g: Gains, codes: dict[str, set[str]]) -> list[dict[str, Any]]:
    levels = [_level(g, level, members) for level, members in codes.items() if len(members) >= MIN_CODES]
    rest = {code for members in codes.values() if len(members) < MIN_CODES for code in members}
    return levels + ([_level(g, "other", rest)] if rest else [])


def _level(g: Gains, level: str, members: set[str]) -> dict[str, Any]:
    part = g.pair.within(members)
    assert part is not None
    inside = gains(part)
    test = inside.told(
        family_test(inside.m, item_variance=inside.item_part, seeds_a=inside.seeds_a, seeds_b=inside.seeds_b)
    )
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
    if g.by_seed:
        a, b = (unit_means(scores, units, clusters)[1] for scores in g.pair.scores)
        seeds = {"seeds_a": a, "seeds_b": b}
    found = slope_test(np.asarray(x), g.d, g.unit_families, **seeds)
    return {**{key: getattr(found, key) for key in SLOPE_KEYS}, "p_holm": None, "reason": found.reason}
