"""Pooling, a fresh layer, the loss and the control against hand counts."""

from __future__ import annotations

import math

import pytest
import torch

from harness.train.kinds.task import IGNORED, cross_entropy, linear, pool, shuffled


def test_a_vector_is_the_mean_over_real_tokens_the_first_or_the_last() -> None:
    states = torch.tensor([[[1.0, 10.0], [3.0, 30.0], [99.0, 99.0]], [[2.0, 4.0], [4.0, 8.0], [6.0, 0.0]]])
    mask = torch.tensor([[True, True, False], [True, True, True]])
    assert pool(states, mask, "mean").tolist() == [[2.0, 20.0], [4.0, 4.0]]
    assert pool(states, mask, "cls").tolist() == [[1.0, 10.0], [2.0, 4.0]]
    assert pool(states, mask, "last").tolist() == [[3.0, 30.0], [6.0, 0.0]]


def test_a_head_is_drawn_from_its_seed_alone() -> None:
    torch.manual_seed(1)
    first = linear(384, 7, 5)
    torch.manual_seed(2)
    again, other = linear(384, 7, 5), linear(384, 7, 6)
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)
    assert first.weight.shape == (7, 384)
    # 2,688 draws of a deviation of 0.02: their deviation is within 5 of its own standard errors.
    assert abs(float(first.weight.detach().std()) - 0.02) < 5 * 0.02 / math.sqrt(2 * 7 * 384)
    assert first.bias.tolist() == [0.0] * 7


def test_a_new_head_leaves_the_global_generator_as_if_it_were_torchs() -> None:
    torch.manual_seed(3)
    linear(8, 1, 0)
    after = torch.rand(1)
    torch.manual_seed(3)
    linear(8, 1, 1)
    assert torch.equal(torch.rand(1), after)


def test_the_loss_is_the_mean_over_what_carries_gold() -> None:
    logits = torch.tensor([[[0.0, 0.0], [math.log(3.0), 0.0], [5.0, 5.0]]])
    gold = torch.tensor([[0, 1, IGNORED]])
    assert float(cross_entropy(logits, gold)) == pytest.approx((math.log(2.0) + math.log(4.0)) / 2)
    both = cross_entropy(logits[0, :2], torch.tensor([0, 0]))
    assert float(both) == pytest.approx((math.log(2.0) + math.log(4 / 3)) / 2)


def test_shuffled_labels_are_the_same_labels_elsewhere() -> None:
    gold = torch.tensor([0, 1, IGNORED, 2, 2, 0, IGNORED, 1, 1, 1, 2, 0])
    moved = shuffled(gold, 0)
    assert sorted(moved.tolist()) == sorted(gold.tolist())
    assert torch.equal(moved == IGNORED, gold == IGNORED)
    assert not torch.equal(moved, gold)
    assert torch.equal(moved, shuffled(gold, 0))
    assert not torch.equal(moved, shuffled(gold, 1))
    assert gold.tolist() == [0, 1, IGNORED, 2, 2, 0, IGNORED, 1, 1, 1, 2, 0]
