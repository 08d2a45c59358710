"""XQuAD: nested JSON, offsets in code points, the same questions in every language."""

from __future__ import annotations

import json

import pytest

from harness.errors import UserError
from tests.adapters.squad_shape import AWKWARD, AWKWARD_ROWS, expected, questions, squad


def test_questions_come_with_their_paragraph_and_offsets_in_code_points(rows_of):
    rows = rows_of("xquad", {"xquad.ro.json": squad(*AWKWARD, title="Some_article")})
    assert rows == [
        {"split": "test", "language": "ron_Latn", "id": name, "source": f"squad:{name}", "block": "squad:Some_article"}
        | row
        for name, row in zip(("q1", "q2", "q3"), AWKWARD_ROWS, strict=True)
    ]


def test_an_offset_in_another_unit_is_refused_where_the_question_stands(rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("xquad", {"xquad.ro.json": squad(AWKWARD[0], ("q2", "?", [("ça", 13)]))})
    place = f"{tmp_path / 'xquad' / 'xquad.ro.json'}, line 25 (test ro q2)"
    assert str(stopped.value).startswith(f"xquad: {place}: column answers is not where its start says")


@pytest.mark.parametrize("key", ["data", "paragraphs", "qas", "context", "question", "answers"])
def test_a_missing_key_is_refused_and_drops_nothing(rows_of, key):
    good, bad = squad(*AWKWARD), squad(*AWKWARD).replace(f'"{key}"'.encode(), b'"other"')
    with pytest.raises(UserError, match=r"^xquad: .*/xquad.th.json, .*\d+ .*\(test th .*is empty"):
        rows_of("xquad", {"xquad.ro.json": good, "xquad.th.json": bad})


def test_a_file_cut_short_is_refused_where_it_ends(rows_of, tmp_path):
    whole = squad(*AWKWARD)
    with pytest.raises(UserError) as stopped:
        rows_of("xquad", {"xquad.ro.json": whole, "xquad.th.json": whole[: whole.index(b'"q2"')]})
    assert str(stopped.value) == f"xquad: {tmp_path / 'xquad' / 'xquad.th.json'}, line 25: not JSON: Expecting value"


RAW = {"xquad": {"xquad.ro.json": squad(*AWKWARD)}}


# -- the makers' files

SPELLED = {"ar": "arb_Arab", "de": "deu_Latn", "el": "ell_Grek", "en": "eng_Latn", "es": "spa_Latn", "hi": "hin_Deva"}
SPELLED |= {"ro": "ron_Latn", "ru": "rus_Cyrl", "th": "tha_Thai", "tr": "tur_Latn", "vi": "vie_Latn", "zh": "zho_Hans"}


def test_every_question_of_every_file_arrives_in_its_place(real, raw_folder):
    made = real("xquad")
    assert {language: part.rows for (_, language), part in made.parts.items()} == dict.fromkeys(SPELLED.values(), 1190)
    for name, code in SPELLED.items():
        rows = made.rows("test", [code], ["id", "text", "text_pair", "answers"]).to_pylist()
        assert rows == expected(raw_folder("xquad") / f"xquad.{name}.json")


def test_ids_and_titles_are_the_same_in_every_language_and_each_question_has_one_answer(raw_folder, real):
    files = [raw_folder("xquad") / f"xquad.{name}.json" for name in SPELLED]
    assert {json.loads(file.read_bytes())["version"] for file in files} == {"1.1"}
    assert len({tuple((q["id"], q["title"], q["paragraph"]) for q in questions(file)) for file in files}) == 1
    rows = real("xquad").rows("test", columns=["answers"])["answers"].to_pylist()
    assert {len(answers) for answers in rows} == {1}


def test_a_block_is_one_of_48_articles(asked):
    per_language = "select language, count(distinct block) as n, count(distinct source) as s from xquad group by all"
    assert asked(f"select min(n), max(n), min(s), max(s) from ({per_language})", "xquad") == [(48, 48, 1190, 1190)]


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("xquad")
