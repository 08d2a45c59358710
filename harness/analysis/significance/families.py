"""From languages to families: averages by unit, then by family, of gains, scores and item noise.

Related languages are one observation. Codes of one language (its scripts and near-identical
standards) are averaged to a unit, units to a family, and families weigh equally (statistics,
sections 0.1, 2.1 and 2.2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from harness.analysis.significance.arrays import Floats, Indices, finite, group_means, labelled, numbers
from harness.analysis.significance.items import item_variance
from harness.analysis.significance.student import without_rounding


def unit_means(
    values: npt.ArrayLike, units: npt.ArrayLike, clusters: npt.ArrayLike
) -> tuple[list[Any], Floats, list[Any]]:
    """Average codes to units.

    Args:
        values: [..., L], a value for each code; NaN makes its unit's mean NaN.
        units: [L], the unit of each code.
        clusters: [L], the family (cluster) of each code; equal within a unit.

    Returns:
        Names of the units, sorted; their means [..., U]; the cluster of each.
    """
    array = numbers("values", values, 1, 2)
    names, unit_of, families, family_of = _levels(units, clusters, array.shape[-1])
    means = np.moveaxis(group_means(np.moveaxis(array, -1, 0), unit_of), 0, -1)
    return names, means, [families[f] for f in family_of]


def family_means(
    values: npt.ArrayLike, units: npt.ArrayLike, clusters: npt.ArrayLike
) -> tuple[list[Any], Floats, npt.NDArray[np.int64]]:
    """Average codes to units, and units to families.

    Args:
        values: [L] gains or scores of codes, or [S, L], a row for each seed (or item).
        units: [L], the unit of each code.
        clusters: [L], the family (cluster) of each code; equal within a unit.

    Returns:
        Names of the families, sorted; their means [..., G]; their numbers of units [G].
    """
    array = finite("values", values, 1, 2)
    _, unit_of, names, family_of = _levels(units, clusters, array.shape[-1])
    by_unit = group_means(np.moveaxis(array, -1, 0), unit_of)
    means = np.moveaxis(group_means(by_unit, family_of), 0, -1)
    return names, means, np.bincount(family_of)


def _levels(
    units: npt.ArrayLike, clusters: npt.ArrayLike, length: int
) -> tuple[list[Any], Indices, list[Any], Indices]:
    """Return unit names, unit of each code, family names, family of each unit."""
    unit_names, unit_of = labelled("units", units, length)
    names, cluster_of = labelled("clusters", clusters, length)
    family_of = np.empty(len(unit_names), dtype=np.intp)
    family_of[unit_of] = cluster_of
    torn = family_of[unit_of] != cluster_of
    if torn.any():
        raise ValueError(f"clusters: the codes of unit {unit_names[unit_of[torn][0]]!r} lie in several")
    return unit_names, unit_of, names, family_of


def family_item_noise(d: npt.ArrayLike, units: npt.ArrayLike, clusters: npt.ArrayLike) -> Floats:
    """Return each family's gain on each item, E [n, G]: the input of :func:`shared_item_variance`.

    An item that a language lacks enters as the language's gain, and the language's other deviations
    are stretched by n / n_l. Languages without common items then covary about 0, and the mean of a
    column is the family's gain, whatever is missing. The columns' mean is the family-macro gain on
    each item, whose :func:`item_variance` is the variance of scope ``these_languages``.

    Args:
        d: [n, L], seed-averaged gain on item i in language l (item values for a corpus metric), the
            rows matched by id; NaN where the language lacks the item.
        units: [L], the unit of each code.
        clusters: [L], the family (cluster) of each code.
    """
    gains = numbers("d", d, 2)
    known = ~np.isnan(gains)
    n_known = known.sum(axis=0)
    if np.isinf(gains).any() or (n_known == 0).any():
        raise ValueError("d: expected finite gains, or NaN, and at least one item in every language")
    mean = np.where(known, gains, 0.0).sum(axis=0) / n_known
    deviations = np.where(known, gains - mean, 0.0) * (len(gains) / n_known)
    return family_means(mean + deviations, units, clusters)[1]


def shared_item_variance(noise: npt.ArrayLike, groups: npt.ArrayLike | None = None) -> tuple[float, float]:
    """Return the part of the items in the variance of the mean over families, and its df.

    The mean covariance between different families' item noise: max(0, (G²·V_Z − Σ_f v_f) / (G(G−1))),
    V_Z the variance of the mean over families, v_f that of family f alone. What varies inside one
    family is in the variance between families already.

    Args:
        noise: [n, G], as :func:`family_item_noise` returns it.
        groups: [n], labels of items that stand together.

    Returns:
        The variance (0 for one family, NaN for fewer than two items or groups) and K−1.
    """
    e = finite("noise", noise, 2)
    families = e.shape[1]
    of_mean, df = item_variance(e.mean(axis=1), groups)
    single, _ = item_variance(e, groups)
    pairs = max(1, families * (families - 1))
    shared = (families**2 * of_mean - single.sum()) / pairs
    return float(without_rounding(np.maximum(shared, 0.0), np.abs(e).max())), df
