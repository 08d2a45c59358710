"""Sign-flips against full enumeration, scipy and McNemar; whole outputs swapped item by item."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import permutation_test

from harness.analysis.significance import Flip, mcnemar, sign_flip, sign_flip_metric
from harness.score.corpus import micro_f1_from_stats

M = [0.04, 0.01, 0.03, -0.02, 0.05, 0.02, 0.06, 0.00]
M2 = [0.00, 0.01, 0.00, 0.01, 0.02, 0.01, 0.03, 0.20]


@pytest.mark.parametrize(
    ("values", "p", "min_p"),
    [
        ([0.3, 0.1, -0.05, 0.2, 0.4, 0.15], 0.0625, 2**-5),
        ([1, 1, 1, 1, 1], 0.0625, 2**-4),
        ([1, 1, 1, -1, 1, 1], 0.21875, 2**-5),
        (M, 0.0625, 2**-6),
        (M2, 0.03125, 0.03125),
        ([1, -1, 1, -1], 1.0, 2**-3),
        ([0.1, 0.2, -0.3], 1.0, 2**-2),  # a sum of 0 but for rounding
        ([0.0, 0.0], 1.0, 1.0),
        ([0.5], 1.0, 1.0),
    ],
)
def test_reference_values(values, p, min_p):
    assert sign_flip(values) == Flip(p, True, min_p)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10])
def test_meeting_in_the_middle_counts_what_full_enumeration_counts(size):
    rng = np.random.default_rng(size)
    for values in (rng.normal(size=size), rng.integers(-3, 4, size=size) / 10):
        sums = [abs(np.dot(signs, values)) for signs in product([1, -1], repeat=size)]
        share = np.mean(np.array(sums) >= abs(values.sum()) - 1e-9)
        assert sign_flip(values).p == share


def test_agrees_with_scipys_exact_permutation_test():
    values = np.random.default_rng(3).normal(0.4, 1, 12)
    theirs = permutation_test((values,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert sign_flip(values).p == pytest.approx(theirs.pvalue, abs=1e-12)


def test_random_flips_come_near_the_exact_p_and_add_one():
    values = np.random.default_rng(7).normal(0.35, 1, 34)
    exact, random = sign_flip(values), sign_flip(values, max_exact=33)
    assert exact.exact
    assert not random.exact
    assert random.min_p == 1e-4
    assert random.p == pytest.approx(exact.p, abs=3 * np.sqrt(exact.p / 9999))
    assert sign_flip(np.ones(40)).p == 1e-4


def test_binary_differences_give_mcnemars_p():
    for b, c in [(10, 2), (5, 0), (7, 7), (3, 9)]:
        assert sign_flip([1.0] * b + [-1.0] * c + [0.0] * 6).p == pytest.approx(float(mcnemar(b, c)))


def share(sums):
    return sums[..., 0] / 60


def test_swapping_right_and_wrong_answers_is_mcnemars_test():
    a = np.repeat([1, 0, 1, 0], [14, 5, 20, 21])[:, None].astype(float)
    b = np.repeat([0, 1, 1, 0], [14, 5, 20, 21])[:, None].astype(float)
    p = float(mcnemar(14, 5))
    assert sign_flip_metric(a, b, share) == pytest.approx(p, abs=3 * np.sqrt(p * (1 - p) / 9999))


def test_identical_outputs_have_p_1():
    stats = np.random.default_rng(0).integers(0, 5, size=(30, 3))
    assert sign_flip_metric(stats, stats, micro_f1_from_stats) == 1.0


def test_groups_are_swapped_whole():
    gains = np.array([3.0, 1.0, -2.0, 2.0, 4.0, -1.0])[:, None]
    groups = ["p", "p", "p", "q", "q", "r"]  # sums 2, 6, −1: 7 or more in 4 of 8 swaps
    singly = sign_flip_metric(gains, np.zeros_like(gains), share)
    assert singly == pytest.approx(22 / 64, abs=0.02)
    p = sign_flip_metric(gains, np.zeros_like(gains), share, groups=groups)
    assert p == pytest.approx(4 / 8, abs=0.02)


def test_blocks_of_swaps_change_nothing_but_memory(monkeypatch):
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 5, size=(2, 30, 3))
    whole = sign_flip_metric(a, b, micro_f1_from_stats)
    monkeypatch.setattr("harness.analysis.significance.flips.BLOCK_BYTES", 8 * 30 * 1000)
    assert sign_flip_metric(a, b, micro_f1_from_stats) == whole


def test_a_system_without_a_score_has_no_p():
    stats = np.ones((4, 3))
    assert sign_flip_metric(stats, np.zeros((4, 3)), micro_f1_from_stats) is None


def test_unequal_shapes_and_missing_values_are_refused_by_name():
    with pytest.raises(ValueError, match="stats_b"):
        sign_flip_metric(np.ones((4, 3)), np.ones((5, 3)), micro_f1_from_stats)
    with pytest.raises(ValueError, match="v: 1 of 2 are not finite"):
        sign_flip([1.0, np.nan])
