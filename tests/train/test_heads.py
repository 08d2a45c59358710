"""Pooling, heads, gold and loss against hand counts."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from harness.train.heads import IGNORED, class_gold, loss, new_head, pool, say_tags, tag_gold
from harness.train.tokens import Encoded


def test_a_vector_is_the_mean_over_real_tokens_or_the_first() -> None:
    states = torch.tensor([[[1.0, 10.0], [3.0, 30.0], [99.0, 99.0]], [[2.0, 4.0], [4.0, 8.0], [6.0, 0.0]]])
    mask = torch.tensor([[True, True, False], [True, True, True]])
    assert pool(states, mask, "mean").tolist() == [[2.0, 20.0], [4.0, 4.0]]
    assert pool(states, mask, "cls").tolist() == [[1.0, 10.0], [2.0, 4.0]]


def test_a_head_is_drawn_from_its_seed_alone() -> None:
    torch.manual_seed(1)
    first = new_head(384, list("abcdefg"), 5)
    torch.manual_seed(2)
    again, other = new_head(384, list("abcdefg"), 5), new_head(384, list("abcdefg"), 6)
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)
    assert first.weight.shape == (7, 384)
    # 2,688 draws of a deviation of 0.02: their deviation is within 5 of its own standard errors.
    assert abs(float(first.weight.detach().std()) - 0.02) < 5 * 0.02 / math.sqrt(2 * 7 * 384)
    assert first.bias.tolist() == [0.0] * 7


def test_a_new_head_leaves_the_global_generator_as_if_it_were_torchs() -> None:
    torch.manual_seed(3)
    new_head(8, ["a"], 0)
    after = torch.rand(1)
    torch.manual_seed(3)
    new_head(8, ["a"], 1)
    assert torch.equal(torch.rand(1), after)


def test_gold_classes_are_places_in_the_cards_order() -> None:
    assert class_gold(["b", "a", "c"], ["a", "c", "b", "a"]).tolist() == [1, 2, 0, 1]


def test_gold_tags_stand_on_first_sub_tokens_alone() -> None:
    # two sentences: <s> query: d ##rei km </s>, and <s> query: mai </s>; the prefix carries no tag
    words = np.array([-1, -1, 0, -1, 1, -1, -1, -1, 0, -1], np.int32)
    encoded = Encoded(np.zeros(10, np.int32), np.array([0, 6, 10]), words, "")
    gold = tag_gold(encoded, [["B-N", "O"], ["B-M"]], ["O", "B-N", "B-M"])
    assert gold.tolist() == [IGNORED, IGNORED, 1, IGNORED, 0, IGNORED, IGNORED, IGNORED, 2, IGNORED]


def test_a_word_that_was_cut_off_has_no_gold_and_says_o() -> None:
    words = np.array([-1, 0, -1, -1], np.int32)
    encoded = Encoded(np.zeros(4, np.int32), np.array([0, 4]), words, "")
    assert tag_gold(encoded, [["B", "B"]], ["O", "B"]).tolist() == [IGNORED, 1, IGNORED, IGNORED]
    assert json.loads(say_tags(words, np.array([1, 1, 1, 1]), ["O", "B"], 2)) == ["B", "O"]


def test_tags_are_said_word_by_word_in_the_words_order() -> None:
    words = np.array([-1, 0, -1, 1, 2, -1], np.int32)
    assert json.loads(say_tags(words, np.array([0, 2, 1, 0, 1, 2]), ["O", "B-N", "I-N"], 3)) == ["I-N", "O", "B-N"]


def test_the_loss_is_the_mean_over_what_carries_gold() -> None:
    logits = torch.tensor([[[0.0, 0.0], [math.log(3.0), 0.0], [5.0, 5.0]]])
    gold = torch.tensor([[0, 1, IGNORED]])
    assert float(loss(logits, gold)) == pytest.approx((math.log(2.0) + math.log(4.0)) / 2)
    assert float(loss(logits[0, :2], torch.tensor([0, 0]))) == pytest.approx((math.log(2.0) + math.log(4 / 3)) / 2)
