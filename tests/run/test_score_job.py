"""A score job finds the gold of its parent's predictions, in the test's rows or in the pivot's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness import schema
from harness.data import adapt
from harness.run.job import score_job
from harness.score.metrics import of_counts
from harness.store import Store

Scores = dict[str, list[dict[str, Any]]]


@pytest.fixture
def texts() -> dict[str, dict[str, str]]:
    """Return language → id → name, of what CLDR names in both."""
    rows = adapt.adapted("cldr_terms").rows("test", ["deu_Latn", "eng_Latn"]).to_pylist()
    found: dict[str, dict[str, str]] = {"deu_Latn": {}, "eng_Latn": {}}
    for row in rows:
        found[row["language"]][row["id"]] = row["text"]
    return found


def predicted(store: Store, dataset: str, kind: str, task: dict[str, Any], said: list[tuple[str, str, str]]) -> str:
    """Put a finished predict job of German into the store; ``said`` is of (direction, id, prediction)."""
    data = {"dataset": dataset, "edition": "as-released", "split": "test", "languages": {"deu_Latn": ""}}
    rows = [
        {"job": "p", **data, "language": "deu_Latn", "other": "eng_Latn", "direction": d, "id": i, "prediction": text}
        for d, i, text in said
    ]
    names = [f.name for f in schema.arrow("predictions")]
    table = pa.Table.from_pylist([{n: r.get(n) for n in names} for r in rows], schema=schema.arrow("predictions"))
    with store.finishing("p") as made:
        pq.write_table(table, made / "predictions.parquet")
        job = {"job": "p", "model": "none", "spec": {"phase": "predict", "kind": kind, "task": task, "data": data}}
        (made / "job.json").write_bytes(msgspec.json.encode(job))
    return "p"


def scores(store: Store, parent: str) -> Scores:
    """Run the score job of a predict job and return its rows by metric."""
    data = store.job(parent)["spec"]["data"]
    score_job(store, None, "s", {"phase": "score", "parent": parent, "data": data})
    rows = pq.read_table(store.folder("s") / "example_scores.parquet").to_pylist()
    return {metric: [r for r in rows if r["metric"] == metric] for metric in {r["metric"] for r in rows}}


def counted(metric: str, rows: list[dict[str, Any]]) -> float:
    return float(of_counts(metric, np.sum([r["stats"] for r in rows], axis=0)))


@pytest.mark.parametrize(
    ("dataset", "elsewhere"), [("cldr_terms", {}), ("cldr_terms", {"pivot_data": "cldr_kind"})], ids=["own", "other"]
)
def test_a_translation_is_scored_by_the_text_of_either_language(
    tmp_path: Path, texts: dict[str, dict[str, str]], dataset: str, elsewhere: dict[str, str]
) -> None:
    store = Store(tmp_path / "store")
    ids = sorted(texts["deu_Latn"].keys() & texts["eng_Latn"].keys())
    right = [("from", i, texts["deu_Latn"][i]) for i in ids]
    copied = [("to", i, texts["deu_Latn"][i]) for i in ids]
    task = {"pivot": "eng_Latn", "directions": ["from", "to"], "pivot_digest": "", "beams": 1, **elsewhere}
    found = scores(store, predicted(store, dataset, "translation", task, right + copied))
    by_direction = {d: [r for r in found["chrf"] if r["direction"] == d] for d in ("from", "to")}
    assert counted("chrf", by_direction["from"]) == pytest.approx(1)
    assert 0.1 < counted("chrf", by_direction["to"]) < 0.9  # German names left as they are, for English ones
    assert "nw:2" in json.loads(store.job("s")["versions"])["chrf"]


def test_mined_pairs_are_scored_by_what_the_pivot_has(tmp_path: Path, texts: dict[str, dict[str, str]]) -> None:
    store = Store(tmp_path / "store")
    first, second, *_ = sorted(texts["deu_Latn"].keys() & texts["eng_Latn"].keys())
    task = {"pivot": "eng_Latn", "directions": ["to"], "pivot_digest": "", "tune": {}}
    said = [("to", first, first), ("to", second, ""), ("to", "deu:1", first), ("to", "deu:2", "")]
    found = scores(store, predicted(store, "cldr_terms", "retrieval", task, said))
    assert [r["stats"] for r in found["mined_f1"]] == [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert list(found) == ["mined_f1"]


def test_a_data_set_is_scored_as_what_it_was_read_for(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    found = scores(store, predicted(store, "cldr_terms", "mlm", {}, [("", "place:AR", "[-6.0, 3, 12]")]))
    assert {metric: [r["stats"] for r in rows] for metric, rows in found.items()} == {
        "masked_probability": [[-6, 3, 12]]
    }
