"""What a model says: hand-made vectors for retrieval, and the library's own model for the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.train.encoder import Encoder
from harness.train.heads import new_head
from harness.train.predict import ParallelRows, Reader, nearest, retrieve
from harness.train.states import read_inputs
from harness.train.tokens import encode

# Finnish has a, b and c; English b, c and d. Rows: fin a, eng b, fin b, eng c, fin c, eng d.
ROWS = ParallelRows(["fin", "eng", "fin", "eng", "fin", "eng"], ["a", "b", "b", "c", "c", "d"])
ANGLES = {"fin a": 0, "eng b": 90, "fin b": 80, "eng c": 40, "fin c": 55, "eng d": 56}
VECTORS = np.array([[np.cos(np.radians(d)), np.sin(np.radians(d))] for d in ANGLES.values()], np.float32)


def test_the_nearest_is_that_of_the_smallest_angle() -> None:
    queries = VECTORS[[2, 4]]  # at 80 and 55 degrees
    assert nearest(queries, VECTORS[[1, 3, 5]]).tolist() == [0, 2]  # 90, 40, 56
    assert nearest(VECTORS[:0], VECTORS[:0]).tolist() == []


def test_of_candidates_that_are_equally_near_the_first_is_taken() -> None:
    assert nearest(VECTORS[[1]], np.stack([VECTORS[0], VECTORS[1], VECTORS[1]])).tolist() == [1]


def test_candidates_are_the_items_that_both_languages_have() -> None:
    rows, found = retrieve(VECTORS, ROWS, "fin", "eng", "to")
    assert rows.tolist() == [2, 4]  # Finnish b and c
    # b at 80° finds English b at 90°; c at 55° finds c at 40°, for d at 56° is no candidate
    assert found.tolist() == ["b", "c"]


def test_from_the_pivot_the_pivot_asks() -> None:
    vectors = VECTORS.copy()
    vectors[3] = [np.cos(np.radians(72)), np.sin(np.radians(72))]  # English c now at 72°
    rows, found = retrieve(vectors, ROWS, "fin", "eng", "from")
    assert rows.tolist() == [2, 4]  # the language under test is Finnish in both directions
    assert found.tolist() == ["b", "b"]  # English c at 72° is nearer to Finnish b at 80° than to c at 55°
    assert retrieve(vectors, ROWS, "fin", "eng", "to")[1].tolist() == ["c", "c"]


def test_a_language_without_an_item_finds_nothing() -> None:
    assert [len(part) for part in retrieve(VECTORS, ROWS, "deu", "eng", "to")] == [0, 0]
    apart = ParallelRows(["fin", "eng"], ["a", "b"])
    assert [len(part) for part in retrieve(VECTORS[:2], apart, "fin", "eng", "from")] == [0, 0]


TEXTS = ["Finnland", "Vereinigte Staaten von Amerika", "日本", "Südafrika und noch einiges mehr", "km"]


def alone(reference: Any, tokenizer: Any, text: str, layer: int) -> torch.Tensor:
    """Return the states [length, 64] of one text by the library's own code."""
    with torch.no_grad():
        return reference(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states[layer][0]


@pytest.fixture(params=[0, 1])
def reader(request: pytest.FixtureRequest, rows: Any, tiny: Path) -> Reader:
    encoded = encode(rows(TEXTS), tiny, "m", "")
    inputs = read_inputs(encoded, tiny, "m", request.param, "fp32")
    return Reader(Encoder(tiny, request.param, {}).eval(), inputs, "mean", "fp32")


def test_vectors_are_means_of_unit_length_in_the_order_of_the_texts(
    reader: Reader, reference: Any, tokenizer: Any
) -> None:
    for layer, vectors in reader.vectors([1, 2]).items():
        means = torch.stack([alone(reference, tokenizer, text, layer).mean(0) for text in TEXTS])
        expected = (means / means.norm(dim=1, keepdim=True)).numpy()
        assert np.allclose(vectors, expected, atol=1e-5)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_classes_are_the_best_of_the_head(reader: Reader, reference: Any, tokenizer: Any) -> None:
    head = new_head(64, list("abcd"), 0)
    means = torch.stack([alone(reference, tokenizer, text, 2).mean(0) for text in TEXTS])
    assert reader.classes(head).tolist() == head(means).argmax(1).tolist()


def test_tags_are_the_best_of_each_token_laid_end_to_end(reader: Reader, reference: Any, tokenizer: Any) -> None:
    head = new_head(64, list("abcdefgh"), 1)
    expected = torch.cat([head(alone(reference, tokenizer, text, 2)).argmax(1) for text in TEXTS])
    assert reader.tags(head).tolist() == expected.tolist()
    assert len(set(expected.tolist())) > 1
