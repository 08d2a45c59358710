"""Nulls drawn answer by answer: metrics of a whole corpus, and queries against fixed candidates.

What the other worlds take as noise around a gain is made here from counts and from nearest neighbours, so that item
values (statistics, section 1.3) and the pool of candidates (section 1.4) are on trial too. Every family has one
language; all share the items, and the two arms have the same law.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
import numpy.typing as npt

from harness.analysis.significance import (
    family_item_noise,
    family_test_many,
    item_values,
    language_test,
    shared_item_variance,
)
from harness.analysis.words import ALPHA
from harness.bench.worlds import DRAWS, HEADLINE, SIZE, UNIT_SD, Case, Count, Floats
from harness.score.corpus import bleu_from_stats, chrf_from_stats, micro_f1_from_stats

FAMILIES, SEEDS, SEED_SD, OWN_SD = 22, 3, 0.01, 0.15
"""Design of a headline here; standard deviations of a training's rate, and of one answer's around it."""

ITEMS, DIMENSIONS, BLUR, POOL_BLUR = 100, 16, 1.0, 0.4
"""Of retrieval: sentences, and standard deviations of queries and candidates about what a sentence means."""

Groups = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


def corpus(
    sets: int, random: np.random.Generator, *, metric: str, shape: str = "normal", shock: float = 0.15, groups: int = 0
) -> list[Count]:
    """A corpus metric over 204 items of heavy-tailed length, or ``groups`` of 5, in 3 trainings of each arm.

    An answer's counts are its length times its rate, and the metric of the sum is about the mean rate: gains of mean 0
    in rates are gains of mean 0 in scores. Of a shock's variance half is the group's.
    """
    items = 5 * groups or 204
    group = np.arange(items) // 5 if groups else None

    def one() -> Floats:
        length = 4.0 + np.ceil(random.lognormal(2.0, 1.0, items))
        shocks = random.standard_normal(items)
        if group is not None:
            shocks = (shocks + random.standard_normal(groups)[group]) / np.sqrt(2.0)
        gain = UNIT_SD * DRAWS[shape](random, (FAMILIES, 1)) + shock * shocks
        middle = 0.5 + 0.05 * random.standard_normal((FAMILIES, 1))
        trained = SEED_SD * random.standard_normal((2, SEEDS, 1, 1))
        return _values(metric, np.stack([middle + gain / 2, middle - gain / 2])[:, None] + trained, length, random)

    return _headline((one() for _ in range(sets)), group)


def _values(metric: str, rate: Floats, length: Floats, random: np.random.Generator) -> Floats:
    """Return the item values [..., n], in ratios, of answers of these rates [..., n] and lengths [n]."""

    def share(of: Floats) -> Floats:
        return np.clip(of + OWN_SD * random.standard_normal(rate.shape), 0.0, 1.0)

    if metric == "micro F1":
        hits, wrong = length * share(rate), length * share(1.0 - rate)
        return item_values(np.stack([hits, wrong, length - hits], axis=-1), micro_f1_from_stats)
    whole = np.broadcast_to(length, rate.shape)
    if metric == "chrF++":
        orders = [(whole, whole, whole * share(falls * rate)) for falls in np.linspace(1.2, 0.5, 8)]
        return item_values(np.stack([part for order in orders for part in order], axis=-1), chrf_from_stats) / 100
    totals = [whole - order for order in range(4)]
    matches = [total * share(falls * rate) for total, falls in zip(totals, (1.2, 1.0, 0.8, 0.6), strict=True)]
    return item_values(np.stack([whole, whole, *matches, *totals], axis=-1), bleu_from_stats) / 100


def _headline(drawn: Iterable[Floats], group: Groups | None = None) -> list[Count]:
    """Test sets of item values [2, S, G, n] as a report does."""
    columns = zip(*(_parts(values, group) for values in drawn), strict=True)
    gains, variance, df, a, b = (np.array(column) for column in columns)
    test = family_test_many(gains, item_variance=(variance, df), seeds_a=a, seeds_b=b)
    return [Count("family t", family_test_many(gains).p_t <= ALPHA), Count(HEADLINE, test.p <= ALPHA, SIZE)]


def _parts(values: Floats, group: Groups | None) -> tuple[Floats, float, float, Floats, Floats]:
    """Return gains [G], the items' shared variance and df, and the scores by seed [S] of both arms."""
    d, names = np.subtract(*values.mean(axis=1)), np.arange(FAMILIES)
    shared = shared_item_variance(family_item_noise(d.T, names, names), group)
    return d.mean(axis=-1), *shared, *values.mean(axis=(2, 3))


