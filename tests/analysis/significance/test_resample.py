"""Counts of resamples, order statistics, and intervals of single systems."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, bootstrap

from harness.analysis.significance import percentile_interval, resample_counts, score_intervals
from harness.score.corpus import micro_f1_from_stats


def test_every_resample_draws_n_items_and_every_item_about_once():
    counts = resample_counts(50, 4000)
    assert counts.shape == (4000, 50)
    assert counts.dtype == np.float32
    assert (counts.sum(axis=1) == 50).all()
    assert counts.mean(axis=0) == pytest.approx(1.0, abs=5 / np.sqrt(4000))
    assert counts.var() == pytest.approx(49 / 50, rel=0.02)  # binomial(50, 1/50)


def test_the_same_seed_gives_the_same_bytes():
    assert resample_counts(30, seed=3).tobytes() == resample_counts(30, seed=3).tobytes()
    assert resample_counts(30, seed=3).tobytes() != resample_counts(30, seed=4).tobytes()


def test_groups_are_drawn_whole():
    groups = np.array(["b", "a", "b", "c", "a", "b"])
    counts = resample_counts(6, 200, groups=groups)
    assert (counts[:, [0, 0]] == counts[:, [2, 5]]).all()
    assert (counts[:, 1] == counts[:, 4]).all()
    assert (counts[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_order_statistics_are_the_25th_and_the_975th_of_999():
    shuffled = np.random.default_rng(0).permutation(np.arange(1, 1000))
    assert percentile_interval(shuffled).tolist() == [25, 975]
    assert percentile_interval(shuffled, 0.9).tolist() == [50, 950]
    assert percentile_interval(np.stack([shuffled, -shuffled], axis=1)).tolist() == [[25, -975], [975, -25]]


def test_too_few_resamples_for_the_level_are_refused():
    with pytest.raises(ValueError, match="too few"):
        percentile_interval(np.arange(38.0))
    assert percentile_interval(np.arange(39.0)).tolist() == [0, 38]


def test_a_resample_without_a_score_leaves_no_interval():
    scores = np.arange(1000.0).reshape(500, 2)
    scores[7, 1] = np.nan
    assert np.isnan(percentile_interval(scores)).tolist() == [[False, True], [False, True]]


def test_binary_intervals_are_the_binomial_quantiles():
    values = (np.arange(1012)[:, None] < [50, 506, 900]).astype(float)
    result = score_intervals(values)
    expected = binom.ppf([[0.025], [0.975]], 1012, result.estimate)
    assert np.abs(result.interval * 1012 - expected).max() <= 4
    assert result.reasons == (None, None, None)


def test_intervals_agree_with_scipys_percentile_bootstrap():
    values = np.random.default_rng(5).exponential(size=200)
    ours = score_intervals(values[:, None], n_resamples=9999).interval[:, 0]
    theirs = bootstrap((values,), np.mean, n_resamples=9999, method="percentile", rng=1).confidence_interval
    assert ours == pytest.approx([theirs.low, theirs.high], rel=0.01)


def test_differences_agree_with_scipys_paired_bootstrap():
    random = np.random.default_rng(6)
    values = random.random((200, 1)) + random.random((200, 3)) / 4
    result = score_intervals(values, pairs=[(0, 2), (2, 0)], n_resamples=9999)
    theirs = bootstrap(
        (values[:, 0], values[:, 2]),
        lambda a, b, axis: a.mean(axis) - b.mean(axis),
        paired=True,
        n_resamples=9999,
        method="percentile",
        rng=1,
    ).confidence_interval
    assert result.interval[:, 0] == pytest.approx([theirs.low, theirs.high], abs=5e-4)
    assert result.interval[:, 1] == pytest.approx(-result.interval[::-1, 0])
    gap = float(np.mean(values[:, 0] - values[:, 2]))
    assert result.estimate == pytest.approx([gap, -gap])


def test_differences_are_taken_within_a_resample(monkeypatch):
    stats = np.random.default_rng(7).integers(1, 5, size=(40, 3, 3)).astype(float)
    stats[:, 2] = stats[:, 0]
    scores = micro_f1_from_stats(np.einsum("bn,nck->bck", resample_counts(40), stats))
    pairs = np.array([(0, 1), (0, 2), (1, 2)])
    monkeypatch.setattr("harness.analysis.significance.resample.BLOCK_BYTES", 8 * 999 * 2)
    result = score_intervals(stats, micro_f1_from_stats, pairs=pairs)
    assert result.interval == pytest.approx(percentile_interval(scores[:, pairs[:, 0]] - scores[:, pairs[:, 1]]))
    assert result.interval[:, 1].tolist() == [0.0, 0.0]
    assert result.reasons == (None, None, None)


def test_counts_of_any_type_give_the_same_interval():
    stats = np.random.default_rng(8).integers(0, 4, size=(60, 2, 3))
    expected = score_intervals(stats.astype(np.float64), micro_f1_from_stats).interval.tolist()
    for kind in (np.int16, np.float32):
        assert score_intervals(stats.astype(kind), micro_f1_from_stats).interval.tolist() == expected


def test_missing_values_and_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="values: 1 of 2 are not finite"):
        score_intervals([[0.0, 1.0], [np.nan, 1.0]])
    with pytest.raises(ValueError, match="values: expected a filled array of 2 dimensions"):
        score_intervals([0.0, 1.0])


def test_a_column_has_the_same_interval_alone_and_among_many(monkeypatch):
    values = np.random.default_rng(2).random((40, 7))
    together = score_intervals(values).interval
    assert score_intervals(values[:, 3:4]).interval[:, 0] == pytest.approx(together[:, 3])
    monkeypatch.setattr("harness.analysis.significance.resample.BLOCK_BYTES", 8 * 999 * 2)
    assert score_intervals(values).interval == pytest.approx(together)


def test_integers_in_float32_give_the_float64_result():
    values = np.random.default_rng(3).integers(0, 2, size=(300, 5))
    sums = resample_counts(300).astype(np.float64) @ values
    assert score_intervals(values).interval.tolist() == (percentile_interval(sums) / 300).tolist()


def test_grouped_means_divide_by_the_items_drawn():
    groups = np.repeat(np.arange(40), np.arange(40) % 3 + 1)
    result = score_intervals(np.ones((groups.size, 1)), groups=groups)
    assert result.interval[:, 0].tolist() == [1.0, 1.0]


def test_fewer_than_30_groups_give_no_interval():
    values, groups = np.random.default_rng(0).random((60, 2)), np.arange(60) % 29
    result = score_intervals(values, groups=groups)
    assert result.reasons == ("few_groups", "few_groups")
    assert np.isnan(result.interval).all()
    assert result.estimate == pytest.approx(values.mean(axis=0))


def test_corpus_scores_are_resampled_by_their_sums():
    stats = np.random.default_rng(4).integers(0, 4, size=(60, 2, 3)).astype(float)
    result = score_intervals(stats, micro_f1_from_stats)
    sums = np.einsum("bn,nck->bck", resample_counts(60), stats)
    scores = np.sort(2 * sums[..., 0] / (2 * sums[..., 0] + sums[..., 1] + sums[..., 2]), axis=0)
    assert result.interval == pytest.approx(scores[[24, 974]])
    assert result.estimate == pytest.approx(micro_f1_from_stats(stats.sum(axis=0)))


def test_a_score_that_some_resample_lacks_has_no_interval():
    stats = np.zeros((30, 2, 3))
    stats[0, 0] = stats[:, 1] = 1.0  # system 0 has one positive item, which every third resample misses
    result = score_intervals(stats, micro_f1_from_stats)
    assert result.reasons == ("no positives", None)
    assert result.estimate.tolist() == [0.5, 0.5]
