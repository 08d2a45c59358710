"""What stands beside the headline: other scopes and averages, leave-one-out, the naive tests."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_1samp, wilcoxon

from harness.analysis.significance import (
    cr2_regression,
    item_variance,
    language_macro_test,
    leave_one_family_out,
    naive_tests,
    prediction_interval,
    sign_flip,
    these_languages_test,
)

M = np.array([0.04, 0.01, 0.03, -0.02, 0.05, 0.02, 0.06, 0.00])
Y = np.array([0.05, 0.06, 0.04, 0.07, 0.01, 0.02, 0.00, 0.03, -0.01, 0.08])
F = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]


def test_prediction_interval_reference():
    assert prediction_interval(M) == pytest.approx((-0.04319696, 0.09069696), abs=1e-8)


def test_prediction_needs_families_that_vary():
    assert prediction_interval([0.3]) is None
    assert prediction_interval([0.3, 0.3, 0.1 + 0.2]) is None


def test_leave_one_out_names_the_families_that_matter():
    result = leave_one_family_out(M, list("abcdefgh"))
    assert (result.min, result.max) == pytest.approx((0.13 / 7, 0.03))
    assert (result.min_family, result.max_family) == ("g", "d")
    assert leave_one_family_out([0.1], ["a"]) is None
    with pytest.raises(ValueError, match="names: expected 8"):
        leave_one_family_out(M, ["a"])


def test_language_macro_reference():
    result = language_macro_test(Y, F)
    assert result.estimate == pytest.approx(0.035)
    assert result.se == pytest.approx(0.01551689, abs=1e-8)
    assert result.df == pytest.approx(2.3924051, abs=1e-7)
    assert result.p == pytest.approx(0.1316781, abs=1e-7)
    assert result.p_flip == 0.125


def test_equal_clusters_give_the_t_test_of_their_means():
    result, theirs = language_macro_test(Y, np.repeat(range(5), 2)), ttest_1samp(Y.reshape(5, 2).mean(1), 0)
    assert (result.se, result.df) == (pytest.approx(0.00894427, abs=1e-8), pytest.approx(4))
    assert result.p == pytest.approx(theirs.pvalue) == pytest.approx(0.0173481, abs=1e-7)
    assert result.interval == pytest.approx(tuple(theirs.confidence_interval()))


def test_the_closed_form_is_the_regression_on_a_constant(flores_families):
    y = np.random.default_rng(0).normal(size=190)
    mean, regression = language_macro_test(y, flores_families), cr2_regression(np.ones((190, 1)), y, flores_families)
    assert (mean.se, mean.df, mean.p) == pytest.approx((regression.se[0], regression.df[0], regression.p[0]))
    assert mean.df == pytest.approx(4.2, abs=0.05)
    assert mean.p_flip == sign_flip(np.bincount(flores_families, y)).p


def test_language_macro_needs_two_clusters_and_some_spread():
    assert language_macro_test(Y, [0] * 10).reason == "too_few_families"
    equal = language_macro_test([0.1 + 0.2, 0.3, 0.3, 0.3], [0, 0, 1, 1])
    assert (equal.p, equal.interval, equal.reason) == (None, None, "constant")


def test_these_languages_vary_in_items_alone():
    noise = np.random.default_rng(1).normal(0.1, 1, (60, 5))
    result, theirs = these_languages_test(noise), ttest_1samp(noise.mean(axis=1), 0)
    assert (result.estimate, result.p) == pytest.approx((noise.mean(), theirs.pvalue))
    assert result.interval == pytest.approx(tuple(theirs.confidence_interval()))


def test_these_languages_add_groups_and_seeds():
    noise, groups = np.random.default_rng(2).normal(0.1, 1, (60, 5)), np.arange(60) // 3
    result = these_languages_test(noise, groups=groups, seeds_a=[0.61, 0.63, 0.62], seeds_b=[0.58, 0.60])
    items, df = item_variance(noise.mean(axis=1), groups)
    seeds_a, seeds_b = 0.01**2 / 3, 0.0002 / 2
    assert result.se == pytest.approx(np.sqrt(items + seeds_a + seeds_b))
    assert result.df == pytest.approx(result.se**4 / (items**2 / df + seeds_a**2 / 2 + seeds_b**2))


def test_these_languages_say_what_is_missing():
    noise = np.random.default_rng(3).normal(size=(10, 2))
    assert these_languages_test(noise[:1]).reason == "few_items"
    assert these_languages_test(noise, seeds_a=[0.5]).reason == "one_seed"
    assert these_languages_test(np.zeros((10, 2))).reason == "constant"


def test_naive_tests_are_scipys():
    result, t = naive_tests(Y), ttest_1samp(Y, 0)
    assert (result.t_p, result.interval) == (pytest.approx(t.pvalue), pytest.approx(tuple(t.confidence_interval())))
    assert result.wilcoxon_p == wilcoxon(Y).pvalue
    assert result.sign_p == pytest.approx(binomtest(8, 9).pvalue)  # one zero is dropped
    assert result.note == "ignores relatedness"


def test_naive_tests_of_nothing_find_nothing():
    result = naive_tests(np.zeros(5))
    assert (result.t_p, result.wilcoxon_p, result.sign_p, result.interval) == (1.0, 1.0, 1.0, None)
    assert naive_tests([0.4]).t_p is None
