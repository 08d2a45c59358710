"""Which items are asked for and found: hand-made vectors, and the library's own model for the rest."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import util

from harness import rows as reading
from harness.data import adapt
from harness.models.find import find
from harness.train.kinds.retrieval import ParallelRows, predict, retrieve, vectors
from tests.conftest import SHARED

# Finnish has a, b and c; English b, c and d. Rows: fin a, eng b, fin b, eng c, fin c, eng d.
ROWS = ParallelRows(["fin", "eng", "fin", "eng", "fin", "eng"], ["a", "b", "b", "c", "c", "d"])
ANGLES = {"fin a": 0, "eng b": 90, "fin b": 80, "eng c": 40, "fin c": 55, "eng d": 56}
VECTORS = np.array([[np.cos(np.radians(d)), np.sin(np.radians(d))] for d in ANGLES.values()], np.float32)


def found(vectors: Any, direction: str) -> list[str]:
    return ROWS.ids[retrieve(vectors, *ROWS.shared("fin", "eng"), direction)].tolist()


def test_candidates_are_the_items_that_both_languages_have() -> None:
    own, pivot = ROWS.shared("fin", "eng")
    assert (own.tolist(), pivot.tolist()) == ([2, 4], [1, 3])  # Finnish b and c, English b and c
    # b at 80° finds English b at 90°; c at 55° finds c at 40°, for d at 56° is no candidate
    assert found(VECTORS, "to") == ["b", "c"]


def test_from_the_pivot_the_pivot_asks() -> None:
    vectors = VECTORS.copy()
    vectors[3] = [np.cos(np.radians(72)), np.sin(np.radians(72))]  # English c now at 72°
    assert found(vectors, "from") == ["b", "b"]  # English c at 72° is nearer to Finnish b at 80° than to c at 55°
    assert found(vectors, "to") == ["c", "c"]


def test_a_language_without_an_item_finds_nothing() -> None:
    apart = ParallelRows(["fin", "eng"], ["a", "b"])
    for rows, code in ((ROWS, "deu"), (apart, "fin")):
        both = rows.shared(code, "eng")
        assert [len(part) for part in both] == [0, 0]
        assert len(retrieve(VECTORS, *both, "from")) == 0


TEXTS = ["Finnland", "Vereinigte Staaten von Amerika", "日本", "Südafrika und noch einiges mehr", "km"]


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("level", [0, 1])
def test_vectors_are_of_unit_length_in_the_order_of_the_texts(stand: Any, alone: Any, level: int, pooling: str) -> None:
    ground = stand(level)
    told = vectors(ground, ground.inputs(ground.encode(TEXTS)), [1, 2], pooling)
    for layer, found in told.items():
        states = [alone(text, layer) for text in TEXTS]
        pooled = torch.stack([s.mean(0) if pooling == "mean" else s[0] for s in states])
        assert np.allclose(found, pooled / pooled.norm(dim=1, keepdim=True), atol=1e-5)
        assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert set(told) == {1, 2}


def asked(**task: Any) -> dict[str, Any]:
    data = {"languages": {"fin_Latn": "", "deu_Latn": ""}}
    return {"task": {"pivot": "eng_Latn", "directions": ["from", "to"], "layers": [2], **task}, "data": data}


@pytest.fixture
def parallel(rows: Any) -> Any:
    """Three languages with the same six items, and German short of one."""
    words = ["one", "two", "three", "four", "five", "six"]
    codes = ("eng_Latn", "fin_Latn", "deu_Latn")
    items = [(code, i) for i in range(6) for code in codes if (code, i) != ("deu_Latn", 3)]
    return rows(
        language=[code for code, _ in items],
        id=[f"i{i}" for _, i in items],
        text=[f"{words[i]} {code} {'x' * i}" for code, i in items],
        **{name: [name] * len(items) for name in ("dataset", "edition", "split", "block")},
    )


@pytest.mark.parametrize("how", [{}, {"margin": 2}, {"pooling": "cls"}])
def test_what_is_said_is_what_sentence_transformers_finds(stand: Any, parallel: Any, alone: Any, how: Any) -> None:
    said, lengths, _ = predict(stand(model=replace(find("tiny"), pooling="mean")), parallel, asked(**how), "j")
    told = {(r["language"], r["direction"], r["id"]): r["prediction"] for r in said.to_pylist()}
    assert len(said) == 2 * (6 + 5)
    assert len(lengths) == len(parallel)
    texts = {(r["language"], r["id"]): r["text"] for r in parallel.to_pylist()}
    for code in ("fin_Latn", "deu_Latn"):
        ids = sorted(i for language, i in texts if language == code)
        states = {c: [alone(texts[c, i]) for i in ids] for c in (code, "eng_Latn")}
        own, english = (
            torch.stack([s[0] if how.get("pooling") else s.mean(0) for s in states[c]]) for c in (code, "eng_Latn")
        )
        for direction, queries, candidates in (("to", own, english), ("from", english, own)):
            expected = best(queries, candidates, how.get("margin"))
            assert [told[code, direction, i] for i in ids] == [ids[at] for at in expected]


def best(queries: torch.Tensor, candidates: torch.Tensor, k: int | None) -> list[int]:
    near = util.semantic_search(queries, candidates, top_k=k or 1)
    back = util.semantic_search(candidates, queries, top_k=k or 1)
    around = [[np.mean([hit["score"] for hit in hits]) for hits in side] for side in (near, back)]

    def score(i: int, hit: dict[str, Any]) -> float:
        return hit["score"] / ((around[0][i] + around[1][hit["corpus_id"]]) / 2)

    return [max(hits, key=lambda hit: score(i, hit))["corpus_id"] for i, hits in enumerate(near)]


def test_tatoeba_is_asked_in_english_as_jiant_asks(stand: Any, tmp_path: Path, alone: Any) -> None:
    """`from` the pivot: each English sentence over all of the language's, 1-nearest by cosine, right where aligned."""
    archive = SHARED / "data" / "tatoeba.tar.xz"
    if not archive.is_file():
        pytest.skip("Tatoeba's files are not at hand (../shared)")
    with tarfile.open(archive) as files:
        for name in ("tatoeba.amh-eng.amh", "tatoeba.amh-eng.eng", "tatoeba.jav-eng.jav", "tatoeba.jav-eng.eng"):
            files.extract(f"tatoeba/v1/{name}", tmp_path, filter="data")
    parts = adapt.adapted("tatoeba", data=tmp_path).parts
    codes = ["amh_Ethi", "jav_Latn"]
    data = {"dataset": "tatoeba", "split": "test", "languages": {c: parts["test", c].digest for c in codes}}
    pivot = {"pivot": "eng_Latn", "pivot_digest": parts["test", "eng_Latn"].digest}
    spec = {"task": {**pivot, "directions": ["from"], "layers": [1]}, "data": data, "limit": None}
    said, _, _ = predict(stand(), reading.tested(spec, tmp_path), spec, "j")
    assert said["language"].value_counts().to_pylist() == [
        {"values": "amh_Ethi", "counts": 168},
        {"values": "jav_Latn", "counts": 205},
    ]
    amharic, english = (
        (tmp_path / "tatoeba" / "v1" / f"tatoeba.amh-eng.{side}").read_text().splitlines() for side in ("amh", "eng")
    )
    vectors = [torch.stack([alone(text, 1).mean(0) for text in side]) for side in (english, amharic)]
    hits = util.semantic_search(*vectors, top_k=2)
    told = {r["id"]: r["prediction"] for r in said.to_pylist() if r["language"] == "amh_Ethi"}
    for line, (first, second) in enumerate(hits):
        if first["score"] - second["score"] > 1e-5:
            assert told[f"amh-{line}"] == f"amh-{first['corpus_id']}"
