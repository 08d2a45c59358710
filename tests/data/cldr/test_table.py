"""CLDR's material as a whole: which languages, whose names, and what no split may share."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from functools import cache
from typing import Any

import pytest
from babel import Locale, localedata

from harness import languages as lang
from harness.data.cldr import holdout
from harness.data.cldr import table as cldr

SCRIPTS = {
    "Latn": "LATIN",
    "Cyrl": "CYRILLIC",
    "Arab": "ARABIC",
    "Deva": "DEVANAGARI",
    "Beng": "BENGALI",
    "Ethi": "ETHIOPIC",
    "Hans": "CJK",
    "Hant": "CJK",
    "Jpan": "KATAKANA",
    "Hang": "HANGUL",
    "Hebr": "HEBREW",
    "Mymr": "MYANMAR",
    "Tfng": "TIFINAGH",
    "Tibt": "TIBETAN",
    "Armn": "ARMENIAN",
    "Geor": "GEORGIAN",
    "Grek": "GREEK",
    "Gujr": "GUJARATI",
    "Guru": "GURMUKHI",
    "Khmr": "KHMER",
    "Knda": "KANNADA",
    "Laoo": "LAO",
    "Mlym": "MALAYALAM",
    "Nkoo": "NKO",
    "Olck": "OL",
    "Orya": "ORIYA",
    "Sinh": "SINHALA",
    "Taml": "TAMIL",
    "Telu": "TELUGU",
    "Thai": "THAI",
}


@cache
def rows() -> list[dict[str, Any]]:
    return cldr.table().to_pylist()


@cache
def names() -> dict[tuple[str, str], str]:
    return {(row["language"], row["key"]): row["text"] for row in rows()}


@cache
def read() -> list[str]:
    return sorted({row["language"] for row in rows()})


@pytest.mark.parametrize(
    ("language", "key", "name"),
    [
        ("deu_Latn", "place:FR", "Frankreich"),
        ("fra_Latn", "place:DE", "Allemagne"),
        ("swh_Latn", "month:1", "Januari"),
        ("jpn_Jpan", "weekday:fri", "金曜日"),
        ("zho_Hans", "place:CN", "中国"),
        ("zho_Hant", "place:CN", "中國"),
        ("spa_Latn", "language:de", "alemán"),
        ("rus_Cyrl", "language:ru", "русский"),
        ("tur_Latn", "month:10", "Ekim"),
        ("cym_Latn", "weekday:wed", "Dydd Mercher"),
        ("ces_Latn", "month:5", "květen"),  # by itself, not května
        ("nno_Latn", "place:NO", "Noreg"),  # Nynorsk's own, not Norge
        ("nno_Latn", "language:de", "tysk"),  # as in Norwegian, so left out of Nynorsk's file
        ("arb_Arab", "money:EUR", "يورو"),
        ("hun_Latn", "unit:length-meter", "méter"),
        ("eng_Latn", "script:Cyrl", "Cyrillic"),
    ],
)
def test_names_that_anyone_can_look_up(language, key, name):
    assert names()[language, key] == name


def test_every_language_is_read_from_its_own_locale_in_its_own_script():
    """The locale agrees with the languages table, and most letters of the names with the code's script."""
    own = {"fuv_Latn": "ff", "pbt_Arab": "ps", "prs_Arab": "fa_AF", "quy_Latn": "qu", "tzm_Tfng": "zgh"}
    for language in read():
        locale = cldr.locales()[language]
        listed = lang.languages()[language]["cldr_locale"] or own[language]
        assert listed == locale or listed == f"{locale}_{language[4:]}"
        places = [name for (code, key), name in names().items() if code == language and key.startswith("place:")]
        letters = Counter(unicodedata.name(c).split()[0] for name in places for c in name if c.isalpha())
        assert letters.most_common(1)[0][0] == SCRIPTS[language[4:]], language


def test_languages_and_clusters_covered():
    assert len(read()) == 137
    assert len({lang.cluster(code) for code in read()}) == 19
    assert "aka_Latn" in read()
    assert "twi_Latn" not in read()  # CLDR has one Akan, and it is not given out twice


def test_languages_with_few_names_of_their_own_are_left_out():
    counts = {
        c: len(cldr.clean(cldr.stated(cldr.own_data(cldr.locales()[c], c))))
        for c in ("hat_Latn", "tso_Latn", "pap_Latn")
    }
    assert counts["hat_Latn"] < counts["tso_Latn"] < cldr.MIN_NAMES <= counts["pap_Latn"]
    assert not {"hat_Latn", "tso_Latn"} & set(read())


