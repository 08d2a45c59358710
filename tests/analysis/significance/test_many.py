"""Corrections against statsmodels and scipy, true discoveries against all intersections, displays."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from harness.analysis.significance import benjamini_hochberg, holm, letters, rank_sets, true_discoveries

P = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]
SMALL = [0.0005, 0.001, 0.002, 0.004, 0.006, 0.009, 0.02, 0.3, 0.6, 0.9]


def test_holm_and_benjamini_hochberg_reference():
    assert holm(P) == pytest.approx([0.01, 0.072] + [0.312] * 5 + [0.615] * 3)
    assert benjamini_hochberg(P) == pytest.approx([0.01, 0.04] + [0.084] * 3 + [0.1, 0.1057143] + [0.216] * 3)


def test_they_are_statsmodels_and_scipys_in_input_order():
    p = np.random.default_rng(0).random(40) ** 3
    p[7] = p[3]
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p))


def test_what_is_no_p_is_refused():
    with pytest.raises(ValueError, match="p: expected values in"):
        holm([0.2, 1.1])
    with pytest.raises(ValueError, match="p: 1 of 2 are not finite"):
        benjamini_hochberg([0.2, np.nan])


@pytest.mark.parametrize(("p", "alpha", "count"), [(P, 0.05, 1), (P, 0.025, 1), (SMALL, 0.05, 6), (SMALL, 0.025, 4)])
def test_true_discoveries_reference(p, alpha, count):
    assert true_discoveries(np.random.default_rng(0).permutation(p), alpha) == count


@pytest.mark.parametrize("seed", range(6))
def test_true_discoveries_are_what_no_intersection_can_take_away(seed):
    p = np.random.default_rng(seed).beta(0.3, 1, 8)

    def rejected(subset):
        return (np.sort(p[list(subset)]) <= 0.1 * np.arange(1, len(subset) + 1) / len(subset)).any()

    kept = [k for k in range(1, 9) for subset in combinations(range(8), k) if not rejected(subset)]
    assert true_discoveries(p, 0.1) == 8 - max(kept, default=0)


def test_a_p_at_the_level_is_rejected():
    assert true_discoveries([0.05, 0.5], 0.05) == 0
    assert true_discoveries([0.025, 0.5], 0.05) == 1
    assert true_discoveries([0.05, 0.05], 0.05) == 2


def separated(size, *pairs):
    reject = np.zeros((size, size), dtype=bool)
    reject[tuple(np.array(pairs, dtype=int).reshape(-1, 2).T)] = True
    return reject


def test_rank_sets_and_letters_reference():
    reject = separated(4, (0, 2), (0, 3), (1, 3))
    assert rank_sets([4, 3, 2, 1], reject) == [(1, 2), (1, 3), (2, 4), (3, 4)]
    assert letters([4, 3, 2, 1], reject) == ["a", "ab", "bc", "c"]


def test_displays_follow_the_means_not_the_input_order():
    reject = separated(4, (2, 0), (2, 3), (1, 3))  # B, C, A, D in input order 2, 1, 0, 3
    assert letters([2, 3, 4, 1], reject) == ["bc", "ab", "a", "c"]
    assert rank_sets([2, 3, 4, 1], reject) == [(2, 4), (1, 3), (1, 2), (3, 4)]


def test_nothing_or_everything_told_apart():
    assert letters([3, 2, 1], separated(3)) == ["a", "a", "a"]
    assert rank_sets([3, 2, 1], separated(3)) == [(1, 3)] * 3
    everything = separated(3, (0, 1), (0, 2), (1, 2))
    assert letters([3, 2, 1], everything) == ["a", "b", "c"]
    assert rank_sets([3, 2, 1], everything) == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize("seed", range(20))
def test_two_systems_share_a_letter_unless_they_are_told_apart(seed):
    rng = np.random.default_rng(seed)
    means = rng.permutation(8).astype(float)
    reject = (rng.random((8, 8)) < 0.4) & (means[:, None] > means)
    shown = letters(means, reject)
    shared = np.array([[bool(set(i) & set(j)) for j in shown] for i in shown])
    assert (shared == ~(reject | reject.T)).all()


def test_a_rejection_against_the_means_is_refused():
    with pytest.raises(ValueError, match="mean is no larger"):
        rank_sets([1, 2], separated(2, (0, 1)))
    with pytest.raises(ValueError, match="expected 3 × 3"):
        letters([1, 2, 3], separated(2))
