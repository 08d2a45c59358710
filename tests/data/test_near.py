"""Near matches: edits that are found and sentences that are not, and every pair compared by force."""

from __future__ import annotations

import random
from itertools import permutations

import duckdb
import pytest

from harness.data import near

SENTENCE = "The ministry said on Monday that the ferry had left the harbour shortly before the storm reached the coast"


def matched(*texts: tuple[str, str, str]) -> set[tuple[str, ...]]:
    with duckdb.connect() as connection:
        connection.execute("create table texts (part varchar, language varchar, text varchar)")
        connection.executemany("insert into texts values (?, ?, ?)", texts)
        near.match(connection)
        found = connection.execute("from near").fetchall()
    assert len(found) == len(set(found))
    return set(found)


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (SENTENCE, SENTENCE.replace("harbour", "port"), True),
        (SENTENCE, SENTENCE.upper(), True),
        (SENTENCE, "The ministry said on Monday that the airport would stay closed until the storm had passed", False),
        ("代表团周一抵达首都，双方将就边境贸易和渔业问题举行为期三天的会谈，随后发表联合声明。" * 2, None, True),
        ("ใช่", "ใช่ค่ะ", False),
        ("Good morning", "Good evening", False),
        ("Ja !", "JA !", True),
    ],
)
def test_an_edited_word_is_near_and_another_sentence_is_not(one, other, found):
    other = other or one.replace("首都", "港口", 1)
    both = {("a", "x", one, "b", other), ("b", "x", other, "a", one)}
    assert matched(("a", "x", one), ("b", "x", other)) == (both if found else set())


def test_equal_texts_and_those_of_one_part_or_of_two_languages_are_not_near():
    edited = SENTENCE.replace("harbour", "port")
    assert matched(("a", "x", SENTENCE), ("b", "x", SENTENCE), ("a", "x", edited), ("b", "y", edited)) == {
        ("a", "x", edited, "b", SENTENCE),
        ("b", "x", SENTENCE, "a", edited),
    }


def test_the_threshold_itself_is_near():
    # 5-grams of a run of distinct letters: 11 letters have 7; 14 that begin alike have 10, of which 7 are shared.
    assert len(matched(("a", "x", "abcdefghijk"), ("b", "x", "abcdefghijklmn"))) == 2
    assert matched(("a", "x", "abcdefghijk"), ("b", "x", "abcdefghijklmno")) == set()


def by_force(one: str, other: str) -> bool:
    first, second = ({text[i : i + 5] for i in range(max(1, len(text) - 4))} for text in (one, other))
    return one != other and len(first & second) / len(first | second) >= 0.7


def test_what_is_found_is_what_comparing_every_pair_finds():
    random.seed(7)
    texts = ["".join(random.choices("ab ", k=random.randint(1, 60))) for _ in range(60)]
    for _ in range(240):  # a letter changed, put in or left out
        text = random.choice(texts)
        at = random.randrange(len(text))
        texts.append(text[:at] + random.choice(["", "a", "b", "ab"]) + text[at + random.randint(0, 1) :] or "a")
    rows = {(random.choice("pqr"), random.choice("xy"), text) for text in texts}
    expected = {
        (part, language, text, other_part, other)
        for (part, language, text), (other_part, other_language, other) in permutations(rows, 2)
        if part != other_part and language == other_language and by_force(text, other)
    }
    assert len(expected) > 100
    assert matched(*rows) == expected
