"""Texts of a batch laid end to end, so that every layer computes real tokens and nothing else.

A batch then need not hold texts of like length, which are texts of like languages: what is drawn together is chance.
Attention alone looks at one text at a time: there the texts stand in groups of like length, each padded to its longest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

from harness.train import dropout

PLAIN = frozenset({"bert", "roberta", "xlm-roberta", "modernbert", "llama", "qwen2", "qwen3"})
"""Types of body whose attention is :func:`attention`, and nothing more."""

NAME = "stiltbench"

UNREAD = torch.zeros(1, 1, 1, 1)
"""Given to the library in place of a mask, which it would make of all tokens times all tokens."""

WIDER = 2.0
"""How many times as long as the shortest text of a group the longest may be."""


@dataclass(frozen=True)
class Group:
    """Texts of like length: how many, the longest's length, and the mask [texts, 1, 1, length] that attention adds."""

    texts: int
    length: int
    mask: torch.Tensor | None

    def near(self, window: int | None, causal: bool, at: torch.Tensor) -> torch.Tensor | None:
        """Return the mask where a token sees those fewer than ``window`` places away, if ``causal`` before it alone.

        It is on ``at``'s device. What is padding sees itself, so that its softmax is not over nothing.
        """
        if not causal and (window is None or self.length <= window):
            return self.mask
        places = torch.arange(self.length, device=at.device)
        back = places[:, None] - places
        seen = (back.abs() < (window or self.length)) & (back >= 0 if causal else True)
        return _lowest(seen & (True if self.mask is None else self.mask == 0) | (back == 0))


class Layout:
    """Where the tokens of a padded batch [batch, length] go: end to end, shortest text first, and into groups.

    ``rows`` [tokens] are their places in the batch, flat; ``positions`` [tokens] those in their own text; ``inner``
    [tokens] those in the groups, flat one after another, which have room for ``room`` tokens.
    """

    def __init__(self, mask: torch.Tensor) -> None:
        order = torch.argsort(mask.sum(1), stable=True)
        real, at = mask[order], torch.arange(mask.shape[1], device=mask.device)
        self.shape = mask.shape
        self.rows = (order[:, None] * mask.shape[1] + at)[real]
        self.positions = at.expand_as(real)[real]
        self.groups: list[Group] = []
        self.room, inner = 0, []
        for begin, end, length in _alike(real.sum(1).tolist()):
            mine = real[begin:end, :length]
            inner.append(mine.flatten().nonzero()[:, 0] + self.room)
            self.groups.append(Group(end - begin, length, None if bool(mine.all()) else _added(mine)))
            self.room += mine.numel()
        self.inner = torch.cat(inner)

    def batch(self, states: torch.Tensor) -> torch.Tensor:
        """Return states [1, tokens, hidden] as those of the batch [batch, length, hidden], zero where it is padded."""
        padded: torch.Tensor = _Spread.apply(states[0], self.rows, self.shape.numel())  # type: ignore[no-untyped-call]
        return padded.view(*self.shape, -1)


def _alike(lengths: Sequence[int]) -> list[tuple[int, int, int]]:
    """Cut rising lengths into groups: the first of each, the one after its last, and its longest length."""
    groups, begin = [], 0
    for end in range(1, len(lengths) + 1):
        if end == len(lengths) or lengths[end] > WIDER * lengths[begin]:
            groups.append((begin, end, lengths[end - 1]))
            begin = end
    return groups


def _added(real: torch.Tensor) -> torch.Tensor:
    return _lowest(real)[:, None, None]


def _lowest(seen: torch.Tensor) -> torch.Tensor:
    """Return 0 where something is ``seen``, and elsewhere what leaves nothing of it in a softmax."""
    return torch.zeros(seen.shape, device=seen.device).masked_fill(~seen, torch.finfo(torch.float32).min)


class _Spread(torch.autograd.Function):
    """Rows [tokens, width] put at their places among ``room``, the others zero; backward, they are read there."""

    @staticmethod
    def forward(ctx: Any, states: torch.Tensor, places: torch.Tensor, room: int) -> torch.Tensor:
        ctx.save_for_backward(places)
        return states.new_zeros(room, states.shape[1]).index_copy_(0, places, states)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        return gradients[0].index_select(0, ctx.saved_tensors[0]), None, None


class _Gather(torch.autograd.Function):
    """The way back of :class:`_Spread`: no place is read twice, so that the gradient needs no sums."""

    @staticmethod
    def forward(ctx: Any, states: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(places)
        ctx.room = len(states)
        return states.index_select(0, places)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        given = gradients[0]
        return given.new_zeros(ctx.room, given.shape[1]).index_copy_(0, ctx.saved_tensors[0], given), None


def attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    scaling: float = 1.0,
    dropout: float = 0.0,
    packed: Layout | None = None,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Return attention [batch, length, heads, width] over what is [batch, heads, length, width], text by text.

    It is called by the library, which says what it is given.
    """
    if query.shape[1] > key.shape[1]:  # heads of queries that share one of keys and values
        key, value = (_repeated(states, query.shape[1] // key.shape[1]) for states in (key, value))
    if packed is None:
        return _attend(query, key, value, mask, scaling, dropout).transpose(1, 2).contiguous(), None
    heads, width, causal = query.shape[1], query.shape[3], bool(getattr(module, "is_causal", False))
    sizes = [group.texts * group.length for group in packed.groups]
    flat = (states.transpose(1, 2)[0].flatten(1) for states in (query, key, value))
    spread = [_Spread.apply(s, packed.inner, packed.room).split(sizes) for s in flat]  # type: ignore[no-untyped-call]
    found = []
    for group, *mine in zip(packed.groups, *spread, strict=True):
        q, k, v = (states.view(group.texts, group.length, heads, width).transpose(1, 2) for states in mine)
        attended = _attend(q, k, v, group.near(sliding_window, causal, q), scaling, dropout)
        found.append(attended.transpose(1, 2).reshape(-1, heads * width))
    out: torch.Tensor = _Gather.apply(torch.cat(found), packed.inner)  # type: ignore[no-untyped-call]
    return out.view(1, -1, heads, width), None


def _repeated(states: torch.Tensor, times: int) -> torch.Tensor:
    return states[:, :, None].expand(-1, -1, times, -1, -1).flatten(1, 2)


def _attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, scaling: float, rate: float
) -> torch.Tensor:
    if query.device.type == "cpu":
        return dropout.attention(query, key, value, mask, scaling, rate)
    mask = None if mask is None else mask.to(query.dtype)
    return nn.functional.scaled_dot_product_attention(query, key, value, mask, rate, scale=scaling)


AttentionInterface.register(NAME, attention)
AttentionMaskInterface.register(NAME, eager_mask)


def prepare(body: Any) -> bool:
    """Let a body read texts laid end to end, and on a CPU with dropout of ours; tell whether it can."""
    if body.config.model_type not in PLAIN:
        return False
    body.set_attn_implementation(NAME)
    if body.device.type == "cpu":
        dropout.quicken(body)
    return True
