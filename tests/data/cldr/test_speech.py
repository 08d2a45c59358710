"""Phrases in a few languages, their patterns written out by hand from CLDR 47's pages."""

from __future__ import annotations

import datetime

import pytest
from babel.dates import parse_pattern
from babel.plural import PluralRule

from harness.data.cldr import speech
from harness.data.cldr import table as cldr

DAY = datetime.date(1984, 10, 5)  # a Friday


def real(code: str) -> speech.Speech:
    own = cldr.own_data(cldr.locales()[code], code)
    return speech.learn(own, cldr.clean(cldr.stated(own)))


def invented(**own) -> speech.Speech:
    return speech.learn(own, {"place:A": "Aland", "place:B": "Beland", "money:C": "C taler", "script:D": "Dscript"})


@pytest.mark.parametrize(
    ("code", "width", "tokens", "tags"),
    [
        ("eng_Latn", "full", "Friday , October 5 , 1984", "B-weekday O B-month B-day O B-year"),
        ("deu_Latn", "long", "5 . Oktober 1984", "B-day O B-month B-year"),
        ("jpn_Jpan", "full", "1984 年 10 月 5 日 金曜日", "B-year O B-month O B-day O B-weekday"),
        ("spa_Latn", "long", "5 de octubre de 1984", "B-day O B-month O B-year"),
        ("rus_Cyrl", "long", "5 октября 1984 г .", "B-day B-month B-year O"),  # the month is inflected
        ("eus_Latn", "long", "1984 (e)ko urria ren 5 (a)", "B-year O B-month O B-day O"),
        ("swh_Latn", "full", "Ijumaa , 5 Oktoba 1984", "B-weekday O B-day B-month B-year"),
    ],
)
def test_dates_follow_the_languages_pattern(code, width, tokens, tags):
    said = speech.say_date(real(code), width, DAY)
    got = speech.tagged(said)
    assert " ".join(got[0]).replace("г.", "г .") == tokens
    assert " ".join(got[1]) == tags


def test_a_pattern_with_short_names_is_not_said():
    calendar = {"months": {"format": {"wide": {10: "Zehnt"}}}, "days": {"format": {"wide": {4: "Frei"}}}}
    for pattern, can in (("d MMMM y", True), ("d MMM y", False), ("EEE d.M.y", False), ("d.M.yy", False)):
        own = calendar | {"date_formats": {"long": parse_pattern(pattern)}}
        assert bool(speech.say_date(invented(**own), "long", DAY)) == can, pattern
    assert speech.say_date(invented(), "long", DAY) is None
    nameless = {"date_formats": {"long": parse_pattern("d MMMM y")}}
    assert speech.say_date(invented(**nameless), "long", DAY) is None


def test_a_month_in_a_date_is_inflected_and_by_itself_it_is_not():
    own = {"months": {"format": {"wide": {1: "ledna"}}, "stand-alone": {"wide": {1: "leden"}}}}
    assert speech.calendar_names(own, "months", "format") == {1: "ledna"}
    assert speech.calendar_names(own, "months", "stand-alone") == {1: "leden"}
    one = {"months": {"format": {"wide": {1: "January"}}}}
    assert speech.calendar_names(one, "months", "stand-alone") == {1: "January"}


def test_amounts_take_the_plural_form_of_their_number():
    unit = {"long": {"one": "{0} den", "few": "{0} dny", "other": "{0} dní"}}
    rule = PluralRule({"one": "n is 1", "few": "n in 2..4"})
    talk = invented(unit_patterns={"duration-day": unit}, plural_form=rule)
    said = ["".join(text for text, _ in speech.say_amount(talk, n, "duration-day")) for n in (3, 5)]
    assert said == ["3 dny", "5 dní"]


def test_amounts_use_the_short_pattern_only_where_no_long_one_is_stated():
    units = {
        "length-meter": {"long": {}, "short": {"other": "{0} メートル"}},
        "speed-beaufort": {"long": {"other": "{0}"}},
        "mass-gram": {"long": {"other": "gramu za mraba {0}"}},
    }
    talk = invented(unit_patterns=units)
    assert speech.tagged(speech.say_amount(talk, 7, "length-meter")) == (["7", "メートル"], ["B-number", "B-unit"])
    tags = ["B-unit", "I-unit", "I-unit", "B-number"]
    assert speech.tagged(speech.say_amount(talk, 7, "mass-gram")) == (["gramu", "za", "mraba", "7"], tags)
    assert speech.say_amount(talk, 7, "speed-beaufort") is None  # names no unit
    assert speech.say_amount(talk, 7, "length-furlong") is None


def listed(talk: speech.Speech, *keys: str) -> str:
    return "".join(text for text, _ in speech.join(talk, [speech.say_name(talk, key) for key in keys], "standard"))


def test_lists_are_joined_from_the_last_pair_backwards():
    patterns = {"start": "{0}; {1}", "middle": "{0}, {1}", "end": "{0} und {1}", "2": "{0} sowie {1}"}
    talk = invented(list_patterns={"standard": patterns})
    assert listed(talk, "place:A", "place:B") == "Aland sowie Beland"
    assert listed(talk, "place:A", "place:B", "money:C") == "Aland; Beland und C taler"
    assert listed(talk, "place:A", "place:B", "money:C", "script:D") == "Aland; Beland, C taler und Dscript"


def test_a_list_pattern_may_turn_its_items_round():
    talk = invented(list_patterns={"standard": {"2": "{1} after {0}"}})
    assert listed(talk, "place:A", "place:B") == "Beland after Aland"


def test_what_a_language_leaves_to_the_root_is_a_comma():
    assert listed(invented(), "place:A", "place:B", "money:C") == "Aland, Beland, C taler"
    own = invented(list_patterns={"standard": {"end": "{0} na {1}", "2": "{0} na {1}"}})
    assert listed(own, "place:A", "place:B", "money:C") == "Aland, Beland na C taler"


def test_a_list_with_a_name_that_the_language_lacks_is_not_said():
    talk = invented()
    assert speech.join(talk, [speech.say_name(talk, "place:A"), speech.say_name(talk, "place:Z")], "standard") is None


def test_tokens_are_pieces_split_at_white_space_and_tags_begin_and_go_on():
    said = [("New\u00a0South Wales", "place"), (",\u200f ", None), ("\u200f", None), ("日本", "place"), ("と", None)]
    assert speech.tagged(said) == (
        ["New", "South", "Wales", ",\u200f", "日本", "と"],
        ["B-place", "I-place", "I-place", "O", "B-place", "O"],
    )
