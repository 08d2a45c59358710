"""Dropout whose chance is drawn 16 bits a place: on a CPU the library's costs a sixth of a training step in bf16.

Its rate is the nearest of 1/65536 (.1 is .100006), what stays is scaled by that rate's own inverse, and its one seed
comes from torch's global generator, as the library's would.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

STEPS = 1 << 16


def factors(shape: torch.Size, rate: float, dtype: torch.dtype) -> torch.Tensor:
    """Return 0 at ``rate`` of the places, and elsewhere what keeps the expectation."""
    count, dropped = shape.numel(), round(rate * STEPS)
    words = np.random.SFC64(int(torch.randint(1 << 62, ()))).random_raw(-(-count // 4))
    drawn = torch.from_numpy(words.view(np.int16)[:count]).view(shape)
    return (drawn >= dropped - STEPS // 2).to(dtype).mul_(STEPS / (STEPS - dropped))


class Dropout(nn.Module):
    """`torch.nn.Dropout`, drawn by :func:`factors`."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.p = rate

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return states of any shape, in training with some of their values put to zero."""
        return states * factors(states.shape, self.p, states.dtype) if self.training and self.p else states


def attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, scaling: float, rate: float
) -> torch.Tensor:
    """Return scaled dot-product attention [batch, heads, length, width] written out, with that dropout."""
    scores = torch.matmul(query * scaling, key.transpose(2, 3))
    weights = torch.softmax(scores if mask is None else scores + mask, -1, dtype=torch.float32).to(query.dtype)
    if rate:
        weights = weights * factors(weights.shape, rate, weights.dtype)
    return torch.matmul(weights, value)


def quicken(body: nn.Module) -> None:
    """Give the layers of a body on a CPU this dropout."""
    for module in list(body.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Dropout:
                setattr(module, name, Dropout(child.p).train(child.training))
