"""What a model says of a test set: a class, the tags of a sentence, or the nearest sentence in another language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from harness.train import device, heads
from harness.train.batches import padding, reading_batches
from harness.train.encoder import Encoder
from harness.train.states import READING_TOKENS, Inputs

Vectors = NDArray[np.float32]


@dataclass
class Reader:
    """A model that reads a test set: the encoder, what it reads, and how the model's card says to pool."""

    encoder: Encoder
    inputs: Inputs
    pooling: str
    precision: str

    @property
    def padding(self) -> float:
        """Share of positions that is padding."""
        lengths = self.inputs.encoded.lengths
        return padding(lengths, reading_batches(lengths, READING_TOKENS))

    @torch.inference_mode()
    def classes(self, head: nn.Linear) -> NDArray[np.int64]:
        """Return the best class of each text [n]."""
        best = np.empty(len(self.inputs.encoded), np.int64)
        for batch in reading_batches(self.inputs.encoded.lengths, READING_TOKENS):
            states, mask = self._read(batch)
            best[batch] = head(heads.pool(states[-1], mask, self.pooling)).argmax(-1).cpu().numpy()
        return best

    @torch.inference_mode()
    def tags(self, head: nn.Linear) -> NDArray[np.int64]:
        """Return the best tag of each token [tokens], laid end to end."""
        encoded = self.inputs.encoded
        best = np.empty(len(encoded.ids), np.int64)
        for batch in reading_batches(encoded.lengths, READING_TOKENS):
            states, _ = self._read(batch)
            said = head(states[-1]).argmax(-1).cpu().numpy()
            for row, text in enumerate(batch):
                start, end = encoded.starts[text], encoded.starts[text + 1]
                best[start:end] = said[row, : end - start]
        return best

    @torch.inference_mode()
    def vectors(self, layers: Sequence[int]) -> dict[int, Vectors]:
        """Return unit vectors [n, hidden] of each text at each of ``layers``, pooled."""
        n = len(self.inputs.encoded)
        out = {layer: np.empty((n, self.encoder.hidden), np.float32) for layer in layers}
        for batch in reading_batches(self.inputs.encoded.lengths, READING_TOKENS):
            states, mask = self._read(batch)
            for layer in layers:
                pooled = heads.pool(states[layer - self.encoder.level], mask, self.pooling).float()
                out[layer][batch] = nn.functional.normalize(pooled, dim=-1).cpu().numpy()
        return out

    def _read(self, batch: NDArray[np.int64]) -> tuple[list[torch.Tensor], torch.Tensor]:
        values, mask = self.inputs.batch(batch)
        with device.computing(self.precision):
            return self.encoder(values, mask), mask


def nearest(queries: Vectors, candidates: Vectors) -> NDArray[np.int64]:
    """Return for each query the place of the candidate of highest cosine; both are unit vectors [n, hidden].

    Of candidates that are equally near the first is taken.
    """
    if not len(queries):
        return np.empty(0, np.int64)
    return np.asarray((queries @ candidates.T).argmax(1))


class ParallelRows:
    """Where each language's items stand among the rows of a test set."""

    def __init__(self, languages: Sequence[str], ids: Sequence[str]) -> None:
        self.ids = np.asarray(ids)
        codes = np.asarray(languages)
        order = np.argsort(codes, kind="stable")
        names, starts = np.unique(codes[order], return_index=True)
        self.places = dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True))

    def shared(self, language: str, pivot: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows of the items that both languages have, first in one and then in the other, by id."""
        nowhere = np.empty(0, np.int64)
        mine, theirs = self.places.get(language, nowhere), self.places.get(pivot, nowhere)
        _, left, right = np.intersect1d(self.ids[mine], self.ids[theirs], return_indices=True)
        return mine[left], theirs[right]


def retrieve(
    vectors: Vectors, rows: ParallelRows, language: str, pivot: str, direction: str
) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """Return the rows of ``language`` that are asked for, and the id that each finds.

    Queries and candidates are the items that both languages have: ``to`` the pivot, the language asks and the pivot
    answers; ``from`` the pivot the other way round.
    """
    own, other = rows.shared(language, pivot)
    asked, answering = (own, other) if direction == "to" else (other, own)
    return own, rows.ids[answering[nearest(vectors[asked], vectors[answering])]]
