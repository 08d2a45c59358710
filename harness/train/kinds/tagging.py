"""One tag for each word: a linear layer on the state of its first sub-token."""

from __future__ import annotations

import json
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


def new_head(ground: Ground, labels: Sequence[str], seed: int) -> nn.Module:
    """Return a fresh head: one output a tag."""
    return task.linear(ground.encoder.hidden, len(labels), seed)


class Tagging:
    """Rows with `tokens` and `tags`."""

    def __init__(self, ground: Ground, rows: pa.Table, labels: Sequence[str], head: nn.Module) -> None:
        self.ground, self.rows, self.labels, self.head = ground, rows, list(labels), head
        lead = ground.model.prefix.split()
        self.encoded = ground.encode([lead + words for words in ground.words(rows)], lead=len(lead))
        self.inputs = ground.inputs(self.encoded)
        self.costs = self.tokens = self.encoded.lengths

    @cached_property
    def gold(self) -> torch.Tensor:
        """Tags [tokens], end to end, on first sub-tokens; :data:`task.IGNORED` elsewhere."""
        encoded, place = self.encoded, {label: i for i, label in enumerate(self.labels)}
        gold = np.full(len(encoded.ids), task.IGNORED, np.int64)
        for text, sentence in enumerate(self.rows["tags"].to_pylist()):
            start, end = encoded.starts[text], encoded.starts[text + 1]
            words = encoded.words[start:end]
            at = np.flatnonzero(words >= 0)
            gold[start + at] = [place[sentence[w]] for w in words[at]]
        return torch.from_numpy(gold)

    @property
    def weights(self) -> NDArray[np.float64]:
        """Number of tagged words that each sentence [n] still has when it is cut."""
        return np.add.reduceat(self.encoded.words >= 0, self.encoded.starts[:-1]).astype(np.float64)

    def loss(self, batch: Indices) -> torch.Tensor:
        """Return the mean cross-entropy over the words of some sentences."""
        states, mask = self.ground.read(self.inputs, batch)
        starts = torch.from_numpy(self.encoded.starts[:-1][batch])[:, None]
        at = (starts + torch.arange(mask.shape[1])).clamp_(max=len(self.gold) - 1)
        gold = self.gold[at].to(mask.device).masked_fill(~mask, task.IGNORED)
        return task.cross_entropy(self.head(states[-1]), gold)

    @torch.inference_mode()
    def say(self) -> list[str]:
        """Return the best tags of each sentence as JSON."""
        starts, words = self.encoded.starts, self.encoded.words
        best = np.empty(len(words), np.int64)
        for batch in reading_batches(self.costs, READING_TOKENS):
            states, _ = self.ground.read(self.inputs, batch)
            said = self.head(states[-1]).argmax(-1).cpu().numpy()
            for row, text in enumerate(batch):
                best[starts[text] : starts[text + 1]] = said[row, : self.costs[text]]
        spans = zip(starts[:-1], starts[1:], self.rows["tokens"].to_pylist(), strict=True)
        return [say_tags(words[a:b], best[a:b], self.labels, len(sentence)) for a, b, sentence in spans]


def say_tags(words: NDArray[np.int32], tags: NDArray[np.int64], labels: Sequence[str], count: int) -> str:
    """Return the tags of a sentence of ``count`` words as JSON; words that were cut off say ``O``."""
    said = ["O"] * count
    for word, tag in zip(words, tags, strict=True):
        if word >= 0:
            said[word] = labels[tag]
    return json.dumps(said)
