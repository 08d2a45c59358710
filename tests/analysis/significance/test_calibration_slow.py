"""Rates of error by simulation, 1,000 sets a setting: families, items, seeds, slopes, ranks, counts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from harness.analysis.significance import (
    family_icc,
    family_test_many,
    holm,
    rank_sets,
    shared_item_variance,
    slope_test,
    trend_test,
    true_discoveries,
)
from harness.languages import languages

pytestmark = pytest.mark.slow

SETS = 1000
UNIT_SD, ITEM_SD = 0.03, 0.4


def three_way(rng, gains, sizes, *, items, shock, seed_sd, seeds):
    """Headlines of sets with family gains [R, G], an item effect common to all, own item noise, seeds."""
    observed, noise_variance = np.empty_like(gains), np.empty(len(gains))
    for r, own in enumerate(gains):
        noise = rng.normal(0, ITEM_SD, (items, own.size)) / np.sqrt(sizes)
        noise += own + shock * rng.standard_normal((items, 1))
        observed[r], noise_variance[r] = noise.mean(axis=0), shared_item_variance(noise)[0]
    if seeds is None:
        return family_test_many(observed, item_variance=(noise_variance, items - 1))
    a, b = (seed_sd * rng.standard_normal((len(gains), s)) for s in seeds)
    observed += (a.mean(axis=1) - b.mean(axis=1))[:, None]
    return family_test_many(observed, item_variance=(noise_variance, items - 1), seeds_a=a, seeds_b=b)


SIB = {"items": 204, "shock": 0.15, "seed_sd": 0.01, "seeds": (3, 3)}
DEVTEST = {"items": 1012, "shock": 0.05, "seed_sd": 0.005, "seeds": (5, 5)}
SEEDS = {"items": 204, "shock": 0.0, "seed_sd": 0.05}
MODELS = {"items": 204, "seed_sd": 0.0, "seeds": None}


@pytest.mark.parametrize(
    ("shape", "icc", "setting"),
    [(shape, icc, SIB) for shape in ("normal", "exponential", "lognormal") for icc in (0, 0.2, 0.5)]
    + [(shape, icc, DEVTEST) for shape in ("normal", "exponential") for icc in (0, 0.2, 0.5)]
    + [("normal", 0.5, MODELS | {"shock": shock}) for shock in (0.0, 0.15)]
    + [("normal", 0.2, SEEDS | {"seeds": seeds}) for seeds in ((3, 3), (2, 2))],
)
def test_headline_size(flores_families, draw_gains, to_families, shape, icc, setting):
    rng = np.random.default_rng(11)
    units = draw_gains(rng, flores_families, sets=SETS, icc=icc, shape=shape)
    sizes = np.bincount(flores_families)
    sets = three_way(rng, UNIT_SD * to_families(units, flores_families), sizes, **setting)
    assert 0.012 <= np.mean(sets.p <= 0.05) <= 0.075
    assert np.mean((sets.interval[:, 0] <= 0) & (sets.interval[:, 1] >= 0)) >= 0.925


@pytest.mark.parametrize("shape", ["normal", "exponential"])
@pytest.mark.parametrize("families", [6, 8, 14])
def test_headline_size_with_families_of_one_language(draw_gains, shape, families):
    rng = np.random.default_rng(12)
    gains = UNIT_SD * draw_gains(rng, np.arange(families), sets=SETS, icc=0.0, shape=shape)
    sets = three_way(rng, gains, np.ones(families), **SIB)
    assert 0.012 <= np.mean(sets.p <= 0.05) <= 0.075


@pytest.mark.parametrize("icc", [0.0, 0.2, 0.5])
def test_headline_size_with_skewed_gains_of_families_alone(flores_families, draw_gains, to_families, icc):
    gains = draw_gains(np.random.default_rng(13), flores_families, sets=SETS, icc=icc, shape="exponential")
    sets = family_test_many(to_families(gains, flores_families))
    assert np.mean(sets.p <= 0.05) <= 0.08
    assert np.mean(sets.p_t <= 0.05) > np.mean(sets.p <= 0.05)


@pytest.mark.parametrize("icc", [0.0, 0.2, 0.5])
def test_icc_intervals_cover(flores_families, draw_gains, icc):
    gains = draw_gains(np.random.default_rng(14), flores_families, sets=SETS, icc=icc)
    results = [family_icc(row, flores_families, n_permutations=1) for row in gains]
    assert np.mean([low <= icc <= high for low, high in (r.interval for r in results)]) >= 0.93


def test_icc_permutations_hold_their_size(flores_families, draw_gains):
    gains = draw_gains(np.random.default_rng(15), flores_families, sets=300, icc=0.0)
    p = [family_icc(row, flores_families, n_permutations=399).p for row in gains]
    assert np.mean(np.array(p) <= 0.05) <= 0.085


@pytest.mark.parametrize("test", [slope_test, trend_test])
def test_slopes_that_vary_by_family_do_not_pass_for_a_slope(flores, flores_families, draw_gains, test):
    rng = np.random.default_rng(16)
    codes, units, _ = flores
    _, first = np.unique(units, return_index=True)
    x = np.array([float(languages()[code]["joshi_class"] or "nan") for code in codes[first]])
    x = (x - np.nanmean(x)) / np.nanstd(x)
    slopes = rng.normal(0, 0.3, (SETS, flores_families.max() + 1))[:, flores_families]
    gains = draw_gains(rng, flores_families, sets=SETS, icc=0.5) + slopes * np.nan_to_num(x)
    results = [test(x, row, flores_families) for row in gains]
    assert results[0].reason is None
    assert np.mean([result.p <= 0.05 for result in results]) <= 0.07


@pytest.mark.parametrize("shape", ["normal", "exponential"])
@pytest.mark.parametrize("means", [[0.0] * 5, [0.0, 0.0, 0.6, 0.6, 1.2]])
def test_rank_sets_hold_jointly(flores_families, draw_gains, to_families, shape, means):
    rng, size, sets = np.random.default_rng(17), 5, SETS
    systems = np.stack(
        [
            mean + to_families(draw_gains(rng, flores_families, sets=sets, icc=0.2, shape=shape), flores_families)
            for mean in means
        ]
    )
    upper = np.triu_indices(size, 1)
    pairs = family_test_many((systems[upper[0]] - systems[upper[1]]).reshape(-1, systems.shape[2]))
    p, estimate = pairs.p.reshape(-1, sets), pairs.estimate.reshape(-1, sets)
    better = np.array([[1 + sum(m > mine for m in means), sum(m >= mine for m in means)] for mine in means])
    held = 0
    for r in range(sets):
        reject = np.zeros((size, size), dtype=bool)
        rejected = holm(p[:, r]) <= 0.05
        reject[upper] = rejected & (estimate[:, r] > 0)
        reject.T[upper] = rejected & (estimate[:, r] < 0)
        shown = np.array(rank_sets(systems[:, r].mean(axis=1), reject))
        held += ((shown[:, 0] <= better[:, 0]) & (shown[:, 1] >= better[:, 1])).all()
    assert held / sets >= 0.93


@pytest.mark.parametrize("better", [0, 60, 120])
def test_true_discoveries_are_not_overcounted(flores_families, better):
    rng, size = np.random.default_rng(18), flores_families.size
    z = np.sqrt(0.3) * rng.standard_normal((SETS, 1)) + np.sqrt(0.5) * rng.standard_normal((SETS, size))
    z += np.sqrt(0.2) * rng.standard_normal((SETS, flores_families.max() + 1))[:, flores_families]
    z[:, :better] += 3.0
    counts = np.array([true_discoveries(row, 0.025) for row in ndtr(-z)])
    assert np.mean(counts <= better) >= 0.97
    assert counts.mean() > 0.3 * better or not better
