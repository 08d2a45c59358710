"""Macro-areas: do gains differ between the parts of the world that families come from?

Families of one area are not independent evidence either, and with four or five areas no test can
repair that; a pattern found here is a flag on every claim across families (statistics, section 2.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.analysis.significance.arrays import finite, group_means, labelled
from harness.analysis.significance.permute import permutation_p
from harness.analysis.significance.streams import AREAS, generator


@dataclass(frozen=True)
class AreaGain:
    """The mean gain of the families of one area."""

    area: str
    families: int
    gain: float


@dataclass(frozen=True)
class AreaTest:
    """Gains by area, by name, and the permutation p of their differing; ``None`` for a single area."""

    p: float | None
    table: tuple[AreaGain, ...]
    reason: str | None = None


def family_areas(areas: npt.ArrayLike, clusters: npt.ArrayLike) -> list[Any]:
    """Return each family's area, that of most of its units (a tie: the first by name).

    Args:
        areas: [U], the macro-area of each unit.
        clusters: [U], the family (cluster) of each unit.

    Returns:
        [G], in the order of the families' names.
    """
    families = np.asarray(clusters)
    area_names, area_of = labelled("areas", areas, families.size)
    family_names, family_of = labelled("clusters", clusters, families.size)
    counts = np.zeros((len(family_names), len(area_names)))
    np.add.at(counts, (family_of, area_of), 1)
    return [area_names[i] for i in counts.argmax(axis=1)]


def area_test(gains: npt.ArrayLike, areas: npt.ArrayLike, *, n_permutations: int = 9999, seed: int = 0) -> AreaTest:
    """Test by permuting families over macro-areas, with the statistic Σ n_a (m̄_a − m̄)².

    Args:
        gains: [G], gain of each family.
        areas: [G], the area of each (:func:`family_areas`).
        n_permutations: number of permutations R; p = (1 + #{t* ≥ t}) / (1 + R).
        seed: of the permutations.
    """
    m = finite("gains", gains, 1)
    names, index = labelled("areas", areas, m.size)
    n = np.bincount(index)
    table = tuple(map(AreaGain, names, n.tolist(), group_means(m, index).tolist()))
    if n.size < 2:
        return AreaTest(None, table, "one_area")
    return AreaTest(permutation_p(m, index, n_permutations, generator(seed, AREAS)), table)
