"""Classes: gold by hand, and what is said by the library's own model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from harness.models.find import find
from harness.train.kinds.classification import Classification, new_head

TEXTS = ["Finnland", "Vereinigte Staaten von Amerika", "日本", "Südafrika und noch einiges mehr", "km"]
LABELS = list("abcd")


def test_gold_classes_are_places_in_the_cards_order(stand: Any, rows: Any) -> None:
    given = rows(text=TEXTS[:4], label=["a", "c", "b", "a"])
    task = Classification(stand(), given, ["b", "a", "c"], torch.nn.Identity())
    assert task.gold.tolist() == [1, 2, 0, 1]
    assert task.weights.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("level", [0, 1])
def test_classes_are_the_best_of_the_head(stand: Any, rows: Any, alone: Any, level: int, pooling: str) -> None:
    ground = stand(level, model=replace(find("tiny"), pooling=pooling))
    head = new_head(ground, LABELS, 0)
    told = torch.stack([alone(text)[0] if pooling == "cls" else alone(text).mean(0) for text in TEXTS])
    with torch.no_grad():  # states of random weights lie close: from their middle they differ
        head.bias.copy_(-head.weight @ told.mean(0))
    said = Classification(ground, rows(text=TEXTS), LABELS, head).say()
    assert said == [LABELS[i] for i in head(told).argmax(1)]
    assert len(set(said)) > 1


def test_the_prefix_stands_before_the_first_text_of_a_pair(stand: Any, rows: Any, tokenizer: Any) -> None:
    ground = stand(model=replace(find("tiny"), prefix="query: "))
    alike = rows(text=TEXTS), rows(text=TEXTS, text_pair=TEXTS[::-1])
    single, paired = (Classification(ground, given, LABELS, new_head(ground, LABELS, 0)) for given in alike)
    prefixed = [f"query: {text}" for text in TEXTS]
    assert single.inputs.encoded.ids.tolist() == [i for ids in tokenizer(prefixed)["input_ids"] for i in ids]
    pairs = tokenizer(prefixed, TEXTS[::-1])["input_ids"]
    assert paired.inputs.encoded.ids.tolist() == [i for ids in pairs for i in ids]
    assert paired.costs.tolist() == [len(ids) for ids in pairs]
