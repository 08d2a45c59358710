"""The rows of a vocabulary that a phase meets, which are all that it needs to hold and to train.

The gradient of the others is zero at every step, and AdamW without weight decay leaves such rows as they are. So to
train the met rows alone gives the tensors of the whole, but for the order of additions in the gradient's norm.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import nn

from harness.train.tokens import Encoded

ROWS, VALUES = "@rows", "@values"
"""Ends of the names under which a checkpoint keeps a tensor of which only some rows may differ from its parent's."""

WHOLE = frozenset({"mlm", "translation"})
"""Task kinds that put a probability on every row."""


class MetRows(nn.Module):
    """An embedding of the rows ``rows`` [met], in rising order, which is asked by the ids of the whole one."""

    def __init__(self, whole: nn.Embedding, rows: torch.Tensor) -> None:
        super().__init__()
        self.rows = rows
        self.weight = nn.Parameter(whole.weight.detach()[rows])
        self.places = torch.full((whole.num_embeddings,), len(rows)).scatter_(0, rows, torch.arange(len(rows)))
        self.padding = None if whole.padding_idx is None else int(self.places[whole.padding_idx])

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the embeddings [batch, length, hidden] of token ids [batch, length]; one that is not met raises."""
        self.places = self.places.to(ids.device)
        return nn.functional.embedding(self.places[ids], self.weight, self.padding)


def keep_met(body: nn.Module, read: Iterable[Encoded]) -> None:
    """Leave a body the word embeddings of what it will read, where it looks them up as they are."""
    whole = body.get_input_embeddings()  # type: ignore[operator]
    if type(whole) is nn.Embedding:
        padding = [] if whole.padding_idx is None else [whole.padding_idx]
        met = np.unique(np.concatenate([padding, *(np.unique(encoded.ids) for encoded in read)]).astype(np.int64))
        body.set_input_embeddings(MetRows(whole, torch.from_numpy(met)).to(whole.weight.device))  # type: ignore[operator]


def to_save(body: nn.Module, learning: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return what learned, as a checkpoint holds it: of the word embeddings the met rows and which they are."""
    trimmed = {id(module.weight): module.rows for module in body.modules() if isinstance(module, MetRows)}
    found: dict[str, torch.Tensor] = {}
    for name, tensor in learning.items():
        rows = trimmed.get(id(tensor))
        found |= {name: tensor} if rows is None else {name + ROWS: rows, name + VALUES: tensor}
    return {name: tensor.detach().cpu().contiguous() for name, tensor in found.items()}


@torch.no_grad()
def put(own: dict[str, torch.Tensor], changed: dict[str, torch.Tensor]) -> None:
    """Put what a checkpoint holds in place of a body's ``own`` tensors."""
    for name, tensor in changed.items():
        whole = name.removesuffix(VALUES)
        if whole != name:
            own[whole][changed[whole + ROWS]] = tensor.to(own[whole].device)
        elif not name.endswith(ROWS):
            own[name].copy_(tensor)
