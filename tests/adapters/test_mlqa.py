"""MLQA: the files whose context and question are in one language, and articles that are known by one title."""

from __future__ import annotations

import pytest

from harness.errors import UserError
from tests.adapters.squad_shape import AWKWARD, AWKWARD_ROWS, expected, questions, squad

DEV = "MLQA_V1/dev/dev-context-{}-question-{}.json"


def test_files_of_two_languages_are_left_out_and_an_articles_title_is_the_english_one(rows_of):
    files = {
        DEV.format("ar", "ar"): squad(*AWKWARD, title="عنوان"),
        DEV.format("en", "en"): squad(*AWKWARD[:2], title="A title"),
        DEV.format("en", "ar"): squad(*AWKWARD, title="Another"),
        DEV.format("zh", "zh"): squad(AWKWARD[2], ("q4", "", []), title="题"),
    }
    rows = rows_of("mlqa", files)
    assert [tuple(row.values())[1:5] for row in rows] == [
        ("arb_Arab", "q1", "mlqa:q1", "mlqa:A title"),
        ("arb_Arab", "q2", "mlqa:q2", "mlqa:A title"),
        ("arb_Arab", "q3", "mlqa:q3", "mlqa:عنوان"),
        ("eng_Latn", "q1", "mlqa:q1", "mlqa:A title"),
        ("eng_Latn", "q2", "mlqa:q2", "mlqa:A title"),
        ("zho_Hans", "q3", "mlqa:q3", "mlqa:عنوان"),
        ("zho_Hans", "q4", "mlqa:q4", "mlqa:题"),
    ]
    assert [{key: row[key] for key in AWKWARD_ROWS[0]} for row in rows[:3]] == AWKWARD_ROWS


def test_a_file_cut_short_is_refused_where_it_ends(rows_of, tmp_path):
    path = DEV.format("vi", "vi")
    with pytest.raises(UserError) as stopped:
        rows_of("mlqa", {DEV.format("hi", "hi"): squad(*AWKWARD), path: b'{"version": 1.0,\n"data": [{'})
    assert str(stopped.value).startswith(f"mlqa: {tmp_path / 'mlqa' / path}, line 2: not JSON: ")


@pytest.mark.parametrize(
    ("spelled", "code", "size", "shared"), [("hi", "hin_Deva", 507, 177), ("vi", "vie_Latn", 511, 177)]
)
def test_every_question_arrives_in_its_place(real, raw_folder, spelled, code, size, shared):
    made = real("mlqa")
    path = raw_folder("mlqa") / DEV.format(spelled, spelled)
    rows = made.rows("dev", [code], ["id", "text", "text_pair", "answers"]).to_pylist()
    assert rows == expected(path)
    assert (len(rows), sum(len(row["answers"]) for row in rows)) == (size, size)
    others = {row["id"] for row in made.rows("dev", columns=["id", "language"]).to_pylist() if row["language"] != code}
    assert len(others & {row["id"] for row in rows}) == shared


def test_a_question_has_one_block_in_all_languages(asked):
    blocks = "select id, count(distinct block) as n from mlqa group by id"
    assert asked(f"select count(*), max(n) from ({blocks})", "mlqa") == [(507 + 511 - 177, 1)]


def test_some_questions_end_with_a_backslash_and_an_n(raw_folder):
    files = [raw_folder("mlqa") / DEV.format(name, name) for name in ("hi", "vi")]
    assert [sum(q["question"].endswith("\\n") for q in questions(file)) for file in files] == [106, 0]


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("mlqa")


RAW = {"mlqa": {DEV.format("ar", "ar"): squad(*AWKWARD), DEV.format("en", "en"): squad(*AWKWARD[:2])}}
