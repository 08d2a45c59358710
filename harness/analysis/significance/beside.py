"""What stands beside the headline: other scopes, other averages, and how far it leans on one family.

Statistics, sections 0.3, 2.3 and 2.4. None of it carries a verdict; the naive tests are there to
show what they would have said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.analysis.significance.arrays import finite, group_sums, labelled
from harness.analysis.significance.flips import sign_flip
from harness.analysis.significance.items import item_variance
from harness.analysis.significance.language import mcnemar
from harness.analysis.significance.student import (
    TTest,
    critical,
    satterthwaite,
    scale_of,
    t_test,
    variance_of_mean,
    without_rounding,
)


@dataclass(frozen=True)
class LanguageMacro(TTest):
    """The mean over units with its cluster-robust standard error; ``p_flip`` flips whole clusters."""

    p_flip: float | None = None


@dataclass(frozen=True)
class LeaveOneOut:
    """The smallest and the largest mean over families when one is dropped, and which one that was."""

    min: float
    min_family: str
    max: float
    max_family: str


@dataclass(frozen=True)
class NaiveTests:
    """Tests that take languages for independent; ``note`` goes wherever they are shown."""

    t_p: float | None
    wilcoxon_p: float
    sign_p: float
    interval: tuple[float, float] | None
    note: str = "ignores relatedness"


def these_languages_test(
    noise: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    seeds_a: npt.ArrayLike | None = None,
    seeds_b: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> TTest:
    """Test the family-macro gain on exactly these languages: items and seeds vary, languages do not.

    Args:
        noise: [n, G], as :func:`family_item_noise` returns it; its mean is the estimate.
        groups: [n], labels of items that stand together.
        seeds_a: [S_A], family-macro score of arm A at each seed; left out where the checkpoints are
            held fixed, or the arm has no randomness.
        seeds_b: [S_B], of arm B.
        level: coverage of the interval.

    Returns:
        The statement; ``reason`` may be ``few_items``, ``one_seed`` or ``constant``.
    """
    e = finite("noise", noise, 2)
    items, df = item_variance(e.mean(axis=1), groups)
    parts = [(items, df)]
    for name, seeds in (("seeds_a", seeds_a), ("seeds_b", seeds_b)):
        if seeds is not None:
            scores = finite(name, seeds, 1)
            parts.append((variance_of_mean(scores), scores.size - 1))
    variance = np.asarray(sum(part for part, _ in parts))
    estimate = float(e.mean())
    if np.isnan(variance):
        return TTest(estimate, reason="few_items" if np.isnan(items) else "one_seed")
    return t_test(estimate, float(variance), float(satterthwaite(variance, parts)), scale_of(e), level)


def prediction_interval(gains: npt.ArrayLike, level: float = 0.95) -> tuple[float, float] | None:
    """Return where the gain of one further family lies: m̄ ± t·s·√(1 + 1/G) for ``gains`` [G].

    ``None`` for one family, or where all gains are equal.
    """
    m = finite("gains", gains, 1)
    variance = float(variance_of_mean(m))
    if not variance > 0.0:
        return None
    half = float(critical(level, m.size - 1.0) * np.sqrt(variance * (m.size + 1)))
    return float(m.mean()) - half, float(m.mean()) + half


def leave_one_family_out(gains: npt.ArrayLike, names: Sequence[str]) -> LeaveOneOut | None:
    """Return the range of the mean of ``gains`` [G] over dropped families; ``None`` for one family."""
    m = finite("gains", gains, 1)
    if len(names) != m.size:
        raise ValueError(f"names: expected {m.size}, got {len(names)}")
    if m.size < 2:
        return None
    without = (m.sum() - m) / (m.size - 1)
    low, high = int(without.argmin()), int(without.argmax())
    return LeaveOneOut(float(without[low]), names[low], float(without[high]), names[high])


def language_macro_test(values: npt.ArrayLike, clusters: npt.ArrayLike, *, level: float = 0.95) -> LanguageMacro:
    """Test the mean over units, clusters being what is independent.

    The standard error is CR2 (Bell & McCaffrey 2002) with Satterthwaite's df under independent units
    of equal variance (Pustejovsky & Tipton 2018), both in closed form for a mean; ``p_flip`` is the
    exact sign-flip of the clusters' sums. Checkpoints and items are held fixed.

    Args:
        values: [U], gain of each unit.
        clusters: [U], the family (cluster) of each unit.
        level: coverage of the interval.
    """
    d = finite("values", values, 1)
    _, index = labelled("clusters", clusters, d.size)
    n, estimate = np.bincount(index).astype(np.float64), float(d.mean())
    if n.size < 2:
        return LanguageMacro(estimate, reason="too_few_families")
    stretch = 1.0 / (1.0 - n / d.size)
    squares = np.square(group_sums(d - estimate, index)) * stretch
    cross = np.square(n) * stretch / d.size
    df = d.size**2 / (np.square(n).sum() + cross.sum() ** 2 - np.square(cross).sum())
    variance = without_rounding(squares.sum() / d.size**2, scale_of(d))
    t = t_test(estimate, float(variance), float(df), scale_of(d), level)
    return LanguageMacro(**vars(t), p_flip=sign_flip(group_sums(d, index)).p)


def naive_tests(values: npt.ArrayLike, level: float = 0.95) -> NaiveTests:
    """Return the t, Wilcoxon and sign tests over codes [L], as if languages were independent.

    Wilcoxon's and the sign test drop zeros; their p is 1 where nothing is left.
    """
    from scipy.stats import wilcoxon

    d = finite("values", values, 1)
    wilcoxon_p = float(wilcoxon(d).pvalue) if d.any() else 1.0
    sign_p = float(mcnemar(np.count_nonzero(d > 0), np.count_nonzero(d < 0)))
    if d.size < 2:
        return NaiveTests(None, wilcoxon_p, sign_p, None)
    t = t_test(float(d.mean()), float(variance_of_mean(d)), d.size - 1.0, scale_of(d), level)
    return NaiveTests(t.p, wilcoxon_p, sign_p, t.interval)
