"""Worlds without a difference: gains, items and seeds drawn under a true null, many sets at once.

What a test rejects here it rejects wrongly (statistics, section 8). A unit gains √ICC · family + √(1−ICC) · unit,
both of one distribution; all languages meet the same items and the same seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.analysis.significance import shared_item_variance, unit_means
from harness.languages import languages

Floats = npt.NDArray[np.float64]
Families = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
Part = tuple[Floats | float, float | None]
"""A variance, or those of R sets, and the degrees of freedom."""

HEADLINE = "headline"
SIZE = (0.012, 0.075)
"""Bounds of a size of .05 in 1,000 sets, where items and seeds vary (statistics, section 8)."""

UNIT_SD, ITEM_SD = 0.03, 0.4
"""Standard deviations of unit gains, and of one language's own noise on one item."""

Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]

DRAWS: dict[str, Draw] = {
    "normal": lambda random, shape: random.standard_normal(shape),
    "t3": lambda random, shape: random.standard_t(3, shape) / np.sqrt(3.0),
    "exponential": lambda random, shape: random.standard_exponential(shape) - 1.0,
    "lognormal": lambda random, shape: (random.lognormal(size=shape) - np.exp(0.5)) / np.sqrt((np.e - 1.0) * np.e),
}
"""Distributions of mean 0 and variance 1."""


@dataclass(frozen=True)
class Setting:
    """A world's law. Without ``items`` gains are seen as they are; without ``seeds`` checkpoints are held fixed.

    ``shock`` and ``seed_sd`` are standard deviations: of an item's effect on all languages, and of a training's.
    ``exchangeable`` gains are differences of two draws. ``singles`` is a number of families of one language each, in
    place of FLORES-200's.
    """

    shape: str
    icc: float
    items: int | None = None
    shock: float = 0.0
    seed_sd: float = 0.0
    seeds: tuple[int, int] | None = None
    exchangeable: bool = False
    singles: int | None = None


@dataclass(frozen=True)
class World:
    """R sets of one setting: unit gains [R, U], the family [U] of each unit, and what a headline takes beside them.

    ``items`` is the shared variance [R] and its df, ``items_without_largest`` that of all families but the one of most
    units; ``seeds_a`` and ``seeds_b`` [R, S] are the seeds' effects, and ``None`` where an arm has one seed: then only
    its checkpoint can be spoken of.
    """

    units: Floats
    families: Families
    items: Part = (0.0, None)
    seeds_a: Floats | None = None
    seeds_b: Floats | None = None
    items_without_largest: Part = (0.0, None)

    @property
    def gains(self) -> Floats:
        """Family gains [R, G]."""
        return to_families(self.units, self.families)


@dataclass(frozen=True)
class Count:
    """What ``happened`` in each set in which it could [≤ R], and the bounds of its rate; None where none is promised.

    ``covers`` tells a rate that should be near 1 from one that should be near 0.
    """

    test: str
    happened: Bools
    bounds: tuple[float, float] | None = None
    covers: bool = False


@dataclass(frozen=True)
class Case:
    """A rule of decision in one world: draws R sets and counts what is said of them."""

    setting: str
    counts: Callable[[int, np.random.Generator], list[Count]]
    shape: str = "normal"
    icc: float = 0.2


def flores_families() -> Families:
    """Return the family of each of FLORES-200's 190 units, as an index [190]."""
    rows = [row for row in languages().values() if row["in_flores200"] == "1"]
    units, clusters = ([row[column] for row in rows] for column in ("unit", "cluster"))
    of_units = unit_means(np.zeros(len(rows)), np.array(units), np.array(clusters))[2]
    return np.unique(np.array(of_units), return_inverse=True)[1]


def unit_gains(
    random: np.random.Generator, families: Families, *, sets: int, icc: float, shape: str = "normal"
) -> Floats:
    """Draw unit gains [R, U] of mean 0, variance 1 and this family ICC."""
    by_family = DRAWS[shape](random, (sets, int(families.max()) + 1))[:, families]
    by_unit = DRAWS[shape](random, (sets, families.size))
    return np.asarray(np.sqrt(icc) * by_family + np.sqrt(1.0 - icc) * by_unit)


def to_families(gains: Floats, families: Families) -> Floats:
    """Average unit gains [R, U] to families [R, G]."""
    members = np.eye(int(families.max()) + 1)[families]
    return np.asarray(gains @ (members / members.sum(axis=0)))


def draw(setting: Setting, sets: int, random: np.random.Generator) -> World:
    """Draw R sets of a setting."""
    families = flores_families() if setting.singles is None else np.arange(setting.singles)
    drawn = [
        unit_gains(random, families, sets=sets, icc=setting.icc, shape=setting.shape)
        for _ in range(1 + setting.exchangeable)
    ]
    units = UNIT_SD * (np.subtract(*drawn) / np.sqrt(2.0) if setting.exchangeable else drawn[0])
    if setting.items is None:
        return World(units, families)
    noise, *variances = _item_noise(random, setting.items, setting.shock, families, sets)
    units, (part, fewer) = units + noise, [(variance, setting.items - 1.0) for variance in variances]
    if setting.seeds is None:
        return World(units, families, part, items_without_largest=fewer)
    a, b = (setting.seed_sd * random.standard_normal((sets, s)) for s in setting.seeds)
    units += (a.mean(axis=1) - b.mean(axis=1))[:, None]
    seen_a, seen_b = (a, b) if min(setting.seeds) > 1 else (None, None)
    return World(units, families, part, seen_a, seen_b, items_without_largest=fewer)


def _item_noise(
    random: np.random.Generator, items: int, shock: float, families: Families, sets: int
) -> tuple[Floats, Floats, Floats]:
    """Draw the mean noise of units [R, U], and the variance [R] that families share, all and without the largest.

    Normal noise of a family's mean is independent of what its units deviate from it by: items are drawn by family,
    the deviations of units as means.
    """
    sizes = np.bincount(families)
    means, (variance, fewer) = np.empty((sets, sizes.size)), np.empty((2, sets))
    for r in range(sets):
        noise = random.normal(0.0, ITEM_SD, (items, sizes.size)) / np.sqrt(sizes)
        noise += shock * random.standard_normal((items, 1))
        means[r], variance[r] = noise.mean(axis=0), shared_item_variance(noise)[0]
        fewer[r] = shared_item_variance(np.delete(noise, sizes.argmax(), axis=1))[0]
    own = random.normal(0.0, ITEM_SD / np.sqrt(items), (sets, families.size))
    return (means - to_families(own, families))[:, families] + own, variance, fewer
