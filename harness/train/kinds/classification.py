"""One label for a text or a pair of texts: a linear layer on the pooled states."""

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
from harness.train.tokens import Texts


def new_head(ground: Ground, labels: Sequence[str], seed: int) -> nn.Module:
    """Return a fresh head: one output a label."""
    return task.linear(ground.encoder.hidden, len(labels), seed)


class Classification:
    """Rows with `text`, perhaps `text_pair`, and `label`."""

    def __init__(self, ground: Ground, rows: pa.Table, labels: Sequence[str], head: nn.Module) -> None:
        self.ground, self.rows, self.labels, self.head = ground, rows, list(labels), head
        encoded = ground.encode(_texts(ground, rows))
        self.inputs = ground.inputs(encoded)
        self.costs = self.tokens = encoded.lengths

    @cached_property
    def gold(self) -> torch.Tensor:
        """Classes [n] as positions in the labels."""
        place = {label: i for i, label in enumerate(self.labels)}
        return torch.tensor([place[label] for label in self.rows["label"].to_pylist()])

    @property
    def weights(self) -> NDArray[np.float64]:
        """One for each text [n]."""
        return np.ones(len(self.costs))

    def loss(self, batch: Indices) -> torch.Tensor:
        """Return the mean cross-entropy of some texts."""
        logits = self._logits(batch)
        return task.cross_entropy(logits, self.gold[torch.from_numpy(batch)].to(logits.device))

    @torch.inference_mode()
    def say(self) -> list[str]:
        """Return the best label of each text."""
        best = np.empty(len(self.costs), np.int64)
        for batch in reading_batches(self.costs, READING_TOKENS):
            best[batch] = self._logits(batch).argmax(-1).cpu().numpy()
        return [self.labels[i] for i in best]

    def _logits(self, batch: Indices) -> torch.Tensor:
        states, mask = self.ground.read(self.inputs, batch)
        logits: torch.Tensor = self.head(task.pool(states[-1], mask, self.ground.model.pooling))
        return logits


def _texts(ground: Ground, rows: pa.Table) -> Texts:
    texts = [ground.model.prefix + text for text in ground.texts(rows)]
    return texts if rows["text_pair"].null_count else list(zip(texts, ground.texts(rows, "text_pair"), strict=True))
