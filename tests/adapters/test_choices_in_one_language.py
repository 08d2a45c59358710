"""Questions with choices in one language: the right one's place is counted from 0, however the files say it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from typing import Any

import pytest

from harness.errors import UserError

FIVE = ["\u00a0a ", "b\nc", "\U0001f43e", "c\u0327", "a"]
"""Edges of white space, a line break, a character above U+FFFF, a text that is not in NFC."""

FOUR = FIVE[:4]


def lines(*items: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(item, ensure_ascii=False).encode() + b"\n" for item in items)


def japanese(name: int, question: str, label: int) -> dict[str, Any]:
    return {"q_id": name, "question": question, **{f"choice{i}": text for i, text in enumerate(FIVE)}, "label": label}


def native(name: str, stem: str, key: str) -> dict[str, Any]:
    """The makers' layout of CommonsenseQA."""
    choices = [{"label": letter, "text": text} for letter, text in zip("ABCDE", FIVE, strict=True)]
    question = {"question_concept": "paw", "choices": choices, "stem": stem}
    return {"answerKey": key, "id": name, "question": question}


def rekeyed(name: str, stem: str, key: str) -> dict[str, Any]:
    """Another layout of CommonsenseQA, in files of the same name."""
    choices = {"label": list("ABCDE"), "text": FIVE}
    return {"id": name, "question": stem, "question_concept": "paw", "choices": choices, "answerKey": key}


def exam(name: str, question: str, answer: str) -> dict[str, Any]:
    return {"answer": answer, "candidates": ["", "۴", "4", "۴"], "category": "x", "question": question, "id": name}


def ending(context: str, source: str, label: int) -> dict[str, Any]:
    more = {"ind": 4, "activity_label": "x", "ctx_a": context, "ctx_b": "", "split": "train", "split_type": "indomain"}
    return more | {"ctx": context, "endings": FOUR, "source_id": source, "label": label}


def blogs(*rows: tuple[str, str, str, str]) -> bytes:
    head = "id,context,question,answer0,answer1,answer2,answer3,label\r\n"
    quoted = ["{},{},{},{},{}".format(*row[:3], '"\u00a0a ","b\nc",\U0001f43e,c\u0327', row[3]) for row in rows]
    return (head + "\r\n".join(quoted)).encode()


# -- what comes out of awkward rows


def test_jcommonsenseqa(rows_of):
    items = [japanese(8939, 'どれ"?', 2), japanese(8940, "NULL", 0), japanese(8941, " は\t", 4)]
    rows = rows_of("jcommonsenseqa", {"datasets/jcommonsenseqa-v1.3/valid-v1.3.json": lines(*items)})
    assert [tuple(row.values()) for row in rows] == [
        ("dev", "jpn_Jpan", "8939", "jcommonsenseqa:8939", 'どれ"?', FIVE, "2"),
        ("dev", "jpn_Jpan", "8940", "jcommonsenseqa:8940", "NULL", FIVE, "0"),
        ("dev", "jpn_Jpan", "8941", "jcommonsenseqa:8941", " は\t", FIVE, "4"),
    ]


@pytest.mark.parametrize("layout", [native, rekeyed])
def test_commonsenseqa_in_either_layout(rows_of, layout):
    items = [layout("a1", 'Which "one"?\n', "A"), layout("b2", "null", "E"), layout("c3", "{}", "C")]
    rows = rows_of("commonsenseqa", {"dev_rand_split.jsonl": lines(*items)})
    assert [tuple(row.values()) for row in rows] == [
        ("dev", "eng_Latn", "a1", "commonsenseqa:a1", 'Which "one"?\n', FIVE, "0"),
        ("dev", "eng_Latn", "b2", "commonsenseqa:b2", "null", FIVE, "4"),
        ("dev", "eng_Latn", "c3", "commonsenseqa:c3", "{}", FIVE, "2"),
    ]


def test_cosmosqa(rows_of):
    rows = [("1##2##3##Blog_7##q1##5", '"He said ""go"", and"', "Why ?", "3")]
    rows += [("1##2##3##Blog_7##q2##5", '"a,b"', "NULL", "0"), ("1##2##3##Blog_8##q1##5", "plain ", '" "" "', "2")]
    made = rows_of("cosmosqa", {"data/valid.csv": blogs(*rows)})
    assert [tuple(row.values())[4:] for row in made] == [
        ("cosmosqa:Blog_7", "Why ?", 'He said "go", and', FOUR, "3"),
        ("cosmosqa:Blog_7", "NULL", "a,b", FOUR, "0"),
        ("cosmosqa:Blog_8", ' " ', "plain ", FOUR, "2"),
    ]
    assert [(row["split"], row["id"], row["source"]) for row in made] == [
        ("dev", name, f"cosmosqa:{name}") for name, *_ in rows
    ]


