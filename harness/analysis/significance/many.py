"""Many claims, many languages, many arms (statistics, sections 4 and 5).

Holm bounds the chance of any false claim, Benjamini–Hochberg the share of false ones, closed Simes
testing counts the true ones; rank sets and letters display which of K systems are told apart.
"""

from __future__ import annotations

from string import ascii_letters

import numpy as np
import numpy.typing as npt

from harness.analysis.significance.arrays import Floats, finite


def holm(p: npt.ArrayLike) -> Floats:
    """Return p adjusted by Holm (1979), in input order, for p [k]."""
    ordered, back = _ascending(p)
    return np.minimum(1.0, np.maximum.accumulate(ordered * np.arange(ordered.size, 0, -1)))[back]


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Return q-values by Benjamini & Hochberg (1995), in input order, for p [k]."""
    ordered, back = _ascending(p)
    scaled = ordered * ordered.size / np.arange(1, ordered.size + 1)
    return np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])[back]


def _ascending(p: npt.ArrayLike) -> tuple[Floats, npt.NDArray[np.intp]]:
    values = finite("p", p, 1)
    if values.min() < 0.0 or values.max() > 1.0:
        raise ValueError("p: expected values in [0, 1]")
    order = np.argsort(values, kind="stable")
    return values[order], np.argsort(order)


def true_discoveries(p: npt.ArrayLike, alpha: float) -> int:
    """Return how many of the hypotheses are false at least, with confidence 1 − alpha.

    Closed testing with Simes' test (Hommel 1988; Goeman & Solari 2011): L − h, h the largest i with
    p₍L−i+j₎ > alpha·j/i for all j ≤ i. Needs independence or positive dependence.

    Args:
        p: [L], one-sided p of each language in the direction asked about.
        alpha: level; half of it for each direction if both are asked about.
    """
    ordered, _ = _ascending(p)
    size = ordered.size
    i, j = np.ogrid[1 : size + 1, 1 : size + 1]
    survives = ordered[np.minimum(size - i + j, size) - 1] > alpha * j / i
    holds = (survives | (j > i)).all(axis=1)
    return size - int(np.flatnonzero(holds)[-1] + 1 if holds.any() else 0)


def rank_sets(means: npt.ArrayLike, reject: npt.ArrayLike) -> list[tuple[int, int]]:
    """Return the best and the worst rank that each of K systems may have (Mogstad et al. 2024).

    Args:
        means: [K], the systems' means; larger is better.
        reject: bool [K, K]; [i, j] says that j is significantly below i, all pairs corrected.

    Returns:
        [K] pairs: 1 + number significantly above, K − number significantly below.
    """
    below = _rejections(means, reject)
    best, worst = 1 + below.sum(axis=0), len(below) - below.sum(axis=1)
    return list(zip(best.tolist(), worst.tolist(), strict=True))


def letters(means: npt.ArrayLike, reject: npt.ArrayLike) -> list[str]:
    """Return a letter display: two systems share a letter unless they are told apart (Piepho 2004).

    Args:
        means: [K], the systems' means; larger is better and comes first in the alphabet.
        reject: bool [K, K]; [i, j] says that j is significantly below i, all pairs corrected.
    """
    below = _rejections(means, reject)
    rank = np.argsort(np.argsort(-np.asarray(means, dtype=np.float64), kind="stable"))
    columns = [frozenset(range(len(below)))]
    for pair in np.argwhere(below).tolist():
        columns = _absorb([part for column in columns for part in _insert(column, pair)])
    columns.sort(key=lambda column: sorted(rank[list(column)].tolist()))
    if len(columns) > len(ascii_letters):
        raise ValueError(f"reject: needs {len(columns)} letters, there are {len(ascii_letters)}")
    labelled = list(zip(ascii_letters, columns, strict=False))
    return ["".join(letter for letter, column in labelled if k in column) for k in range(len(below))]


def _insert(column: frozenset[int], pair: list[int]) -> list[frozenset[int]]:
    """Split a column that holds both of a separated pair."""
    return [column - {member} for member in pair] if column.issuperset(pair) else [column]


def _absorb(columns: list[frozenset[int]]) -> list[frozenset[int]]:
    """Drop columns that stand within another."""
    distinct = list(dict.fromkeys(columns))
    return [column for column in distinct if not any(column < other for other in distinct)]


def _rejections(means: npt.ArrayLike, reject: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    values, below = finite("means", means, 1), np.asarray(reject, dtype=bool)
    if below.shape != (values.size, values.size):
        raise ValueError(f"reject: expected {values.size} × {values.size}, got shape {below.shape}")
    if (below & (values[:, None] <= values)).any():
        raise ValueError("reject: a system is said to be below one whose mean is no larger")
    return below
