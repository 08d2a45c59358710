"""A phase on the rows that it meets leaves the tensors that the whole vocabulary gives, and keeps just those rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from harness.train import device, vocabulary
from harness.train.encoder import Encoder, Tensors
from harness.train.execute import learning
from harness.train.kinds.classification import Classification
from harness.train.kinds.task import linear
from harness.train.loop import Phase, train

TEXTS = [f"{i} Kilometer {'und mehr ' * (i % 4)}" for i in range(12)]
WORDS = "embeddings.word_embeddings.weight"
RECIPE = {"epochs": 3, "steps": None, "batch_tokens": 40, "learning_rate": 1e-2, "warmup": 0.25}

Run = Callable[..., tuple[Any, Tensors]]


@pytest.fixture
def run(stand: Any, rows: Any, tmp_path: Path) -> Run:
    """Return what trains everything on ``texts``, and gives the ground and what a checkpoint holds."""

    def trained(texts: list[str], decay: float = 0.0, kind: str = "classification") -> tuple[Any, Tensors]:
        device.pin(1, 0)
        ground, head = stand(0), linear(64, 3, 3)
        task = Classification(ground, rows(text=texts, label=[*"abc"] * (len(texts) // 3)), [*"abc"], head)
        recipe = {**RECIPE, "trainable_layers": "all", "weight_decay": decay}
        found = learning(ground, recipe, {kind}, {"x": head})
        spec = {"recipe": recipe, "seed": 3, "precision": "fp32"}
        train(Phase(ground.encoder, [task], found), spec, tmp_path / "none", ground.tick)
        return ground, vocabulary.to_save(ground.encoder.body, found)

    return trained


def whole(saved: Tensors, tiny: Path) -> Tensors:
    encoder = Encoder(tiny, 0, {name: t for name, t in saved.items() if not name.startswith("head.")})
    return dict(encoder.body.named_parameters()) | {n: t for n, t in saved.items() if n.startswith("head.")}


@pytest.mark.parametrize("clipped", [False, True])
def test_what_is_trained_is_what_the_whole_vocabulary_gives(
    run: Run, tiny: Path, monkeypatch: pytest.MonkeyPatch, clipped: bool
) -> None:
    if not clipped:  # the norm is what sums in another order
        monkeypatch.setattr(nn.utils, "clip_grad_norm_", lambda *_: None)
    trimmed = whole(run(TEXTS)[1], tiny)
    monkeypatch.setattr(vocabulary, "keep_met", lambda *_: None)
    untrimmed = run(TEXTS)[1]
    assert WORDS in untrimmed
    assert trimmed.keys() == untrimmed.keys()
    for name, tensor in untrimmed.items():
        if clipped:
            assert torch.allclose(trimmed[name], tensor, rtol=0, atol=1e-6), name
        else:
            assert torch.equal(trimmed[name], tensor), name


def test_a_checkpoint_holds_the_rows_that_were_met(run: Run, tiny: Path) -> None:
    ground, saved = run(TEXTS)
    config = Encoder(tiny, 0, {}).body.config
    met = {*np.unique(ground.met[0].ids).tolist(), config.pad_token_id}
    assert saved[WORDS + "@rows"].tolist() == sorted(met)
    assert saved[WORDS + "@values"].shape == (len(met), 64)
    assert len(met) < config.vocab_size
    assert WORDS not in saved


def test_phases_that_met_other_rows_add_up(run: Run, tiny: Path) -> None:
    first, second = run(TEXTS)[1], run(["one two", "three", "four"] * 2)[1]
    encoder = Encoder(tiny, 0, {WORDS + end: first[WORDS + end] for end in ("@rows", "@values")})
    encoder.put({WORDS + end: second[WORDS + end] for end in ("@rows", "@values")})
    words = encoder.body.get_input_embeddings().weight
    own = Encoder(tiny, 0, {}).body.get_input_embeddings().weight
    late, early = (dict(zip(s[WORDS + "@rows"].tolist(), s[WORDS + "@values"], strict=True)) for s in (second, first))
    assert set(early) - set(late)
    for row in range(len(words)):
        assert torch.equal(words[row], late.get(row, early.get(row, own[row])))


@pytest.mark.parametrize(("decay", "kind"), [(0.1, "classification"), (0.0, "mlm")])
def test_decay_and_tasks_over_every_row_need_the_whole_vocabulary(run: Run, decay: float, kind: str) -> None:
    assert WORDS in run(TEXTS, decay, kind)[1]


def test_what_was_not_read_cannot_be_asked(stand: Any) -> None:
    ground = stand(0)
    ground.inputs(ground.encode(["one"]))
    vocabulary.keep_met(ground.encoder.body, ground.met)
    other = ground.encode(["two"])
    with pytest.raises(IndexError):
        ground.encoder(torch.from_numpy(other.ids)[None].long(), torch.ones(1, len(other.ids), dtype=torch.bool))