def test_parsinlu_mc(rows_of):
    items = [exam("e.pdf", "کدام؟", "1"), exam("e.pdf", '"?"', "۴"), exam("f\u200cg", "NULL", "3")]
    files = {"data/multiple-choice/valid.jsonl": lines(*items), "data/multiple-choice/test_ck.jsonl": lines(items[0])}
    assert [tuple(row.values()) for row in rows_of("parsinlu_mc", files)] == [
        ("dev", "pes_Arab", "0", "parsinlu_mc:dev:0", "parsinlu_mc:e.pdf", "کدام؟", ["", "۴", "4", "۴"], "0"),
        ("dev", "pes_Arab", "1", "parsinlu_mc:dev:1", "parsinlu_mc:e.pdf", '"?"', ["", "۴", "4", "۴"], "3"),
        ("dev", "pes_Arab", "2", "parsinlu_mc:dev:2", "parsinlu_mc:f\u200cg", "NULL", ["", "۴", "4", "۴"], "2"),
    ]


def test_hellaswag(rows_of):
    train, dev = (
        [ending('A "cat"\n', "activitynet~v_1", 3), ending("[header] x", "wikihow~2", 0)],
        ending("null", "w~3", 2),
    )
    rows = rows_of("hellaswag", {"hellaswag_train.jsonl": lines(*train), "hellaswag_val.jsonl": lines(dev)})
    assert [tuple(row.values()) for row in rows] == [
        ("dev", "eng_Latn", "0", "hellaswag:dev:0", "hellaswag:w~3", "null", FOUR, "2"),
        ("train", "eng_Latn", "0", "hellaswag:train:0", "hellaswag:activitynet~v_1", 'A "cat"\n', FOUR, "3"),
        ("train", "eng_Latn", "1", "hellaswag:train:1", "hellaswag:wikihow~2", "[header] x", FOUR, "0"),
    ]


# -- what is refused

GOOD_AND_BAD = {
    "jcommonsenseqa": ("datasets/jcommonsenseqa-v1.3/valid-v1.3.json", japanese(1, "q", 1), japanese(2, "q", 5)),
    "commonsenseqa": ("dev_rand_split.jsonl", native("1", "q", "A"), rekeyed("2", "q", "F")),
    "parsinlu_mc": ("data/multiple-choice/valid.jsonl", exam("1", "q", "1"), exam("2", "q", "0")),
    "hellaswag": ("hellaswag_train.jsonl", ending("q", "a", 0), ending("q", "b", -1)),
}
FOLDERS = {"jcommonsenseqa": "jglue", "parsinlu_mc": "parsinlu"}


@pytest.mark.parametrize("name", GOOD_AND_BAD)
def test_an_answer_that_is_no_choice_is_refused_with_file_and_line(rows_of, tmp_path, name):
    path, good, bad = GOOD_AND_BAD[name]
    with pytest.raises(UserError) as stopped:
        rows_of(name, {"hellaswag_val.jsonl": lines(good), path: lines(good, bad)})
    assert str(stopped.value).startswith(f"{name}: {tmp_path / FOLDERS.get(name, name) / path}, line 2: column label ")


@pytest.mark.parametrize("name", GOOD_AND_BAD)
def test_a_line_cut_short_is_refused_where_it_stands(rows_of, tmp_path, name):
    path, good, _ = GOOD_AND_BAD[name]
    with pytest.raises(UserError) as stopped:
        rows_of(name, {"hellaswag_val.jsonl": lines(good), path: lines(good, good) + lines(good)[:-5] + b"\n"})
    assert str(stopped.value) == f"{name}: {tmp_path / FOLDERS.get(name, name) / path}, line 3: not JSON"


def test_an_answer_of_parsinlu_mc_that_is_no_number_is_refused_with_file_and_line(rows_of):
    bad = {"data/multiple-choice/valid.jsonl": lines(exam("1", "q", "1"), exam("2", "q", "ب"))}
    with pytest.raises(UserError, match=r"valid\.jsonl, line 2: column label is empty"):
        rows_of("parsinlu_mc", bad)


def test_an_empty_cell_of_cosmosqa_is_an_empty_choice(rows_of):
    content = blogs(("1##2##3##B##q1##5", "c", "q", "0")).replace("\U0001f43e".encode(), b"")
    assert rows_of("cosmosqa", {"data/valid.csv": content})[0]["choices"] == [FOUR[0], FOUR[1], "", FOUR[3]]


