"""What the loop and the runner ask of a task, whatever its kind."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from harness.train.batches import Indices

IGNORED = -100
"""Gold of positions that carry none: sub-tokens after the first, padding, the prefix."""


class Task(Protocol):
    """Rows of one data set as a model is trained on them and asked about them.

    A unit is what batches are made of: a text, a window of one, an example with all its choices. ``costs`` [units]
    are padded tokens that each takes, ``tokens`` [units] its real ones, ``weights`` [units] how many places of it the
    mean of the loss is over.
    """

    head: nn.Module
    costs: Indices
    tokens: Indices

    @property
    def weights(self) -> NDArray[np.float64]:
        """Number of places of each unit [units] that carry gold."""
        ...

    def loss(self, batch: Indices) -> torch.Tensor:
        """Return the mean loss over the gold of some units."""
        ...

    def say(self) -> list[str]:
        """Return a prediction for each row, in the rows' order."""
        ...


def linear(hidden: int, outputs: int, seed: int) -> nn.Linear:
    """Return a fresh linear layer: normal(0, 0.02) weights from ``seed`` alone, zero bias."""
    layer = nn.Linear(hidden, outputs)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        layer.weight.normal_(0, 0.02, generator=generator)
        layer.bias.zero_()
    return layer


def pool(states: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """Return one vector per text [batch, hidden]: the mean over its real tokens, the first (``cls``) or ``last``."""
    if pooling == "cls":
        return states[:, 0]
    if pooling == "last":
        return states[torch.arange(len(states), device=states.device), mask.sum(1) - 1]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def cross_entropy(logits: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy over what carries gold."""
    return nn.functional.cross_entropy(logits.float().flatten(0, -2), gold.flatten(), ignore_index=IGNORED)


def shuffled(gold: torch.Tensor, seed: int) -> torch.Tensor:
    """Return gold in random order among the places that carry one: the shuffled-labels control."""
    out = gold.clone()
    at = torch.nonzero(gold != IGNORED).flatten()
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    out[at] = gold[at[torch.from_numpy(rng.permutation(len(at)))]]
    return out
