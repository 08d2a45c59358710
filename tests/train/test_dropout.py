"""Fast dropout drops at its rate, keeps the expectation, and its attention is the library's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from harness.train import dropout


def test_factors_drop_at_their_rate_and_keep_the_expectation() -> None:
    torch.manual_seed(0)
    found = dropout.factors(torch.Size([1000, 1001]), 0.1, torch.float32)
    values, counts = np.unique(found.numpy(), return_counts=True)
    share = 6554 / 65536  # the nearest to .1
    assert values.tolist() == [0.0, np.float32(1 / (1 - share))]
    assert abs(counts[0] / counts.sum() - share) < 5 * (share * (1 - share) / counts.sum()) ** 0.5
    flat = found.flatten() == 0
    for lag in (1, 2, 3, 4, 8):  # places that share a drawn word are independent too
        both = (flat[:-lag] & flat[lag:]).float().mean()
        assert abs(both - share**2) < 5 * (share**2 / len(flat)) ** 0.5


def test_chance_is_torchs_own() -> None:
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append([dropout.factors(torch.Size([5, 7]), 0.5, torch.bfloat16) for _ in range(2)])
    assert torch.equal(drawn[0][0], drawn[1][0])
    assert torch.equal(drawn[0][1], drawn[1][1])
    assert not torch.equal(drawn[0][0], drawn[0][1])
    assert not torch.equal(drawn[0][0], drawn[2][0])


@pytest.mark.parametrize("level", [0, 1])
def test_a_quickened_body_is_the_librarys_without_dropout(stand: Any, level: int) -> None:
    ground = stand(level)
    inputs = ground.inputs(ground.encode(["one two three", "Grüße aus der Ferne", "a"]))
    states, mask = ground.read(inputs, np.arange(3))
    dropout.quicken(ground.encoder.body)
    again, _ = ground.read(inputs, np.arange(3))
    for mine, theirs in zip(again, states, strict=True):
        assert torch.allclose(mine[mask], theirs[mask], atol=1e-5)
    assert not any(type(module) is nn.Dropout for module in _that_drop(ground.encoder.body))


def _that_drop(body: nn.Module) -> list[nn.Module]:
    return [module for module in body.modules() if hasattr(module, "p")]


def test_attention_drops_weights_in_training(stand: Any) -> None:
    ground = stand(0)
    dropout.quicken(ground.encoder.body)
    for module in _that_drop(ground.encoder.body):
        module.p = 0.0
    ground.encoder.body.encoder.layer[0].attention.self.dropout.p = 0.5
    inputs = ground.inputs(ground.encode(["one two three"]))
    ground.encoder.train()
    torch.manual_seed(0)
    first, second = (ground.read(inputs, np.arange(1))[0] for _ in range(2))
    assert torch.equal(first[0], second[0])
    assert not torch.equal(first[1], second[1])
