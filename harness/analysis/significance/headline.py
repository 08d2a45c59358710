"""The headline: a mean over families, tested with what families, items and seeds contribute.

Student's t on the summed variance, Hall's (1992) cubic transformation for skewed gains, the larger
p of the two and the hull of their intervals; the exact sign-flip test stands beside (statistics,
section 2.2, with the simulations that prescribed it).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from harness.analysis.significance.arrays import Floats, finite
from harness.analysis.significance.flips import BLOCK_BYTES, TIE, all_signs, random_signs, sign_flip
from harness.analysis.significance.streams import FAMILY_FLIPS
from harness.analysis.significance.student import (
    ROUNDING,
    critical,
    satterthwaite,
    two_sided,
    variance_of_mean,
)

MIN_FAMILIES = 6
"""Fewest families of which a verdict may speak: below, no flip of signs can reach p = .05."""

Part = tuple[npt.ArrayLike, npt.ArrayLike | None]
"""A variance and its degrees of freedom."""

NO_PART: Part = (0.0, None)


Number = TypeVar("Number")
Interval = TypeVar("Interval")


@dataclass(frozen=True, kw_only=True)
class Headline(Generic[Number, Interval]):
    """What :class:`FamilyTest` (numbers, or ``None``) and :class:`FamilyTests` (arrays) have in common."""

    se: Number
    df: Number
    interval: Interval
    p: Number
    p_t: Number
    p_skew: Number
    t_interval: Interval
    hall_interval: Interval
    gamma_hat: Number
    gamma: Number
    variance_families: Number
    variance_items: Number
    variance_seeds: Number
    variance_pooled: Number


@dataclass(frozen=True, kw_only=True)
class FamilyTest(Headline[float | None, tuple[float, float] | None]):
    """The headline of one contrast, in the unit of the gains; what does not exist is ``None``.

    ``interval`` is the hull of ``t_interval`` and ``hall_interval``, ``p`` the larger of ``p_t`` and
    ``p_skew``; the interval excludes 0 exactly when p ≤ 1 − level. ``gamma_hat`` is the skewness of
    the gains, ``gamma`` that of their mean under all the noise in scope. ``p_flip`` is exact for up to
    34 families, ``min_p`` the smallest it can be. ``reason``: ``one_seed``, ``few_items``, ``constant``,
    ``too_few_families`` (fewer than 6: the numbers are description, no verdict), or ``None``.
    """

    families: int
    estimate: float
    p_flip: float | None
    min_p: float | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class FamilyTests(Headline[Floats, Floats]):
    """The headlines of R sets of gains: arrays [R], intervals [R, 2], NaN for what does not exist.

    ``p_flip`` is exact for up to 14 families; above, random flips are shared by all sets.
    """

    estimate: Floats
    p_flip: Floats


def family_test(
    gains: npt.ArrayLike,
    *,
    item_variance: Part = NO_PART,
    seeds_a: npt.ArrayLike | None = None,
    seeds_b: npt.ArrayLike | None = None,
    pooled: Part = NO_PART,
    level: float = 0.95,
) -> FamilyTest:
    """Test the mean of family gains against 0: the headline of a contrast, at any scope.

    Scope ``models``: families and items vary. Scope ``recipe``: seeds too. A level of a breakdown is
    tested by the same function on the families that have languages at that level.

    Args:
        gains: [G], seed-averaged gain of each family.
        item_variance: (V, df) of the items that families share (:func:`shared_item_variance`);
            left out where they share none.
        seeds_a: [S_A], family-macro score of arm A at each seed; left out where the checkpoints are
            held fixed, or the arm has no randomness. Seeds of the two arms are unpaired.
        seeds_b: [S_B], of arm B.
        pooled: (V, df), the further part for a pair out of many arms (statistics, section 5).
        level: coverage of the intervals.
    """
    m = finite("gains", gains, 1)[None]
    parts = _parts(m, item_variance, seeds_a, seeds_b, pooled)
    arrays = _headline(m, parts, level)
    flip = sign_flip(m[0])
    return FamilyTest(
        **{field.name: _scalar(getattr(arrays, field.name)[0]) for field in fields(arrays)},
        families=m.size,
        estimate=float(m.mean()),
        p_flip=flip.p,
        min_p=flip.min_p,
        reason=_reason(m.size, parts),
    )


def family_test_many(
    gains: npt.ArrayLike,
    *,
    item_variance: Part = NO_PART,
    seeds_a: npt.ArrayLike | None = None,
    seeds_b: npt.ArrayLike | None = None,
    pooled: Part = NO_PART,
    level: float = 0.95,
) -> FamilyTests:
    """Test R sets of family gains [R, G] at once, as simulations need it.

    Arguments are those of :func:`family_test` with a leading axis: variances and df scalar or [R],
    seeds [R, S].
    """
    m = finite("gains", gains, 2)
    arrays = _headline(m, _parts(m, item_variance, seeds_a, seeds_b, pooled), level)
    return FamilyTests(**vars(arrays), estimate=m.mean(axis=1), p_flip=_shared_flips(m))


def _scalar(value: Any) -> Any:
    if np.ndim(value):
        return None if np.isnan(value).any() else tuple(value.tolist())
    return None if np.isnan(value) else float(value)


def _reason(size: int, parts: list[tuple[Floats, Floats]]) -> str | None:
    variances = [float(variance[0]) for variance, _ in parts]
    _, items, seeds_a, seeds_b, _ = variances
    if np.isnan([seeds_a, seeds_b]).any():
        return "one_seed"
    if np.isnan(items):
        return "few_items"
    if sum(variances) == 0.0:
        return "constant"
    return "too_few_families" if size < MIN_FAMILIES else None


def _parts(
    gains: Floats,
    item_variance: Part,
    seeds_a: npt.ArrayLike | None,
    seeds_b: npt.ArrayLike | None,
    pooled: Part,
) -> list[tuple[Floats, Floats]]:
    """Return the parts of the variance, each with its df, both [R]: families, items, seeds A, B, pooled."""
    sets, families = gains.shape
    return [
        _part("gains", (variance_of_mean(gains), families - 1), sets),
        _part("item_variance", item_variance, sets),
        _part("seeds_a", _seed_part("seeds_a", seeds_a), sets),
        _part("seeds_b", _seed_part("seeds_b", seeds_b), sets),
        _part("pooled", pooled, sets),
    ]


def _part(name: str, part: Part, sets: int) -> tuple[Floats, Floats]:
    variance = np.broadcast_to(np.asarray(part[0], dtype=np.float64), sets)
    if (variance < 0).any() or (part[1] is None and variance.any()):
        raise ValueError(f"{name}: expected a variance ≥ 0 with its degrees of freedom, got {part}")
    return variance, np.broadcast_to(np.asarray(1.0 if part[1] is None else part[1], dtype=np.float64), sets)


def _seed_part(name: str, seeds: npt.ArrayLike | None) -> Part:
    if seeds is None:
        return NO_PART
    scores = finite(name, seeds, 1, 2)
    return variance_of_mean(scores), scores.shape[-1] - 1


def _headline(gains: Floats, parts: list[tuple[Floats, Floats]], level: float) -> Headline[Floats, Floats]:
    families, items, seeds_a, seeds_b, pooled = (variance for variance, _ in parts)
    total = families + items + seeds_a + seeds_b + pooled
    df = satterthwaite(total, parts)
    estimate, se = gains.mean(axis=1), np.sqrt(total)
    gamma_hat = _skewness(gains, families)
    share = np.divide(families, total, out=np.zeros_like(total), where=total != 0.0)
    gamma = np.where(families == 0.0, 0.0, gamma_hat * share**1.5)
    z = np.divide(estimate, se, out=np.full_like(se, np.nan), where=se > 0)
    null = (total == 0.0) & (np.abs(estimate) <= ROUNDING * np.abs(gains).max(axis=1))
    p_t = np.where(null, 1.0, two_sided(z, df))
    p_skew = np.where(null, 1.0, two_sided(_hall(z, gamma, gains.shape[1]), df))
    t = critical(level, df)
    t_interval = np.stack([estimate - t * se, estimate + t * se], axis=-1)
    ends = [estimate - se * _hall_inverse(end, gamma, gains.shape[1]) for end in (t, -t)]
    hall = np.stack(ends, axis=-1)
    hull = [np.fmin(t_interval[:, 0], hall[:, 0]), np.fmax(t_interval[:, 1], hall[:, 1])]
    return Headline(
        se=se,
        df=df,
        interval=np.stack(hull, axis=-1),
        p=np.fmax(p_t, p_skew),
        p_t=p_t,
        p_skew=p_skew,
        t_interval=t_interval,
        hall_interval=hall,
        gamma_hat=gamma_hat,
        gamma=gamma,
        variance_families=families,
        variance_items=items,
        variance_seeds=seeds_a + seeds_b,
        variance_pooled=pooled,
    )


def _skewness(gains: Floats, variance: Floats) -> Floats:
    """Return the unbiased sample skewness; NaN for fewer than 3 families or equal gains."""
    size = gains.shape[1]
    if size < 3:
        return np.full(len(gains), np.nan)
    cubes = ((gains - gains.mean(axis=1, keepdims=True)) ** 3).mean(axis=1)
    factor = size**2 / ((size - 1) * (size - 2))
    spread = (variance * size) ** 1.5
    return np.asarray(np.divide(factor * cubes, spread, out=np.full(len(gains), np.nan), where=spread > 0))


def _hall(z: Floats, gamma: Floats, size: int) -> Floats:
    """Return Hall's transformation of z = estimate / SE: √G·(x + γx²/3 + γ²x³/27 + γ/(6G)), x = z/√G."""
    x = z / np.sqrt(size)
    return np.asarray(np.sqrt(size) * (x + gamma * x**2 / 3 + gamma**2 * x**3 / 27 + gamma / (6 * size)))


