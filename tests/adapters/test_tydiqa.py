"""TyDi QA-GoldP as XTREME lays it out: ids that repeat, and answers that were taken out of the development files."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from harness.errors import UserError
from tests.adapters.squad_shape import AWKWARD, AWKWARD_ROWS, CONTEXT, expected, questions

TRAIN = "tydiqa-goldp-v1.1-train/tydiqa.goldp.{}.train.json"
DEV = "tydiqa-goldp-v1.1-dev/tydiqa.goldp.{}.dev.json"


def gold(*asked: tuple[str, str, list[tuple[str, int]]], context: str = CONTEXT) -> bytes:
    """A file with an article, without a title, for every question, all of whom have one id."""
    answered = [[{"answer_start": at, "text": said} for said, at in answers] for _, _, answers in asked]
    qas = [{"answers": a, "question": question, "id": "0"} for a, (_, question, _) in zip(answered, asked, strict=True)]
    articles = [{"paragraphs": [{"context": context, "qas": [q]}]} for q in qas]
    return json.dumps({"data": articles, "version": "TyDiQA-GoldP-1.1-for-SQuAD-1.1"}, indent=1).encode()


def test_ids_are_places_in_the_file_and_a_shared_paragraph_is_a_block(rows_of):
    files = {TRAIN.format("sw"): gold(*AWKWARD), TRAIN.format("en"): gold(AWKWARD[0])}
    rows = rows_of("tydiqa", files | {DEV.format("sw"): gold(("0", "?", [("", 0)]))})
    assert [tuple(row.values())[:4] for row in rows] == [
        ("train", "eng_Latn", "en-0", "tydiqa:train:en-0"),
        ("train", "swh_Latn", "sw-0", "tydiqa:train:sw-0"),
        ("train", "swh_Latn", "sw-1", "tydiqa:train:sw-1"),
        ("train", "swh_Latn", "sw-2", "tydiqa:train:sw-2"),
    ]
    assert len({row["block"] for row in rows}) == 1
    assert [{key: row[key] for key in AWKWARD_ROWS[0]} for row in rows[1:]] == AWKWARD_ROWS


def test_the_makers_development_files_are_read_where_they_are(rows_of):
    files = {TRAIN.format("sw"): gold(AWKWARD[0]), DEV.format("sw"): gold(("0", "?", [("", 0)]))}
    files |= {f"tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-{name}.json": gold(*AWKWARD) for name in ("swahili", "arabic")}
    rows = [row for row in rows_of("tydiqa", files) if row["split"] == "dev"]
    assert [tuple(row.values())[1:4] for row in rows if row["language"] == "swh_Latn"] == [
        ("swh_Latn", f"sw-{i}", f"tydiqa:dev:sw-{i}") for i in range(3)
    ]
    assert [{key: row[key] for key in AWKWARD_ROWS[0]} for row in rows] == AWKWARD_ROWS * 2
    assert {row["language"] for row in rows} == {"arb_Arab", "swh_Latn"}


def test_an_answer_that_was_taken_out_is_refused(rows_of):
    with pytest.raises(UserError, match=r"sw.train.json, row 2 of the adapter \(train sw sw-1\): column answers is"):
        rows_of("tydiqa", {TRAIN.format("sw"): gold(AWKWARD[0], ("0", "?", [("", 0)]))})


def test_development_files_alone_are_refused_with_the_reason(rows_of):
    with pytest.raises(UserError, match="XTREME took the answers out of its development files"):
        rows_of("tydiqa", {DEV.format("sw"): gold(("0", "?", [("", 0)]))})


@pytest.mark.parametrize("key", ["data", "paragraphs", "qas", "context", "question", "answers"])
def test_a_missing_key_is_refused_and_drops_nothing(rows_of, key):
    files = {
        TRAIN.format("en"): gold(*AWKWARD),
        TRAIN.format("sw"): gold(*AWKWARD).replace(f'"{key}"'.encode(), b'"x"'),
    }
    with pytest.raises(UserError, match=r"row \d of the adapter \(train sw .*is empty"):
        rows_of("tydiqa", files)


RAW = {"tydiqa": {TRAIN.format("sw"): gold(*AWKWARD), TRAIN.format("en"): gold(AWKWARD[0])}}


# -- XTREME's files


def test_every_question_arrives_in_its_place(real, raw_folder):
    wanted = expected(raw_folder("xtreme_tydiqa") / TRAIN.format("sw"))
    rows = real("tydiqa").rows("train", ["swh_Latn"], ["id", "text", "text_pair", "answers"]).to_pylist()
    assert [row.pop("id") for row in rows] == [f"sw-{i}" for i in range(2755)]
    ids = Counter(row.pop("id") for row in wanted)
    assert rows == wanted
    assert {len(row["answers"]) for row in rows} == {1}
    assert (len(ids), sum(n > 1 for n in ids.values())) == (74, 54)


def test_a_block_is_one_paragraph_and_490_come_more_than_once(real):
    rows = real("tydiqa").rows("train", columns=["block", "text_pair"]).to_pydict()
    assert len(set(rows["block"])) == len(set(rows["text_pair"])) == 1687
    assert sum(n > 1 for n in Counter(rows["block"]).values()) == 490


def test_development_files_have_no_answers(raw_folder):
    for name, size in (("en", 440), ("sw", 499)):
        asked = list(questions(raw_folder("xtreme_tydiqa") / DEV.format(name)))
        assert [q["answers"] for q in asked] == size * [[{"text": "", "answer_start": 0}]]
    assert "swahili--8211684794284159625-4" in {q["id"] for q in asked}


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("tydiqa")
