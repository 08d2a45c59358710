"""The control without a skill: every name as it is and scrambled, compared with hashlib and unicodedata."""

from __future__ import annotations

import importlib.metadata
import unicodedata
from hashlib import md5

import pytest

from harness.data import adapt, cards, describe


def pairs(language: str) -> dict[str, dict[str, str]]:
    """Source → label → text of the test split."""
    found: dict[str, dict[str, str]] = {}
    for row in adapt.adapted("cldr_scrambled").rows("test", [language]).to_pylist():
        assert row["id"] == f"{row['source'].removeprefix('cldr:')}:{row['label']}"
        found.setdefault(row["source"], {})[row["label"]] = row["text"]
    return found


def characters(word: str) -> list[str]:
    found: list[str] = []
    for c in word:
        if found and unicodedata.category(c).startswith("M"):
            found[-1] += c
        else:
            found.append(c)
    return found


def scrambled(key: str, text: str) -> str:
    def place(word: str, i: int) -> str:
        return md5(f"{key}{word}{i}".encode()).hexdigest()

    words = [(word, list(enumerate(characters(word), 1))) for word in text.split(" ")]
    return " ".join("".join(c for i, c in sorted(marks, key=lambda m: place(word, m[0]))) for word, marks in words)


@pytest.mark.parametrize("language", ["eng_Latn", "hin_Deva", "vie_Latn", "khm_Khmr", "zho_Hans"])
def test_a_name_stands_twice_as_it_is_and_in_the_order_of_its_digests(language):
    names = adapt.adapted("cldr_terms").rows("test", [language], ["source", "text"]).to_pylist()
    wanted = {row["source"]: row["text"].lower() for row in names if len(row["text"]) > 3}
    wanted = {source: (text, scrambled(source.removeprefix("cldr:"), text)) for source, text in wanted.items()}
    wanted = {source: both for source, both in wanted.items() if both[0] != both[1]}
    assert {source: (both["real"], both["scrambled"]) for source, both in pairs(language).items()} == wanted
    assert len(wanted) >= 28


def test_letters_keep_their_marks_and_words_their_places():
    assert pairs("hin_Deva")["cldr:place:AR"] == {"real": "अर्जेंटीना", "scrambled": "अजेंर्नाटी"}
    assert pairs("vie_Latn")["cldr:place:CN"] == {"real": "trung quốc", "scrambled": "ugrtn uốcq"}


def test_the_cards_languages_and_generated_block_are_those_adapted():
    made = adapt.adapted("cldr_scrambled")
    assert {code for _, code in made.parts} == set(made.card.languages.codes)
    if importlib.metadata.version("babel") != made.card.sources[0].version:
        pytest.skip("another Babel carries another CLDR: the card describes the one that it names")
    text = cards.card_path("cldr_scrambled").read_text(encoding="utf-8")
    assert describe.with_block(text, describe.generated_block(made)) == text
