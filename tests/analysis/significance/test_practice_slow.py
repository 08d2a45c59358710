"""What other programs make of a true null, beside ours on the same data (statistics, sections 5, 8 and 10)."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sacrebleu.metrics import BLEU
from sacrebleu.significance import PairedTest, Result, _paired_ar_test, _paired_bs_test
from scipy.stats import friedmanchisquare

from harness.analysis.significance import item_values, language_test, sign_flip_metric
from harness.bench.worlds import to_families, unit_gains
from harness.score.corpus import bleu_from_stats

pytestmark = pytest.mark.slow

MEAN = SimpleNamespace(
    _extract_corpus_statistics=lambda values, _: values[:, None],
    _aggregate_and_compute=lambda stats: SimpleNamespace(score=float(np.sum(stats)) / ITEMS),
    _compute_score_from_stats=lambda total: SimpleNamespace(score=float(total[0]) / ITEMS),
)
"""A metric of sacrebleu's that is a mean over items."""

ITEMS = 200


@pytest.mark.parametrize(("test", "low", "high"), [(_paired_bs_test, 0.085, 0.145), (_paired_ar_test, 0.02, 0.07)])
def test_sacrebleus_paired_bootstrap_rejects_too_often_and_its_randomisation_does_not(test, low, high):
    random, sets = np.random.default_rng(0), 1000
    theirs, ours = np.empty(sets), np.empty(sets)
    for r in range(sets):
        a, b = random.random((1, ITEMS)) + random.random((2, ITEMS))
        baseline = {"mean": (a[:, None], Result(float(a.mean())))}
        told = test(baseline, "b", b, None, {"mean": MEAN}, n_samples=1000, seed=r)
        theirs[r], ours[r] = told[1]["mean"].p_value, language_test(a[None], b[None]).p
    assert low <= np.mean(theirs <= 0.05) <= high
    assert 0.03 <= np.mean(ours <= 0.05) <= 0.07


def test_sacrebleus_paired_bootstrap_rejects_too_often_of_bleu_too():
    """A difference is beyond the 95 % point of |N(z, 1)| less its mean for |z| > 1.6: size .11 where .05 is meant."""
    random, sets, bleu = np.random.default_rng(3), 400, BLEU()
    metric = SimpleNamespace(
        _extract_corpus_statistics=lambda counts, _: counts,
        _aggregate_and_compute=lambda counts: bleu._compute_score_from_stats(np.sum(counts, axis=0).tolist()),
        _compute_score_from_stats=lambda total: bleu._compute_score_from_stats(total.tolist()),
    )
    theirs, ours = np.empty(sets), np.empty(sets)
    for r in range(sets):
        a, b = _bleu_counts(random)
        baseline = {"BLEU": (a, Result(metric._aggregate_and_compute(a).score))}
        theirs[r] = _paired_bs_test(baseline, "b", b, None, {"BLEU": metric}, n_samples=300, seed=r)[1]["BLEU"].p_value
        ours[r] = language_test(*(item_values(counts[None], bleu_from_stats) for counts in (a, b))).p
    assert 0.07 <= np.mean(theirs <= 0.05) <= 0.155
    assert 0.02 <= np.mean(ours <= 0.05) <= 0.08


def _bleu_counts(random):
    """Return the counts [2, n, 10] of two systems of one law: sentences are harder or easier for both."""
    words = random.integers(6, 40, ITEMS)
    totals = np.maximum(words[:, None] - np.arange(4), 0)
    rates = (0.6 * random.beta(6, 4, ITEMS) + 0.4 * random.beta(6, 4, (2, ITEMS)))[..., None] * (1.0, 0.7, 0.5, 0.35)
    lengths = np.broadcast_to(words[:, None], (2, ITEMS, 2))
    return np.concatenate([lengths, random.binomial(totals, rates), np.broadcast_to(totals, (2, ITEMS, 4))], axis=2)


@pytest.mark.parametrize(("test_type", "p"), [("ar", 1 / 10_001), ("bs", 1 / 1001)])
def test_sacrebleu_tells_identical_outputs_apart_because_ties_do_not_count(test_type, p):
    texts, references = ["the cat sat on the mat", "a dog is here now"], ["the cat is on the mat", "there is a dog"]
    metric = BLEU(references=[references])
    _, scores = PairedTest([("a", texts), ("b", texts)], {"BLEU": metric}, None, test_type)()
    assert scores["BLEU"][1].p_value == pytest.approx(p)
    stats = np.array(BLEU()._extract_corpus_statistics(texts, [references]))
    assert sign_flip_metric(stats, stats, bleu_from_stats) == 1.0


@pytest.mark.parametrize(("icc", "above"), [(0.2, 0.4), (0.5, 0.55)])
def test_autorank_takes_related_languages_for_independent(flores_families, icc, above):
    import pandas as pd  # here, for they bring matplotlib: two seconds of every run's collection
    from autorank import autorank

    random, sets = np.random.default_rng(1), 300
    systems = np.stack([unit_gains(random, flores_families, sets=sets, icc=icc) for _ in range(2)])
    families = np.stack([to_families(gains, flores_families) for gains in systems])

    def rejects(scores):
        return np.mean([autorank(pd.DataFrame(scores[:, r].T, columns=list("ab"))).pvalue <= 0.05 for r in range(sets)])

    assert rejects(systems) >= above
    assert 0.02 <= rejects(families) <= 0.12


def test_friedmans_test_over_languages_rejects_nearly_always(flores_families):
    random = np.random.default_rng(2)
    systems = np.stack([unit_gains(random, flores_families, sets=500, icc=0.5) for _ in range(5)])
    assert np.mean(friedmanchisquare(*systems, axis=1).pvalue <= 0.05) >= 0.95
    families = np.stack([to_families(gains, flores_families) for gains in systems])
    assert 0.03 <= np.mean(friedmanchisquare(*families, axis=1).pvalue <= 0.05) <= 0.08
