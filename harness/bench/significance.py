"""How fast intervals are made: ours beside loops over scipy and sacrebleu, and beside the machine's matrix product.

All take turns in one process over the same made-up answers and counts, and their endpoints are compared. What others
do is timed over some of the cells, other ones in each round, and scaled up to all.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.analysis.significance import ScoreIntervals, percentile_interval, resample_counts, score_intervals
from harness.errors import UserError
from harness.score.corpus import bleu_from_stats, chrf_from_stats

Array = npt.NDArray[Any]
Ends = npt.NDArray[np.float64]
Cells = Sequence[int]
Row = dict[str, Any]

EQUAL = 5.0
"""Standard errors by which Monte Carlo endpoints may differ: more than the largest of some hundred differences."""

ERROR_RATES = (0.1, 0.2, 0.3)
"""Shares of words that made-up translations have wrong."""

BATCH = 20
"""Resamples that scipy takes at a time of many columns: all at once are 324 MB, and slower than the loop."""

MEGABYTE = 1e6
PRODUCT_SHARE, PEAK_MEGABYTES = 0.6, 128.0


@dataclass(frozen=True)
class Size:
    """What is measured: one item set, answered by every system in every language."""

    languages: int = 204
    systems: int = 10
    items: int = 1012
    resamples: int = 1000
    timed: int = 40
    rounds: int = 5

    @property
    def columns(self) -> int:
        """Systems in all languages."""
        return self.languages * self.systems


FULL = Size()


@dataclass(frozen=True)
class Case:
    """One claim: ours for all ``cells``, theirs for those named; the ratio and our seconds that are aimed at."""

    claim: str
    beside: str
    cells: int
    ours: Callable[[], ScoreIntervals]
    theirs: Callable[[Cells], Ends]
    at_least: float | None = None
    at_most: float | None = None


def measure(size: Size = FULL) -> list[Row]:
    """Return a row per claim: medians over the rounds of our time, of theirs, and of the ratios within a round.

    `apart` is the largest difference between an endpoint of ours and of theirs, in its Monte Carlo standard errors.
    The last two rows are the rate of our matrix product beside the machine's, and the peak of memory in all cases.
    """
    random = np.random.default_rng(0)
    cases = [*_means(size, random), *_corpora(size, random)]
    rounds = [[_round(case, size, number) for case in cases] for number in range(size.rounds)]
    rows = [_row(case, size, [found[i] for found in rounds]) for i, case in enumerate(cases)]
    return [*rows, _product(size, random), _memory(cases)]


def _means(size: Size, random: np.random.Generator) -> list[Case]:
    """Return the cases of right-or-wrong answers, in which items are harder or easier for all."""
    from scipy.stats import bootstrap

    easy = random.standard_normal((size.items, 1)) + random.standard_normal(size.columns)
    answers = (random.random(easy.shape) < 1 / (1 + np.exp(-easy))).astype(np.float64)
    columns = np.ascontiguousarray(answers.T)
    within = np.array(list(combinations(range(size.systems), 2)))
    pairs = np.concatenate([within + start for start in range(0, size.columns, size.systems)])
    how: dict[str, Any] = {"n_resamples": size.resamples, "method": "percentile", "rng": random}

    def ends(*samples: Array, **more: Any) -> Ends:
        return np.array(bootstrap(samples, **how, **more).confidence_interval)

    def loop(cells: Cells) -> Ends:
        return np.stack([ends(columns[c], statistic=np.mean) for c in cells], axis=1)

    def at_once(cells: Cells) -> Ends:
        return ends(columns[cells], statistic=np.mean, axis=-1, batch=BATCH)

    def paired(cells: Cells) -> Ends:
        gap = {"statistic": lambda a, b, axis: a.mean(axis) - b.mean(axis), "paired": True, "vectorized": True}
        return np.stack([ends(*columns[pairs[c]], **gap) for c in cells], axis=1)

    def ours(**more: Any) -> ScoreIntervals:
        return score_intervals(answers, n_resamples=size.resamples, **more)

    scipy = "scipy.stats.bootstrap"
    return [
        Case("score intervals", f"{scipy}, a loop", size.columns, ours, loop, 80, 0.2),
        Case(
            "score intervals",
            f"{scipy}, {size.timed} columns a call in batches of {BATCH}",
            size.columns,
            ours,
            at_once,
        ),
        Case("paired differences", f"{scipy}, a loop", len(pairs), lambda: ours(pairs=pairs), paired, 250, 0.5),
    ]


def _corpora(size: Size, random: np.random.Generator) -> list[Case]:
    """Return the cases of corpus metrics, from counts that sacrebleu made once."""
    try:
        from sacrebleu.metrics import BLEU, CHRF
        from sacrebleu.significance import _bootstrap_resample
    except ModuleNotFoundError as error:
        raise UserError(f"bench significance: {error.name} is not installed; pip install 'stiltbench[dev]'") from None

    def case(claim: str, metric: Any, score: Callable[[Array], Ends]) -> Case:
        stats = _counted(metric, size, random)

        def ours() -> ScoreIntervals:
            return score_intervals(stats, score, n_resamples=size.resamples)

        def theirs(cells: Cells) -> Ends:
            told = [_bootstrap_resample(stats[:, c], metric, size.resamples)[1] for c in cells]
            return percentile_interval(np.array([[one.score for one in scores] for scores in told]).T)

        return Case(claim, "sacrebleu, a loop, counts given", size.columns, ours, theirs, 60)

    return [case("BLEU", BLEU(), bleu_from_stats), case("chrF++", CHRF(word_order=2), chrf_from_stats)]


def _counted(metric: Any, size: Size, random: np.random.Generator) -> Array:
    """Return counts [n, C, k] of made-up translations; a system's are shuffled anew for each language."""
    words = np.array(
        ["".join(random.choice(list("abdegiklmnorstu"), length)) for length in random.integers(2, 10, 999)]
    )
    references = [random.choice(words, length) for length in random.integers(6, 40, size.items)]
    counted = []
    for rate in ERROR_RATES:
        wrong = [np.where(random.random(r.size) < rate, random.choice(words, r.size), r) for r in references]
        texts = [[" ".join(line) for line in lines] for lines in (wrong, references)]
        counted.append(np.array(metric._extract_corpus_statistics(texts[0], [texts[1]]), dtype=np.float32))
    made = np.empty((size.items, size.columns, counted[0].shape[1]), dtype=np.float32)
    for c in range(size.columns):
        made[:, c] = random.permutation(counted[c % len(counted)])
    return made