def retrieval(sets: int, random: np.random.Generator) -> list[Count]:
    """Accuracy of retrieval, the mean of both directions, over 100 items in 3 trainings of each arm.

    Queries are the items; a training's sentences of the pivot are the candidates of all languages, and ask them in
    turn. What this pool brings is shared by items and families, and varies with the seed.
    """

    def one() -> Floats:
        meaning = random.standard_normal((ITEMS, DIMENSIONS))
        hard = random.lognormal(0.0, 0.3, (ITEMS, 1))
        blur = random.lognormal(0.0, 0.1, (2, 1, FAMILIES, 1, 1)) * random.lognormal(0.0, 0.05, (2, SEEDS, 1, 1, 1))
        pivot = _vectors(meaning, POOL_BLUR, (2, SEEDS, 1), random)
        sentences = _vectors(meaning, BLUR * blur * hard, (2, SEEDS, FAMILIES), random)
        near = sentences @ np.swapaxes(pivot, -1, -2)
        own = np.arange(ITEMS)
        return np.asarray((near.argmax(-1) == own) * 0.5 + (near.argmax(-2) == own) * 0.5)

    return _headline(one() for _ in range(sets))


def candidates(sets: int, random: np.random.Generator) -> list[Count]:
    """One language, one training of each arm: does the interval hold the gain of new queries?

    The candidates are each arm's own vectors of the pool; the true gain against them is that of 100 further queries for
    each. Over new candidates the gain is 0, and nothing is promised of it.
    """
    these, new = np.empty((2, sets), dtype=bool)
    for r in range(sets):
        meaning = random.standard_normal((ITEMS, DIMENSIONS))
        pool = np.swapaxes(_vectors(meaning, POOL_BLUR, (2, 1), random), -1, -2)
        hits = (_vectors(meaning, BLUR, (2, 101), random) @ pool).argmax(-1) == np.arange(ITEMS)
        test = language_test(*hits[:, :1])
        low, high = test.interval or (-1.0, 1.0)
        true = np.subtract(*hits[:, 1:].mean(axis=(1, 2)))
        these[r], new[r] = low <= true <= high, low <= 0.0 <= high
    return [
        Count("one language, new queries", these, (0.93, 1.0), covers=True),
        Count("one language, new candidates", new, covers=True),
    ]


def _vectors(meaning: Floats, blur: Floats | float, shape: tuple[int, ...], random: np.random.Generator) -> Vectors:
    """Return unit vectors [*shape, n, k] around what sentences mean [n, k]."""
    noise = random.standard_normal((*shape, *meaning.shape), dtype=np.float32)
    blurred = meaning.astype(np.float32) + np.asarray(blur, dtype=np.float32) * noise
    return np.asarray(blurred / np.linalg.norm(blurred, axis=-1, keepdims=True))


CASES = (
    *(
        Case(
            f"{metric}, 204 items, shock {shock:g}, 3/3 seeds",
            partial(corpus, metric=metric, shape=shape, shock=shock),
            shape,
            icc=0.0,
        )
        for metric, shape, shock in (
            ("micro F1", "normal", 0.15),
            ("micro F1", "exponential", 0.15),
            ("micro F1", "normal", 0.0),
            ("chrF++", "normal", 0.15),
            ("chrF++", "exponential", 0.15),
            ("BLEU", "normal", 0.1),
        )
    ),
    Case(
        "micro F1, 240 items in 48 groups, shock 0.15, 3/3 seeds",
        partial(corpus, metric="micro F1", groups=48),
        icc=0.0,
    ),
    Case("retrieval, 100 items, 3/3 seeds", retrieval, icc=0.0),
    Case("retrieval, 100 items, checkpoints fixed", candidates, icc=0.0),
)
