"""The nearest sentence in another language, by pooled states: nothing is trained for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from harness.store import Spec
from harness.train.batches import Indices, reading_batches, reading_padding
from harness.train.ground import Ground
from harness.train.kinds import predictions, task
from harness.train.kinds.neighbours import Vectors, nearest
from harness.train.states import READING_TOKENS, Inputs


def predict(ground: Ground, rows: pa.Table, spec: Spec, job: str) -> tuple[pa.Table, Indices, float]:
    """Return the predictions of every layer, direction and language, the texts' lengths [n], and their padding."""
    asked = spec["task"]
    encoded = ground.encode([ground.model.prefix + text for text in ground.texts(rows)])
    places = ParallelRows(rows["language"].to_pylist(), rows["id"].to_pylist())
    pooling, margin, pivot = asked.get("pooling", ground.model.pooling), asked.get("margin"), asked["pivot"]
    tables = []
    for layer, found in vectors(ground, ground.inputs(encoded), asked["layers"], pooling).items():
        for direction in asked["directions"]:
            shared = [places.shared(code, pivot) for code in spec["data"]["languages"]]
            said = np.concatenate([places.ids[retrieve(found, *both, direction, margin)] for both in shared])
            at = np.concatenate([own for own, _ in shared])
            fixed = {"other": pivot, "direction": direction, "layer": layer}
            tables.append(predictions.table(job, rows.take(at), said.tolist(), **fixed))
    lengths = encoded.lengths
    return pa.concat_tables(tables), lengths, reading_padding(lengths, int(lengths.sum()), READING_TOKENS)


@torch.inference_mode()
def vectors(ground: Ground, inputs: Inputs, layers: Sequence[int], pooling: str) -> dict[int, Vectors]:
    """Return unit vectors [n, hidden] of each text at each of ``layers``."""
    n = len(inputs.encoded)
    out = {layer: np.empty((n, ground.encoder.hidden), np.float32) for layer in layers}
    for batch in reading_batches(inputs.encoded.lengths, READING_TOKENS):
        states, mask = ground.read(inputs, batch)
        for layer in layers:
            pooled = task.pool(states[layer - ground.encoder.level], mask, pooling).float()
            out[layer][batch] = nn.functional.normalize(pooled, dim=-1).cpu().numpy()
    return out


class ParallelRows:
    """Where each language's items stand among the rows of a test set."""

    def __init__(self, languages: Sequence[str], ids: Sequence[str]) -> None:
        self.ids = np.asarray(ids)
        codes = np.asarray(languages)
        order = np.argsort(codes, kind="stable")
        names, starts = np.unique(codes[order], return_index=True)
        self.places = dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True))

    def shared(self, language: str, pivot: str) -> tuple[Indices, Indices]:
        """Return the rows of the items that both languages have, first in one and then in the other, by id."""
        mine, theirs = self._of(language), self._of(pivot)
        _, left, right = np.intersect1d(self.ids[mine], self.ids[theirs], return_indices=True)
        return mine[left], theirs[right]

    def pair(self, language: str, pivot: str) -> tuple[Indices, Indices]:
        """Return all rows of a language, and those of the pivot that were put beside it.

        A sentence of the pivot without a translation has its pair's mark before its number, which the language's own
        ids begin with: ``de:en-5`` beside ``de-7``.
        """
        mine, theirs = self._of(language), self._of(pivot)
        marks = {i.partition("-")[0] for i in self.ids[mine].tolist()}
        beside = [i.partition(":")[0] in marks for i in self.ids[theirs].tolist()]
        return mine, theirs[np.isin(self.ids[theirs], self.ids[mine]) | np.asarray(beside, bool)]

    def _of(self, language: str) -> Indices:
        found: Indices = self.places.get(language, np.empty(0, np.int64))
        return found


def retrieve(vectors: Vectors, own: Indices, pivot: Indices, direction: str, margin: int | None = None) -> Indices:
    """Return the row that each item finds, of parallel rows [n] of a language and of the pivot.

    ``to`` the pivot, the language asks and the pivot answers; ``from`` the pivot the other way round. The nearest is
    that of the highest cosine, or ratio margin over so many neighbours.
    """
    asked, answering = (own, pivot) if direction == "to" else (pivot, own)
    found: Indices = answering[nearest(vectors[asked], vectors[answering], margin)]
    return found
