"""The benchmark of training: its rows follow from its rounds, and both loops train the same model on the same texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch

from harness import cache
from harness.bench import train
from harness.bench.train import BEST, DEFAULTS, OURS, Timed, Way
from harness.bench.train_rival import Rival
from harness.models.find import find, folder
from harness.train.batches import training_batches
from harness.train.encoder import Encoder
from harness.train.ground import Ground
from harness.train.kinds.classification import Classification
from harness.train.kinds.task import linear


def test_a_row_divides_within_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, plain, best = Way(OURS, "fp32", None), Way(DEFAULTS, "fp32", None), Way(BEST, "fp32", None)
    rounds = [
        {
            ours: Timed(loss, 100, mine, 0.5, 0.5, 0.01),
            plain: Timed(1.0, 50, theirs, 0.3),
            best: Timed(1.0, 100, 2.0, 0),
        }
        for mine, theirs, loss in ((1.0, 1.0, 0.9), (2.0, 4.0, 1.0), (4.0, 3.0, 1.1))
    ]
    monkeypatch.setattr(train, "STEPS", 5)
    row = train._row(ours, rounds)
    # 100, 50, 25 tokens a second against 50, 12.5, 16.7 and 50
    assert (row["times_defaults"], row["times_best"]) == (2.0, 1.0)
    assert (row["tokens_per_second"], row["tokens_a_step"]) == (50.0, 25.0)
    assert (row["loss"], row["loss_sd"]) == (pytest.approx(1.0), pytest.approx(0.1))
    assert (row["peak"], train._row(plain, rounds)["peak"]) == (0.5, None)


def test_a_row_of_more_tokens_a_step_stands_beside_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "FULL_STEPS", 3)
    full = Way(OURS, "bf16", None, train.FULL)
    row = train._row(full, [{full: Timed(None, 4000, seconds, 0, 0.5, 0.01)} for seconds in (1.0, 2.0, 4.0)])
    assert (row["tokens_a_step"], row["tokens_per_second"]) == (2000.0, 2000.0)
    assert {row[name] for name in ("times_defaults", "times_best", "loss", "loss_sd")} == {None}


def test_batches_hold_on_average_the_tokens_that_are_asked_for() -> None:
    lengths = np.random.default_rng(0).integers(10, 120, 1000)
    size = train.batch_tokens(lengths, 400)
    assert lengths.sum() / len(training_batches(lengths, size, 0, 0, packed=True)) == pytest.approx(400, rel=0.02)


@pytest.mark.parametrize("best", [False, True])
def test_trainer_trains_all_of_the_same_body_and_counts_what_it_read(best: bool) -> None:
    model = find("tiny")
    where = folder(model, cache.root())
    ground = Ground(Encoder(where, 0, {}), model, where, "fp32")
    texts = {"text": ["one", "two three", "four"] * 4, "text_pair": pa.nulls(12, pa.string()), "label": [*"abc"] * 4}
    task = Classification(ground, pa.table(texts), [*"abc"], linear(64, 3, 0))
    before = {name: tensor.clone() for name, tensor in ground.encoder.train_top(None).items()}
    rival = Rival(task, best, bf16=False)
    rival.train(steps=3, rate=1e-3, batch=4, seed=0)
    after = dict(ground.encoder.body.named_parameters())
    assert all(not torch.equal(after[name], tensor) for name, tensor in before.items() if "query.weight" in name)
    tokens, seconds, padding = rival.counted()
    first, *others = [real for real, _ in rival.batches[:3]]
    assert (first + tokens, sum(others)) == (task.costs.sum(), tokens)
    assert seconds > 0
    assert 0 <= padding < 1
