"""Goldens of the three adapters over CLDR: a few languages and items, read off CLDR's charts by hand."""

from __future__ import annotations

import importlib.metadata

import pytest

from harness.data import adapt, cards, describe

CLDR = ("cldr_terms", "cldr_kind", "cldr_phrases")


def rows(name: str, split: str, language: str) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in adapt.adapted(name).rows(split, [language]).to_pylist()}


TERMS = [
    # language, id, text
    ("eng_Latn", "place:JP", "Japan"),
    ("deu_Latn", "place:IT", "Italien"),
    ("swh_Latn", "language:fr", "Kifaransa"),
    ("hin_Deva", "place:JP", "जापान"),
    ("kor_Hang", "language:de", "독일어"),
    ("heb_Hebr", "weekday:wed", "יום רביעי"),
    ("pol_Latn", "month:10", "październik"),
    ("vie_Latn", "money:JPY", "Yên Nhật"),
]


@pytest.mark.parametrize(("language", "key", "text"), TERMS)
def test_terms_and_kinds(language, key, text):
    term = rows("cldr_terms", "test", language)[key]
    assert (term["text"], term["source"], term["block"]) == (text, f"cldr:{key}", key)
    assert (term["dataset"], term["label"], term["tokens"]) == ("cldr_terms", None, None)
    kind = rows("cldr_kind", "test", language)[key]
    assert (kind["text"], kind["label"], kind["source"]) == (text, key.split(":")[0], f"cldr:{key}")


PHRASES = [
    # language, id, tokens, tags
    ("eng_Latn", "date:full:2011-12-02", "Friday , December 2 , 2011", "B-weekday O B-month B-day O B-year"),
    ("jpn_Jpan", "date:full:2011-12-02", "2011 年 12 月 2 日 金曜日", "B-year O B-month O B-day O B-weekday"),
    ("deu_Latn", "date:long:2011-12-02", "2 . Dezember 2011", "B-day O B-month B-year"),
    ("swh_Latn", "date:long:2011-12-02", "2 Desemba 2011", "B-day B-month B-year"),
    ("eng_Latn", "list:place:VA, language:sv", "Vatican City and Swedish", "B-place I-place O B-language"),
    ("deu_Latn", "list:place:CN, place:IT, place:ER", "China , Italien und Eritrea", "B-place O B-place O B-place"),
    ("fra_Latn", "list:place:PT, place:KZ", "Portugal et Kazakhstan", "B-place O B-place"),
    ("zho_Hans", "list:place:ER, place:CN", "厄立特里亚 和 中国", "B-place O B-place"),
]


@pytest.mark.parametrize(("language", "key", "tokens", "tags"), PHRASES)
def test_phrases(language, key, tokens, tags):
    phrase = rows("cldr_phrases", "test", language)[key]
    assert (phrase["tokens"], phrase["tags"]) == (tokens.split(), tags.split())
    assert phrase["source"] == f"cldr:{key}"


def test_an_amount_stands_in_train_alone():
    english = rows("cldr_phrases", "train", "eng_Latn")
    amounts = [row for key, row in english.items() if key.startswith("amount:")]
    assert len(amounts) > 150
    assert all({"B-number", "B-unit"} <= set(row["tags"]) for row in amounts)
    assert not any(key.startswith("amount:") for key in rows("cldr_phrases", "test", "eng_Latn"))


@pytest.mark.parametrize("name", CLDR)
def test_the_cards_languages_are_those_adapted(name):
    made = adapt.adapted(name)
    for split in ("train", "dev", "test"):
        assert {code for s, code in made.parts if s == split} == set(made.card.languages.codes)


@pytest.mark.parametrize("name", CLDR)
def test_the_cards_generated_block_is_what_the_data_gives(name):
    card = cards.dataset_card(name)
    if importlib.metadata.version("babel") != card.sources[0].version:
        pytest.skip("another Babel carries another CLDR: the card describes the one that it names")
    text = cards.card_path(name).read_text(encoding="utf-8")
    assert describe.with_block(text, describe.generated_block(adapt.adapted(name))) == text
