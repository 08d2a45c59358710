"""Two arms on the items and languages that both have: the paired gains from which every statement is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import languages as lang
from harness.analysis.results import Cube, Floats
from harness.analysis.significance import FamilyTest, family_item_noise, family_means, shared_item_variance, unit_means

Part = tuple[float, float | None]

WHOLE = "(whole test set)"
"""Id of the one item of an arm in a language where nothing but its score there is known."""


@dataclass(frozen=True)
class Pair:
    """Values of arms ``a`` and ``b`` [seeds, items, languages], NaN in both where one lacks an item.

    ``dropped`` are the languages that only one of them has; ``missing`` and ``union`` count items × languages that one
    of them lacks, of those that either has.
    """

    a: Floats
    b: Floats
    ids: list[str]
    blocks: list[str | None]
    languages: list[str]
    dropped: list[str]
    missing: int
    union: int

    def within(self, languages: set[str]) -> Pair | None:
        """Return the pair on some of its languages; None where none is left."""
        codes = [code for code in self.languages if code in languages]
        if not codes:
            return None
        a, b = (_picked(arm, 2, self.languages, codes) for arm in (self.a, self.b))
        scored = zip(self.ids, self.blocks, (~np.isnan(a[0])).any(1), strict=True)
        kept = {item: block for item, block, there in scored if there}
        a, b = (_picked(arm, 1, self.ids, [*kept]) for arm in (a, b))
        return Pair(a, b, [*kept], [*kept.values()], codes, self.dropped, self.missing, self.union)

    @property
    def whole(self) -> bool:
        """Whether scores of whole test sets are compared, of whose items nothing is known."""
        return self.ids == [WHOLE]

    @cached_property
    def groups(self) -> NDArray[np.int64] | None:
        """A number for each item, the same for those that must be resampled together; None where all stand alone."""
        named = [block if block is not None else item for block, item in zip(self.blocks, self.ids, strict=True)]
        number = {name: at for at, name in enumerate(sorted(set(named)))}
        return np.array([number[name] for name in named]) if len(number) < len(named) else None

    @cached_property
    def scores(self) -> tuple[Floats, Floats]:
        """Language scores [seeds, languages] of either arm."""
        return np.asarray(np.nanmean(self.a, axis=1)), np.asarray(np.nanmean(self.b, axis=1))

    @cached_property
    def gain(self) -> Floats:
        """Gain of each language [languages], over its items and all seeds."""
        a, b = self.scores
        return np.asarray(a.mean(0) - b.mean(0))


def pair(a: Cube, b: Cube) -> Pair | None:
    """Match two arms by item id and language; None where they share no scored item."""
    codes = sorted(set(a.languages) & set(b.languages))
    ids = sorted(set(a.ids) & set(b.ids))
    if not codes or not ids:
        return None
    left, right = (_picked(_picked(arm.values, 1, arm.ids, ids), 2, arm.languages, codes) for arm in (a, b))
    both = ~(np.isnan(left).any(0) | np.isnan(right).any(0))
    if not both.all():
        left, right = np.where(both, left, np.nan), np.where(both, right, np.nan)
    either = sum(_scored(arm, codes) for arm in (a, b)) - int(both.sum())
    kept = {code for code, any_item in zip(codes, both.any(0), strict=True) if any_item}
    dropped = sorted({*a.languages} ^ {*b.languages}) + [code for code in codes if code not in kept]
    blocks = dict(zip(a.ids, a.blocks, strict=True))
    missing = either - int(both.sum())
    return Pair(left, right, ids, [blocks[item] for item in ids], codes, dropped, missing, either).within(kept)


def _scored(cube: Cube, codes: list[str]) -> int:
    """Count the items × languages that an arm has a score of, in any seed."""
    scored = np.asarray(~np.isnan(cube.values).all(0))
    return int(_picked(scored, 1, cube.languages, codes).sum())


def _picked(values: NDArray[Any], axis: int, names: list[str], wanted: list[str]) -> NDArray[Any]:
    """Return what stands under the ``wanted`` of the names along an axis; the array itself where these are all."""
    if wanted == names:
        return values
    at = {name: i for i, name in enumerate(names)}
    return values.take([at[name] for name in wanted], axis)


@dataclass(frozen=True)
class Gains:
    """A pair's gains at every level of averaging (statistics §0.1 and §2.1).

    ``families`` [G] names, ``m`` [G] their gains, ``n_units`` [G]; ``units`` [U] names, ``d`` [U] their gains and
    ``unit_families`` [U]; ``noise`` E [items, G]; ``item_part`` the variance of shared items and its df;
    ``by_seed`` [S, G] both arms' scores of families, None at scope ``models``.
    """

    pair: Pair
    families: list[str]
    m: Floats
    n_units: NDArray[np.int64]
    units: list[str]
    d: Floats
    unit_families: list[str]
    noise: Floats
    item_part: Part
    by_seed: tuple[Floats, Floats] | None

    @property
    def seeds_a(self) -> Floats | None:
        """Family-macro scores [S] of arm ``a`` by seed."""
        return self.by_seed[0].mean(-1) if self.by_seed else None

    @property
    def seeds_b(self) -> Floats | None:
        """Family-macro scores [S] of arm ``b`` by seed."""
        return self.by_seed[1].mean(-1) if self.by_seed else None

    def told(self, test: FamilyTest) -> FamilyTest:
        """Return what may be told of these gains' test: of whole test sets' scores estimate and interval, no test.

        What items add to the variance of all families at once is then not known, and a test without it finds too much
        (statistics, before §0).
        """
        if not self.pair.whole:
            return test
        told = replace(test, p=None, p_t=None, p_skew=None, p_flip=None, min_p=None)
        return replace(told, df=None, variance_items=None, reason="no_items")

    @property
    def scope(self) -> str:
        """``recipe`` where both arms have two seeds or more, else ``models``."""
        return "recipe" if self.by_seed else "models"


def gains(found: Pair) -> Gains:
    """Average a pair's gains by unit and family, with the noise of its items and its seeds."""
    units = [lang.unit(code) for code in found.languages]
    clusters = [lang.cluster(code) for code in found.languages]
    families, m, n_units = family_means(found.gain, units, clusters)
    unit_names, d, unit_families = unit_means(found.gain, units, clusters)
    noise = family_item_noise(found.a.mean(0) - found.b.mean(0), units, clusters)
    part: Part = shared_item_variance(noise, found.groups) if len(noise) > 1 else (0.0, None)
    by_seed = None
    if min(len(found.a), len(found.b)) > 1:
        a, b = (family_means(scores, units, clusters)[1] for scores in found.scores)
        by_seed = a, b
    return Gains(found, families, m, n_units, unit_names, d, unit_families, noise, part, by_seed)
