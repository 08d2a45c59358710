"""What every test asks of its arrays, and sums over groups of rows.

Numbers must be finite and of the expected shape; what is not so is a ``ValueError`` that names the
argument. Missing values are the caller's to leave out, except where a function says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Score = Callable[[Floats], Floats]
"""Scores of summed statistics: [..., k] → [...]."""


def numbers(name: str, values: npt.ArrayLike, *dimensions: int) -> Floats:
    """Return ``values`` as a non-empty float64 array with one of the allowed numbers of dimensions."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim not in dimensions or not array.size:
        expected = " or ".join(str(d) for d in dimensions)
        raise ValueError(f"{name}: expected a filled array of {expected} dimensions, got shape {array.shape}")
    return array


def finite(name: str, values: npt.ArrayLike, *dimensions: int) -> Floats:
    """Return ``values`` as :func:`numbers` does, all of them finite."""
    array = numbers(name, values, *dimensions)
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: {np.count_nonzero(~np.isfinite(array))} of {array.size} are not finite")
    return array


def labelled(name: str, labels: npt.ArrayLike, length: int) -> tuple[list[Any], Indices]:
    """Return the sorted distinct labels and, for each of ``length`` places, the index of its label."""
    array = np.asarray(labels)
    if array.shape != (length,):
        raise ValueError(f"{name}: expected {length} labels, got shape {array.shape}")
    if array.dtype == object:
        if any(label is None for label in array):
            raise ValueError(f"{name}: a label is missing")
        array = array.astype(str)
    names, index = np.unique(array, return_inverse=True)
    return names.tolist(), index


def group_sums(values: Floats, index: Indices) -> Floats:
    """Sum the rows of ``values`` [n, ...] by group: [K, ...], for an ``index`` [n] over 0 … K−1."""
    order = np.argsort(index, kind="stable")
    starts = np.flatnonzero(np.diff(index[order], prepend=-1))
    return np.add.reduceat(values[order], starts, axis=0)


def group_means(values: Floats, index: Indices) -> Floats:
    """Average the rows of ``values`` [n, ...] by group, as :func:`group_sums` sums them."""
    counts = np.bincount(index).astype(np.float64)
    return group_sums(values, index) / counts.reshape(-1, *[1] * (values.ndim - 1))
