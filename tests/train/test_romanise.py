"""Romanising: what uroman makes of a text, and which rows of a job it is asked about."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from harness.errors import UserError
from harness.train import romanise
from harness.train.romanise import romanised

WORDS = [["Привет", "мир"], ["Καλημέρα"], ["çok", "güzel"]]
SCRIPTS = ["Cyrl", "Grek", "Latn"]


@pytest.mark.parametrize(
    ("text", "latin"),
    [("Привет мир", "Privet mir"), ("Игорь Стравинский", "Igor Stravinsky"), ("ちょっと", "chotto"), ("1984", "1984")],
)
def test_a_text_is_spelled_in_latin_letters_as_uromans_own_pages_show(text: str, latin: str) -> None:
    assert romanised(text) == latin


def test_only_rows_of_the_named_scripts_are_romanised(stand: Any, rows: Any) -> None:
    texts = [" ".join(words) for words in WORDS]
    given = rows(text=texts, text_pair=["мир"] * 3, tokens=WORDS, script=SCRIPTS)
    ground = stand(transliterate=("Cyrl", "Hebr"))
    assert ground.texts(given) == ["Privet mir", "Καλημέρα", "çok güzel"]
    assert ground.texts(given, "text_pair") == ["mir", "мир", "мир"]
    assert ground.words(given) == [["Privet", "mir"], ["Καλημέρα"], ["çok", "güzel"]]
    assert stand().texts(given) == texts
    assert stand().words(given) == WORDS


def test_without_uroman_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uroman", None)
    romanise._uroman.cache_clear()
    with pytest.raises(UserError, match=r"transliterate: uroman is not installed; pip install 'stiltbench\[train\]'"):
        romanised("мир")
