"""What stands on the encoder: pooling, one linear layer per task, its loss and what it says."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from harness.train.tokens import Encoded

IGNORED = -100
"""Label of positions that carry no gold: sub-tokens after the first, padding, the prefix."""


def pool(states: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """Return one vector per text [batch, hidden]: the mean over its real tokens, or the first (``cls``)."""
    if pooling == "cls":
        return states[:, 0]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def new_head(hidden: int, labels: Sequence[str], seed: int) -> nn.Linear:
    """Return a fresh linear head: normal(0, 0.02) weights from ``seed`` alone, zero bias."""
    head = nn.Linear(hidden, len(labels))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        head.weight.normal_(0, 0.02, generator=generator)
        head.bias.zero_()
    return head


def class_gold(labels: Sequence[str], gold: Sequence[str]) -> torch.Tensor:
    """Return gold classes [n] as positions in ``labels``."""
    place = {label: i for i, label in enumerate(labels)}
    return torch.tensor([place[g] for g in gold])


def tag_gold(encoded: Encoded, tags: Sequence[Sequence[str]], labels: Sequence[str]) -> torch.Tensor:
    """Return gold tags [tokens], end to end, on first sub-tokens; :data:`IGNORED` elsewhere."""
    place = {label: i for i, label in enumerate(labels)}
    gold = np.full(len(encoded.ids), IGNORED, np.int64)
    for text, sentence in enumerate(tags):
        start, end = encoded.starts[text], encoded.starts[text + 1]
        words = encoded.words[start:end]
        at = np.flatnonzero(words >= 0)
        gold[start + at] = [place[sentence[w]] for w in words[at]]
    return torch.from_numpy(gold)


def loss(logits: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy over what carries gold."""
    return functional.cross_entropy(logits.float().flatten(0, -2), gold.flatten(), ignore_index=IGNORED)


def say_tags(words: np.ndarray, tags: np.ndarray, labels: Sequence[str], count: int) -> str:
    """Return the tags of a sentence of ``count`` words as JSON; words that were cut off say ``O``."""
    said = ["O"] * count
    for word, tag in zip(words, tags, strict=True):
        if word >= 0:
            said[word] = labels[tag]
    return json.dumps(said)
