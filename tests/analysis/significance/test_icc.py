"""Family ICC: reference, limits, permutation p, and where it does not exist."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f_oneway
from scipy.stats import t as student

from harness.analysis.significance import family_icc

Y = [0.05, 0.06, 0.04, 0.07, 0.01, 0.02, 0.00, 0.03, -0.01, 0.08]
F = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]


def test_reference():
    result = family_icc(Y, F)
    assert result.between == pytest.approx(0.00120625)
    assert result.within == pytest.approx(0.00025)
    assert result.estimate == pytest.approx(0.8114690, abs=1e-7)
    assert result.interval == pytest.approx((0.0, 0.9815915), abs=1e-7)
    assert result.reason is None


def test_the_interval_is_the_delete_one_jackknife_written_out():
    rng = np.random.default_rng(0)
    groups = [rng.normal(rng.normal(), 1, n) for n in (9, 2, 5, 4, 7, 1)]
    result = family_icc(np.concatenate(groups), np.repeat(range(6), [g.size for g in groups]))
    h = np.mean([1 / g.size for g in groups])

    def theta(kept):
        squares = sum(((g - g.mean()) ** 2).sum() for g in kept)
        return np.log(np.var([g.mean() for g in kept], ddof=1) * sum(g.size - 1 for g in kept) / squares)

    jackknife = [theta(groups[:j] + groups[j + 1 :]) for j in range(6)]
    reach = student.ppf(0.975, 5) * np.sqrt(5 / 6 * np.sum((jackknife - np.mean(jackknife)) ** 2))
    q = np.maximum(0, np.exp(theta(groups) + np.array([-reach, reach])) - h)
    assert result.interval == pytest.approx(tuple(q / (1 + q)))


def test_the_permutation_p_is_that_of_the_analysis_of_variance():
    rng = np.random.default_rng(1)
    values, index = rng.normal(size=30) + np.repeat([0.0, 0.9, 0.3], 10), np.repeat([0, 1, 2], 10)
    theirs = f_oneway(*values.reshape(3, 10)).pvalue
    assert family_icc(values, index, n_permutations=9999).p == pytest.approx(theirs, abs=0.01)


def test_the_same_seed_gives_the_same_p():
    assert family_icc(Y, F, seed=5) == family_icc(Y, F, seed=5)


def test_families_that_differ_less_than_their_units_have_icc_0():
    result = family_icc([0.0, 1.0, 0.4, 0.62, 0.2, 0.81], [0, 0, 1, 1, 2, 2])
    assert result.estimate == 0.0
    assert result.interval[0] == 0.0


@pytest.mark.parametrize(
    ("values", "clusters", "reason"),
    [
        ([0.1, 0.2, 0.3], [0, 0, 0], "too_few_families"),
        ([0.1, 0.2, 0.3], [0, 1, 2], "no_within_family_information"),
        ([0.1, 0.1, 0.1 + 0.2, 0.3], [0, 0, 1, 1], "no_within_family_information"),
    ],
)
def test_there_may_be_no_icc(values, clusters, reason):
    result = family_icc(values, clusters)
    assert (result.estimate, result.interval, result.p, result.reason) == (None, None, None, reason)


@pytest.mark.parametrize(
    ("values", "clusters", "reason"),
    [
        ([0.1, 0.5, 0.3, 0.2], [0, 0, 1, 2], "jackknife_undefined"),  # one family alone has two units
        ([0.1, 0.5, 0.2, 0.3], [0, 0, 1, 1], "jackknife_undefined"),  # one family left has no variance
        ([0.25, 0.75, 0.5, 0.5, 0.25, 0.75], [0, 0, 1, 1, 2, 2], "constant"),
    ],
)
def test_there_may_be_no_interval(values, clusters, reason):
    result = family_icc(values, clusters)
    assert (result.interval, result.reason) == (None, reason)
    assert result.estimate is not None
    assert result.p is not None
