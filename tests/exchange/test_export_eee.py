"""Every Eval Ever: records and rows that its own schemas take, with the numbers of the page."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pyarrow.parquet as pq
import pytest

from harness import languages as lang
from harness.analysis.query import query
from harness.analysis.results import Measure, from_store
from harness.data import adapt
from harness.exchange import export
from harness.exchange.samples import samples
from harness.store import Store

LEADERBOARD = Path(__file__).parents[2] / "leaderboards" / "quickstart"
SCHEMAS = {"record": "eval.schema.json", "row": "instance_level_eval.schema.json"}

Record = dict[str, Any]


@pytest.fixture(scope="module")
def schemas() -> dict[str, jsonschema.Draft7Validator]:
    """The format's own schemas, which its package carries; its code is not imported."""
    try:
        package = importlib.metadata.distribution("every_eval_ever")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("every_eval_ever, which carries the format's schemas, is not installed")
    texts = {
        name: Path(str(package.locate_file(f"every_eval_ever/schemas/{file}"))).read_text(encoding="utf-8")
        for name, file in SCHEMAS.items()
    }
    return {name: jsonschema.Draft7Validator(json.loads(text)) for name, text in texts.items()}


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Record]]:
    """The records of the published quickstart, by their paths in the export."""
    out = tmp_path_factory.mktemp("eee") / "out"
    export("quickstart", "eee", out, source=LEADERBOARD / "results.parquet")
    return [(path.relative_to(out), json.loads(path.read_bytes())) for path in sorted(out.rglob("*.json"))]


