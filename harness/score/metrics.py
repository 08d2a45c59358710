"""Metrics of each task kind, example by example: a value where the metric is a mean, sufficient statistics where not.

A metric is a pure function of gold and prediction. What is computed over a corpus (F1) keeps the counts of each
example, so that any subset, resample or language scores again as a sum of rows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.score import corpus

Floats = NDArray[np.float64]

METRICS = {
    "classification": ("accuracy", "macro_f1", "balanced_accuracy"),
    "tagging": ("f1", "token_accuracy", "balanced_accuracy"),
    "retrieval": ("accuracy",),
}
"""Task kind → the metrics that its predictions are scored by."""

MEANS = frozenset({"accuracy"})
"""Metrics that are a mean of example values; the others are computed from summed statistics."""


def accuracy(gold: Sequence[str], said: Sequence[str]) -> Floats:
    """Return 1 where the prediction equals the gold, else 0 [n]."""
    return np.asarray(np.asarray(gold, object) == np.asarray(said, object), np.float64)


def class_counts(gold: Sequence[str], said: Sequence[str], labels: Sequence[str]) -> Floats:
    """Return [tp, fp, fn] of each class in turn [n, 3 × classes]; a prediction that is no label has no fp."""
    order = np.asarray(labels, object)
    is_gold = np.asarray(gold, object)[:, None] == order
    is_said = np.asarray(said, object)[:, None] == order
    counts = np.stack([is_gold & is_said, is_said & ~is_gold, is_gold & ~is_said], axis=-1)
    return counts.reshape(len(gold), -1).astype(np.float64)


def tag_class_counts(gold: Sequence[Sequence[str]], said: Sequence[str], labels: Sequence[str]) -> Floats:
    """Return [tp, fp, fn] of each tag in turn, word by word, of each sentence [n, 3 × tags]; ``said`` is JSON."""
    pairs = [(g, json.loads(s)) for g, s in zip(gold, said, strict=True)]
    return np.stack([class_counts(g, s, labels).sum(0) for g, s in pairs])


def tag_counts(gold: Sequence[Sequence[str]], said: Sequence[str]) -> Floats:
    """Return [right, words] of each sentence [n, 2]; ``said`` is JSON."""
    pairs = [(g, json.loads(s)) for g, s in zip(gold, said, strict=True)]
    return np.asarray([[sum(a == b for a, b in zip(g, s, strict=True)), len(g)] for g, s in pairs], np.float64)


def span_counts(gold: Sequence[Sequence[str]], said: Sequence[str]) -> Floats:
    """Return [tp, fp, fn] over whole spans of each sentence [n, 3], as seqeval counts them; ``said`` is JSON."""
    pairs = [(spans(g), spans(json.loads(s))) for g, s in zip(gold, said, strict=True)]
    return np.asarray([[len(g & s), len(s - g), len(g - s)] for g, s in pairs], np.float64)


def spans(tags: Sequence[str]) -> set[tuple[str, int, int]]:
    """Return the spans (type, first word, word after the last) of BIO tags.

    As conlleval and seqeval read them: an I that follows no span of its type opens one.
    """
    found, kind, start = set(), "", 0
    for i, tag in enumerate([*tags, "O"]):
        mark, _, named = tag.partition("-")
        new = named or "_"
        if kind and not (mark == "I" and new == kind):
            found.add((kind, start, i))
            kind = ""
        if mark != "O" and not kind:
            kind, start = new, i
    return found


def _split(counts: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return counts [..., classes, 3] and which classes occur in the gold of the sum of largest support.

    One fixed set for all sums: a jackknife's sum without the only example of a class keeps that class.
    """
    by_class = counts.reshape(*counts.shape[:-1], -1, 3)
    support = by_class[..., 0] + by_class[..., 2]
    return by_class, support.reshape(-1, by_class.shape[-2]).max(0) > 0


def balanced_accuracy(counts: Floats) -> Floats:
    """Return the mean recall over the classes that occur in the gold, of summed counts [..., 3 × classes]."""
    by_class, there = _split(counts)
    tp, support = by_class[..., there, 0], by_class[..., there, 0] + by_class[..., there, 2]
    return np.asarray(np.divide(tp, support, out=np.zeros_like(tp), where=support > 0).mean(-1))


def macro_f1(counts: Floats) -> Floats:
    """Return the mean F1 over the classes that occur in the gold, of summed counts [..., 3 × classes]."""
    return corpus.macro_f1_from_stats(counts, _split(counts)[1])


def of_counts(metric: str, counts: Floats) -> Floats:
    """Return the score of summed statistics [..., k]; broadcast over the leading axes."""
    if metric == "f1":
        return np.asarray(corpus.f1_from_counts(counts[..., 0], counts[..., 1], counts[..., 2]))
    if metric == "token_accuracy":
        return np.asarray(counts[..., 0] / counts[..., 1])
    if metric == "balanced_accuracy":
        return balanced_accuracy(counts)
    if metric == "macro_f1":
        return macro_f1(counts)
    raise KeyError(metric)
