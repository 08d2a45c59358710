"""Bootstrap over items: intervals for scores of systems and for their differences (statistics, section 1.2).

A resample is a row of counts, how often each item was drawn, so that all resamples of all columns
are one matrix product. The counts depend on the item set and the seed alone: languages, arms and
systems that share items share resamples. Only percentile intervals are given, and no p.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.analysis.significance.arrays import Floats, Score, finite, labelled
from harness.analysis.significance.streams import COUNTS, generator

MIN_GROUPS = 30
"""Fewest groups over which a percentile interval still covers (.05–.06 missed above, .10 at 12)."""

BLOCK_BYTES = 8 * 2**20
EXACT_FLOAT32 = 2**24


@dataclass(frozen=True)
class ScoreIntervals:
    """Scores [C] of C systems (or differences of pairs) and their intervals [2, C]; NaN where one does not exist.

    ``reasons`` [C] says why: ``few_groups``, ``no positives`` (no score, in the sample or in some
    resample), or ``None``.
    """

    estimate: Floats
    interval: Floats
    reasons: tuple[str | None, ...]


def resample_counts(
    n: int, n_resamples: int = 999, *, groups: npt.ArrayLike | None = None, seed: int = 0
) -> npt.NDArray[np.float32]:
    """Return how often each item stands in each resample.

    Args:
        n: number of items.
        n_resamples: number of resamples B.
        groups: [n], labels; whole groups are drawn, and every item counts as often as its group.
        seed: of the random stream; the same seed gives the same bytes.

    Returns:
        float32 [B, n]; rows sum to n unless groups differ in size.
    """
    if n < 1 or n_resamples < 1:
        raise ValueError(f"n, n_resamples: expected at least 1, got {n}, {n_resamples}")
    index = None if groups is None else labelled("groups", groups, n)[1]
    k = n if index is None else int(index.max()) + 1
    drawn = generator(seed, COUNTS).integers(k, size=(n_resamples, k))
    drawn += k * np.arange(n_resamples)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=n_resamples * k).reshape(n_resamples, k).astype(np.float32)
    return counts if index is None else counts[:, index]


def percentile_interval(resampled: npt.ArrayLike, level: float = 0.95) -> Floats:
    """Return order statistics k and B+1−k of B resampled scores, k = ⌊(B+1)(1−level)/2⌋.

    Args:
        resampled: [B, ...], scores of the resamples.
        level: coverage.

    Returns:
        [2, ...]; NaN where the score of a resample is NaN.

    Raises:
        ValueError: ``k`` is 0: too few resamples for this level.
    """
    return _ends(np.moveaxis(np.asarray(resampled), 0, -1).copy(), level)


def _ends(scores: Floats, level: float) -> Floats:
    """Return the order statistics [2, ...] of scores [..., B], which are sorted where they are."""
    size = scores.shape[-1]
    k = int(np.floor((size + 1) * (1.0 - level) / 2.0 + 1e-9))  # .9 of 999 is 50, not 49.999…
    if k < 1:
        raise ValueError(f"resampled: {size} resamples are too few for level {level}")
    scores.sort(axis=-1)  # NaN comes last
    ends = np.stack([scores[..., k - 1], scores[..., size - k]]).astype(np.float64)
    return np.where(np.isnan(scores[..., -1]), np.nan, ends)


def score_intervals(
    values: npt.ArrayLike,
    score: Score | None = None,
    *,
    pairs: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
    n_resamples: int = 999,
    level: float = 0.95,
    seed: int = 0,
) -> ScoreIntervals:
    """Return scores and percentile intervals of many systems over one item set, or of their differences.

    Args:
        values: [n, C], values of items, their mean being the score; with ``score`` [n, C, k], rows
            of statistics to be summed.
        score: scores sums of rows, [..., k] → [...].
        pairs: [P, 2], systems whose differences, first minus second, are wanted instead of the C.
        groups: [n], labels of items that stand together; fewer than 30 groups give no interval.
        n_resamples: number of resamples.
        level: coverage.
        seed: of the resamples; equal for all that is to be compared.
    """
    array, dimensions = np.asarray(values), 2 if score is None else 3
    finite("values", array[:1], dimensions)
    total = finite("values", array.sum(axis=0, dtype=np.float64), dimensions - 1)
    estimate = total / len(array) if score is None else score(total)
    chosen = None if pairs is None else np.asarray(pairs, dtype=np.intp).T
    if chosen is not None:
        estimate = estimate[chosen[0]] - estimate[chosen[1]]
    if groups is not None and len(labelled("groups", groups, len(array))[0]) < MIN_GROUPS:
        return ScoreIntervals(estimate, np.full((2, estimate.size), np.nan), ("few_groups",) * estimate.size)
    counts = resample_counts(len(array), n_resamples, groups=groups, seed=seed)
    scores = (_resampled(counts, array[:, block], score) for block in _blocks(total, n_resamples))
    if chosen is not None:
        of_all = np.concatenate(list(scores))
        scores = (np.subtract(*of_all[chosen[:, block]]) for block in _blocks(estimate, n_resamples))
    interval = np.concatenate([_ends(block, level) for block in scores], axis=1)
    reasons = tuple("no positives" if missing else None for missing in np.isnan(interval[0]))
    return ScoreIntervals(estimate, interval, reasons)


def _blocks(rows: Floats, n_resamples: int) -> list[slice]:
    """Cut rows into blocks of which all resamples take no more than :data:`BLOCK_BYTES`."""
    step = max(1, BLOCK_BYTES // (rows[0].nbytes * n_resamples))
    return [slice(start, start + step) for start in range(0, len(rows), step)]


def _resampled(counts: npt.NDArray[np.float32], values: npt.NDArray[Any], score: Score | None) -> Floats:
    """Return scores [C, B] of all resamples of values [n, C, ...].

    Sums of integers are exact in float32, and twice as fast. The resamples of a statistic lie side by side, for
    scoring and sorting.
    """
    n, systems = values.shape[:2]
    columns = values.reshape(n, -1).T
    drawn = counts.sum(axis=1, dtype=np.float64)
    exact = (columns == np.rint(columns)).all() and np.abs(columns).max() * drawn.max() < EXACT_FLOAT32
    dtype = np.float32 if exact else np.float64
    sums = columns.astype(dtype, copy=False) @ counts.T.astype(dtype, copy=False)
    if score is None:
        return np.asarray(sums / drawn)
    return score(np.moveaxis(sums.reshape(systems, -1, len(counts)), 1, -1))