@pytest.fixture(scope="module")
def items(small_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small suite with its items."""
    out = tmp_path_factory.mktemp("items") / "out"
    export("small", "eee", out, small_store, instances=True)
    return out


def of(records: list[tuple[Path, Record]], arm: str, target: str) -> dict[str, Record]:
    """Return the results of one record by their ids."""
    [found] = [
        r for _, r in records if r["model_info"]["id"].endswith(f"-{arm}") and f".{target}/" in r["evaluation_id"]
    ]
    return {result["evaluation_result_id"]: result for result in found["evaluation_results"]}


def test_every_record_is_valid(
    quickstart: list[tuple[Path, Record]], schemas: dict[str, jsonschema.Draft7Validator]
) -> None:
    for _, record in quickstart:
        schemas["record"].validate(record)
    without = {key: value for key, value in quickstart[0][1].items() if key != "model_info"}
    with pytest.raises(jsonschema.ValidationError, match="model_info"):
        schemas["record"].validate(without)


def test_there_is_a_record_for_every_arm_and_target_at_its_place(quickstart: list[tuple[Path, Record]]) -> None:
    assert len(quickstart) == 5 * 2
    form = re.compile(r"data/stiltbench-quickstart/stiltbench/([^/]+)/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]"
                      r"[0-9a-f]{3}-[0-9a-f]{12}\.json")  # fmt: skip
    models = [(form.fullmatch(path.as_posix()), record["model_info"]["id"]) for path, record in quickstart]
    assert all(found and f"stiltbench/{found[1]}" == name for found, name in models)
    assert len({record["evaluation_id"] for _, record in quickstart}) == 10


def test_scores_are_those_of_the_published_values(quickstart: list[tuple[Path, Record]]) -> None:
    asked = [(name, "=", wanted) for name, wanted in (("arm", "diverse"), ("target", "kind"), ("metric", "accuracy"))]
    values: dict[str, list[float]] = {}
    for row in pq.read_table(LEADERBOARD / "results.parquet", columns=["language", "value"], filters=asked).to_pylist():
        values.setdefault(row["language"], []).append(row["value"])
    families: dict[str, dict[str, list[float]]] = {}
    for code, found in values.items():
        families.setdefault(lang.cluster(code), {}).setdefault(lang.unit(code), []).append(float(np.mean(found)))
    results = of(quickstart, "diverse", "kind")
    got = {code: results[f"cldr_kind/test/accuracy/{code}"]["score_details"]["score"] for code in values}
    assert got == pytest.approx({code: float(np.mean(found)) for code, found in values.items()}, abs=1e-9)
    over = np.mean([np.mean([np.mean(unit) for unit in units.values()]) for units in families.values()])
    assert results["cldr_kind/test/accuracy/families"]["score_details"]["score"] == pytest.approx(over, abs=1e-9)


def test_a_score_over_families_has_the_interval_of_the_page_and_one_of_a_language_has_none(
    quickstart: list[tuple[Path, Record]],
) -> None:
    page = (LEADERBOARD / "index.md").read_text(encoding="utf-8").partition("### kind")[2]
    shown = re.search(r"\| english \|[^|]*\| (\S+) \[(\S+), (\S+)\]", page)
    assert shown
    details = of(quickstart, "english", "kind")["cldr_kind/test/accuracy/families"]["score_details"]
    interval = details["uncertainty"]["confidence_interval"]
    assert shown.groups() == tuple(f"{100 * x:.1f}" for x in (details["score"], interval["lower"], interval["upper"]))
    assert interval["confidence_level"] == 0.95
    assert "Hall" in interval["method"]
    assert details["uncertainty"]["num_samples"] == int(details["details"]["families"]) == 19
    alone = of(quickstart, "english", "kind")["cldr_kind/test/accuracy/swh_Latn"]["score_details"]
    assert alone["details"] == {"language": "swh_Latn", "items": "66", "seeds": "0 1 2"}
    assert "uncertainty" not in alone


def test_both_directions_and_each_of_them_have_scores(quickstart: list[tuple[Path, Record]]) -> None:
    results = of(quickstart, "none", "retrieval")
    both, to, back = (
        results[f"cldr_terms/test/accuracy/{part}layer12/deu_Latn"]["score_details"]["score"]
        for part in ("", "to/", "from/")
    )
    assert both == pytest.approx((to + back) / 2, abs=1e-9)


def test_no_record_passes_for_the_released_model(quickstart: list[tuple[Path, Record]]) -> None:
    told = {r["model_info"]["id"]: r["model_info"]["additional_details"] for _, r in quickstart}
    assert all("no result of it may be reported as that model's" in details["caveats"] for details in told.values())
    assert not any("intfloat" in name for name in told)
    who = {(r["model_info"]["id"].rpartition("-")[2], r["evaluation_id"].split("/")[0].rpartition(".")[2]):
           r["source_metadata"]["evaluator_relationship"] for _, r in quickstart}  # fmt: skip
    assert {key for key, said in who.items() if said == "third_party"} == {("none", "retrieval")}


def test_every_item_row_is_valid_and_belongs_to_one_score(
    items: Path, schemas: dict[str, jsonschema.Draft7Validator]
) -> None:
    files = sorted(items.rglob("*_samples.jsonl"))
    assert files
    for file in files:
        record = json.loads(file.with_name(file.name.replace("_samples.jsonl", ".json")).read_bytes())
        schemas["record"].validate(record)
        lines = file.read_bytes().splitlines()
        assert record["detailed_evaluation_results"] == {
            "format": "jsonl",
            "file_path": file.relative_to(items).as_posix(),
            "hash_algorithm": "sha256",
            "checksum": hashlib.sha256(file.read_bytes()).hexdigest(),
            "total_rows": len(lines),
        }
        named = {result["evaluation_result_id"]: result["evaluation_name"] for result in record["evaluation_results"]}
        for row in map(json.loads, lines):
            schemas["row"].validate(row)
            assert row["evaluation_id"] == record["evaluation_id"]
            assert row["model_id"] == record["model_info"]["id"]
            assert named[row["evaluation_result_id"]] == row["evaluation_name"]


def test_the_items_of_a_score_have_its_mean(items: Path) -> None:
    for file in items.rglob("*_samples.jsonl"):
        record = json.loads(file.with_name(file.name.replace("_samples.jsonl", ".json")).read_bytes())
        values: dict[str, list[float]] = {}
        for row in map(json.loads, file.read_bytes().splitlines()):
            values.setdefault(row["evaluation_result_id"], []).append(row["evaluation"]["score"])
        scores = {r["evaluation_result_id"]: r["score_details"]["score"] for r in record["evaluation_results"]}
        assert values
        assert {name: np.mean(found) for name, found in values.items()} == pytest.approx(
            {name: scores[name] for name in values}, abs=1e-9
        )


def test_an_item_tells_what_was_asked_said_and_right(items: Path, small_store: Store) -> None:
    rows = [json.loads(line) for file in items.rglob("*_samples.jsonl") for line in file.read_bytes().splitlines()]
    asked = {row["sample_id"]: row["input"] for row in rows}
    assert asked["fin_Latn/weekday:fri/to"] == {"raw": "perjantai", "reference": ["weekday:fri"], "choices": None}
    assert asked["fin_Latn/weekday:fri/from"]["raw"] == "Friday"
    right = [row["output"]["raw"][0] in row["input"]["reference"] for row in rows]
    assert right == [row["evaluation"]["is_correct"] for row in rows]
    assert 0 < sum(right) < len(right)
    [(n,)] = query(
        "select count(*) from counted where value is not null and target <> 'intermediate'", small_store
    ).fetchall()
    assert len(rows) == n


def test_an_item_with_a_label_is_told_by_it(planted: Store) -> None:
    labels = adapt.adapted("cldr_kind").rows("test", columns=["language", "id", "text", "label"]).to_pylist()
    wanted = {f"{row['language']}/{row['id']}": (row["text"], [row["label"]]) for row in labels}
    for measure, code, row in islice(samples(from_store(planted, "planted"), planted, "diverse", "kind", None), 500):
        assert measure == Measure("kind", "cldr_kind", "test", "accuracy")
        assert (row["input"]["raw"], row["input"]["reference"]) == wanted[row["sample_id"]]
        assert row["sample_id"].startswith(code)
        assert row["evaluation"]["is_correct"] == (row["output"]["raw"] == row["input"]["reference"])


def test_a_metric_of_a_whole_corpus_has_no_rows_of_items(items: Path) -> None:
    records = [json.loads(path.read_bytes()) for path in items.rglob("*.json")]
    with_items = {r["evaluation_id"].split("/")[0] for r in records if "detailed_evaluation_results" in r}
    assert with_items == {"stiltbench-small.retrieval"}
    assert {r["evaluation_id"].split("/")[0] for r in records} == {*with_items, "stiltbench-small.phrases"}