def test_a_row_of_cosmosqa_with_a_cell_too_many_is_refused(rows_of, tmp_path):
    bad = blogs(("1##2##3##B##q1##5", "c", "q", "0"), ("1##2##3##B##q2##5", "c", "q", "0,1"))
    with pytest.raises(UserError) as stopped:
        rows_of("cosmosqa", {"data/valid.csv": bad})
    place = tmp_path / "cosmosqa" / "data" / "valid.csv"
    assert str(stopped.value) == f"cosmosqa: {place}, line 4: 9 cells, where 8 are expected"


RAW = {
    "jcommonsenseqa": {"datasets/jcommonsenseqa-v1.3/valid-v1.3.json": lines(japanese(1, "a", 2), japanese(2, "b", 0))},
    "commonsenseqa": {"dev_rand_split.jsonl": lines(native("a", "A?", "A"), rekeyed("b", "B?", "E"))},
    "cosmosqa": {"data/valid.csv": blogs(("1##2##3##B##q1##5", '"a ""b"", c"', "Why?", "3"))},
    "parsinlu_mc": {"data/multiple-choice/valid.jsonl": lines(exam("e", "a", "1"), exam("e", "b", "۴"))},
    "hellaswag": {f"hellaswag_{split}.jsonl": lines(ending("a", "b~1", 3)) for split in ("train", "val")},
}


# -- the makers' files


def read_lines(path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def rows(made) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in made.rows("dev", columns=["text", "choices", "label"]).to_pylist()]


def test_every_item_of_jcommonsenseqa(real, raw_folder):
    raw = read_lines(raw_folder("jglue") / "datasets" / "jcommonsenseqa-v1.3" / "valid-v1.3.json")
    made = real("jcommonsenseqa")
    assert rows(made) == [(r["question"], [r[f"choice{i}"] for i in range(5)], str(r["label"])) for r in raw]
    assert made.rows("dev", columns=["id"])["id"].to_pylist() == [str(name) for name in range(8939, 8939 + 1119)]


def test_every_item_of_commonsenseqa_and_its_ten_in_the_makers_layout(real, raw_folder, rows_of):
    raw = read_lines(raw_folder("commonsenseqa") / "dev_rand_split.jsonl")
    assert rows(real("commonsenseqa")) == [
        (r["question"], r["choices"]["text"], str("ABCDE".index(r["answerKey"]))) for r in raw
    ]
    assert Counter(r["answerKey"] for r in raw) == {"A": 239, "B": 255, "C": 241, "D": 251, "E": 235}
    sample = (raw_folder("english_samples") / "allennlp" / "commonsenseqa.jsonl").read_bytes()
    made = rows_of("commonsenseqa", {"dev_rand_split.jsonl": sample})
    whole = real("commonsenseqa").rows("dev", columns=list(made[0])).to_pylist()
    assert len(made) == 10
    assert [row for row in whole if row["id"] in {row["id"] for row in made}] == made


def test_every_item_of_cosmosqa(real, raw_folder):
    with (raw_folder("cosmosqa") / "data" / "valid.first1000.csv").open(encoding="utf-8", newline="") as file:
        raw = list(csv.DictReader(file))
    assert len(raw) == 1000
    assert rows(real("cosmosqa")) == [(r["question"], [r[f"answer{i}"] for i in range(4)], r["label"]) for r in raw]
    more = real("cosmosqa").rows("dev", columns=["id", "text_pair", "block"]).to_pydict()
    assert more["id"] == [r["id"] for r in raw]
    assert more["text_pair"] == [r["context"] for r in raw]
    assert len(set(more["block"])) == len(set(zip(more["block"], more["text_pair"], strict=True))) == 821


def test_every_item_of_parsinlu_mc_and_its_repeated_exams(real, raw_folder):
    raw = read_lines(raw_folder("parsinlu") / "data" / "multiple-choice" / "valid.jsonl")
    assert rows(real("parsinlu_mc")) == [(r["question"], r["candidates"], str(int(r["answer"]) - 1)) for r in raw]
    assert (len(raw), len(raw) - len({r["id"] for r in raw})) == (139, 102)
    blocks = real("parsinlu_mc").rows("dev", columns=["block"])["block"].to_pylist()
    assert blocks == [f"parsinlu_mc:{r['id']}" for r in raw]
    assert sum("" in r["candidates"] for r in raw) == 5
    assert sum(len(set(r["candidates"])) < 4 for r in raw) == 2


@pytest.mark.parametrize("name", ["jcommonsenseqa", "commonsenseqa", "cosmosqa", "parsinlu_mc"])
def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date, name):
    assert card_is_up_to_date(name)
