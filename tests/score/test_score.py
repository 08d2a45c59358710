"""Predictions and examples become example scores of the schema; each prediction is scored against its own gold."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from harness import schema
from harness.data.cards import DatasetCard, dataset_card, dataset_names
from harness.errors import UserError
from harness.score.metrics import of_counts
from harness.score.score import headline_metric, score, scorers

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


def scored(found: pa.Table, metric: str) -> list[Any]:
    """Return what each prediction has of a metric: its value, or its statistics."""
    return [r["stats"] if r["value"] is None else r["value"] for r in found.to_pylist() if r["metric"] == metric]


def test_the_first_metric_of_a_kind_is_its_headline() -> None:
    assert {kind: next(iter(scorers(kind, TAGS))) for kind in schema.TASK_KINDS} == {
        "classification": "accuracy", "tagging": "f1", "span": "f1", "choice": "accuracy", "retrieval": "accuracy",
        "translation": "chrf", "mlm": "masked_probability",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("carded", "measured", "headline"),
    [
        ("macro_f1", {"accuracy", "macro_f1"}, "macro_f1"),
        ("accuracy", {"bleu", "chrf"}, "chrf"),  # FLORES, whose card says retrieval, read for translation
        (None, {"token_accuracy", "f1"}, "f1"),
        (None, {"rouge", "main_score"}, "main_score"),
    ],
)
def test_a_headline_is_the_metric_of_the_card_else_the_first_of_the_kind(
    carded: str | None, measured: set[str], headline: str
) -> None:
    assert headline_metric(carded, measured) == headline


@pytest.mark.parametrize("card", [dataset_card(name) for name in dataset_names()], ids=lambda card: card.name)
def test_the_metric_of_a_card_is_one_that_its_kind_is_scored_by(card: DatasetCard) -> None:
    assert card.metric in scorers(card.kind, card.labels)


def test_tags_that_are_no_spans_are_scored_by_runs() -> None:
    gold = [("deu_Latn", "1", ["DET", "NOUN", "NOUN"])]
    said = [("deu_Latn", "1", json.dumps(["DET", "NOUN", "VERB"]))]
    found = score(predictions_of(said), examples_of(gold, "tags"), "tagging", ["DET", "NOUN", "VERB"], "s")
    assert set(found["metric"].to_pylist()) == {"xtreme_f1", "token_accuracy", "balanced_accuracy"}
    assert scored(found, "xtreme_f1") == [[1, 2, 1]]


@pytest.mark.parametrize(("dataset", "exact", "overlap"), [("mlqa", 1, 1), ("xquad", 0, 0.5)])
def test_an_answer_is_read_as_its_data_set_reads_it(dataset: str, exact: float, overlap: float) -> None:
    gold = [("deu_Latn", "1", [{"text": "die Zeit", "start": 3}]), ("deu_Latn", "2", []), ("deu_Latn", "3", None)]
    said = predictions_of([("deu_Latn", "2", ""), ("deu_Latn", "3", "ja"), ("deu_Latn", "1", "der Zeit")])
    found = score(_of_dataset(said, dataset), examples_of(gold, "answers"), "span", [], "s")
    assert scored(found, "exact_match") == [1, 0, exact]
    assert scored(found, "f1") == [1, 0, overlap]


def _of_dataset(predictions: pa.Table, dataset: str) -> pa.Table:
    column = pa.array([dataset] * len(predictions)).dictionary_encode()
    return predictions.set_column(predictions.column_names.index("dataset"), "dataset", column)


def test_a_choice_is_right_at_the_place_of_the_right_one() -> None:
    gold = [("deu_Latn", "1", "0"), ("deu_Latn", "2", "3")]
    found = score(predictions_of([*gold[:1], ("deu_Latn", "2", "1")]), examples_of(gold, "label"), "choice", [], "s")
    assert scored(found, "accuracy") == [1, 0]


def test_a_mined_sentence_has_a_pair_where_the_pivot_has_its_id() -> None:
    pivot = [("eng_Latn", "1", None), ("eng_Latn", "2", None), ("eng_Latn", "deu:9", None)]
    said = predictions_of(
        [("deu_Latn", "1", "1"), ("deu_Latn", "2", "deu:9"), ("deu_Latn", "3", ""), ("deu_Latn", "4", "2")],
        other="eng_Latn",
        direction="to",
    )
    found = score(said, examples_of(pivot, "text"), "mined", [], "s")
    assert scored(found, "mined_f1") == [[1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 1, 0]]


def test_a_translation_is_compared_with_the_text_in_the_language_that_it_went_into() -> None:
    texts = [("deu_Latn", "1", "Das Haus ist rot."), ("eng_Latn", "1", "The house is red.")]
    into = {"to": "The house is red.", "from": "Das Haus ist rot."}
    for direction, text in into.items():
        said = predictions_of([("deu_Latn", "1", text)], other="eng_Latn", direction=direction)
        found = score(said, examples_of(texts, "text"), "translation", [], "s")
        for metric in ("chrf", "bleu"):
            assert of_counts(metric, np.array(scored(found, metric)[0])) == pytest.approx(1)
    said = predictions_of([("deu_Latn", "1", into["to"])], other="eng_Latn", direction="from")
    found = score(said, examples_of(texts, "text"), "translation", [], "s")
    assert of_counts("bleu", np.array(scored(found, "bleu")[0])) < 0.5


def test_what_a_model_gives_masked_tokens_is_kept_as_it_was_counted() -> None:
    said = [("deu_Latn", "1", "[-6.0, 3, 12]"), ("deu_Latn", "2", "[-2.5, 1, 4]")]
    found = score(predictions_of(said), examples_of([], "text"), "mlm", [], "s")
    assert set(found["metric"].to_pylist()) == {"masked_probability"}
    assert scored(found, "masked_probability") == [[-6, 3, 12], [-2.5, 1, 4]]
