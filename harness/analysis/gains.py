"""Two arms on the items and languages that both have: the paired gains from which every statement is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import languages as lang
from harness.analysis.results import Cube, Floats
from harness.analysis.significance import family_item_noise, family_means, shared_item_variance, unit_means

Part = tuple[float, float | None]


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
        at = [i for i, code in enumerate(self.languages) if code in languages]
        if not at:
            return None
        codes = [self.languages[i] for i in at]
        a, b = self.a[..., at], self.b[..., at]
        kept = np.flatnonzero(~np.isnan(a[0]).all(1)).tolist()
        ids = [self.ids[i] for i in kept]
        blocks = [self.blocks[i] for i in kept]
        return Pair(a[:, kept], b[:, kept], ids, blocks, codes, self.dropped, self.missing, self.union)

    @property
    def groups(self) -> list[str] | None:
        """What must be resampled together, item by item; None where every item stands alone."""
        named = [block if block is not None else item for block, item in zip(self.blocks, self.ids, strict=True)]
        return named if len(set(named)) < len(named) else None

    def scores(self, arm: Floats) -> Floats:
        """Return language scores [seeds, languages] of one arm."""
        return np.asarray(np.nanmean(arm, axis=1))

    @property
    def gain(self) -> Floats:
        """Gain of each language [languages], over its items and all seeds."""
        return np.asarray(self.scores(self.a).mean(0) - self.scores(self.b).mean(0))


def pair(a: Cube, b: Cube) -> Pair | None:
    """Match two arms by item id and language; None where they share no scored item."""
    codes = sorted(set(a.languages) & set(b.languages))
    ids = sorted(set(a.ids) & set(b.ids))
    if not codes or not ids:
        return None
    left, right = _at(a, ids, codes), _at(b, ids, codes)
    has_left, has_right = ~np.isnan(left).any(0), ~np.isnan(right).any(0)
    both = has_left & has_right
    either = sum(_scored(cube, codes) for cube in (a, b)) - int(both.sum())
    left, right = np.where(both, left, np.nan), np.where(both, right, np.nan)
    kept: list[bool] = np.asarray(both.any(0)).tolist()
    blocks = dict(zip(a.ids, a.blocks, strict=True))
    found = Pair(
        left[..., kept],
        right[..., kept],
        ids,
        [blocks[item] for item in ids],
        [code for code, k in zip(codes, kept, strict=True) if k],
        sorted(set(a.languages) ^ set(b.languages)) + [c for c, k in zip(codes, kept, strict=True) if not k],
        either - int(both.sum()),
        either,
    )
    return found.within(set(found.languages))


def _scored(cube: Cube, codes: list[str]) -> int:
    """Count the items × languages that an arm has a score of, in any seed."""
    at = [i for i, code in enumerate(cube.languages) if code in set(codes)]
    return int((~np.isnan(cube.values[..., at])).any(0).sum())


def _at(cube: Cube, ids: list[str], codes: list[str]) -> Floats:
    item = {name: i for i, name in enumerate(cube.ids)}
    code = {name: i for i, name in enumerate(cube.languages)}
    return cube.values[:, [item[i] for i in ids]][..., [code[c] for c in codes]]


@dataclass(frozen=True)
class Gains:
    """A pair's gains at every level of averaging (statistics §0.1 and §2.1).

    ``families`` [G] names, ``m`` [G] their gains, ``n_units`` [G]; ``units`` [U] names, ``d`` [U] their gains and
    ``unit_families`` [U]; ``noise`` E [items, G]; ``item_part`` the variance of shared items and its df; ``seeds_a``
    and ``seeds_b`` [S] family-macro scores by seed, None at scope ``models``.
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
    seeds_a: Floats | None
    seeds_b: Floats | None

    @property
    def scope(self) -> str:
        """``recipe`` where both arms have two seeds or more, else ``models``."""
        return "models" if self.seeds_a is None else "recipe"


def gains(found: Pair) -> Gains:
    """Average a pair's gains by unit and family, with the noise of its items and its seeds."""
    units = [lang.unit(code) for code in found.languages]
    clusters = [lang.cluster(code) for code in found.languages]
    families, m, n_units = family_means(found.gain, units, clusters)
    unit_names, d, unit_families = unit_means(found.gain, units, clusters)
    noise = family_item_noise(found.a.mean(0) - found.b.mean(0), units, clusters)
    part: Part = shared_item_variance(noise, found.groups) if len(noise) > 1 else (0.0, None)
    macro = [family_means(found.scores(arm), units, clusters)[1].mean(-1) for arm in (found.a, found.b)]
    several = min(len(found.a), len(found.b)) > 1
    return Gains(
        found,
        families,
        m,
        n_units,
        unit_names,
        d,
        unit_families,
        noise,
        part,
        *(macro if several else (None, None)),
    )
