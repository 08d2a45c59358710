"""FLORES-200's kin on the Hub, whose files we have not met: Belebele and FLORES+, in the shape that is described."""

from __future__ import annotations

import json

import pytest

from harness.errors import UserError

PAGE = "https://en.wikinews.org/wiki/A_%22b%22"


def question(**changed: object) -> dict[str, object]:
    answers = {f"mc_answer{i}": answer for i, answer in enumerate(("a", " b", '"c"', "e\u0301"), 1)}
    whole = {"link": PAGE, "question_number": 1, "flores_passage": "One.\nTwo\u2028.", "question": "What?", **answers}
    return whole | {"correct_answer_num": "4", "dialect": "xxx_Latn", "ds": "2023-05-03"} | changed


def lines(*rows: dict[str, object]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=bool(i % 2)) + "\n" for i, row in enumerate(rows)).encode()


def test_belebele_counts_answers_from_1_and_choices_from_0(rows_of):
    rows = rows_of("belebele", {"hin_Latn.jsonl": lines(question(), question(question_number=2, correct_answer_num=1))})
    same = (f"flores200:page:{PAGE}", PAGE, "What?", "One.\nTwo\u2028.", ["a", " b", '"c"', "e\u0301"])
    assert [tuple(row.values()) for row in rows] == [
        ("test", "hin_Latn", f"{PAGE}#1", *same, "3"),
        ("test", "hin_Latn", f"{PAGE}#2", *same, "0"),
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"correct_answer_num": "5"}, "column label is no position in choices: '4'"),
        ({"correct_answer_num": "0"}, "column label is no position in choices: '-1'"),
        ({"correct_answer_num": "b"}, "column label is empty"),
        ({"mc_answer3": None}, "column choices is empty"),
        ({"flores_passage": None}, "column text is empty"),
        ({"question_number": 1}, f"column id stands twice in one split and language: '{PAGE}#1'"),
    ],
)
def test_belebele_refuses_a_bad_question_where_it_stands(changed, said, rows_of, tmp_path):
    bad = question(question_number=2) | changed
    with pytest.raises(UserError) as stopped:
        rows_of("belebele", {"hin_Deva.jsonl": lines(question(), bad)})
    assert str(stopped.value) == f"belebele: {tmp_path / 'belebele' / 'hin_Deva.jsonl'}, line 2: {said[:200]}"


def sentence(number: int, text: str) -> dict[str, object]:
    return {"id": number, "iso_639_3": "x", "iso_15924": "y", "text": text, "url": PAGE, "topic": "health"}


def test_flores_plus_keeps_the_sources_of_flores_under_renamed_codes(rows_of, left_out):
    two = lines(sentence(5, "e\u0301 "), sentence(7, '"b'))
    names = ("eng_Latn", "cmn_Hans", "apc_Arab_sout3123", "twi_Latn_asan1239", "cat_Latn_vale1252", "brx_Deva")
    files = {f"dev/{name}.jsonl": two for name in names} | {"devtest/fil_Latn.jsonl": lines(sentence(1, "c"))}
    rows = rows_of("flores_plus", files)
    assert {row["language"] for row in rows if row["split"] == "dev"} == {
        "eng_Latn",
        "zho_Hans",
        "ajp_Arab",
        "aka_Latn",
        "brx_Deva",
    }
    assert [tuple(row.values())[1:] for row in rows if row["language"] in ("zho_Hans", "tgl_Latn")] == [
        ("zho_Hans", "0", "flores200:dev:0", PAGE, "e\u0301 "),
        ("zho_Hans", "2", "flores200:dev:2", PAGE, '"b'),
        ("tgl_Latn", "0", "flores200:devtest:0", PAGE, "c"),
    ]
    assert left_out("flores_plus") == {("dev", "cat_Latn", "second translation into the language"): 2}


def test_flores_plus_counts_from_the_lowest_id_of_all_languages(rows_of):
    files = {
        "dev/eng_Latn.jsonl": lines(sentence(1, "a"), sentence(2, "b")),
        "dev/fra_Latn.jsonl": lines(sentence(2, "d")),
    }
    rows = rows_of("flores_plus", files | {"devtest/eng_Latn.jsonl": lines(sentence(1, "c"))})
    assert [(row["language"], row["source"]) for row in rows if row["split"] == "dev"] == [
        ("eng_Latn", "flores200:dev:0"),
        ("eng_Latn", "flores200:dev:1"),
        ("fra_Latn", "flores200:dev:1"),
    ]


@pytest.mark.parametrize(
    ("name", "good", "beside"),
    [
        ("belebele", question(), {}),
        ("flores_plus", sentence(1, "a"), {"devtest/eng_Latn.jsonl": lines(sentence(1, "c"))}),
    ],
)
def test_what_is_no_json_is_refused_where_it_stands(name, good, beside, rows_of, tmp_path):
    path = "dev/eng_Latn.jsonl" if beside else "eng_Latn.jsonl"
    with pytest.raises(UserError) as stopped:
        rows_of(name, beside | {path: lines(good) + b'{"id": 2, "text": "b"\n'})
    assert str(stopped.value) == f"{name}: {tmp_path / name / path}, line 2: not JSON"


def test_flores_plus_in_parquet_is_refused_with_the_reason(rows_of):
    with pytest.raises(UserError, match=r"not dev/\*.parquet: the adapter reads JSON lines"):
        rows_of("flores_plus", {"dev/eng_Latn.parquet": b"PAR1"})


RAW = {
    "belebele": {"hin_Latn.jsonl": lines(question(), question(question_number=2, correct_answer_num=1))},
    "flores_plus": {
        f"{split}/cmn_Hans.jsonl": lines(sentence(1, "a"), sentence(2, "b")) for split in ("dev", "devtest")
    },
}
