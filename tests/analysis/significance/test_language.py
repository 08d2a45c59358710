"""One language: McNemar, Agresti–Min and the crossed t test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, ttest_1samp, ttest_ind
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from harness.analysis.significance import item_variance, language_test, mcnemar, paired_proportion_interval, sign_flip

A = np.array([[1, 1, 0, 1, 1, 0], [1, 0, 0, 1, 1, 1], [1, 1, 1, 1, 0, 1]], dtype=float)
B = np.array([[0, 1, 0, 1, 0, 0], [1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0]], dtype=float)


def test_mcnemar_reference_values_broadcast():
    b, c = [10, 5, 0, 7], [2, 0, 0, 7]
    assert mcnemar(b, c) == pytest.approx([0.0385742188, 0.0625, 1, 1], abs=1e-9)
    assert mcnemar(b, c, mid=True) == pytest.approx([0.0224609375, 0.03125, 1, 1], abs=1e-9)
    assert mcnemar(np.arange(4)[:, None], 3).shape == (4, 1)


def test_mcnemar_is_statsmodels_exact_and_the_binomials_mid_p():
    for b, c in [(1, 9), (40, 22), (700, 800)]:
        assert mcnemar(b, c) == pytest.approx(statsmodels_mcnemar([[0, b], [c, 0]], exact=True).pvalue)
        mid = 2 * binom.cdf(min(b, c), b + c, 0.5) - binom.pmf(min(b, c), b + c, 0.5)
        assert mcnemar(b, c, mid=True) == pytest.approx(mid)


def test_agresti_min_reference_values():
    assert paired_proportion_interval(10, 2, 50) == pytest.approx([0.02454012, 0.28315219], abs=1e-8)
    assert paired_proportion_interval(0, 0, 20) == pytest.approx([-0.08908927, 0.08908927], abs=1e-8)
    assert paired_proportion_interval([10, 0], [2, 0], [50, 20]).shape == (2, 2)


def test_counts_that_are_none_are_refused():
    with pytest.raises(ValueError, match="c: expected counts"):
        mcnemar(3, -1)
    with pytest.raises(ValueError, match="b: expected counts"):
        mcnemar(0.5, 1)
    with pytest.raises(ValueError, match="fewer items"):
        paired_proportion_interval(3, 3, 5)


def test_crossed_items_and_seeds_reference():
    result = language_test(A, B)
    assert result.estimate == pytest.approx(0.3888889, abs=1e-7)
    assert result.variance_items == pytest.approx(0.0104938, abs=1e-7)
    assert result.variance_seeds == pytest.approx(0.0030864, abs=1e-7)
    assert result.variance_residual == pytest.approx(0.0290123, abs=1e-7)
    assert result.se == pytest.approx(np.sqrt(0.01049383), abs=1e-7)  # V = V_item
    assert result.df == pytest.approx(4.1109531, abs=1e-6)
    assert result.p == result.p_t == pytest.approx(0.0182268, abs=1e-7)
    assert (result.method, result.scope_note, result.reason) == ("t", None, None)


def test_seeds_that_dominate_give_welchs_test_of_the_seeds():
    rng = np.random.default_rng(0)
    levels_a, levels_b = rng.normal(0.7, 0.1, (5, 1)), rng.normal(0.6, 0.02, (3, 1))
    result = language_test(levels_a + np.zeros(50), levels_b + np.zeros(50))
    theirs = ttest_ind(levels_a[:, 0], levels_b[:, 0], equal_var=False)
    assert result.p == pytest.approx(theirs.pvalue)
    assert result.interval == pytest.approx(tuple(theirs.confidence_interval()))
    assert (result.variance_items, result.reason) == (0.0, None)


def test_one_seed_without_groups_is_the_paired_t_test():
    a, b = np.random.default_rng(1).random((2, 1, 80))
    result, theirs = language_test(a, b), ttest_1samp((a - b)[0], 0)
    assert result.p == pytest.approx(theirs.pvalue)
    assert result.interval == pytest.approx(tuple(theirs.confidence_interval()))
    assert result.scope_note == "these checkpoints"
    assert result.variance_seeds is None


def test_one_seed_of_right_and_wrong_is_mcnemar_with_the_t_beside():
    result = language_test(A[:1], B[:1])
    d = A[0] - B[0]
    assert result.method == "mcnemar"
    assert result.p == pytest.approx(sign_flip(d).p)
    assert result.interval == pytest.approx(tuple(paired_proportion_interval(2, 0, 6)))
    assert result.p_t == pytest.approx(ttest_1samp(d, 0).pvalue)


def test_groups_or_a_second_seed_leave_mcnemar_aside():
    grouped = language_test(A[:1], B[:1], [0, 0, 1, 1, 2, 2])
    assert grouped.method == "t"
    assert grouped.df == 2
    assert grouped.variance_items == pytest.approx(item_variance(A[0] - B[0], [0, 0, 1, 1, 2, 2])[0])
    uneven = language_test(A, B[:1])
    assert (uneven.method, uneven.scope_note, uneven.df) == ("t", "these checkpoints", 5)


def test_an_arm_without_randomness_repeats_its_row():
    result = language_test(A, np.repeat(B[:1], 2, axis=0))
    assert result.variance_seeds == pytest.approx(A.mean(axis=1).var(ddof=1) / 3)
    assert result.scope_note is None


def test_a_common_constant_changes_nothing_and_swapping_negates():
    base, shifted, swapped = language_test(A, B), language_test(A + 3, B + 3), language_test(B, A)
    assert (shifted.estimate, shifted.se, shifted.p) == pytest.approx((base.estimate, base.se, base.p))
    assert (swapped.estimate, swapped.p) == pytest.approx((-base.estimate, base.p))
    assert swapped.interval == pytest.approx((-base.interval[1], -base.interval[0]))


@pytest.mark.parametrize(("gap", "p"), [(0.0, 1.0), (0.25, None)])
def test_a_gain_without_any_spread_has_no_interval(gap, p):
    a = np.random.default_rng(0).random((1, 30)) / 3
    for ours, theirs in [(a + gap, a), (np.repeat(a + gap, 3, axis=0), np.repeat(a, 2, axis=0))]:
        result = language_test(ours, theirs)
        assert (result.p, result.interval, result.reason) == (p, None, "constant")
        assert result.estimate == pytest.approx(gap)


def test_arms_equal_but_for_rounding_do_not_differ():
    base = np.random.default_rng(0).random((3, 30)) / 3
    ours, theirs = base + 0.1 + 0.2, base + 0.3
    assert (ours != theirs).any()
    assert language_test(ours[:1], theirs[:1]).p == 1.0


def test_mcnemar_decides_where_the_t_test_cannot():
    always = language_test(np.ones((1, 20)), np.zeros((1, 20)))
    assert (always.p, always.p_t, always.reason) == (2 * 0.5**20, None, "constant")
    reach = 1.959964 * np.sqrt(21 - 20**2 / 22)
    assert always.interval == pytest.approx(((20 - reach) / 22, (20 + reach) / 22))
    never = language_test(np.ones((1, 20)), np.ones((1, 20)))
    assert never.p == 1.0
    assert never.interval == pytest.approx((-0.08908927, 0.08908927), abs=1e-8)


def test_one_item_or_one_group_leaves_the_estimate_alone():
    one = language_test([[1.0]], [[0.0]])
    assert (one.estimate, one.p, one.interval, one.reason) == (1.0, None, None, "few_items")
    grouped = language_test(A, B, ["g"] * 6)
    assert (grouped.p, grouped.reason) == (None, "few_groups")


def test_items_that_do_not_pair_and_missing_values_are_refused_by_name():
    with pytest.raises(ValueError, match="b: expected 6 items"):
        language_test(A, B[:, :5])
    with pytest.raises(ValueError, match="a: 1 of 6 are not finite"):
        language_test([[1, 1, np.nan, 0, 0, 1]], B)
    with pytest.raises(ValueError, match="a: expected a filled array of 2 dimensions"):
        language_test(A[0], B)
