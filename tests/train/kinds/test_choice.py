"""Choices: loss, gradients and what is said by the library's own multiple-choice model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from harness.models.find import find
from harness.train import device
from harness.train.kinds.choice import Choice, new_head
from harness.train.loop import Phase, train

TEXTS = ["Finnland", "Vereinigte Staaten von Amerika", "日本", "Südafrika und noch einiges mehr"]
CHOICES = [["ja", "nein, gar nicht"], ["km", "東京", "Rom", "🙂 und mehr"], ["eins", "zwei"], ["Paris", "", "قاهرة"]]
LABELS = ["1", "3", "0", "1"]


class First(nn.Module):
    """Stands where the library's pooler is: `tiny` has no weights for one."""

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return states[:, 0]


@pytest.fixture
def theirs(tiny: Path) -> Any:
    from transformers import AutoModelForMultipleChoice

    model = AutoModelForMultipleChoice.from_pretrained(tiny).eval()
    model.bert.pooler = First()
    return model


def a_task(stand: Any, given: Any, level: int = 0, **card: Any) -> Choice:
    ground = stand(level, model=replace(find("tiny"), **card))
    return Choice(ground, given, [], new_head(ground, [], 0))


@pytest.mark.parametrize("level", [0, 1])
def test_loss_and_gradients_are_the_librarys(stand: Any, rows: Any, theirs: Any, tokenizer: Any, level: int) -> None:
    task = a_task(stand, rows(text=TEXTS, choices=CHOICES, label=LABELS), level, pooling="cls")
    theirs.classifier.load_state_dict(task.head.state_dict())
    losses = []
    for text, choices, label in zip(TEXTS, CHOICES, LABELS, strict=True):
        told = tokenizer([text] * len(choices), choices, return_tensors="pt", padding=True)
        told = {name: tensor[None] for name, tensor in told.items()}
        losses.append(theirs(**told, labels=torch.tensor([int(label)])).loss)
    expected = torch.stack(losses).mean()
    expected.backward()
    found = task.loss(np.arange(4))
    found.backward()
    assert found.item() == pytest.approx(expected.item(), abs=1e-5)
    assert torch.allclose(task.head.weight.grad, theirs.classifier.weight.grad, atol=1e-6)
    mine = {task.ground.encoder.full_name(n): p.grad for n, p in task.ground.encoder.body.named_parameters()}
    for name, tensor in theirs.bert.named_parameters():
        if name in mine:
            assert torch.allclose(mine[name], tensor.grad, atol=1e-5), name


def test_the_best_of_an_examples_own_choices_is_said(stand: Any, rows: Any, alone: Any) -> None:
    task = a_task(stand, rows(text=TEXTS, choices=CHOICES))
    said = task.say()
    for text, choices, place in zip(TEXTS, CHOICES, said, strict=True):
        scores = [task.head(alone(text, text_pair=choice).mean(0)).item() for choice in choices]
        assert place == str(int(np.argmax(scores)))
    assert len(set(said)) > 1


def test_a_context_comes_first_and_the_question_before_each_choice(stand: Any, rows: Any, tokenizer: Any) -> None:
    given = rows(text=["Wo?", "Wer?"], text_pair=["Es war in Rom.", "Er war es."], choices=[["da", "dort"], ["er"]])
    task = a_task(stand, given, prefix="query: ")
    pairs = tokenizer(
        ["query: Es war in Rom.", "query: Es war in Rom.", "query: Er war es."], ["Wo? da", "Wo? dort", "Wer? er"]
    )["input_ids"]
    assert task.inputs.encoded.ids.tolist() == [i for ids in pairs for i in ids]


def test_a_unit_is_an_example_with_all_its_choices(stand: Any, rows: Any, tokenizer: Any) -> None:
    task = a_task(stand, rows(text=TEXTS, choices=CHOICES, label=LABELS))
    told = [tokenizer([text] * len(of), of)["input_ids"] for text, of in zip(TEXTS, CHOICES, strict=True)]
    lengths = [[len(ids) for ids in of] for of in told]
    assert task.costs.tolist() == [len(of) * max(of) for of in lengths]
    assert task.tokens.tolist() == [sum(of) for of in lengths]
    assert task.gold.tolist() == [1, 3, 0, 1]
    assert task.weights.tolist() == [1, 1, 1, 1]


def test_what_can_be_learned_is_learned(stand: Any, rows: Any, tmp_path: Path) -> None:
    device.pin(1, 0)
    pairs = [("Rom", "Berlin"), ("Paris", "km"), ("Oslo", "Bonn")]
    choices = [[a, b] if i % 2 else [b, a] for i, (a, b) in enumerate(pairs * 4)]
    labels = ["0" if i % 2 else "1" for i in range(12)]
    task = a_task(stand, rows(text=["Wo?"] * 12, choices=choices, label=labels))
    recipe = {"epochs": 12, "steps": None, "batch_tokens": 100, "learning_rate": 3e-3, "warmup": 0.1}
    spec = {"recipe": {**recipe, "weight_decay": 0.0}, "seed": 0, "precision": "fp32"}
    learning = task.ground.encoder.train_top(None) | dict(task.head.named_parameters())
    out = train(Phase(task.ground.encoder, [task], learning), spec, tmp_path / "resume", lambda *_: None)
    assert out.progress.losses[0] == pytest.approx(np.log(2), abs=0.1)
    assert out.progress.losses[-1] < 0.1
    task.ground.encoder.eval()
    assert task.say() == labels
