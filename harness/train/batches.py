"""Batches hold a number of tokens, not of sentences, and sentences of like length.

Their order is a pure function of (seed, epoch), so that a phase that was cut off needs only its weights to go on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def training_batches(lengths: Indices, batch_tokens: int, seed: int, epoch: int) -> list[Indices]:
    """Return one epoch's batches in the order in which they are trained on.

    Texts of equal length change places from epoch to epoch, and so do the batches.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, epoch]))
    shuffled = rng.permutation(len(lengths))
    batches = _cut(shuffled[np.argsort(lengths[shuffled], kind="stable")], lengths, batch_tokens)
    return [batches[i] for i in rng.permutation(len(batches))]


def reading_batches(lengths: Indices, batch_tokens: int) -> list[Indices]:
    """Return batches of all texts for a forward pass, longest first, so that memory runs out at once or never."""
    return _cut(np.argsort(-lengths, kind="stable"), lengths, batch_tokens)


def _cut(order: Indices, lengths: Indices, batch_tokens: int) -> list[Indices]:
    """Cut ``order`` where one more text would make padded size exceed ``batch_tokens``."""
    batches, start, longest = [], 0, 0
    for end, text in enumerate(order):
        longest_now = max(longest, int(lengths[text]))
        if end > start and longest_now * (end + 1 - start) > batch_tokens:
            batches.append(order[start:end])
            start, longest_now = end, int(lengths[text])
        longest = longest_now
    return [*batches, order[start:]] if len(order) else batches


def padding(lengths: Indices, batches: list[Indices]) -> float:
    """Return the share of positions that is padding when ``batches`` are padded to their longest text."""
    positions = sum(int(lengths[b].max()) * len(b) for b in batches)
    real = sum(int(lengths[b].sum()) for b in batches)
    return 1 - real / positions if positions else 0.0
