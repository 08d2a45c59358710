"""One of several texts that an example offers: a linear layer on the pooled states scores each of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import nn

from harness.train.batches import Indices, reading_batches
from harness.train.ground import Ground
from harness.train.kinds import task
from harness.train.states import READING_TOKENS


def new_head(ground: Ground, _labels: Sequence[str], seed: int) -> nn.Module:
    """Return a fresh head: one output, the score of a choice."""
    return task.linear(ground.encoder.hidden, 1, seed)


class Choice:
    """Rows with `text`, perhaps `text_pair`, its context, `choices`, and `label`, the place of the right one.

    A unit is an example with all its choices. Each is read as the second of two texts: after the text, or after the
    context, with the text before it.
    """

    def __init__(self, ground: Ground, rows: pa.Table, _labels: Sequence[str], head: nn.Module) -> None:
        self.ground, self.rows, self.head = ground, rows, head
        self.counts = np.array([len(choices) for choices in rows["choices"].to_pylist()])
        self.firsts = np.cumsum(self.counts) - self.counts
        encoded = ground.encode(_pairs(ground, rows))
        self.inputs = ground.inputs(encoded)
        self.costs = self.counts * np.maximum.reduceat(encoded.lengths, self.firsts)
        self.tokens = np.add.reduceat(encoded.lengths, self.firsts)

    @cached_property
    def gold(self) -> torch.Tensor:
        """Places of the right choices [examples]."""
        return torch.tensor([int(label) for label in self.rows["label"].to_pylist()])

    @property
    def weights(self) -> NDArray[np.float64]:
        """One for each example [examples]."""
        return np.ones(len(self.costs))

    def loss(self, batch: Indices) -> torch.Tensor:
        """Return the mean cross-entropy of some examples, each over its own choices."""
        scores = self._scores(batch)
        return task.cross_entropy(scores, self.gold[torch.from_numpy(batch)].to(scores.device))

    @torch.inference_mode()
    def say(self) -> list[str]:
        """Return the place of the best choice of each example."""
        best = np.empty(len(self.costs), np.int64)
        for batch in reading_batches(self.costs, READING_TOKENS):
            best[batch] = self._scores(batch).argmax(-1).cpu().numpy()
        return [str(place) for place in best]

    def _scores(self, batch: Indices) -> torch.Tensor:
        """Return the scores of some examples' choices [examples, most choices], -inf where one has fewer."""
        there = np.arange(self.counts[batch].max()) < self.counts[batch, None]
        texts = (self.firsts[batch, None] + np.arange(there.shape[1]))[there]
        states, mask = self.ground.read(self.inputs, texts)
        found: torch.Tensor = self.head(task.pool(states[-1], mask, self.ground.model.pooling)).float().flatten()
        scores = found.new_full(there.shape, -torch.inf)
        scores[torch.from_numpy(there).to(found.device)] = found
        return scores


def _pairs(ground: Ground, rows: pa.Table) -> list[tuple[str, str]]:
    """Return the two texts of each choice, the examples' one after the other."""
    firsts, leads = ground.texts(rows), [""] * len(rows)
    if not rows["text_pair"].null_count:
        firsts, leads = ground.texts(rows, "text_pair"), [f"{question} " for question in firsts]
    offered = zip(firsts, leads, ground.words(rows, "choices"), strict=True)
    return [(ground.model.prefix + first, lead + choice) for first, lead, choices in offered for choice in choices]
