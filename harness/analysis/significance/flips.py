"""Tests by exchange: signs of gains, and whole outputs of two systems swapped item by item.

The sign-flip test counts, of all ways to choose the signs of the gains, the share with a sum as
large as the observed one. It is exact: the signed sums of each half are listed (2^{k/2} of them),
one list is sorted, and pairs are counted by binary search (meet in the middle; Horowitz & Sahni
1974). Studentising would change nothing: the sum of squares is the same under every choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.analysis.significance.arrays import Floats, Score, finite, group_sums, labelled
from harness.analysis.significance.streams import FAMILY_FLIPS, ITEM_FLIPS, generator

TIE = 1e-12
"""Relative slack within which two statistics count as tied, so that rounding never breaks a tie."""

BLOCK_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Flip:
    """A two-sided sign-flip p, whether it is exact, and the smallest p that could have come out."""

    p: float
    exact: bool
    min_p: float


def sign_flip(
    v: npt.ArrayLike,
    *,
    n_flips: int = 9999,
    max_exact: int = 34,
    seed: int = 0,
    stream: int = FAMILY_FLIPS,
) -> Flip:
    """Test by the sign-flip whether values are symmetric about 0, with the statistic ``|Σv|``.

    Args:
        v: [G]; zeros change neither the p nor what it can reach, which is 2^{1−k} for k values ≠ 0.
        n_flips: random flips where there are more than ``max_exact`` values ≠ 0.
        max_exact: most values for which all 2^k flips are counted.
        seed: of the random flips.
        stream: purpose of the random flips (``streams``).
    """
    values = finite("v", v, 1)
    moved = values[values != 0.0]
    exact = moved.size <= max_exact
    min_p = min(1.0, 2.0 ** (1 - moved.size)) if exact else 1.0 / (n_flips + 1)
    threshold = np.abs(moved.sum()) - TIE * np.abs(moved).sum()
    if threshold <= 0.0:
        return Flip(1.0, exact, min_p)
    if exact:
        return Flip(_exact_share(moved, threshold), exact, min_p)
    signs = random_signs(n_flips, moved.size, seed, stream)
    return Flip(float((1 + np.count_nonzero(np.abs(signs @ moved) >= threshold)) / (1 + n_flips)), exact, min_p)


def random_signs(n_flips: int, size: int, seed: int, stream: int) -> Floats:
    """Return ``n_flips`` random rows of +1 and −1."""
    return 2.0 * generator(seed, stream).integers(0, 2, size=(n_flips, size)).astype(np.float64) - 1.0


def all_signs(size: int) -> Floats:
    """Return the 2^{size−1} rows of +1 and −1 that begin with +1: all, up to a common sign."""
    bits = np.arange(2 ** (size - 1))[:, None] >> np.arange(size)
    return 1.0 - 2.0 * (bits[:, ::-1] & 1).astype(np.float64)


def _exact_share(values: Floats, threshold: float) -> float:
    """Return the share of signed sums at least ``threshold`` > 0 away from 0."""
    half = values.size // 2
    left, right = _signed_sums(values[:half]), np.sort(_signed_sums(values[half:]))
    reached = right.size - np.searchsorted(right, threshold - np.sort(left))
    return float(np.ldexp(float(reached.sum()), 1 - values.size))  # and as many at −threshold


def _signed_sums(values: Floats) -> Floats:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums - value, sums + value])
    return sums


def sign_flip_metric(
    stats_a: npt.ArrayLike,
    stats_b: npt.ArrayLike,
    score: Score,
    *,
    groups: npt.ArrayLike | None = None,
    n_flips: int = 9999,
    seed: int = 0,
) -> float | None:
    """Test two systems' corpus scores by approximate randomisation, one seed each.

    Each item's (or group's) statistics are swapped between the systems with probability ½, and
    p = (1 + #{t* ≥ t}) / (1 + R) for t = |score_A − score_B| (Noreen 1989; Riezler & Maxwell 2005).
    Ties count: identical outputs give 1 (Phipson & Smyth 2010).

    Args:
        stats_a: [n, k], rows of sufficient statistics of system A.
        stats_b: [n, k], of system B on the same items.
        score: scores sums of rows, [..., k] → [...].
        groups: [n], labels of items that stand together.
        n_flips: number of random swaps R.
        seed: of the swaps.

    Returns:
        p, or ``None`` where a system has no score. A swap without a score counts as extreme.
    """
    ours, theirs = finite("stats_a", stats_a, 2), finite("stats_b", stats_b, 2)
    if ours.shape != theirs.shape:
        raise ValueError(f"stats_b: expected the shape of stats_a {ours.shape}, got {theirs.shape}")
    gap = theirs - ours
    if groups is not None:
        gap = group_sums(gap, labelled("groups", groups, len(ours))[1])
    total_a, total_b = ours.sum(axis=0), theirs.sum(axis=0)
    observed = float(np.abs(score(total_a) - score(total_b)))
    if np.isnan(observed):
        return None
    random = generator(seed, ITEM_FLIPS)
    extreme, block = 0, max(1, BLOCK_BYTES // (8 * len(gap)))
    for start in range(0, n_flips, block):
        rows = min(block, n_flips - start)
        moved = random.integers(0, 2, size=(rows, len(gap))).astype(np.float64) @ gap
        difference = np.abs(score(total_a + moved) - score(total_b - moved))
        extreme += rows - int(np.count_nonzero(difference < observed * (1.0 - TIE)))
    return (1 + extreme) / (1 + n_flips)
