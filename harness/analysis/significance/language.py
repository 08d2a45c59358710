"""One language: paired tests of two arms over the same items (statistics, section 1.1).

Items and, where both arms have several, seeds vary; the language is held fixed. For one seed each
and right-or-wrong values the exact McNemar test decides, otherwise Student's t on a variance of
crossed effects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from harness.analysis.significance.arrays import Floats, finite
from harness.analysis.significance.items import item_variance
from harness.analysis.significance.student import (
    TTest,
    satterthwaite,
    scale_of,
    t_test,
    variance_of_mean,
    without_rounding,
)


@dataclass(frozen=True)
class LanguageTest(TTest):
    """The gain of arm A over arm B in one language, in the unit of the values.

    ``method`` is ``mcnemar`` or ``t``: what ``p`` and ``interval`` come from; ``p_t`` is the t test's
    in either case. ``scope_note`` says that one seed in an arm leaves only these checkpoints to speak
    of. ``reason``: ``constant`` (no variance for the t test), ``few_items``, ``few_groups`` or ``None``.
    """

    p_t: float | None = None
    method: str = "t"
    variance_items: float | None = None
    variance_seeds: float | None = None
    variance_residual: float | None = None
    scope_note: str | None = None


def mcnemar(b: npt.ArrayLike, c: npt.ArrayLike, *, mid: bool = False) -> Floats:
    """Return the exact two-sided p of McNemar's test; identical to the sign-flip test of 0/1 values.

    Args:
        b: items that only the first system has right; ``b`` and ``c`` broadcast.
        c: items that only the second has right.
        mid: subtract the probability of the observed count (mid-p).
    """
    ours, theirs = np.broadcast_arrays(*_counts(b=b, c=c))
    few, total = np.minimum(ours, theirs), ours + theirs
    p = 2.0 * special.bdtr(few, total, 0.5)
    if mid:
        binomial = special.gammaln(total + 1.0) - special.gammaln(few + 1.0)
        p = p - np.exp(binomial - special.gammaln(total - few + 1.0) - total * np.log(2.0))
    return np.asarray(np.where(ours == theirs, 1.0, np.minimum(p, 1.0)))


def paired_proportion_interval(b: npt.ArrayLike, c: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> Floats:
    """Return the interval of Agresti & Min (2005) for a difference of paired proportions.

    Wald's interval after ½ is added to each of the four cells; covers where few items differ.

    Args:
        b: items that only the first system has right.
        c: items that only the second has right.
        n: items in all; the three broadcast.
        level: coverage.

    Returns:
        [2, ...]: lower and upper end.
    """
    ours, theirs, items = np.broadcast_arrays(*_counts(b=b, c=c, n=n))
    if (ours + theirs > items).any() or (items == 0).any():
        raise ValueError("n: fewer items than discordant pairs")
    size = items + 2.0
    difference = (ours - theirs) / size
    se = np.sqrt(ours + theirs + 1.0 - size * np.square(difference)) / size
    reach = special.ndtri((1.0 + level) / 2.0) * se
    return np.stack([difference - reach, difference + reach])


def _counts(**arguments: npt.ArrayLike) -> list[npt.NDArray[np.int64]]:
    counts = []
    for name, value in arguments.items():
        array = np.asarray(value)
        if (array < 0).any() or (array != np.floor(array)).any():
            raise ValueError(f"{name}: expected counts, got {value!r}")
        counts.append(array.astype(np.int64))
    return counts


def language_test(
    a: npt.ArrayLike, b: npt.ArrayLike, groups: npt.ArrayLike | None = None, *, level: float = 0.95
) -> LanguageTest:
    """Test the mean gain of arm A over arm B over paired items, seeds unpaired.

    Args:
        a: [S_A, n], values of arm A: a row for each seed, the same items in the same order as ``b``.
            An arm without randomness has its one row repeated: its seeds differ by exactly 0.
        b: [S_B, n], values of arm B.
        groups: [n], labels of items that stand together.
        level: coverage of the interval.

    Returns:
        The statement, with V = max(V_item + V_seed − V_res, V_item, V_seed) and Satterthwaite's df
        (variance of crossed effects as in Owen 2007); with one seed in an arm V = V_item.
    """
    ours, theirs = finite("a", a, 2), finite("b", b, 2)
    if theirs.shape[1] != ours.shape[1]:
        raise ValueError(f"b: expected {ours.shape[1]} items as in a, got shape {theirs.shape}")
    one_seed = min(len(ours), len(theirs)) == 1
    note = "these checkpoints" if one_seed else None
    d = ours.mean(axis=0) - theirs.mean(axis=0)
    estimate, scale = float(d.mean()), scale_of(ours, theirs)
    items, df = item_variance(d, groups)
    if np.isnan(items):
        return LanguageTest(estimate, reason="few_items" if d.size < 2 else "few_groups", scope_note=note)
    items = without_rounding(items, scale)
    if one_seed:
        t = t_test(estimate, float(items), df, scale, level)
        result = LanguageTest(**vars(t), p_t=t.p, variance_items=float(items), scope_note=note)
        return _exact(result, ours, theirs, level) if groups is None else result
    seeds = [variance_of_mean(arm.mean(axis=1)) for arm in (ours, theirs)]
    residual = _residual(ours) + _residual(theirs)
    by_seed = seeds[0] + seeds[1]
    variance = np.maximum(np.maximum(items, by_seed), items + by_seed - residual)
    parts = [(items, df), (seeds[0], len(ours) - 1), (seeds[1], len(theirs) - 1)]
    t = t_test(estimate, float(variance), float(satterthwaite(variance, parts)), scale, level)
    return LanguageTest(
        **vars(t),
        p_t=t.p,
        variance_items=float(items),
        variance_seeds=float(by_seed),
        variance_residual=residual,
    )


def _exact(result: LanguageTest, ours: Floats, theirs: Floats, level: float) -> LanguageTest:
    """Let McNemar's test decide between two single runs of right-or-wrong values; leave others be."""
    if len(ours) > 1 or len(theirs) > 1 or not np.isin([ours, theirs], (0.0, 1.0)).all():
        return result
    b, c = np.count_nonzero(ours > theirs), np.count_nonzero(ours < theirs)
    low, high = paired_proportion_interval(b, c, ours.size, level)
    return replace(result, p=float(mcnemar(b, c)), interval=(float(low), float(high)), method="mcnemar")


def _residual(values: Floats) -> float:
    """Return the part of the variance that is item × seed noise, counted in both of the others."""
    s, n = values.shape
    r = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()
    return float(np.square(r).sum() / ((s - 1) * (n - 1)) / (s * n))
