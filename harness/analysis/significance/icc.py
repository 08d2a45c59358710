"""Family ICC: how much of the variance of unit gains lies between families (statistics, section 2.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.analysis.significance.arrays import Floats, finite, group_means, group_sums, labelled
from harness.analysis.significance.permute import permutation_p
from harness.analysis.significance.streams import ICC, generator
from harness.analysis.significance.student import critical, scale_of, variance_of_mean, without_rounding


@dataclass(frozen=True)
class FamilyIcc:
    """Intraclass correlation of unit gains in families, with its jackknife interval and permutation p.

    ``between`` is the variance of family means, ``within`` the pooled mean square of units in
    families. ``reason``: ``too_few_families``, ``no_within_family_information``, ``constant`` (family
    means do not vary) and ``jackknife_undefined`` (they do not, or units do not, once some family is
    left out) leave out the interval alone.
    """

    estimate: float | None = None
    interval: tuple[float, float] | None = None
    p: float | None = None
    between: float | None = None
    within: float | None = None
    reason: str | None = None


def family_icc(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    n_permutations: int = 1999,
    seed: int = 0,
    level: float = 0.95,
) -> FamilyIcc:
    """Estimate the family ICC by unweighted means: τ² = max(0, v − h·w), ICC = τ² / (τ² + w).

    The interval is a delete-one-family jackknife of θ = ln(v/w), mapped by q = max(0, e^θ − h),
    q / (q + 1); p permutes units over families, with the statistic MSB / MSW. Item noise of single
    languages is in w, so that the estimate is usually too low.

    Args:
        values: [U], gain of each unit.
        clusters: [U], the family (cluster) of each unit.
        n_permutations: number of permutations.
        seed: of the permutations.
        level: coverage of the interval.
    """
    d = finite("values", values, 1)
    _, index = labelled("clusters", clusters, d.size)
    n, means = np.bincount(index), group_means(d, index)
    if n.size < 2:
        return FamilyIcc(reason="too_few_families")
    squares = without_rounding(group_sums(np.square(d - means[index]), index), scale_of(d))
    if not squares.any():
        return FamilyIcc(reason="no_within_family_information")
    v, w = float(variance_of_mean(means) * n.size), float(squares.sum() / (d.size - n.size))
    h = float((1.0 / n).mean())
    theta = _jackknife(means, squares, n)
    p = permutation_p(d, index, n_permutations, generator(seed, ICC))
    q = max(0.0, v / w - h)
    if v == 0.0 or np.isnan(theta).any():
        return FamilyIcc(q / (q + 1.0), None, p, v, w, "constant" if v == 0.0 else "jackknife_undefined")
    spread = np.sqrt((n.size - 1) / n.size * np.square(theta - theta.mean()).sum())
    reach = float(critical(level, n.size - 1.0) * spread)
    ends = np.maximum(0.0, np.exp(np.log(v / w) + np.array([-reach, reach])) - h)
    low, high = (float(end / (end + 1.0)) for end in ends)
    return FamilyIcc(q / (q + 1.0), (low, high), p, v, w)


def _jackknife(means: Floats, squares: Floats, n: npt.NDArray[np.int64]) -> Floats:
    """Return ln(v/w) without each family in turn; NaN where it does not exist."""
    kept = ~np.eye(n.size, dtype=bool)
    others = np.broadcast_to(means, kept.shape)[kept].reshape(n.size, -1)
    v = variance_of_mean(others) * others.shape[1]
    freedom = n.sum() - n - (n.size - 1)
    w = np.where(freedom > 0, kept @ squares, np.nan) / np.maximum(freedom, 1)
    ratio = np.where((v > 0.0) & (w > 0.0), v, np.nan) / np.where(w > 0.0, w, 1.0)
    return np.asarray(np.log(ratio))
