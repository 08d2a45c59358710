"""Worlds drawn answer by answer: counts whose score is known, and neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from harness.analysis.significance import family_test
from harness.bench import item_worlds


@pytest.mark.parametrize(
    ("metric", "share"), [("micro F1", 1.0), ("chrF++", 0.85), ("BLEU", (1.2 * 1.0 * 0.8 * 0.6) ** 0.25)]
)
def test_a_corpus_scores_its_answers_rate(metric, share):
    """F1 with as many wrong as missed, F2 of equal precision and recall, the geometric mean of four precisions."""
    random = np.random.default_rng(0)
    rate = np.stack([np.full((20, 3000), r) for r in (0.4, 0.5)])
    scores = item_worlds._values(metric, rate, random.integers(5, 50, 3000).astype(float), random).mean(axis=(1, 2))
    assert scores == pytest.approx(share * np.array([0.4, 0.5]), abs=0.005)


def test_sets_of_answers_are_tested_with_what_items_and_seeds_vary():
    random = np.random.default_rng(0)
    values = random.random((2, 3, item_worlds.FAMILIES, 40)) + 0.05 * random.random((2, 3, 1, 1))
    values[0] += np.linspace(0.0, 0.1, item_worlds.FAMILIES)[:, None] + random.random(40)
    d = values[0].mean(0) - values[1].mean(0)
    shared = np.cov(d)[np.triu_indices(len(d), 1)].mean() / 40
    by_seed = values.mean(axis=(2, 3))
    expected = family_test(d.mean(1), item_variance=(shared, 39), seeds_a=by_seed[0], seeds_b=by_seed[1])
    low = expected.interval[0]
    assert low > 0
    for shift, found in ((0.999 * low, True), (1.001 * low, False)):
        moved = np.stack([values[0] - shift, values[1]])
        assert [count.happened.tolist() for count in item_worlds._headline([moved])][1] == [found]


def test_vectors_are_of_unit_length_about_their_meaning():
    random = np.random.default_rng(0)
    meaning = random.standard_normal((7, 4))
    made = item_worlds._vectors(meaning, np.zeros((3, 1, 1)), (2, 3), random)
    assert made.shape == (2, 3, 7, 4)
    assert made[1, 2] == pytest.approx(meaning / np.linalg.norm(meaning, axis=1, keepdims=True), abs=1e-6)
    assert np.linalg.norm(item_worlds._vectors(meaning, 0.5, (), random), axis=-1) == pytest.approx(1)


def test_without_blur_each_query_finds_its_own(monkeypatch):
    monkeypatch.setattr(item_worlds, "BLUR", 0.0)
    monkeypatch.setattr(item_worlds, "POOL_BLUR", 0.0)
    random = np.random.default_rng(0)
    assert [count.happened.mean() for count in item_worlds.candidates(3, random)] == [1.0, 1.0]
    assert [count.happened.mean() for count in item_worlds.retrieval(3, random)] == [0.0, 0.0]
