"""The nearest of many vectors, by cosine or by ratio margin."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from harness.train import device
from harness.train.batches import Indices

Vectors = NDArray[np.float32]
"""Unit vectors [n, hidden]."""

Scores = NDArray[np.float32]

BLOCK = 2**25
"""Cosines that stand in memory at once."""


class Neighbours(NamedTuple):
    """The k nearest candidates of each query, nearest first: cosines [n, k], and places in the candidates [n, k]."""

    cosines: Scores
    places: Indices


def neighbours(queries: Vectors, candidates: Vectors, k: int) -> Neighbours:
    """Return the ``k`` nearest candidates of each query by cosine, or all of them where they are fewer.

    With ``k`` 1 the first of those that are equally near.
    """
    k = min(k, len(candidates))
    cosines, places = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
    held = torch.from_numpy(candidates).to(device.device()).T
    step = max(1, BLOCK // max(1, len(candidates)))
    for start in range(0, len(queries) if k else 0, step):
        block = torch.from_numpy(queries[start : start + step]).to(device.device()) @ held
        found = block.max(1, keepdim=True) if k == 1 else block.topk(k)
        cosines[start : start + step], places[start : start + step] = (part.cpu().numpy() for part in found)
    return Neighbours(cosines, places)


def margins(near: Neighbours, back: Neighbours) -> Scores:
    """Return the ratio margin of each query and each of its neighbours [n, k].

    Their cosine over the mean of what the k nearest of either side come to (Artetxe and Schwenk 2019, Margin-based
    Parallel Corpus Mining, equation 2, ratio); ``back`` are the nearest queries of each candidate.
    """
    around = near.cosines.mean(1)[:, None] + back.cosines.mean(1)[near.places]
    return np.asarray(near.cosines / (around / 2))


def nearest(queries: Vectors, candidates: Vectors, k: int | None = None) -> Indices:
    """Return for each query [n] the place of the nearest candidate by cosine, or by ratio margin over ``k`` neighbours.

    By margin it is one of the k nearest. Of candidates with the highest cosine the first is taken.
    """
    if not len(queries):
        return np.empty(0, np.int64)
    near = neighbours(queries, candidates, k or 1)
    if k is None:
        return near.places[:, 0]
    best = margins(near, neighbours(candidates, queries, k)).argmax(1)
    found: Indices = near.places[np.arange(len(queries)), best]
    return found
