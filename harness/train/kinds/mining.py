"""Which sentences of two corpora are translations of each other, as BUCC asks: most of them have none.

jiant's way (`tasks/lib/bucc2018.py` at daa5a25, after XTREME and LASER): equal sentences count once, a pair's score is
its ratio margin, each sentence is in one pair at most, and the least score that is believed is chosen on dev. There a
pair of sentences that stand several times counts for all their ids; here each row says one, the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harness.rows import tested
from harness.store import Spec
from harness.train.batches import Indices, padding, reading_batches
from harness.train.ground import Ground
from harness.train.kinds import predictions
from harness.train.kinds.neighbours import Scores, Vectors, margins, neighbours
from harness.train.kinds.retrieval import ParallelRows, vectors
from harness.train.states import READING_TOKENS

NEIGHBOURS = 4
"""Of each sentence, where a suite does not say: jiant's."""


def predict(ground: Ground, rows: pa.Table, spec: Spec, job: str, data: Path | None) -> tuple[pa.Table, Indices, float]:
    """Return what every row of the tested languages found at every layer, or "", the texts' lengths, and their padding.

    Mining looks both ways at once: all directions that are asked for say the same.
    """
    asked = spec["task"]
    task = {"pivot": asked["pivot"], **asked["tune"]}
    tune = tested({"data": asked["tune"]["data"], "task": task, "limit": spec["limit"]}, data)
    parts = [(r, ParallelRows(r["language"].to_pylist(), r["id"].to_pylist())) for r in (tune, rows)]
    tables, read = [], []
    for code in spec["data"]["languages"]:
        dev, test = (Corpora(ground, r, *places.pair(code, asked["pivot"]), asked) for r, places in parts)
        read += dev.read + test.read
        for layer in asked["layers"]:
            least = threshold(*dev.mined(layer), dev.gold)
            said, scores = test.mined(layer)
            believed = np.where(scores >= least, said, "").tolist()
            for direction in asked["directions"]:
                fixed = {"other": asked["pivot"], "direction": direction, "layer": layer}
                tables.append(predictions.table(job, test.rows, believed, **fixed))
    lengths = np.concatenate(read) if read else np.empty(0, np.int64)
    return pa.concat_tables(tables), lengths, padding(read, int(lengths.sum()))


class Corpora:
    """The rows of a language and of the pivot between which pairs are sought, and the vectors of their sentences."""

    def __init__(self, ground: Ground, rows: pa.Table, own: Indices, pivot: Indices, asked: Spec) -> None:
        self.rows = rows.take(own)
        self.ids, self.pivot_ids = (np.asarray(rows["id"].take(at).to_pylist(), np.str_) for at in (own, pivot))
        self.k = asked.get("margin", NEIGHBOURS)
        texts = [text.strip() for text in ground.texts(rows.take(np.concatenate([own, pivot])))]
        (mine, self.which), (theirs, at) = _once(texts[: len(own)]), _once(texts[len(own) :])
        self.first = np.unique(at, return_index=True)[1]
        self.read: list[Indices] = []
        found = self._vectors(ground, mine + theirs, asked)
        self.vectors = {layer: (v[: len(mine)], v[len(mine) :]) for layer, v in found.items()}

    def _vectors(self, ground: Ground, texts: Sequence[str], asked: Spec) -> dict[int, Vectors]:
        if not texts:  # a limit may leave a language nothing
            return dict.fromkeys(asked["layers"], np.empty((0, ground.encoder.hidden), np.float32))
        encoded = ground.encode([ground.model.prefix + text for text in texts])
        self.read = [encoded.lengths[batch] for batch in reading_batches(encoded.lengths, READING_TOKENS)]
        return vectors(ground, ground.inputs(encoded), asked["layers"], asked.get("pooling", ground.model.pooling))

    @property
    def gold(self) -> NDArray[np.str_]:
        """The id of each row [n] that has a translation in the pivot, "" of the others."""
        return np.where(np.isin(self.ids, self.pivot_ids), self.ids, "")

    def mined(self, layer: int) -> tuple[NDArray[np.str_], Scores]:
        """Return the pivot's id that each row [n] found at a layer, "" for none, and the score of the pair."""
        partners, scores = pairs(*self.vectors[layer], self.k)
        there = partners[self.which] >= 0
        said = np.full(len(self.ids), "", self.pivot_ids.dtype)
        said[there] = self.pivot_ids[self.first[partners[self.which[there]]]]
        return said, scores[self.which]


def _once(texts: Sequence[str]) -> tuple[list[str], Indices]:
    """Return the different texts in the order in which they come, and which of them each text [n] is."""
    place: dict[str, int] = {}
    which = [place.setdefault(text, len(place)) for text in texts]
    return list(place), np.asarray(which, np.int64)


def pairs(own: Vectors, pivot: Vectors, k: int) -> tuple[Indices, Scores]:
    """Return for each of a language's sentences [n] its partner's place in the pivot's, -1 for none, and their margin.

    Candidates are the best of each sentence of either side. They are taken by descending margin, as long as both are
    free and it is above 0.
    """
    partners, scores = np.full(len(own), -1), np.zeros(len(own), np.float32)
    if not len(own) or not len(pivot):
        return partners, scores
    near, back = neighbours(own, pivot, k), neighbours(pivot, own, k)
    forward, backward = margins(near, back), margins(back, near)
    everyone, others = np.arange(len(own)), np.arange(len(pivot))
    left = np.concatenate([everyone, back.places[others, backward.argmax(1)]])
    right = np.concatenate([near.places[everyone, forward.argmax(1)], others])
    found = np.concatenate([forward.max(1), backward.max(1)])
    taken = np.zeros(len(pivot), bool)
    for i in np.argsort(-found, kind="stable"):
        a, b = left[i], right[i]
        if found[i] > 0 and partners[a] < 0 and not taken[b]:
            partners[a], scores[a], taken[b] = b, found[i], True
    return partners, scores


def threshold(said: NDArray[np.str_], scores: Scores, gold: NDArray[np.str_]) -> float:
    """Return the score from which on pairs are believed: that with the highest F1, midway to the next lower score.

    It is the last score itself where every pair is believed, and 0 where no pair is right.
    """
    order = np.argsort(-scores, kind="stable")
    order = order[said[order] != ""]
    right = np.cumsum(said[order] == gold[order])
    if not len(order) or not right[-1]:
        return 0.0
    f1 = 2 * right / (np.arange(1, len(order) + 1) + np.count_nonzero(gold != ""))
    best, ranked = int(f1.argmax()), scores[order].astype(float)
    return float(ranked[best : best + 2].mean())
