"""Every Eval Ever read in: other people's records, and our own exports, which must come back as what they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.analysis.compare import Comparer
from harness.analysis.outside import imported
from harness.analysis.results import Results, from_store
from harness.exchange import export
from harness.store import Store

Record = dict[str, Any]


def result(name: str, score: float, *, metric: Record | None = None, **details: str) -> Record:
    return {
        "evaluation_result_id": name,
        "evaluation_name": name,
        "source_data": {"dataset_name": "Global MMLU Lite", "source_type": "url", "url": ["https://example.org"]},
        "metric_config": {"lower_is_better": False, "metric_name": "accuracy"} | (metric or {}),
        "score_details": {"score": score, "details": details},
    }


def record(folder: Path, model: str, results: list[Record], samples: list[Record] | None = None) -> None:
    """Write a record of the least that the schema asks for, and rows of items beside it."""
    told = {
        "schema_version": "0.3.0",
        "evaluation_id": f"e/{model}",
        "model_info": {"name": model, "id": model},
        "evaluation_results": results,
    }
    place = folder / "data" / "global-mmlu-lite" / model
    place.mkdir(parents=True)
    (place / "u.json").write_text(json.dumps(told, indent=2), encoding="utf-8")
    if samples:
        rows = [{"evaluation_id": f"e/{model}", "model_id": model, **row} for row in samples]
        (place / "u_samples.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def sample(name: str, item: str, score: float, **metadata: str) -> Record:
    told = {"evaluation_name": name, "sample_id": item, "metadata": metadata}
    return told | {"evaluation": {"score": score, "is_correct": score == 1}, "evaluation_result_id": name}


def rows(results: Results, columns: str) -> list[tuple[Any, ...]]:
    return results.con.execute(f"select {columns} from results order by all").fetchall()


# -- other people's ----------------------------------------------------------------------------------------------------


def test_an_evaluation_that_is_called_as_a_language_is_of_that_language(tmp_path: Path) -> None:
    names = {"Global MMLU Lite": 0.5, "Swahili": 0.25, "Global MMLU Lite Culturally Sensitive": 0.5, "Arabic": 0.75}
    record(tmp_path, "google/gemma-3-4b", [result(name, score) for name, score in names.items()])
    results = imported(tmp_path, "eee")
    assert rows(results, "arm, target, language, metric, value, id") == [
        ("google/gemma-3-4b", "Global MMLU Lite", "arb_Arab", "accuracy", 0.75, "(whole test set)"),
        ("google/gemma-3-4b", "Global MMLU Lite", "swh_Latn", "accuracy", 0.25, "(whole test set)"),
    ]
    assert "left out: 2 scores of no language that is known" in results.suite.name


def test_a_score_is_read_on_the_scale_that_its_record_names(tmp_path: Path) -> None:
    points = {"min_score": 0, "max_score": 100}
    record(
        tmp_path,
        "m",
        [
            result("a_swh_Latn", 25, metric=points),
            result("b_swh_Latn", 25, metric={"metric_name": "chrf"}),
            result("c_swh_Latn", 0.5, metric={"metric_name": "wer", "lower_is_better": True}),
        ],
    )
    results = imported(tmp_path, "eee")
    assert rows(results, "metric, value") == [("accuracy", 0.25)]
    assert "1 score not on their own scale, 1 score of metrics where less is better" in results.suite.name


def test_items_are_taken_before_the_score_that_sums_them_up(tmp_path: Path) -> None:
    items = [sample("mgsm_de", f"q{i}", i % 2) for i in range(4)]
    record(tmp_path, "m", [result("mgsm_de", 0.5), result("xnli_de", 0.75)], items)
    assert rows(imported(tmp_path, "eee"), "target, language, id, value") == [
        *(("Global MMLU Lite_mgsm", "deu_Latn", f"q{i}", i % 2) for i in range(4)),
        ("Global MMLU Lite_xnli", "deu_Latn", "(whole test set)", 0.75),
    ]


def test_a_whole_score_is_never_taken_for_one_more_item(tmp_path: Path) -> None:
    items = [sample("mgsm_de", f"q{i}", i % 2) for i in range(4)]
    record(tmp_path, "m", [result("mgsm_de", 0.5), result("mgsm_fr", 0.75)], items)
    results = imported(tmp_path, "eee")
    assert {code for _, code in rows(results, "id, language")} == {"deu_Latn"}
    assert "left out: 1 score of whole test sets where others are of single items" in results.suite.name


def test_a_model_with_items_and_one_without_share_nothing_to_test(tmp_path: Path) -> None:
    for model, items in (("a", [sample("mgsm_de", "q0", 1)]), ("b", [])):
        record(tmp_path, model, [result("mgsm_de", 1)], items)
    (report,) = Comparer(imported(tmp_path, "eee")).between("a", "b", None)
    assert (report["verdict"], report["estimate"]) == ("no_overlap", None)


# -- our own -----------------------------------------------------------------------------------------------------------


NAMED = "replace(arm, 'stiltbench/tiny-', ''), split_part(target, '.', 2)"
"""The arm and the target of a score that comes back."""


def test_scores_come_back_from_every_eval_ever_as_whole_scores(small_store: Store, tmp_path: Path) -> None:
    export("small", "eee", tmp_path / "eee", small_store)
    place = "dataset, split, language, direction, layer, metric"
    own = from_store(small_store, "small").con.sql(
        f"""select arm, target, {place}, round(avg(value), 6) from scores
            where target <> 'intermediate' and value is not null group by all"""
    )
    back = imported(tmp_path / "eee", "eee").con
    scores = back.sql(
        f"""select {NAMED}, {place}, round(value, 6) from results
            where direction is not null or target not like '%.retrieval.%'"""
    )
    assert sorted(scores.fetchall(), key=str) == sorted(own.fetchall(), key=str)
    assert back.sql("select distinct id from results").fetchall() == [("(whole test set)",)]


def test_items_come_back_from_every_eval_ever_as_what_they_were(small_store: Store, tmp_path: Path) -> None:
    export("small", "eee", tmp_path / "eee", small_store, instances=True)
    place = "seed, dataset, split, language, direction, layer, id, metric, round(value, 8)"
    own = from_store(small_store, "small").con
    given = own.sql(f"select arm, target, {place} from results where value is not null and target <> 'intermediate'")
    back = imported(tmp_path / "eee", "eee").con
    items = back.sql(f"select {NAMED}, {place} from results where id <> '(whole test set)'")
    expected = sorted(given.fetchall(), key=str)
    assert sorted(items.fetchall(), key=str) == expected
    assert {row[5] for row in expected} == {"deu_Latn", "fin_Latn", "hin_Deva", "nno_Latn"}
