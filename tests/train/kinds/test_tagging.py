"""Tags: gold and words by hand counts, and what is said by the library's own model."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from harness.models.find import find
from harness.train.kinds.tagging import Tagging, new_head, say_tags
from harness.train.kinds.task import IGNORED
from harness.train.tokens import Encoded

WORDS = [["drei", "Quadratkilometer"], ["5.", "März", "und", "mehr"], ["日本語", ",", "и", "год"]]
LABELS = list("abcdefgh")


def gold_of(stand: Any, rows: Any, words: list[int], starts: list[int], tags: list[list[str]]) -> tuple[Any, Any]:
    """Return gold and weights where the words' first sub-tokens stand as given."""
    given = rows(tokens=[["w"] * len(t) for t in tags], tags=tags)
    task = Tagging(stand(), given, ["O", "B-N", "B-M"], torch.nn.Identity())
    task.encoded = Encoded(np.zeros(len(words), np.int32), np.array(starts), np.array(words, np.int32), "")
    return task.gold.tolist(), task.weights.tolist()


def test_gold_tags_stand_on_first_sub_tokens_alone(stand: Any, rows: Any) -> None:
    # two sentences: <s> query: d ##rei km </s>, and <s> query: mai </s>; the prefix carries no tag
    words = [-1, -1, 0, -1, 1, -1, -1, -1, 0, -1]
    gold, weights = gold_of(stand, rows, words, [0, 6, 10], [["B-N", "O"], ["B-M"]])
    assert gold == [IGNORED, IGNORED, 1, IGNORED, 0, IGNORED, IGNORED, IGNORED, 2, IGNORED]
    assert weights == [2, 1]


def test_a_word_that_was_cut_off_has_no_gold_and_says_o(stand: Any, rows: Any) -> None:
    gold, weights = gold_of(stand, rows, [-1, 0, -1, -1], [0, 4], [["B-N", "B-N"]])
    assert (gold, weights) == ([IGNORED, 1, IGNORED, IGNORED], [1])
    words = np.array([-1, 0, -1, -1], np.int32)
    assert json.loads(say_tags(words, np.array([1, 1, 1, 1]), ["O", "B"], 2)) == ["B", "O"]


def test_tags_are_said_word_by_word_in_the_words_order() -> None:
    words = np.array([-1, 0, -1, 1, 2, -1], np.int32)
    assert json.loads(say_tags(words, np.array([0, 2, 1, 0, 1, 2]), ["O", "B-N", "I-N"], 3)) == ["I-N", "O", "B-N"]


@pytest.mark.parametrize("prefix", ["", "query: "])
@pytest.mark.parametrize("level", [0, 1])
def test_tags_are_the_best_of_each_words_first_sub_token(
    stand: Any, rows: Any, alone: Any, tokenizer: Any, level: int, prefix: str
) -> None:
    ground = stand(level, model=replace(find("tiny"), prefix=prefix))
    head, lead = new_head(ground, LABELS, 1), prefix.split()
    said = Tagging(ground, rows(tokens=WORDS), LABELS, head).say()
    for words, told in zip(WORDS, said, strict=True):
        owners = tokenizer([lead + words], is_split_into_words=True).word_ids(0)
        first = [owners.index(len(lead) + word) for word in range(len(words))]
        best = head(alone([lead + words], is_split_into_words=True)).argmax(1)
        assert json.loads(told) == [LABELS[best[at]] for at in first]
    assert len({tag for told in said for tag in json.loads(told)}) > 1
