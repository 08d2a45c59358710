"""Bootstrap over items: intervals for scores of single systems (statistics, section 1.2).

A resample is a row of counts, how often each item was drawn, so that all resamples of all columns
are one matrix product. The counts depend on the item set and the seed alone: languages, arms and
systems that share items share resamples. Only percentile intervals are given, and no p.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.analysis.significance.arrays import Floats, Score, finite, labelled
from harness.analysis.significance.streams import COUNTS, generator

MIN_GROUPS = 30
"""Fewest groups over which a percentile interval still covers (.05–.06 missed above, .10 at 12)."""

BLOCK_BYTES = 64 * 2**20
EXACT_FLOAT32 = 2**24


@dataclass(frozen=True)
class ScoreIntervals:
    """Scores [C] of C systems and their intervals [2, C]; NaN where one does not exist.

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
    scores = np.asarray(resampled)
    size = scores.shape[0]
    k = int(np.floor((size + 1) * (1.0 - level) / 2.0 + 1e-9))  # .9 of 999 is 50, not 49.999…
    if k < 1:
        raise ValueError(f"resampled: {size} resamples are too few for level {level}")
    rows = np.moveaxis(scores, 0, -1).reshape(-1, size).copy()
    rows.partition((k - 1, size - k, size - 1), axis=1)  # NaN comes last
    ends = rows[:, [k - 1, size - k]].T.astype(np.float64)
    ends[:, np.isnan(rows[:, -1])] = np.nan
    return ends.reshape(2, *scores.shape[1:])


def score_intervals(
    values: npt.ArrayLike,
    score: Score | None = None,
    *,
    groups: npt.ArrayLike | None = None,
    n_resamples: int = 999,
    level: float = 0.95,
    seed: int = 0,
) -> ScoreIntervals:
    """Return scores and percentile intervals of many systems over one item set.

    Args:
        values: [n, C], values of items, their mean being the score; with ``score`` [n, C, k], rows
            of statistics to be summed.
        score: scores sums of rows, [..., k] → [...].
        groups: [n], labels of items that stand together; fewer than 30 groups give no interval.
        n_resamples: number of resamples.
        level: coverage.
        seed: of the resamples; equal for all that is to be compared.
    """
    array = finite("values", values, 2 if score is None else 3)
    n, systems = array.shape[:2]
    estimate = array.mean(axis=0) if score is None else score(array.sum(axis=0))
    interval = np.full((2, systems), np.nan)
    if groups is not None and len(labelled("groups", groups, n)[0]) < MIN_GROUPS:
        return ScoreIntervals(estimate, interval, ("few_groups",) * systems)
    counts = resample_counts(n, n_resamples, groups=groups, seed=seed)
    width = max(1, BLOCK_BYTES // (8 * n_resamples * array[0, 0].size))
    for start in range(0, systems, width):
        block = slice(start, start + width)
        interval[:, block] = percentile_interval(_resampled(counts, array[:, block], score), level)
    reasons = tuple("no positives" if missing else None for missing in np.isnan(interval[0]))
    return ScoreIntervals(estimate, interval, reasons)


def _resampled(counts: npt.NDArray[np.float32], values: Floats, score: Score | None) -> Floats:
    """Return scores [B, C] of all resamples; sums of integers are exact in float32, and twice as fast."""
    flat = values.reshape(len(values), -1)
    exact = np.abs(flat).max() * len(flat) < EXACT_FLOAT32 and (flat == np.floor(flat)).all()
    dtype = np.float32 if exact else np.float64
    sums: Floats = (counts.astype(dtype, copy=False) @ flat.astype(dtype)).astype(np.float64)
    if score is None:
        return np.asarray(sums / counts.sum(axis=1, dtype=np.float64)[:, None])
    return score(sums.reshape(len(counts), *values.shape[1:]))
