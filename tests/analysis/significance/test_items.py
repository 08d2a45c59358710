"""Item values and the variance of a mean over items."""

from __future__ import annotations

import numpy as np
import pytest

from harness.analysis.significance import item_values, item_variance
from harness.score.corpus import bleu_from_stats, micro_f1_from_stats

ROWS = [[3, 1, 0], [2, 0, 1], [1, 2, 1], [4, 0, 0]]


def test_item_values_of_a_micro_f1():
    values = item_values(ROWS, micro_f1_from_stats)
    assert values == pytest.approx([0.85441176, 0.78774510, 0.48774510, 1.07009804], abs=1e-8)
    assert values.mean() == pytest.approx(0.8)


def test_item_values_are_the_jackknifes_pseudo_values():
    rng = np.random.default_rng(0)
    stats = np.cumsum(rng.integers(1, 4, size=(12, 10))[:, ::-1], axis=1)[:, ::-1].astype(float)
    score = bleu_from_stats(stats.sum(axis=0))
    without = np.array([bleu_from_stats(np.delete(stats, i, axis=0).sum(axis=0)) for i in range(12)])
    pseudo = 12 * score - 11 * without
    assert item_values(stats, bleu_from_stats) == pytest.approx(pseudo - pseudo.mean() + score)


def test_item_values_of_a_mean_are_the_items():
    values = np.random.default_rng(1).random((2, 9))
    stats = np.stack([values, np.ones_like(values)], axis=-1)
    assert item_values(stats, lambda sums: sums[..., 0] / sums[..., 1]) == pytest.approx(values)


def test_item_values_stack_over_arms_and_seeds():
    stats = np.random.default_rng(2).integers(1, 5, size=(2, 3, 6, 3)).astype(float)
    stacked = item_values(stats, micro_f1_from_stats)
    assert stacked.shape == (2, 3, 6)
    assert stacked[1, 2] == pytest.approx(item_values(stats[1, 2], micro_f1_from_stats))


def test_a_score_that_hangs_on_one_item_has_no_item_values():
    assert np.isnan(item_values([[1, 0, 0], [0, 0, 0]], micro_f1_from_stats)).any()


@pytest.mark.parametrize(
    ("values", "groups", "variance", "df"),
    [
        (item_values(ROWS, micro_f1_from_stats), None, 0.01446391, 3),
        (item_values(ROWS, micro_f1_from_stats), [0, 0, 1, 1], 0.00044430, 1),
        ([1, 0, -1, 1, 1, 0], None, 0.1111111, 5),
        ([1, 0, -1, 1, 1, 0], [0, 0, 1, 1, 2, 2], 0.0277778, 2),
    ],
)
def test_reference_variances(values, groups, variance, df):
    result = item_variance(values, groups)
    assert result[0] == pytest.approx(variance, abs=1e-7)
    assert result[1] == df


def test_without_groups_it_is_the_squared_standard_error():
    values = np.random.default_rng(3).normal(size=(40, 3))
    variance, df = item_variance(values)
    assert variance == pytest.approx(values.var(axis=0, ddof=1) / 40)
    assert df == 39
    assert item_variance(values, np.arange(40))[0] == pytest.approx(variance)


def test_groups_of_one_size_give_the_variance_of_the_groups_means():
    values = np.random.default_rng(4).normal(size=20)
    means = values.reshape(5, 4).mean(axis=1)
    assert item_variance(values, np.repeat(list("vwxyz"), 4))[0] == pytest.approx(means.var(ddof=1) / 5)


def test_equal_values_have_variance_0_whatever_rounding_says():
    assert item_variance(np.full(7, 0.1 + 0.2))[0] == 0.0
    assert item_variance(np.full(7, 0.7) - np.full(7, 0.1), [0, 0, 1, 1, 1, 2, 2])[0] == 0.0


def test_one_item_or_one_group_has_no_variance():
    assert np.isnan(item_variance([0.5])[0])
    assert np.isnan(item_variance([[0.5, 1], [0.7, 2]], ["a", "a"])[0]).all()


def test_labels_must_match_the_items_and_be_known():
    with pytest.raises(ValueError, match="groups: expected 2 labels"):
        item_variance([0.1, 0.2], ["a"])
    with pytest.raises(ValueError, match="groups: a label is missing"):
        item_variance([0.1, 0.2], np.array(["a", None], dtype=object))


def test_a_lone_item_has_its_own_score():
    assert item_values([[3, 1, 0]], micro_f1_from_stats) == pytest.approx([6 / 7])
