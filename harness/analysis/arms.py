"""Each arm on its own: its mean score over families and over languages, with intervals, n and coverage."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Any

import numpy as np

from harness import languages as lang
from harness.analysis.compare import Comparer
from harness.analysis.gains import Gains, Pair, gains, pair
from harness.analysis.results import Cube, Measure, Results
from harness.analysis.significance import family_test, language_macro_test, these_languages_test

MEANS = ("", "language_macro_")
"""What opens the keys of a mean's standard error and interval: over families, over languages."""


def arm_scores(comparer: Comparer, measure: Measure) -> list[dict[str, Any]]:
    """Return a row per arm: family-macro and language-macro score with intervals, and what they rest on.

    ``coverage`` is languages scored of those that any arm is scored in; the interval is over families, items and (from
    two on) seeds. Arms without a score have ``None``.
    """
    cubes = {arm: comparer.cube(arm, measure) for arm in comparer.results.suite.arms}
    every = {code for cube in cubes.values() for code in cube.languages}
    alone = {arm: _alone(cube) for arm, cube in cubes.items()}
    return [{"arm": arm, **_scores(gains(found) if found else None, len(every))} for arm, found in alone.items()]


def scores_within(comparer: Comparer, measure: Measure, sets: Sequence[Set[str]]) -> dict[str, list[dict[str, Any]]]:
    """Return for each arm its scores, as :func:`arm_scores` gives them, over each of several sets of languages.

    Of one family both means are the same, and their interval is over its items and seeds, within the scale's ends.
    """
    found = {arm: _alone(comparer.cube(arm, measure)) for arm in comparer.results.suite.arms}
    every = {code for alone in found.values() if alone for code in alone.languages}
    return {
        arm: [_within(alone and alone.within(set(codes)), len(every & codes)) for codes in sets]
        for arm, alone in found.items()
    }


def _alone(cube: Cube) -> Pair | None:
    """Return an arm paired with one that is always wrong: its gain is its score. None where it has no score."""
    found = pair(cube, cube) if cube.ids else None
    return found and replace(found, b=np.where(np.isnan(found.b), np.nan, 0.0))


def _within(found: Pair | None, every: int) -> dict[str, Any]:
    alone = gains(found) if found else None
    row = _scores(alone, every)
    if alone is None or row["families"] > 1 or len(alone.pair.ids) < 2:
        return row
    test = these_languages_test(alone.noise, groups=alone.pair.groups, seeds_a=alone.seeds_a)
    low, high = test.interval or (None, None)
    inside = None if low is None or high is None else (max(0.0, low), min(1.0, high))
    return row | {f"{mean}se": test.se for mean in MEANS} | {f"{mean}interval": inside for mean in MEANS}


def _scores(alone: Gains | None, every: int) -> dict[str, Any]:
    if alone is None:
        counts = dict.fromkeys(("languages", "families", "items", "seeds"), 0)
        return {"family_macro": None, "language_macro": None, **counts, "of": every}
    found = alone.pair
    test = family_test(alone.m, item_variance=alone.item_part, seeds_a=alone.seeds_a)
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
        "items": 0 if found.whole else len(found.ids),
        "seeds": len(found.a),
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
