"""Answers in words become labels by a named rule; each case is worked out by hand from statistics §13.1."""

from __future__ import annotations

import pytest

from harness.score.answers import labels_in

TOPICS = ["science/technology", "travel", "politics", "sports", "health", "entertainment", "geography"]

CASES = {
    # answer: (first, unique)
    "travel": ("travel", "travel"),
    "Category: TRAVEL.": ("travel", "travel"),
    "Travel, or perhaps politics": ("travel", None),
    "not politics but travel, so travel": ("politics", None),
    "travel. Yes, travel!": ("travel", "travel"),
    "It is about technology.": ("science/technology", "science/technology"),
    "science/technology": ("science/technology", "science/technology"),
    "Science or technology": ("science/technology", "science/technology"),
    "science, that is geography": ("science/technology", None),
    "geography, a science": ("geography", None),
    "passports": ("sports", "sports"),  # a label may stand inside a word
    "biogeography of\ntravels": ("geography", None),
    "I cannot read this language.": (None, None),
    "scientific": (None, None),
    "": (None, None),
    None: (None, None),
}


@pytest.mark.parametrize("place", [0, 1], ids=["first", "unique"])
def test_a_rule_reads_the_label_of_an_answer(place: int) -> None:
    rule = ["first", "unique"][place]
    read = dict(zip(CASES, labels_in(list(CASES), TOPICS, rule), strict=True))
    assert read == {answer: expected[place] for answer, expected in CASES.items()}


@pytest.mark.parametrize("rule", ["first", "unique"])
def test_of_names_that_overlap_the_longest_is_read(rule: str) -> None:
    labels = ["entailment", "not_entailment"]
    assert labels_in(["It is not_entailment.", "entailment"], labels, rule) == ["not_entailment", "entailment"]


@pytest.mark.parametrize("rule", ["first", "unique"])
def test_a_label_keeps_its_own_spelling(rule: str) -> None:
    assert labels_in(["b-day", "C++ is it"], ["B-DAY", "C++"], rule) == ["B-DAY", "C++"]
