"""Scores of summed sufficient statistics: what a corpus metric is, apart from its counting.

A corpus metric (BLEU, chrF++, F1) is no mean over examples. Each example yields a row of counts,
rows are summed over any set of examples (all of them, a resample, all but one), and the functions
here score the sum, vectorised over the leading axes. Counting BLEU and chrF++ is sacrebleu's work.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def _ratio(numerator: Floats, denominator: Floats, empty: float) -> Floats:
    """Divide where there is something to divide by; 0/0 is ``empty``. Memory is laid out as it came."""
    known = denominator > 0
    return np.where(known, numerator / np.where(known, denominator, 1.0), empty)


def _rows(stats: npt.ArrayLike, width: int) -> Floats:
    array = np.asarray(stats, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != width:
        raise ValueError(f"stats: expected rows of {width} counts, got shape {array.shape}")
    return array


def bleu_from_stats(stats: npt.ArrayLike) -> Floats:
    """Score summed BLEU statistics, 0 to 100.

    Args:
        stats: [..., 10], as sacrebleu counts them: system length, reference length, matches of
            orders 1 to 4, n-grams of orders 1 to 4.

    Returns:
        [...]: brevity penalty times the geometric mean of the four precisions (Papineni et al.
        2002), the k-th order without a match counted as 1/2^k of one match (sacrebleu's ``exp``
        smoothing); 0 where an order has no n-gram at all, or nothing matches.
    """
    rows = _rows(stats, 10)
    system, reference, correct, total = rows[..., 0], rows[..., 1], rows[..., 2:6], rows[..., 6:]
    missed = correct == 0
    matches = np.where(missed, np.exp2(-np.cumsum(missed, axis=-1)), correct)
    scored = (total > 0).all(axis=-1) & ~missed.all(axis=-1)
    logs = np.log(np.where(scored[..., None], matches, 1.0) / np.where(scored[..., None], total, 1.0))
    brevity = np.minimum(0.0, 1.0 - _ratio(reference, system, 1.0))
    return np.where(scored, 100.0 * np.exp(brevity + logs.mean(axis=-1)), 0.0)


def chrf_from_stats(stats: npt.ArrayLike, beta: float = 2.0) -> Floats:
    """Score summed chrF statistics, 0 to 100 (Popović 2015; chrF++ where word orders are among them).

    Args:
        stats: [..., 24], for each of 8 orders (6 of characters, 2 of words) the n-grams of the
            hypothesis, of the reference, and those in common.
        beta: weight of recall against precision.

    Returns:
        [...]: F-beta of the mean precision and the mean recall over the orders that both sides
        have; 0 where nothing is in common.
    """
    rows = _rows(stats, 24)
    hypothesis, reference, match = rows[..., 0::3], rows[..., 1::3], rows[..., 2::3]
    both = (hypothesis > 0) & (reference > 0)
    orders = both.sum(axis=-1).astype(np.float64)
    shared = np.where(both, match, 0.0)
    precision = _ratio(_ratio(shared, hypothesis, 0.0).sum(axis=-1), orders, 0.0)
    recall = _ratio(_ratio(shared, reference, 0.0).sum(axis=-1), orders, 0.0)
    return 100.0 * _ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall, 0.0)


def f1_from_counts(tp: npt.ArrayLike, fp: npt.ArrayLike, fn: npt.ArrayLike) -> Floats:
    """Return F1 = 2tp / (2tp + fp + fn), a ratio; NaN where there are no positives (0/0)."""
    hits = 2.0 * np.asarray(tp, dtype=np.float64)
    return _ratio(hits, hits + np.asarray(fp) + np.asarray(fn), np.nan)


def micro_f1_from_stats(stats: npt.ArrayLike) -> Floats:
    """Score summed rows [..., 3] of tp, fp, fn: F1 as :func:`f1_from_counts` gives it."""
    tp, fp, fn = np.moveaxis(_rows(stats, 3), -1, 0)
    return f1_from_counts(tp, fp, fn)


def macro_f1_from_stats(stats: npt.ArrayLike, classes: npt.ArrayLike) -> Floats:
    """Score summed per-class counts: the mean F1 over a fixed set of classes, a ratio.

    Args:
        stats: [..., 3C]: tp, fp, fn of the first class, of the second, ...
        classes: bool [C], the classes that occur in the gold of the full sample. The set is the
            same for every arm, seed and resample (scikit-learn: ``labels=`` that set).

    Returns:
        [...]: mean over the set; a class that a resample lacks altogether counts 0.
    """
    chosen = np.asarray(classes, dtype=bool)
    if not chosen.any():
        raise ValueError("classes: no class occurs in the gold")
    rows = _rows(stats, 3 * chosen.size)
    counts = rows.reshape(*rows.shape[:-1], chosen.size, 3)[..., chosen, :]
    return np.asarray(np.nan_to_num(micro_f1_from_stats(counts)).mean(axis=-1))