def _round(case: Case, size: Size, number: int) -> tuple[float, float, float]:
    """Return our seconds, theirs scaled to all cells, and how far their endpoints are apart."""
    cells = [(number * size.timed + i) % case.cells for i in range(min(size.timed, case.cells))]
    began = time.perf_counter()
    ours = case.ours().interval[:, cells]
    between = time.perf_counter()
    theirs = case.theirs(cells)
    ended = time.perf_counter()
    return between - began, (ended - between) * case.cells / len(cells), _apart(ours, theirs, size.resamples)


def _apart(ours: Ends, theirs: Ends, resamples: int) -> float:
    """Return the largest difference in standard errors √(2q(1−q)/B) / f(q), f the normal density at q = .025."""
    sd = (theirs[1] - theirs[0]) / (2 * 1.96)
    error = np.sqrt(2 * 0.025 * 0.975 / resamples) * sd / 0.0584
    return float((np.abs(ours - theirs) / error).max())


def _row(case: Case, size: Size, rounds: list[tuple[float, float, float]]) -> Row:
    ours, theirs = (statistics.median(found[i] for found in rounds) for i in (0, 1))
    times = statistics.median(found[1] / found[0] for found in rounds)
    apart = max(found[2] for found in rounds)
    return _told(case.claim, case.beside, "s", ours, theirs) | {
        "cells": case.cells,
        "timed": min(size.timed, case.cells),
        "times": times,
        "at_least": case.at_least,
        "at_most": case.at_most,
        "reached": (case.at_least is None or times >= case.at_least) and (case.at_most is None or ours <= case.at_most),
        "apart": apart,
        "equal": apart <= EQUAL,
    }


def _told(claim: str, beside: str, unit: str, ours: float, theirs: float | None) -> Row:
    return {"claim": claim, "beside": beside, "unit": unit, "ours": ours, "theirs": theirs}


def _product(size: Size, random: np.random.Generator) -> Row:
    """Compare the rate of counts times values with that of a square product of the machine, both float32."""
    counts = resample_counts(size.items, size.resamples)
    values = random.random((size.columns, size.items), dtype=np.float32)
    square = random.random((2 * size.items, 2 * size.items), dtype=np.float32)
    rounds = [(_rate(values, counts.T), _rate(square, square)) for _ in range(2 * size.rounds + 1)][1:]  # one warms up
    share = statistics.median(ours / theirs for ours, theirs in rounds)
    ours, theirs = (statistics.median(found[i] for found in rounds) for i in (0, 1))
    told = _told("matrix product", f"a square one of {len(square)}", "GFLOP/s", ours, theirs)
    return told | {"times": share, "at_least": PRODUCT_SHARE, "reached": share >= PRODUCT_SHARE}


def _rate(a: Array, b: Array) -> float:
    began = time.perf_counter()
    a @ b
    return 2e-9 * float(a.size * b.shape[1]) / (time.perf_counter() - began)


def _memory(cases: list[Case]) -> Row:
    """Measure what our calls take above what they are given."""
    peaks = []
    for case in cases:
        tracemalloc.start()
        case.ours()
        peaks.append(tracemalloc.get_traced_memory()[1] / MEGABYTE)
        tracemalloc.stop()
    told = _told("extra memory, the largest peak", "", "MB", max(peaks), None)
    return told | {"at_most": PEAK_MEGABYTES, "reached": max(peaks) <= PEAK_MEGABYTES}
