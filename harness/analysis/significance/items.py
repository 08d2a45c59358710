"""Items of one test set: a corpus metric's value of an item, and the variance of a mean over items.

Items that stand together (sentences of a page, questions on a paragraph) are one observation: the
variance is over ``groups`` wherever they are given (statistics, sections 1.1, 1.3 and 1.4).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.analysis.significance.arrays import Floats, Score, finite, group_sums, labelled
from harness.analysis.significance.student import without_rounding


def item_values(stats: npt.ArrayLike, score: Score) -> Floats:
    """Return the jackknife's pseudo-values: what each item contributes to a corpus score.

    x[i] = θ + (n−1)(mean_j θ₍₋ⱼ₎ − θ₍₋ᵢ₎), θ₍₋ᵢ₎ the score of the sum without item i. Their mean is
    the score, so that a corpus metric enters every test of means; they may leave the metric's range
    and are never printed.

    Args:
        stats: [..., n, k], a row of sufficient statistics for each item.
        score: scores sums of rows, [..., k] → [...].

    Returns:
        [..., n]; NaN where the score without some item does not exist. A lone item's value is its score.
    """
    rows = np.asarray(stats, dtype=np.float64)
    if rows.ndim < 2 or not rows.shape[-2]:
        raise ValueError(f"stats: expected rows of at least one item, got shape {rows.shape}")
    total = rows.sum(axis=-2, keepdims=True)
    n = rows.shape[-2]
    if n == 1:
        return np.asarray(score(total))
    without = score(total - rows)
    return np.asarray(score(total) + (n - 1) * (without.mean(axis=-1, keepdims=True) - without))


def item_variance(d: npt.ArrayLike, groups: npt.ArrayLike | None = None) -> tuple[Floats, float]:
    """Return the variance of the mean over items, and its degrees of freedom.

    V = Σ_k u_k²/n² · K/(K−1), u_k the sum of the deviations in group k; without groups, s²/n.

    Args:
        d: [n] or [n, C], values of items.
        groups: [n], labels of items that stand together.

    Returns:
        V, a scalar or [C], and K−1. V is NaN for fewer than two groups, 0 where all are equal.
    """
    values = finite("d", d, 1, 2)
    n = values.shape[0]
    deviations = values - values.mean(axis=0)
    sums = deviations if groups is None else group_sums(deviations, labelled("groups", groups, n)[1])
    k = sums.shape[0]
    if k < 2:
        return np.full(values.shape[1:], np.nan), 0.0
    variance = np.square(sums).sum(axis=0) / n**2 * (k / (k - 1))
    return without_rounding(variance, np.abs(values).max(axis=0)), k - 1.0
