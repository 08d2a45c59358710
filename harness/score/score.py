"""Predictions and examples become example scores: a pure function, so a mended metric scores again without a model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness import schema
from harness.score import metrics, squad, translation
from harness.score.gold import Answered

Scorer = Callable[[Answered], metrics.Floats]
"""Predictions beside their gold → values [n] where the metric is a mean, else statistics [n, k]."""


def score(predictions: pa.Table, examples: pa.Table, kind: str, labels: Sequence[str], job: str) -> pa.Table:
    """Return the `example_scores` of a table of `predictions`, by every metric of the task ``kind``.

    Args:
        predictions: `dataset` says how answers are normalised; `other` and `direction` are read of kinds with a pivot.
        examples: `language`, `id` and the column of :data:`gold.COLUMNS`, of every predicted (language, id); for
            kinds of :data:`gold.PIVOTED` the pivot's rows as well.
        kind: a task kind, or ``mined``: retrieval that may find nothing for a sentence.
        labels: the card's, in its order.
        job: the scoring job's key.

    Raises:
        UserError: for a prediction without gold; for translation where sacrebleu is not installed.
    """
    answered = Answered(predictions, examples, labels)
    chosen = scorers(kind, labels)
    return pa.concat_tables(_rows(predictions, job, metric, scored(answered)) for metric, scored in chosen.items())


def scorers(kind: str, labels: Sequence[str] = ()) -> dict[str, Scorer]:
    """Return metric → scorer of a kind on this machine; tags that are no BIO tags have runs instead of spans.

    spBLEU is there where its tokenizer is: :func:`translation.why_not`.
    """
    if kind == "tagging" and not {label.partition("-")[0] for label in labels} <= {"B", "I", "O"}:
        return SCORERS["bare tagging"]
    return {m: s for m, s in SCORERS[kind].items() if m != "spbleu" or translation.why_not(m) is None}


def _accuracy(a: Answered) -> metrics.Floats:
    return metrics.accuracy(a.label, a.said)


def _classes(a: Answered) -> metrics.Floats:
    return metrics.class_counts(a.label, a.said, a.labels)


def _translated(metric: str, a: Answered) -> metrics.Floats:
    return translation.counts(metric, a.references, a.said)


_BY_WORD: dict[str, Scorer] = {
    "token_accuracy": lambda a: metrics.tag_counts(a.tags, a.said),
    "balanced_accuracy": lambda a: metrics.tag_class_counts(a.tags, a.said, a.labels),
}

SCORERS: dict[str, dict[str, Scorer]] = {
    "classification": {"accuracy": _accuracy, "macro_f1": _classes, "balanced_accuracy": _classes},
    "tagging": {"f1": lambda a: metrics.span_counts(a.tags, a.said), **_BY_WORD},
    "bare tagging": {"xtreme_f1": lambda a: metrics.run_counts(a.tags, a.said), **_BY_WORD},
    "span": {
        "f1": lambda a: squad.f1(a.answers, a.said),
        "exact_match": lambda a: squad.exact_match(a.answers, a.said),
    },
    "choice": {"accuracy": _accuracy},
    "retrieval": {"accuracy": lambda a: metrics.accuracy(a.ids, a.said)},
    "mined": {"mined_f1": lambda a: metrics.pair_counts(a.partners, a.said)},
    "translation": {metric: partial(_translated, metric) for metric in translation.METRICS},
    "mlm": {"masked_probability": lambda a: metrics.mask_counts(a.said)},
}
"""Kind of predictions → metric → its scorer; the first is the headline where the card's metric is not among them."""

FIRST = sorted({next(iter(scorers)) for scorers in SCORERS.values()})


def headline_metric(carded: str | None, measured: Collection[str]) -> str:
    """Return which of the metrics of a test set is its headline: that of its card, else the first of its kind.

    A data set that is read otherwise than its card says, as FLORES for translation, has that of what it is read for;
    of metrics that are none of ours it is the first by name.
    """
    ranked = [*([carded] if carded else []), *FIRST]
    return next((metric for metric in ranked if metric in measured), min(measured))


def _rows(predictions: pa.Table, job: str, metric: str, scored: metrics.Floats) -> pa.Table:
    n = len(predictions)
    mean = scored.ndim == 1
    own = {
        "job": pa.array([job] * n, pa.string()),
        "metric": pa.array([metric] * n, pa.string()),
        "value": pa.array(scored) if mean else pa.nulls(n, pa.float64()),
        "stats": pa.nulls(n, pa.list_(pa.float64())) if mean else _lists(scored),
    }
    wanted = schema.arrow("example_scores")
    columns = [own[f.name] if f.name in own else predictions[f.name].combine_chunks() for f in wanted]
    return pa.table([pc.cast(c, f.type) for c, f in zip(columns, wanted, strict=True)], schema=wanted)


def _lists(rows: metrics.Floats) -> pa.ListArray:
    offsets = np.arange(0, rows.size + 1, rows.shape[1], dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, rows.ravel())
