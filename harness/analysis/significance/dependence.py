"""Does the gain depend on x? Tests of a slope within families (statistics, section 6).

"Significant in one group, not in the other" is no difference; the dependence gets its own test. What
varies between families is confounded with the family and not tested. Checkpoints are held fixed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.analysis.significance.arrays import (
    Floats,
    Indices,
    finite,
    group_means,
    group_sums,
    labelled,
    numbers,
)
from harness.analysis.significance.flips import sign_flip
from harness.analysis.significance.headline import MIN_FAMILIES
from harness.analysis.significance.streams import SLOPES
from harness.analysis.significance.student import (
    ROUNDING,
    satterthwaite,
    scale_of,
    two_sided,
    variance_of_mean,
    without_rounding,
)

EIGENVALUE_ZERO = 1e-10
Known = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SlopeTest:
    """The change of the gain per unit of x within families, and its exact sign-flip p over families.

    ``families`` counts those in which x varies, ``left_out`` the units without x, ``min_p`` is the
    smallest p that could have come out, ``seed_se`` the seeds' standard error of the slope, ``recipe_p`` a t test's p
    over families and seeds together. ``reason``: ``no_within_family_variation``, ``too_few_families`` (fewer than 6: no
    verdict), or ``None``.
    """

    slope: float | None
    p: float | None
    families: int
    min_p: float | None
    left_out: int
    seed_se: float | None = None
    recipe_p: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class TrendTest:
    """Kendall scores of the families in which x varies, by name, and their exact sign-flip p.

    ``left_out`` and ``reason`` are those of :class:`SlopeTest`.
    """

    scores: dict[str, float]
    p: float | None
    min_p: float | None
    left_out: int
    reason: str | None = None


@dataclass(frozen=True)
class Regression:
    """Coefficients [p] with CR2 standard errors, Satterthwaite df and p; ``None`` for df below 2."""

    beta: Floats
    se: Floats
    df: Floats
    p: tuple[float | None, ...]


def slope_test(
    x: npt.ArrayLike,
    d: npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    seeds_a: npt.ArrayLike | None = None,
    seeds_b: npt.ArrayLike | None = None,
) -> SlopeTest:
    """Test whether the gain rises with x within families, families in general.

    x is centred in its family; U_f = Σ x̃d, q_f = Σ x̃². The slope is ΣU / Σq, the test flips the
    signs of U_f/√q_f.

    Args:
        x: [U], of each unit; NaN where unknown (the unit is left out).
        d: [U], gain of each unit.
        clusters: [U], the family (cluster) of each unit.
        seeds_a: [S_A, U], scores of arm A by seed, at least two; left out where the arm has no
            randomness, and in both arms where one has a single seed.
        seeds_b: [S_B, U], of arm B.
    """
    known, centred, index = _within(x, clusters)
    gains, left_out = finite("d", d, 1)[known], int(known.size - known.sum())
    q = group_sums(np.square(centred), index)
    varies = q > 0.0
    if not varies.any():
        return SlopeTest(None, None, 0, None, left_out, reason="no_within_family_variation")
    weights = centred / q.sum()
    slope, sums, q = float(weights @ gains), group_sums(centred * gains, index)[varies], q[varies]
    flip = sign_flip(sums / np.sqrt(q), stream=SLOPES)
    reason = "too_few_families" if q.size < MIN_FAMILIES else None
    given = {"seeds_a": seeds_a, "seeds_b": seeds_b}
    arms = [finite(name, seeds, 2)[:, known] @ weights for name, seeds in given.items() if seeds is not None]
    by_seed = _over_seeds(slope, sums, q, arms)
    return SlopeTest(slope, flip.p, q.size, flip.min_p, left_out, *by_seed, reason=reason)


def _over_seeds(slope: float, sums: Floats, q: Floats, arms: list[Floats]) -> tuple[float | None, float | None]:
    """Return √(s²(slope_A)/S_A + s²(slope_B)/S_B), and the t test's p with that added to the variance over families.

    The latter is the slope's CR2 variance, with families − 1 df. Adding is what the headline does (section 2.2): two
    tests, of families and of seeds, that must both reject would let through too much where both vary. ``None`` without
    seeds, or with one in an arm; there is no p for a single family.
    """
    parts = [(variance_of_mean(arm), arm.size - 1) for arm in arms]
    seeds = sum((variance for variance, _ in parts), np.zeros(()))
    if not parts or np.isnan(seeds):
        return None, None
    seed_se = float(np.sqrt(seeds))
    if q.size < 2:
        return seed_se, None
    total = q.sum()
    families = (np.square(sums - slope * q) / (1.0 - q / total)).sum() / total**2
    variance = np.asarray(families + seeds)
    df = satterthwaite(variance, [(families, q.size - 1), *parts])
    return seed_se, float(two_sided(np.asarray(slope / np.sqrt(variance)), df)) if variance > 0.0 else None


def trend_test(x: npt.ArrayLike, d: npt.ArrayLike, clusters: npt.ArrayLike) -> TrendTest:
    """Test the same for an ordered x by ranks: Jonckheere's test stratified by family.

    The score of a family is Σ_{i<j} sign(Δx) sign(Δd) / √#{pairs with Δx ≠ 0}; the test flips signs.

    Args:
        x: [U], of each unit; NaN where unknown (the unit is left out).
        d: [U], gain of each unit.
        clusters: [U], the family (cluster) of each unit.
    """
    values = numbers("x", x, 1)
    known = ~np.isnan(values)
    names, index = labelled("clusters", np.asarray(clusters)[known], int(known.sum()))
    members = (index[:, None] == np.arange(len(names))).astype(np.float64)
    steps, moves = _signs(values[known]), _signs(finite("d", d, 1)[known])
    pairs = np.einsum("if,ij,jf->f", members, np.abs(steps), members, optimize=True) / 2
    kendall = np.einsum("if,ij,jf->f", members, steps * moves, members, optimize=True) / 2
    varies = pairs > 0
    left_out = int(values.size - known.sum())
    if not varies.any():
        return TrendTest({}, None, None, left_out, "no_within_family_variation")
    scores = kendall[varies] / np.sqrt(pairs[varies])
    flip = sign_flip(scores, stream=SLOPES)
    reason = "too_few_families" if scores.size < MIN_FAMILIES else None
    named = zip(np.asarray(names)[varies].tolist(), scores.tolist(), strict=True)
    return TrendTest(dict(named), flip.p, flip.min_p, left_out, reason)


def _signs(values: Floats) -> Floats:
    """Return the signs of all differences [n, n]; a difference of rounding is a tie."""
    differences = values - values[:, None]
    return np.where(np.abs(differences) <= ROUNDING * scale_of(values), 0.0, np.sign(differences))


def _within(x: npt.ArrayLike, clusters: npt.ArrayLike) -> tuple[Known, Floats, Indices]:
    """Return which units have x, their x centred in its family (exactly 0 where it is flat), the families."""
    values = numbers("x", x, 1)
    known = ~np.isnan(values)
    _, index = labelled("clusters", np.asarray(clusters)[known], int(known.sum()))
    centred = values[known] - group_means(values[known], index)[index]
    spread = without_rounding(group_means(np.square(centred), index), scale_of(values[known]))
    return known, np.where(spread[index] > 0.0, centred, 0.0), index


def cr2_regression(
    x: npt.ArrayLike, y: npt.ArrayLike, clusters: npt.ArrayLike, *, absorb: npt.ArrayLike | None = None
) -> Regression:
    """Regress on several x at once, clusters being what is independent: a description, no verdict.

    CR2 (Bell & McCaffrey 2002), Satterthwaite's df under independent units of equal variance
    (Pustejovsky & Tipton 2018).

    Args:
        x: [N, p], the columns as they are (no intercept is added).
        y: [N].
        clusters: [N].
        absorb: [N], labels whose levels get a fixed effect each (x and y are centred in them).

    Raises:
        ValueError: columns that are linear combinations of others (or of fixed effects).
    """
    design, response = finite("x", x, 2), finite("y", y, 1)
    _, index = labelled("clusters", clusters, response.size)
    size = np.maximum(np.linalg.norm(design, axis=0), np.finfo(np.float64).tiny)
    makes_residuals = np.eye(response.size)
    if absorb is not None:
        _, levels = labelled("absorb", absorb, response.size)
        makes_residuals -= (levels[:, None] == levels) / np.bincount(levels)[levels]
        design, response = makes_residuals @ design, makes_residuals @ response
    if np.linalg.matrix_rank(design / size, tol=EIGENVALUE_ZERO) < design.shape[1]:
        raise ValueError("x: the columns are not linearly independent")
    bread = np.linalg.inv(design.T @ design)
    makes_residuals -= design @ bread @ design.T
    weights = _cluster_weights(design @ bread, makes_residuals, index)
    contributions = weights @ response
    gram = weights @ weights.transpose(0, 2, 1)
    df = np.trace(gram, axis1=1, axis2=2) ** 2 / np.square(gram).sum(axis=(1, 2))
    beta, se = bread @ design.T @ response, np.sqrt(np.square(contributions).sum(axis=1))
    p = two_sided(beta / se, df)
    return Regression(beta, se, df, tuple(float(q) if f >= 2.0 else None for q, f in zip(p, df, strict=True)))


def _cluster_weights(influence: Floats, makes_residuals: Floats, index: Indices) -> Floats:
    """Return W [p, F, N]: coefficient c's variance is the sum over clusters f of (W[c, f] · y)².

    Each cluster's residuals are corrected by A_f, the symmetric pseudo-inverse root of (I − H)_ff.
    """
    rows = []
    for cluster in range(int(index.max()) + 1):
        mine = np.flatnonzero(index == cluster)
        eigenvalues, vectors = np.linalg.eigh(makes_residuals[np.ix_(mine, mine)])
        solid = eigenvalues > EIGENVALUE_ZERO
        root = np.where(solid, 1.0 / np.sqrt(np.where(solid, eigenvalues, 1.0)), 0.0)
        correction = (vectors * root) @ vectors.T
        rows.append(influence[mine].T @ correction @ makes_residuals[mine])
    return np.stack(rows, axis=1)
