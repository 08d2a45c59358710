"""Predictions and examples become example scores: a pure function, so a mended metric scores again without a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness import schema
from harness.errors import UserError
from harness.score import metrics


def score(predictions: pa.Table, examples: pa.Table, kind: str, labels: Sequence[str], job: str) -> pa.Table:
    """Return the `example_scores` of a table of `predictions`, by every metric of the task ``kind``.

    ``examples`` must hold the gold of every predicted (language, id); ``labels`` are the card's, in its order; ``job``
    is the scoring job's key.
    """
    gold = _gold(predictions, examples, kind)
    said = predictions["prediction"].to_pylist()
    tables = [
        _rows(predictions, job, metric, _scored(metric, gold, said, kind, labels)) for metric in metrics.METRICS[kind]
    ]
    return pa.concat_tables(tables)


def _gold(predictions: pa.Table, examples: pa.Table, kind: str) -> list[Any]:
    """Return the gold of each prediction: its label, its tags, or for retrieval its own id."""
    if kind == "retrieval":
        ids: list[Any] = predictions["id"].to_pylist()
        return ids
    column = "tags" if kind == "tagging" else "label"
    keys = zip(examples["language"].to_pylist(), examples["id"].to_pylist(), strict=True)
    found = dict(zip(keys, examples[column].to_pylist(), strict=True))
    wanted = list(zip(predictions["language"].to_pylist(), predictions["id"].to_pylist(), strict=True))
    missing = next((key for key in wanted if key not in found), None)
    if missing:
        raise UserError(f"no gold for {missing[0]} {missing[1]}; its data changed since the prediction")
    return [found[key] for key in wanted]


def _scored(metric: str, gold: list[Any], said: list[str], kind: str, labels: Sequence[str]) -> metrics.Floats:
    """Return values [n] or statistics [n, k] of one metric."""
    if kind == "tagging":
        if metric == "balanced_accuracy":
            return metrics.tag_class_counts(gold, said, labels)
        return metrics.span_counts(gold, said) if metric == "f1" else metrics.tag_counts(gold, said)
    if metric == "accuracy":
        return metrics.accuracy(gold, said)
    return metrics.class_counts(gold, said, labels)


def _rows(predictions: pa.Table, job: str, metric: str, scored: metrics.Floats) -> pa.Table:
    n = len(predictions)
    mean = metric in metrics.MEANS
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