@pytest.mark.parametrize(
    ("locale", "code", "files"),
    [
        ("de", "deu_Latn", ["de"]),
        ("nn", "nno_Latn", ["nn", "no"]),
        ("fa_AF", "prs_Arab", ["fa_AF", "fa"]),
        ("ht", "hat_Latn", ["ht"]),  # CLDR falls back to Haiti's French
        ("zh_Hant", "zho_Hant", ["zh_Hant"]),
        ("ks_Deva", "kas_Deva", ["ks_Deva"]),
        ("sr_Cyrl", "srp_Cyrl", ["sr_Cyrl", "sr"]),
    ],
)
def test_a_language_inherits_from_itself_and_its_macrolanguage_alone(locale, code, files):
    assert cldr.chain(locale, code) == files


def test_what_a_locale_inherits_from_root_is_no_name_of_its():
    assert Locale("ckb").unit_display_names["duration-hour"]["short"] == "hr"  # root's
    assert "unit:duration-hour" not in cldr.stated(cldr.own_data("ckb", "ckb_Arab"))
    assert Locale("ht").territories["DE"] == "Allemagne"  # French
    assert "place:DE" not in cldr.stated(cldr.own_data("ht", "hat_Latn"))


def test_reading_a_language_alone_leaves_babels_own_view_of_it_whole():
    cldr.own_data("luo", "luo_Latn")
    assert localedata.load("luo")["unit_display_names"]["duration-hour"]["short"] == "hr"


def test_names_that_cannot_be_told_apart_are_left_out():
    given = {
        "place:AA": "Aland",
        "place:BB": "Beland",
        "place:CC": "beland",  # two keys of one kind share it
        "place:DD": "dd",  # a bare code
        "language:aa": "ALAND",  # the place has taken it
        "language:und": "Unknown language",
        "language:xx": "  New\u00a0Exish ",
        "month:1": "Me\u0301",
        "month:2": "",
    }
    assert cldr.clean(given) == {"place:AA": "Aland", "language:xx": "New Exish", "month:1": "Mé"}


def test_a_unit_is_named_in_full_where_long_equals_short():
    own = {"unit_display_names": {"length-meter": {"short": "メートル"}, "mass-gram": {"long": "grams", "short": "g"}}}
    assert cldr.stated(own) == {"unit:length-meter": "メートル", "unit:mass-gram": "grams"}


def test_no_text_of_dev_or_test_stands_in_train_and_none_of_test_in_dev():
    texts = defaultdict(set)
    for row in rows():
        texts[row["split"]].add(unicodedata.normalize("NFC", row["text"]).casefold())
    assert not texts["train"] & (texts["dev"] | texts["test"])
    assert not texts["dev"] & texts["test"]


def test_a_key_has_one_split_in_all_languages_and_names_are_unique_within_one():
    splits = defaultdict(set)
    for row in rows():
        splits[row["key"]].add(row["split"])
    assert all(len(found) == 1 for found in splits.values())
    seen = Counter((row["language"], row["text"].casefold()) for row in rows() if row["kind"] != "phrase")
    assert max(seen.values()) == 1


def keys(split: str, kind: str | None = None) -> set[str]:
    return {r["key"] for r in rows() if r["split"] == split and r["kind"] != "phrase" and kind in (None, r["kind"])}


def test_keys_by_split():
    assert [len(keys(split)) for split in ("train", "dev", "test")] == [716, 236, 66]
    assert {kind: len(keys("test", kind)) for kind in cldr.KINDS} == {
        **{"place": 20, "language": 20, "money": 20, "month": 3, "weekday": 2, "script": 1, "unit": 0},
    }
    assert sum(("eng_Latn", key) in names() for key in keys("train")) == 711
    assert all(("eng_Latn", key) in names() for key in keys("test"))


def test_test_items_are_shared_by_nine_tenths_of_the_languages():
    stands = Counter(row["key"] for row in rows() if row["split"] == "test")
    assert min(stands.values()) >= holdout.TEST_SHARE * len(read())
    assert sum(key.startswith(("date", "list")) for key in stands) == 76


def test_dari_and_persian_are_both_there_and_mostly_alike():
    both = [key for code, key in names() if code == "prs_Arab" and ("pes_Arab", key) in names()]
    alike = sum(names()["prs_Arab", key] == names()["pes_Arab", key] for key in both)
    assert 0.5 < alike / len(both) < 1


def test_phrases_use_the_digits_0_to_9_alone():
    numbers = [
        c
        for r in rows()
        if r["kind"] == "phrase"
        for t, g in zip(r["tokens"], r["tags"], strict=True)
        if g == "B-number"
        for c in t
    ]
    assert set(numbers) == set("0123456789")


def test_blocks_join_varieties_and_dimensions():
    assert cldr.block("language:en_GB") == cldr.block("language:en") == "language:en"
    assert cldr.block("unit:length-meter") == cldr.block("unit:length-mile-scandinavian") == "unit:length"
    assert cldr.block("place:FR") == "place:FR"
