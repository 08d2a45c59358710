"""Scores of summed statistics against sacrebleu, scikit-learn and hand counts."""

from __future__ import annotations

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF
from sklearn.metrics import f1_score

from harness.score.corpus import (
    bleu_from_stats,
    chrf_from_stats,
    f1_from_counts,
    macro_f1_from_stats,
    micro_f1_from_stats,
)

HYPOTHESES = ["the cat sat on the mat", "there is a dog here now"]
REFERENCES = ["the cat is on the mat", "there is a dog here"]


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    words = np.array(["ada", "bole", "ci", "dum", "erat", "fo"])
    texts = [[" ".join(rng.choice(words, rng.integers(1, 9))) for _ in range(40)] for _ in range(2)]
    return texts[0], texts[1], rng.integers(40, size=(50, 6))


def stats_of(metric, hypotheses, references):
    return np.array(metric._extract_corpus_statistics(hypotheses, [references]), dtype=float)


def test_bleu_of_two_sentences_is_sacrebleus():
    assert bleu_from_stats([12, 11, 10, 7, 4, 2, 12, 10, 8, 6]) == pytest.approx(55.8394826, abs=1e-7)
    assert stats_of(BLEU(), HYPOTHESES, REFERENCES).sum(0).tolist() == [12, 11, 10, 7, 4, 2, 12, 10, 8, 6]


def test_chrf_of_two_sentences_is_sacrebleus():
    stats = [35, 31, 30, 33, 29, 26, 31, 27, 23, 29, 25, 20, 27, 23, 17, 25, 21, 14, 12, 11, 10, 10, 9, 7]
    assert chrf_from_stats(stats) == pytest.approx(80.3673509, abs=1e-7)
    assert stats_of(CHRF(word_order=2), HYPOTHESES, REFERENCES).sum(0).tolist() == stats


@pytest.mark.parametrize(("metric", "score"), [(BLEU(), bleu_from_stats), (CHRF(word_order=2), chrf_from_stats)])
def test_resampled_corpora_score_as_sacrebleu_scores_them(corpus, metric, score):
    hypotheses, references, draws = corpus
    ours = score(stats_of(metric, hypotheses, references)[draws].sum(axis=1))
    theirs = [
        metric.corpus_score([hypotheses[i] for i in draw], [[references[i] for i in draw]]).score for draw in draws
    ]
    assert ours == pytest.approx(theirs, abs=1e-9)
    assert (ours > 0).any()


def test_chrf_leaves_out_orders_that_one_side_is_too_short_for():
    metric = CHRF(word_order=2)
    stats = stats_of(metric, ["cat"], ["the cat sat"]).sum(axis=0)
    assert chrf_from_stats(stats) == pytest.approx(metric.corpus_score(["cat"], [["the cat sat"]]).score)


def test_orders_without_a_match_are_smoothed_in_turn():
    # precisions 1/2, then 1/(2·3) and 1/(4·2) and 1/(8·1): each missed order halves the one match left
    expected = 100 * (1 / 2 * 1 / 6 * 1 / 8 * 1 / 8) ** 0.25
    assert bleu_from_stats([4, 4, 2, 0, 0, 0, 4, 3, 2, 1]) == pytest.approx(expected)


@pytest.mark.parametrize("stats", [[3, 3, 3, 2, 1, 0, 3, 2, 1, 0], [5, 5, 0, 0, 0, 0, 5, 4, 3, 2], [0] * 10])
def test_bleu_is_0_without_an_order_or_a_match(stats):
    assert bleu_from_stats(stats) == 0.0


def test_chrf_is_0_where_nothing_is_in_common():
    assert chrf_from_stats(np.zeros(24)) == 0.0
    assert chrf_from_stats([5, 5, 0] * 8) == 0.0


def test_f1_is_undefined_without_positives():
    assert f1_from_counts(30, 10, 20) == pytest.approx(2 / 3)
    assert np.isnan(f1_from_counts(0, 0, 0))
    assert micro_f1_from_stats([[30, 10, 20], [0, 0, 5]]) == pytest.approx([2 / 3, 0.0])


def test_macro_f1_is_scikit_learns_over_the_classes_of_the_gold():
    rng = np.random.default_rng(1)
    gold, predicted = rng.integers(0, 3, 60), rng.integers(0, 4, 60)  # class 3 is never gold
    rows = [
        [(g == p == c), (p == c != g), (g == c != p)] for g, p in zip(gold, predicted, strict=True) for c in range(4)
    ]
    stats = np.array(rows, dtype=float).reshape(60, 12)
    present = np.array([True, True, True, False])
    expected = f1_score(gold, predicted, labels=[0, 1, 2], average="macro")
    assert macro_f1_from_stats(stats.sum(0), present) == pytest.approx(expected)
    resample = np.flatnonzero(gold != 2)  # a resample that lost a class keeps its place in the mean
    part = f1_score(gold[resample], predicted[resample], labels=[0, 1, 2], average="macro", zero_division=0)
    assert macro_f1_from_stats(stats[resample].sum(0), present) == pytest.approx(part)


def test_a_class_without_any_count_is_0_in_the_mean():
    assert macro_f1_from_stats([2, 0, 0, 0, 0, 0], [True, True]) == pytest.approx(0.5)


def test_rows_of_the_wrong_width_are_refused():
    with pytest.raises(ValueError, match="10 counts"):
        bleu_from_stats(np.zeros((3, 9)))
    with pytest.raises(ValueError, match="no class"):
        macro_f1_from_stats([1, 1, 1], [False])
