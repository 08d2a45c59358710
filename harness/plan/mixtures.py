"""Rows from several data sets, or several languages, at given rates.

Every row is an independent choice, by one stream of random numbers that is the same for all seeds and arms: a longer
draw opens with the shorter one. Rates are those of T5 (Raffel et al. 2020, §3.5.2) and of jiant's samplers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.draw import Deck, Pair, Pool
from harness.errors import UserError
from harness.suite import Mix, Pretrain, Sampling

UNIFORM = Sampling(scheme="uniform")


@dataclass(frozen=True)
class Entry:
    """One data set of a mix, in its languages, and which of them have which items."""

    of: Mix | Pretrain
    languages: list[str]
    have: Pool


@dataclass(frozen=True)
class Picked:
    """Rows of several entries: ``order`` [n] says whose comes next, ``rows`` are each entry's own, as they come."""

    order: NDArray[np.int64]
    rows: list[list[Pair]]

    def first(self, count: int) -> Picked:
        """Return the first ``count`` of these rows."""
        order = self.order[:count]
        counts = np.bincount(order, minlength=len(self.rows))
        return Picked(order, [rows[:n] for rows, n in zip(self.rows, counts, strict=True)])


def rates(sampling: Sampling, sizes: Sequence[int]) -> NDArray[np.float64]:
    """Return how often each of some entries is chosen, of ``sizes`` rows each; the rates sum to 1."""
    if sampling.rates is not None:
        weights = np.asarray(sampling.rates, float)
    elif sampling.scheme == "uniform":
        weights = np.ones(len(sizes))
    else:
        weights = np.minimum(sizes, sampling.cap or np.inf) ** (1 / (sampling.temperature or 1.0))
    return np.asarray(weights / weights.sum(), np.float64)


def choices(weights: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return ``count`` independent choices [n] among entries by their rates [k], or by rates of each choice [n, k]."""
    ends = np.broadcast_to(np.cumsum(weights, axis=-1), (count, weights.shape[-1]))
    at = np.random.default_rng(0).random(count) * ends[:, -1]
    return np.asarray((ends <= at[:, None]).sum(axis=1), np.int64)


def languages_of(entry: Entry, items: Sequence[str], sampling: Sampling) -> list[str]:
    """Choose a language for each of some items, by the rates of those that have it."""
    wanted = dict(zip(entry.languages, _language_rates(entry, sampling), strict=True))
    held = np.asarray([[rate * (code in entry.have[item]) for code, rate in wanted.items()] for item in items])
    return [entry.languages[i] for i in choices(held, len(items))]


def pick(
    entries: Sequence[Entry], sampling: Sampling | None, count: int, *, again: bool = False
) -> tuple[Picked, list[int]]:
    """Return ``count`` rows of some entries, without those that an entry lacks, and how many each was to give.

    No item comes twice, in whatever language, unless ``again``: then no row does.
    """
    sizes = [len(entry.have) for entry in entries]
    order = choices(rates(sampling or UNIFORM, sizes), count)
    wanted = np.bincount(order, minlength=len(entries)).tolist()
    dealt: dict[tuple[str, str], set[str]] = {}
    rows = []
    for entry, n in zip(entries, wanted, strict=True):
        once = None if again else dealt.setdefault((entry.of.data, entry.of.split), set())
        rows.append(_rows(entry, n, once))
    held = np.ones(count, bool)
    for i, found in enumerate(rows):
        held[np.flatnonzero(order == i)[len(found) :]] = False
    return Picked(order[held], rows), wanted


def refuse_short(entries: Sequence[Entry], picked: Picked, wanted: Sequence[int], where: str) -> None:
    """Refuse an entry that has fewer rows than it was to give."""
    for entry, rows, n in zip(entries, picked.rows, wanted, strict=True):
        if len(rows) < n:
            raise UserError(
                f"{where}: {n} rows of {entry.of.data} {entry.of.split} asked for, but only {len(rows)} are there; "
                "ask for fewer, or change the rates"
            )


def _rows(entry: Entry, count: int, dealt: set[str] | None) -> list[Pair]:
    deck = Deck(entry.have, dealt)
    sampling = entry.of.sampling if isinstance(entry.of, Mix) else None
    if sampling is None:
        return deck.rotate(count)
    chosen = choices(_language_rates(entry, sampling), count)
    return [row for i in chosen if (row := deck.deal(entry.languages[i])) is not None]


def _language_rates(entry: Entry, sampling: Sampling) -> NDArray[np.float64]:
    sizes = Counter(code for codes in entry.have.values() for code in codes)
    return rates(sampling, [sizes[code] for code in entry.languages])
