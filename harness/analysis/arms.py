"""Each arm on its own: its mean score over families and over languages, with intervals, n and coverage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from harness import languages as lang
from harness.analysis.compare import Comparer
from harness.analysis.gains import gains, pair
from harness.analysis.results import Cube, Measure, Results
from harness.analysis.significance import family_test, language_macro_test


def arm_scores(comparer: Comparer, measure: Measure) -> list[dict[str, Any]]:
    """Return a row per arm: family-macro and language-macro score with intervals, and what they rest on.

    ``coverage`` is languages scored of those that any arm is scored in; the interval is over families, items and (from
    two on) seeds. Arms without a score have ``None``.
    """
    cubes = {arm: comparer.cube(arm, measure) for arm in comparer.results.suite.arms}
    every = {code for cube in cubes.values() for code in cube.languages}
    return [{"arm": arm, **_scores(cube, len(every))} for arm, cube in cubes.items()]


def _scores(cube: Cube, every: int) -> dict[str, Any]:
    found = pair(cube, cube) if cube.ids else None
    if found is None:
        return {"family_macro": None, "language_macro": None, "languages": 0, "of": every, "families": 0, "seeds": 0}
    alone = gains(replace(found, b=np.where(np.isnan(found.b), np.nan, 0.0)))
    several = len(cube.seeds) > 1
    test = family_test(alone.m, item_variance=alone.item_part, seeds_a=alone.seeds_a if several else None)
    units = language_macro_test(alone.d, alone.unit_families)
    return {
        "family_macro": test.estimate,
        "se": test.se,
        "interval": test.interval,
        "language_macro": units.estimate,
        "language_macro_se": units.se,
        "language_macro_interval": units.interval,
        "languages": len(found.languages),
        "of": every,
        "families": len(alone.families),
        "seeds": len(cube.seeds),
    }


def majority(results: Results, measure: Measure) -> float | None:
    """Return the family-macro accuracy of always naming the commonest gold class of each language, or None."""
    rows = results.con.execute(
        """with counts as (
               select language, unnest(stats) as v, generate_subscripts(stats, 1) as i
               from scores where target = ? and dataset = ? and split = ? and metric = 'balanced_accuracy'
           ), classes as (
               select language, (i - 1) // 3 as class, sum(v) as n from counts where i % 3 <> 2 group by all
           )
           select language, max(n) / sum(n) from classes group by language order by language""",
        [measure.target, measure.dataset, measure.split],
    ).fetchall()
    if not rows:
        return None
    by_family: dict[str, dict[str, list[float]]] = {}
    for code, share in rows:
        by_family.setdefault(lang.cluster(code), {}).setdefault(lang.unit(code), []).append(share)
    return float(np.mean([np.mean([np.mean(unit) for unit in units.values()]) for units in by_family.values()]))
