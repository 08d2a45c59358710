"""Cosine neighbours as sentence-transformers finds them, and the ratio margin written out from its definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import util

from harness.train.kinds import neighbours as module
from harness.train.kinds.neighbours import margins, nearest, neighbours


def unit(n: int, seed: int, hidden: int = 8) -> Any:
    found = np.random.default_rng(seed).normal(size=(n, hidden)).astype(np.float32) + 0.5
    return found / np.linalg.norm(found, axis=1, keepdims=True)


QUERIES, CANDIDATES = unit(40, 0), unit(30, 1)

ANGLES = {"fin a": 0, "eng b": 90, "fin b": 80, "eng c": 40, "fin c": 55, "eng d": 56}
VECTORS = np.array([[np.cos(np.radians(d)), np.sin(np.radians(d))] for d in ANGLES.values()], np.float32)


@pytest.mark.parametrize("block", [7 * 30, 2**25, 1])
@pytest.mark.parametrize("k", [1, 4])
def test_neighbours_are_those_of_sentence_transformers(monkeypatch: pytest.MonkeyPatch, block: int, k: int) -> None:
    monkeypatch.setattr(module, "BLOCK", block)  # all at once, seven queries at a time, and one
    found = neighbours(QUERIES, CANDIDATES, k)
    told = util.semantic_search(torch.from_numpy(QUERIES), torch.from_numpy(CANDIDATES), top_k=k)
    assert found.places.tolist() == [[hit["corpus_id"] for hit in hits] for hits in told]
    assert found.cosines == pytest.approx(np.array([[hit["score"] for hit in hits] for hits in told]), abs=1e-6)


def test_of_fewer_candidates_than_neighbours_all_are_near() -> None:
    found = neighbours(QUERIES, CANDIDATES[:3], 4)
    assert [sorted(places) for places in found.places.tolist()] == [[0, 1, 2]] * 40
    assert neighbours(QUERIES, CANDIDATES[:0], 4).places.shape == (40, 0)


def ratio(x: Any, y: Any, k: int) -> Any:
    """The margin of every x and every y [n, m], from whole matrices and sorted rows."""
    cosine = x.astype(float) @ y.astype(float).T
    of_x, of_y = (np.sort(c, axis=1)[:, -k:].mean(1) for c in (cosine, cosine.T))
    return cosine / ((of_x[:, None] + of_y[None, :]) / 2)


@pytest.mark.parametrize("k", [1, 4, 10])
def test_the_margin_is_the_cosine_over_the_mean_of_both_neighbourhoods(k: int) -> None:
    near, back = neighbours(QUERIES, CANDIDATES, k), neighbours(CANDIDATES, QUERIES, k)
    whole = ratio(QUERIES, CANDIDATES, k)
    assert margins(near, back) == pytest.approx(np.take_along_axis(whole, near.places, 1), abs=1e-5)
    assert margins(back, near) == pytest.approx(np.take_along_axis(whole.T, back.places, 1), abs=1e-5)


def test_the_nearest_by_margin_is_the_best_of_the_k_nearest() -> None:
    whole, near = ratio(QUERIES, CANDIDATES, 4), neighbours(QUERIES, CANDIDATES, 4).places
    expected = [max(places, key=lambda j: whole[i, j]) for i, places in enumerate(near.tolist())]
    found = nearest(QUERIES, CANDIDATES, 4).tolist()
    assert found == expected
    assert found != nearest(QUERIES, CANDIDATES).tolist()


def test_the_margin_passes_over_a_candidate_that_is_near_to_all() -> None:
    """Hand-made: candidate 0 is everybody's nearest by cosine; to query 1 it is no nearer than to the others."""

    def at(*degrees: float) -> Any:
        return np.array([[np.cos(np.radians(d)), np.sin(np.radians(d))] for d in degrees], np.float32)

    queries, candidates = at(10, 25, -10), at(0, 60)
    assert nearest(queries, candidates).tolist() == [0, 0, 0]
    # query 1: cos 25° / mean(means of (25°, 35°) and of (10°, 10°)) against cos 35° / mean(the same and of (35°, 50°))
    c = lambda d: np.cos(np.radians(d))  # noqa: E731
    own = (c(25) + c(35)) / 2
    assert c(25) / ((own + c(10)) / 2) < c(35) / ((own + (c(35) + c(50)) / 2) / 2)
    assert nearest(queries, candidates, 2).tolist() == [0, 1, 0]


def test_the_nearest_is_that_of_the_smallest_angle() -> None:
    queries = VECTORS[[2, 4]]  # at 80 and 55 degrees
    assert nearest(queries, VECTORS[[1, 3, 5]]).tolist() == [0, 2]  # 90, 40, 56
    assert nearest(VECTORS[:0], VECTORS[:0]).tolist() == []
    assert nearest(VECTORS[:0], VECTORS[:0], 4).tolist() == []


def test_of_candidates_that_are_equally_near_the_first_is_taken() -> None:
    assert nearest(VECTORS[[1]], np.stack([VECTORS[0], VECTORS[1], VECTORS[1]])).tolist() == [1]
    alike = np.repeat(unit(1, 2), 500, axis=0)
    assert nearest(unit(3, 3), alike).tolist() == [0, 0, 0]
