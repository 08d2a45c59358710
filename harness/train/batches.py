"""Batches hold a number of tokens, not of sentences: of chance texts, or where padding would cost, of like length.

Their order is a pure function of (seed, epoch), so that a phase that was cut off needs only its weights to go on.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

Step = tuple[int, Indices]
"""What one optimizer step reads: which task, and which of its units."""


def schedule(
    costs: Sequence[Indices],
    recipe: dict[str, Any],
    seed: int,
    more: Mapping[str, int] | None = None,
    rows: int = 0,
    packed: bool = False,
) -> list[Step]:
    """Return the steps of a phase over tasks whose units cost so many tokens: its epochs, or as many as it declares.

    Epochs follow one another for as long as it takes. ``more`` goes on from there, by so many `steps`, or by the units
    of so many `examples`, of which the tasks' ``rows`` have as many as they have (of a question, its windows); without
    ``rows``, a unit is an example. With ``packed``, nothing is padded and a batch holds whatever chance brings.
    """
    units, more = sum(map(len, costs)), more or {}
    if not units:
        raise ValueError("no task has anything to read")
    size = recipe["batch_tokens"]
    endless = (step for epoch in itertools.count() for step in epoch_steps(costs, size, seed, epoch, packed))
    declared = (
        itertools.islice(endless, recipe["steps"]) if recipe["steps"] else _until(endless, recipe["epochs"] * units)
    )
    longer = itertools.islice(endless, more.get("steps", 0))
    return [*declared, *longer, *_until(endless, round(more.get("examples", 0) * units / (rows or units)))]


def _until(steps: Iterator[Step], units: int) -> Iterator[Step]:
    read = 0
    while read < units:
        step = next(steps)
        read += len(step[1])
        yield step


def epoch_steps(costs: Sequence[Indices], batch_tokens: int, seed: int, epoch: int, packed: bool = False) -> list[Step]:
    """Return one epoch's steps: each is of one task, and the tasks' steps are mixed."""
    parts = [
        [(task, batch) for batch in training_batches(cost, batch_tokens, seed, epoch, task, packed)]
        for task, cost in enumerate(costs)
    ]
    if len(parts) == 1:
        return parts[0]
    steps = [step for part in parts for step in part]
    rng = np.random.default_rng(np.random.SeedSequence([seed, epoch], spawn_key=(len(parts),)))
    return [steps[i] for i in rng.permutation(len(steps))]


def training_batches(
    lengths: Indices, batch_tokens: int, seed: int, epoch: int, task: int = 0, packed: bool = False
) -> list[Indices]:
    """Return one epoch's batches in the order in which they are trained on.

    Texts change places from epoch to epoch (where they are not ``packed``, those of equal length do), and so do the
    batches: texts of like length are texts of like languages, and a step on these learns less. The ``task``'s number
    is a part of the chance, so that tasks of equal lengths are not read alike.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, epoch], spawn_key=(task,) if task else ()))
    shuffled = rng.permutation(len(lengths))
    if packed:
        return _fill(shuffled, lengths, batch_tokens)
    batches = _cut(shuffled[np.argsort(lengths[shuffled], kind="stable")], lengths, batch_tokens)
    return [batches[i] for i in rng.permutation(len(batches))]


def reading_batches(lengths: Indices, batch_tokens: int) -> list[Indices]:
    """Return batches of all texts for a forward pass, longest first, so that memory runs out at once or never."""
    return _cut(np.argsort(-lengths, kind="stable"), lengths, batch_tokens)


def _fill(order: Indices, lengths: Indices, batch_tokens: int) -> list[Indices]:
    """Cut ``order`` where one more text would make the sum of lengths exceed ``batch_tokens``."""
    batches, start, held = [], 0, 0
    for end, length in enumerate(lengths[order].tolist()):
        if end > start and held + length > batch_tokens:
            batches.append(order[start:end])
            start, held = end, 0
        held += length
    return [*batches, order[start:]] if len(order) else batches


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


def padding(batches: Sequence[Indices], tokens: int) -> float:
    """Return the share of positions that is padding where the units of each batch [units] are padded to its longest.

    ``tokens`` are the real ones.
    """
    positions = sum(int(costs.max()) * len(costs) for costs in batches)
    return 1 - tokens / positions if positions else 0.0


def reading_padding(costs: Indices, tokens: int, batch_tokens: int) -> float:
    """Return the share of positions that is padding in a forward pass over all units."""
    return padding([costs[batch] for batch in reading_batches(costs, batch_tokens)], tokens)
