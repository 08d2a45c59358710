"""Predictions and examples become example scores of the schema; each prediction is scored against its own gold."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from harness import schema
from harness.errors import UserError
from harness.score.score import score

LABELS = ["place", "language"]
TAGS = ["O", "B-DAY", "I-DAY"]


def predictions_of(rows: list[tuple[str, str, str]], **fixed: Any) -> pa.Table:
    """Return a table of predictions from rows of (language, id, prediction)."""
    columns: dict[str, list[Any]] = {
        "job": ["p"] * len(rows),
        "dataset": ["toy"] * len(rows),
        "edition": ["as-released"] * len(rows),
        "split": ["test"] * len(rows),
        **{name: [row[i] for row in rows] for i, name in enumerate(("language", "id", "prediction"))},
        **{name: [value] * len(rows) for name, value in fixed.items()},
    }
    wanted = schema.arrow("predictions")
    kinds = [pa.int32() if f.name == "layer" else pa.string() for f in wanted]
    plain = [pa.array(columns.get(f.name, [None] * len(rows)), kind) for f, kind in zip(wanted, kinds, strict=True)]
    return pa.table([array.cast(f.type) for array, f in zip(plain, wanted, strict=True)], schema=wanted)


def examples_of(rows: list[tuple[str, str, Any]], column: str) -> pa.Table:
    return pa.table({"language": [r[0] for r in rows], "id": [r[1] for r in rows], column: [r[2] for r in rows]})


GOLD = [("deu_Latn", "1", "place"), ("fin_Latn", "1", "language"), ("deu_Latn", "2", "language")]


def test_each_prediction_meets_the_gold_of_its_language_and_id() -> None:
    said = [("deu_Latn", "2", "language"), ("fin_Latn", "1", "place"), ("deu_Latn", "1", "place")]
    found = score(predictions_of(said), examples_of(GOLD, "label"), "classification", LABELS, "s").to_pylist()
    values = {(r["language"], r["id"]): r["value"] for r in found if r["metric"] == "accuracy"}
    assert values == {("deu_Latn", "2"): 1.0, ("fin_Latn", "1"): 0.0, ("deu_Latn", "1"): 1.0}
    # [tp, fp, fn] of place, then of language
    stats = {(r["language"], r["id"]): r["stats"] for r in found if r["metric"] == "balanced_accuracy"}
    assert stats["deu_Latn", "2"] == [0, 0, 0, 1, 0, 0]
    assert stats["fin_Latn", "1"] == [0, 1, 0, 0, 0, 1]
    assert stats == {(r["language"], r["id"]): r["stats"] for r in found if r["metric"] == "macro_f1"}


def test_a_value_or_statistics_stand_and_never_both() -> None:
    found = score(predictions_of(GOLD), examples_of(GOLD, "label"), "classification", LABELS, "s")
    assert found.schema.equals(schema.arrow("example_scores"))
    assert len(found) == 3 * len(GOLD)
    for row in found.to_pylist():
        assert (row["value"] is None) != (row["stats"] is None)
        assert (row["job"], row["dataset"], row["split"]) == ("s", "toy", "test")


def test_sentences_are_scored_by_spans_and_by_words() -> None:
    gold = [("deu_Latn", "1", ["B-DAY", "I-DAY", "O"])]
    said = [("deu_Latn", "1", json.dumps(["B-DAY", "O", "O"]))]
    found = score(predictions_of(said), examples_of(gold, "tags"), "tagging", TAGS, "s").to_pylist()
    assert {r["metric"]: r["stats"] for r in found} == {
        "f1": [0, 1, 1],
        "token_accuracy": [2, 3],
        "balanced_accuracy": [1, 1, 0, 1, 0, 0, 0, 0, 1],  # O is said once too often, I-DAY is missed
    }


def test_retrieval_is_right_where_an_item_finds_itself_in_every_direction_and_layer() -> None:
    said = [("deu_Latn", "1", "1"), ("deu_Latn", "2", "1")]
    one = predictions_of(said, other="eng_Latn", direction="to", layer=1)
    two = predictions_of(said[:1], other="eng_Latn", direction="from", layer=2)
    table = pa.concat_tables([one, two]).unify_dictionaries()
    found = score(table, examples_of([], "label"), "retrieval", [], "s").to_pylist()
    keys = ("id", "other", "direction", "layer", "metric", "value")
    assert [tuple(r[k] for k in keys) for r in found] == [
        ("1", "eng_Latn", "to", 1, "accuracy", 1.0),
        ("2", "eng_Latn", "to", 1, "accuracy", 0.0),
        ("1", "eng_Latn", "from", 2, "accuracy", 1.0),
    ]


def test_a_prediction_without_gold_is_refused() -> None:
    said = [*GOLD, ("swe_Latn", "9", "place")]
    with pytest.raises(UserError, match="no gold for swe_Latn 9; its data changed since the prediction"):
        score(predictions_of(said), examples_of(GOLD, "label"), "classification", LABELS, "s")


def test_the_same_item_in_two_languages_is_two_items() -> None:
    said = [("deu_Latn", "1", "place"), ("fin_Latn", "1", "language")]
    found = score(predictions_of(said), examples_of(GOLD, "label"), "classification", LABELS, "s").to_pylist()
    assert [r["value"] for r in found if r["metric"] == "accuracy"] == [1.0, 1.0]