def _hall_inverse(h: Floats, gamma: Floats, size: int) -> Floats:
    """Return the z that :func:`_hall` maps to h: √G·(3/γ)(∛(1 + γu) − 1), u = h/√G − γ/(6G).

    ∛(1 + w) − 1 is taken as w / (r² + r + 1), r = ∛(1 + w), which keeps its digits as γ goes to 0.
    """
    u = h / np.sqrt(size) - gamma / (6 * size)
    root = np.cbrt(1.0 + gamma * u)
    return np.asarray(np.sqrt(size) * 3.0 * u / (root**2 + root + 1.0))


def _shared_flips(gains: Floats, n_flips: int = 9999) -> Floats:
    """Return the sign-flip p of every row, all rows under the same flips."""
    size = gains.shape[1]
    exact = 2 ** (size - 1) <= n_flips
    signs = all_signs(size) if exact else random_signs(n_flips, size, 0, FAMILY_FLIPS)
    threshold = np.abs(gains.sum(axis=1)) - TIE * np.abs(gains).sum(axis=1)
    reached = np.empty(len(gains))
    width = max(1, BLOCK_BYTES // (8 * len(signs)))
    for start in range(0, len(gains), width):
        block = slice(start, start + width)
        reached[block] = np.count_nonzero(np.abs(signs @ gains[block].T) >= threshold[block], axis=0)
    return reached / len(signs) if exact else (1 + reached) / (1 + n_flips)
