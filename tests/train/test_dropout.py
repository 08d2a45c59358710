"""Fast dropout drops at its rate, and keeps the expectation."""

from __future__ import annotations

import numpy as np
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


def test_a_quickened_module_keeps_its_rates_and_its_mode() -> None:
    body = nn.Sequential(nn.Dropout(0.25), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5).eval()))
    dropout.quicken(body)
    found = [module for module in body.modules() if isinstance(module, dropout.Dropout)]
    assert [(module.p, module.training) for module in found] == [(0.25, True), (0.5, False)]
    assert not any(type(module) is nn.Dropout for module in body.modules())
    states = torch.ones(100, 2)
    assert torch.equal(found[1](states), states)
    assert set(found[0](states).unique().tolist()) == {0.0, float(np.float32(4 / 3))}
