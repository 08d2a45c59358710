"""Rules of decision where nothing, or nothing general, is to be found: what a report's words rest on.

Each world runs one rule of statistics, sections 2 to 6, as a report applies it, and counts what it says. The bounds
are those of section 8 (.012 to .075 for 1,000 sets of a nominal .05), or stand with their reason beside the rule.
"""

from __future__ import annotations

from functools import partial
from itertools import combinations, product

import numpy as np

from harness.analysis.significance import FamilyTests, family_test_many, holm, mde, rank_sets, slope_test, unit_means
from harness.analysis.words import ALPHA, of_these_runs
from harness.bench.worlds import (
    SIZE,
    UNIT_SD,
    Case,
    Count,
    Floats,
    Part,
    Setting,
    draw,
    flores_families,
    to_families,
    unit_gains,
)
from harness.languages import languages, scale

AT_MOST = (0.0, SIZE[1])
"""Bounds of a rule that may well be silent: a family-wise rate, or what is said only under a further condition."""

DESIGN = Setting("normal", 0.2, items=204, shock=0.15, seed_sd=0.01, seeds=(3, 3))
FAMILY_SLOPE = 0.3
"""Standard deviation of families' own slopes, in sds of unit gains per sd of x."""


def resource_class() -> Floats:
    """Return the resource class of each of FLORES-200's units [190], of mean 0 and variance 1; NaN where unknown."""
    rows = [row for row in languages().values() if row["in_flores200"] == "1"]
    classes = [scale("joshi_class", str(row["code"])) for row in rows]
    units, clusters = ([row[column] for row in rows] for column in ("unit", "cluster"))
    x = unit_means(classes, np.array(units), np.array(clusters))[1]
    return np.asarray((x - np.nanmean(x)) / np.nanstd(x))


def slopes(sets: int, random: np.random.Generator, *, seeds: int, tilt: float) -> list[Count]:
    """Slopes that are 0 on average over families, and are tilted by ``tilt`` (sd per sd of x) in every training.

    Said of the recipe is what a report does not put down to these training runs alone.
    """
    families, x = flores_families(), resource_class()
    steps = np.nan_to_num(x)
    own = FAMILY_SLOPE * random.standard_normal((sets, families.max() + 1))[:, families] * steps
    gains = UNIT_SD * (unit_gains(random, families, sets=sets, icc=0.5) + own)
    tilts = tilt * random.standard_normal((2, sets, seeds, 1)) * steps
    found = [
        slope_test(x, g + a.mean(0) - b.mean(0), families, seeds_a=g + a, seeds_b=b)
        for g, a, b in zip(gains, *tilts, strict=True)
    ]
    rejected = np.array([f.p is not None and f.p <= ALPHA for f in found])
    kept = np.array([not of_these_runs(vars(f)) for f in found])
    return [
        Count("slope", rejected, None if tilt else SIZE),
        Count("slope, said of the recipe", rejected & kept, AT_MOST),
    ]


def one_family(sets: int, random: np.random.Generator, *, general: bool = False, largest: float = 0.0) -> list[Count]:
    """The caveat "but not without F": under a null, a ``general`` gain of size mde80, or one of the largest family.

    The caveat stands where the gain is not significant without the largest family; a mean that loses its sign with one
    family has t ≤ 1. So a gain of that family alone is said without it as rarely as a null over the others. A general
    gain at the edge of significance would lose it with one of 22 families in about .05 of cases, were families all
    that varies; twice that is the bound.
    """
    world = draw(DESIGN, sets, random)
    kept = np.arange(world.families.max() + 1) != np.bincount(world.families).argmax()

    def tested(gains: Floats, items: Part) -> FamilyTests:
        return family_test_many(gains, item_variance=items, seeds_a=world.seeds_a, seeds_b=world.seeds_b)

    gains = world.gains + largest * ~kept
    full = tested(gains, world.items)
    if general:
        gains += mde(float(np.median(full.se)), float(np.median(full.df)))
        full = tested(gains, world.items)
    without = tested(gains[:, kept], world.items_without_largest)
    found, caveat = full.p <= ALPHA, without.p > ALPHA
    if general:
        return [Count("found", found), Count("caveat, of what is found", caveat[found], (0.0, 0.1))]
    return [Count("found", found, None if largest else SIZE), Count("found, no caveat", found & ~caveat, AT_MOST)]


