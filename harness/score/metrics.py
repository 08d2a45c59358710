"""Metrics, example by example: a value [n] where the metric is a mean, sufficient statistics [n, k] where not.

A metric is a pure function of gold and prediction. What is computed over a corpus (F1) keeps the counts of each
example, so that any subset, resample or language scores again as a sum of rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from harness.score import corpus

Floats = NDArray[np.float64]

Span = tuple[str, int, int]
"""Type, first word, word after the last."""


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
    return _found(spans, gold, said)


def run_counts(gold: Sequence[Sequence[str]], said: Sequence[str]) -> Floats:
    """Return [tp, fp, fn] over runs of equal tags of each sentence [n, 3]: XTREME's F1 of UD-POS; ``said`` is JSON."""
    return _found(runs, gold, said)


def _found(read: Callable[[Sequence[str]], set[Span]], gold: Sequence[Sequence[str]], said: Sequence[str]) -> Floats:
    pairs = [(read(g), read(json.loads(s))) for g, s in zip(gold, said, strict=True)]
    return np.asarray([[len(g & s), len(s - g), len(g - s)] for g, s in pairs], np.float64)


def spans(tags: Sequence[str]) -> set[Span]:
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


def runs(tags: Sequence[str]) -> set[Span]:
    """Return the runs (tag, first word, word after the last) of equal tags that are no BIO tags.

    As seqeval before 1.0 read them, by which XTREME scores UD-POS: a tag that starts with S (SYM, SCONJ) was taken for
    a span of one word, and never runs on.
    """
    starts = [i for i, tag in enumerate(tags) if i == 0 or tag != tags[i - 1] or tag.startswith("S")]
    return {(tags[start], start, end) for start, end in pairwise([*starts, len(tags)])}


def pair_counts(gold: Sequence[str], said: Sequence[str]) -> Floats:
    """Return [tp, fp, fn] over pairs, of each sentence [n, 3]; "" is gold of a sentence without one, or none is said.

    A wrong pair is a pair too many, and the right one is missed.
    """
    right, there = np.asarray(gold, object), np.asarray(said, object)
    hit = right == there
    return np.stack([hit & (right != ""), ~hit & (there != ""), ~hit & (right != "")], axis=-1).astype(np.float64)


def mask_counts(said: Sequence[str]) -> Floats:
    """Return [sum of log2 p of the masked tokens, tokens, UTF-8 bytes] of each text [n, 3]; ``said`` is JSON of it."""
    return np.asarray([json.loads(s) for s in said], np.float64).reshape(-1, 3)


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


def token_accuracy(counts: Floats) -> Floats:
    """Return the share of words whose tag is right, of summed counts [..., 2]."""
    return np.asarray(counts[..., 0] / counts[..., 1])


def masked_probability(counts: Floats) -> Floats:
    """Return the geometric mean of a masked token's probability, of summed :func:`mask_counts` [..., 3]."""
    return np.exp2(counts[..., 0] / counts[..., 1])


OF_COUNTS: dict[str, Callable[[Floats], Floats]] = {
    "macro_f1": macro_f1,
    "balanced_accuracy": balanced_accuracy,
    "f1": corpus.micro_f1_from_stats,
    "token_accuracy": token_accuracy,
    "xtreme_f1": corpus.micro_f1_from_stats,
    "mined_f1": corpus.micro_f1_from_stats,
    "chrf": lambda counts: corpus.chrf_from_stats(counts) / 100,
    "bleu": lambda counts: corpus.bleu_from_stats(counts) / 100,
    "spbleu": lambda counts: corpus.bleu_from_stats(counts) / 100,
    "masked_probability": masked_probability,
    "bits_per_byte": lambda counts: -counts[..., 0] / counts[..., 2],
    "pseudo_perplexity": lambda counts: 1 / masked_probability(counts),
}
"""Metric → its score of summed statistics [..., k] → [...]: a ratio, save the last two, of which less is better.

These are of the same statistics as `masked_probability`, each token masked once (Salazar et al. 2020, Masked Language
Model Scoring): bits that a byte of text costs, whatever the tokenizer, and how many tokens there seem to choose from.
"""


def of_counts(metric: str, counts: Floats) -> Floats:
    """Return the score of summed statistics [..., k]; broadcast over the leading axes."""
    return OF_COUNTS[metric](counts)
