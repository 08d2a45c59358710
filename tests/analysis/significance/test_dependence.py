"""Slopes within families: references, enumeration, statsmodels, and what leaves no slope."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import kendalltau, t

from harness.analysis.significance import cr2_regression, sign_flip, slope_test, trend_test

Y = np.array([0.05, 0.06, 0.04, 0.07, 0.01, 0.02, 0.00, 0.03, -0.01, 0.08])
F = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 3])
X = np.array([0.0, 1, 2, 3, 0, 1, 2, 1, 3, 2])
DESIGN = np.stack([np.ones(10), X], axis=1)


@pytest.fixture(scope="module")
def eight_families():
    rng = np.random.default_rng(0)
    families = np.repeat(np.arange(8), [5, 3, 4, 2, 6, 2, 3, 5])
    x = rng.integers(0, 4, families.size).astype(float)
    x[families == 1], x[families == 3] = [0, 1, 3], [1, 2]
    return x, 0.3 * x + rng.normal(size=families.size) + 5 * families, families


def test_slope_reference():
    result = slope_test(X, Y, F)
    assert result.slope == pytest.approx(-0.03 / 9)
    assert (result.p, result.families, result.min_p) == (0.75, 3, 0.25)
    assert (result.reason, result.left_out, result.seed_se) == ("too_few_families", 0, None)


def test_the_slope_is_that_of_least_squares_with_family_dummies(eight_families):
    x, d, families = eight_families
    result = slope_test(x, d, families)
    dummies = np.eye(8)[families]
    assert result.slope == pytest.approx(sm.OLS(d, np.column_stack([x, dummies])).fit().params[0])
    assert (result.families, result.reason) == (8, None)


def test_its_p_flips_the_families_standardised_products(eight_families):
    x, d, families = eight_families
    u = np.array([np.cov(x[families == f], d[families == f])[0, 1] / x[families == f].std(ddof=1) for f in range(8)])
    u *= np.sqrt(np.bincount(families) - 1)
    sums = np.array([abs(np.dot(signs, u)) for signs in product([1, -1], repeat=8)])
    assert slope_test(x, d, families).p == np.mean(sums >= abs(u.sum()) - 1e-9)


def test_trend_reference():
    result = trend_test(X, Y, F)
    assert list(result.scores) == [0, 1, 2]
    assert list(result.scores.values()) == pytest.approx([0.8164966, -0.5773503, -1.0], abs=1e-7)
    assert (result.p, result.reason) == (0.75, "too_few_families")


def test_trend_scores_are_kendalls(eight_families):
    x, d, families = eight_families
    scores = trend_test(x, d, families).scores
    for family, score in scores.items():
        own = families == family
        steps = (x[own] != x[own][:, None]).sum() / 2  # gains have no ties: τ_b = S / √(steps · pairs)
        pairs = own.sum() * (own.sum() - 1) / 2
        assert score == pytest.approx(kendalltau(x[own], d[own]).statistic * np.sqrt(pairs))
        assert steps > 0
    assert trend_test(x, d, families).p == sign_flip(list(scores.values())).p


def test_a_rise_in_every_family_has_the_smallest_p(eight_families):
    x, _, families = eight_families
    for test in (slope_test, trend_test):
        result = test(x, 0.1 * x + families, families)
        assert result.p == result.min_p == 2**-7


def test_units_without_x_are_left_out_and_counted(eight_families):
    x, d, families = eight_families
    gaps = np.where(np.arange(x.size) % 7 == 0, np.nan, x)
    kept = ~np.isnan(gaps)
    for test in (slope_test, trend_test):
        result, without = test(gaps, d, families), test(x[kept], d[kept], families[kept])
        assert result.left_out == (~kept).sum() == 5
        assert result.p == without.p


@pytest.mark.parametrize("x", [np.array([0.1 + 0.2, 0.3, 0.3, 0.3, 1, 1, 1, 2, 2, 5]), np.full(10, np.nan)])
def test_x_that_is_constant_in_every_family_has_no_slope(x):
    result = slope_test(x, Y, F)
    assert (result.slope, result.p, result.families, result.reason) == (None, None, 0, "no_within_family_variation")
    assert trend_test(x, Y, F).p is None
    assert trend_test(x, Y, F).reason == "no_within_family_variation"


def test_the_seed_error_is_that_of_slopes_by_seed(eight_families):
    x, d, families = eight_families
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(3, x.size)), rng.normal(size=(2, x.size))
    slopes = [[slope_test(x, seed, families).slope for seed in arm] for arm in (a, b)]
    expected = np.sqrt(np.var(slopes[0], ddof=1) / 3 + np.var(slopes[1], ddof=1) / 2)
    assert slope_test(x, d, families, seeds_a=a, seeds_b=b).seed_se == pytest.approx(expected)
    assert slope_test(x, d, families, seeds_a=a, seeds_b=b[:1]).seed_se is None


def test_the_variance_over_seeds_is_added_to_that_over_families(eight_families):
    """Student's t on both; CR2 of the centred regression is another function's, held by its references."""
    x, d, families = eight_families
    rng = np.random.default_rng(2)
    a, b = 0.2 * rng.normal(size=(2, 3, x.size))
    result = slope_test(x, d, families, seeds_a=a, seeds_b=b)
    se = cr2_regression(x[:, None], d, families, absorb=families).se[0]
    parts = [np.var([slope_test(x, seed, families).slope for seed in arm], ddof=1) / 3 for arm in (a, b)]
    variance = se**2 + sum(parts)
    df = variance**2 / (se**4 / (result.families - 1) + sum(np.square(parts)) / 2)
    assert result.recipe_p == pytest.approx(2 * t.sf(abs(result.slope) / np.sqrt(variance), df))
    assert slope_test(x, d, families).recipe_p is slope_test(x, d, families, seeds_a=a, seeds_b=b[:1]).recipe_p is None


def test_cr2_reference():
    result = cr2_regression(DESIGN, Y, F)
    assert result.beta == pytest.approx([0.03428571, 0.00047619], abs=1e-8)
    assert result.se == pytest.approx([0.01745985, 0.00912969], abs=1e-8)
    assert result.df == pytest.approx([1.5859183, 1.9094409], abs=1e-7)
    assert result.p == (None, None)


def test_absorbing_families_equals_their_dummies():
    absorbed = cr2_regression(X[:, None], Y, F, absorb=F)
    assert absorbed.beta == pytest.approx([-0.00333333], abs=1e-8)
    assert absorbed.se == pytest.approx([0.00742689], abs=1e-8)
    assert absorbed.df == pytest.approx([1.6896552], abs=1e-7)
    dummies = cr2_regression(np.column_stack([X, np.eye(4)[F]]), Y, F)
    assert (dummies.beta[0], dummies.se[0], dummies.df[0]) == pytest.approx(
        (absorbed.beta[0], absorbed.se[0], absorbed.df[0])
    )


def test_clusters_of_one_give_statsmodels_hc2():
    result = cr2_regression(DESIGN, Y, np.arange(10))
    assert result.se == pytest.approx(sm.OLS(Y, DESIGN).fit(cov_type="HC2").bse)
    assert result.se == pytest.approx([0.01466984, 0.01152446], abs=1e-8)


def test_p_is_students_where_df_allows(eight_families):
    x, d, families = eight_families
    result = cr2_regression(np.column_stack([x, x**2]), d, families, absorb=families)
    assert (result.df >= 2).all()
    assert all(0 < p < 1 for p in result.p)


def test_the_unit_of_x_is_only_a_unit():
    tiny = cr2_regression(DESIGN * [1, 1e-12], Y, F)
    assert tiny.beta[1] * 1e-12 == pytest.approx(0.00047619, abs=1e-8)
    assert tiny.df == pytest.approx([1.5859183, 1.9094409], abs=1e-6)


def test_columns_that_repeat_others_are_refused():
    with pytest.raises(ValueError, match="linearly independent"):
        cr2_regression(np.column_stack([DESIGN, 2 * X]), Y, F)
    with pytest.raises(ValueError, match="linearly independent"):
        cr2_regression((F == 1.0)[:, None], Y, F, absorb=F)