def targets(
    sets: int, random: np.random.Generator, *, seeds: int, count: int, shared: float, moved: int = 0
) -> list[Count]:
    """Claims on ``count`` targets that share this part of the variance of gains and of seeds, which dominate.

    ``moved`` of them are true; counted are sets with a false claim among the others. Of two seeds nothing is promised.
    """
    families = flores_families()

    def mixed(one: Floats, each: Floats) -> Floats:
        return np.asarray(np.sqrt(shared) * one + np.sqrt(1.0 - shared) * each)

    units = unit_gains(random, families, sets=sets * (count + 1), icc=0.2).reshape(count + 1, sets, -1)
    drawn = 0.05 * random.standard_normal((2, count + 1, sets, seeds))
    gains, a, b = UNIT_SD * mixed(units[0], units[1:]), *(mixed(arm[0], arm[1:]) for arm in drawn)
    gains = gains + (a.mean(-1) - b.mean(-1))[..., None]
    gains[:moved] += 1.0
    arms = zip(gains, a, b, strict=True)
    p = np.stack([family_test_many(to_families(g, families), seeds_a=s, seeds_b=t).p for g, s, t in arms], axis=1)
    adjusted = np.array([holm(row) for row in p])
    false = [np.asarray((found[:, moved:] <= ALPHA).any(axis=1)) for found in (p, adjusted)]
    return [Count("no correction", false[0]), Count("Holm", false[1], AT_MOST if seeds > 2 else None)]


def ranks(sets: int, random: np.random.Generator, *, means: tuple[float, ...], shape: str, apart: bool) -> list[Count]:
    """Rank sets of five arms of these ``means``; ``apart``: each trained on other languages, in which it gains.

    Every pair is then tested on the units that neither arm was trained on. Families alone.
    """
    families = flores_families()
    met = np.zeros((len(means), families.size), dtype=bool)
    if apart:
        met[1, 0], met[2, ::4], met[3, 1::7] = True, True, True
        met[4] = families == np.bincount(families).argmax()
    drawn = [unit_gains(random, families, sets=sets, icc=0.2, shape=shape) for _ in means]
    units = np.array(means)[:, None, None] + np.stack(drawn) + met[:, None]
    overall = to_families(units, families).mean(axis=-1)
    pairs = list(combinations(range(len(means)), 2))
    p, ahead = np.empty((2, sets, len(pairs)))
    for at, (i, j) in enumerate(pairs):
        unseen = ~(met[i] | met[j])
        of = np.unique(families[unseen], return_inverse=True)[1]
        test = family_test_many(to_families((units[i] - units[j])[:, unseen], of))
        sign = np.sign(test.estimate)
        p[:, at], ahead[:, at] = test.p, np.where(sign == np.sign(overall[i] - overall[j]), sign, 0.0)
    separated = [np.where(holm(row) <= ALPHA, signs, 0.0) for row, signs in zip(p, ahead, strict=True)]
    held = [_ranks_hold(means, shown, pairs, signs) for shown, signs in zip(overall.T, separated, strict=True)]
    return [Count("rank sets, jointly", np.array(held), (0.93, 1.0), covers=True)]


def _ranks_hold(means: tuple[float, ...], shown: Floats, pairs: list[tuple[int, int]], ahead: Floats) -> bool:
    """Return whether every arm's rank set holds a place that its mean has; arms of one mean share places."""
    reject = np.zeros((len(means), len(means)), dtype=bool)
    for (i, j), sign in zip(pairs, ahead, strict=True):
        reject[i, j], reject[j, i] = sign > 0, sign < 0
    best = [1 + sum(other > mine for other in means) for mine in means]
    worst = [sum(other >= mine for other in means) for mine in means]
    sets = rank_sets(shown, reject)
    return all(low <= b and w <= high for (low, high), b, w in zip(sets, best, worst, strict=True))


CASES = (
    *(
        Case(f"slope in x, {s}/{s} seeds that tilt it by {tilt:g}", partial(slopes, seeds=s, tilt=tilt), icc=0.5)
        for s, tilt in ((3, 0.0), (3, 0.005), (3, 0.02), (5, 0.005), (5, 0.02), (2, 0.02))
    ),
    Case("gains without one family: a null", one_family),
    Case("gains without one family: all gain mde80", partial(one_family, general=True)),
    Case("gains without one family: the largest gains .09", partial(one_family, largest=0.09)),
    *(
        Case(
            f"{count} targets, {s}/{s} seeds, {shared:g} shared, {moved} true",
            partial(targets, seeds=s, count=count, shared=shared, moved=moved),
        )
        for s, count, shared, moved in (
            (3, 4, 0.8, 0),
            (3, 4, 0.8, 2),
            (3, 10, 0.0, 0),
            (3, 10, 0.8, 0),
            (5, 10, 0.0, 0),
            (2, 4, 0.0, 0),
            (2, 10, 0.0, 0),
        )
    ),
    *(
        Case(
            f"5 arms {'trained on different languages' if apart else 'on all languages'}, means {str(means)[1:-1]}",
            partial(ranks, means=means, shape=shape, apart=apart),
            shape,
        )
        for means, shape, apart in product(
            ((0.0,) * 5, (0.0, 0.0, 0.6, 0.6, 1.2)), ("normal", "exponential"), (False, True)
        )
    ),
)
