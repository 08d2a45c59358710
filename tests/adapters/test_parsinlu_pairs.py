"""ParsiNLU's pairs: entailment with line breaks in cells and an index that repeats, and paraphrases of questions."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

import pytest

from harness.errors import UserError

HEAD = ",sent1,sent2,label,source\n"
AWKWARD = (
    '7,"گفت ""برو""، \nرفت.",\u00a0او رفت ,n,natural-wiki\n7,x,y,-,translation-dev\n'
    '9,می\u200cروم,"a, b",e,natural-voa\n'
)
"""Doubled quotation marks, a line break, an index that repeats, edges of white space, no label, a non-joiner."""

QUESTIONS = [
    {"q1": 'چرا "Quora" \\ ', "q2": "\u00a0چه؟", "label": "1", "category": "qqp"},
    {"q1": "الف\tب", "q2": "می\u200cروم", "label": "0", "category": "natural"},
    {"q1": "الف\tب", "q2": "e\u0301", "label": "0", "category": "natural"},
]


def entailment(**texts: str) -> dict[str, bytes]:
    files = dict.fromkeys(("dev", "test"), HEAD + AWKWARD) | texts
    return {f"data/entailment/{split}.csv": text.encode() for split, text in files.items()}


def questions(pairs: list[dict[str, str]]) -> dict[str, bytes]:
    text = "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs)
    return {"data/qqp/dev.jsonl": text.encode()}


def test_pairs_are_unquoted_and_those_without_a_label_left_out(rows_of, left_out):
    rows = rows_of("parsinlu_entailment", entailment())
    found = [(r["split"], r["language"], r["id"], r["source"], r["text"], r["text_pair"], r["label"]) for r in rows]
    for split in ("dev", "test"):
        assert [row[1:] for row in found if row[0] == split] == [
            (
                *("pes_Arab", "0", f"parsinlu_entailment:{split}:0"),
                *('گفت "برو"، \nرفت.', "\u00a0او رفت ", "neutral"),
            ),
            ("pes_Arab", "2", f"parsinlu_entailment:{split}:2", "می\u200cروم", "a, b", "entailment"),
        ]
    assert len({row["block"] for row in rows}) == 2
    assert left_out("parsinlu_entailment") == {(split, "pes_Arab", "no majority label"): 1 for split in ("dev", "test")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + AWKWARD + "1,a,b,x,s\n", "line 6: column label is none of the card's labels: 'x'"),
        (HEAD + "1,a,b,e,s\n1,a,b,e\n", "line 3: 4 cells, where line 1 has 5"),
        ("n,sent1,sent2,label,source\n" + AWKWARD, "line 1: column id is empty"),
    ],
)
def test_a_faulty_line_is_refused_where_it_stands(rows_of, tmp_path, text, said):
    with pytest.raises(UserError) as stopped:
        rows_of("parsinlu_entailment", entailment(test=text))
    assert f"{tmp_path / 'parsinlu' / 'data' / 'entailment' / 'test.csv'}, {said}" in str(stopped.value)


def test_questions_come_as_they_stand(rows_of):
    rows = rows_of("parsinlu_qqp", questions(QUESTIONS))
    found = [(r["split"], r["language"], r["id"], r["source"], r["text"], r["text_pair"], r["label"]) for r in rows]
    assert found == [
        ("dev", "pes_Arab", "0", "parsinlu_qqp:dev:0", 'چرا "Quora" \\ ', "\u00a0چه؟", "paraphrase"),
        ("dev", "pes_Arab", "1", "parsinlu_qqp:dev:1", "الف\tب", "می\u200cروم", "different"),
        ("dev", "pes_Arab", "2", "parsinlu_qqp:dev:2", "الف\tب", "e\u0301", "different"),
    ]
    assert rows[0]["block"] != rows[1]["block"] == rows[2]["block"]


@pytest.mark.parametrize(
    ("last", "said"),
    [(b'{"q1": "a", "q2"\n', "not JSON"), (b'{"q1": "a", "q2": "b", "label": 2}\n', "column label is none of")],
)
def test_a_faulty_question_is_refused_where_it_stands(rows_of, tmp_path, last, said):
    ((path, content),) = questions(QUESTIONS).items()
    with pytest.raises(UserError) as stopped:
        rows_of("parsinlu_qqp", {path: content + last})
    assert str(stopped.value).startswith(f"parsinlu_qqp: {tmp_path / 'parsinlu' / path}, line 4: {said}")


RAW = {"parsinlu_entailment": entailment(), "parsinlu_qqp": questions(QUESTIONS)}


# -- the makers' files


@pytest.mark.parametrize(
    ("split", "size", "lines", "repeated", "without"), [("dev", 270, 292, 15, 0), ("test", 1675, 1750, 453, 2)]
)
def test_every_pair_with_a_label_arrives_in_its_place(real, raw_folder, split, size, lines, repeated, without):
    text = (raw_folder("parsinlu") / "data" / "entailment" / f"{split}.csv").read_text(encoding="utf-8")
    records = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert (len(records), text.count("\n") - 1) == (size, lines)
    assert size - len({record[0] for record in records}) == repeated
    wanted = [[str(i), *record[1:4]] for i, record in enumerate(records) if record[3] != "-"]
    rows = real("parsinlu_entailment").rows(split, columns=["id", "text", "text_pair", "label"]).to_pylist()
    assert [[row["id"], row["text"], row["text_pair"], row["label"][0]] for row in rows] == wanted
    assert len(rows) == size - without
    assert real("parsinlu_entailment").skipped.get((split, "pes_Arab", "no majority label"), 0) == without


def test_about_half_of_the_pairs_are_translated(raw_folder):
    folder = raw_folder("parsinlu") / "data" / "entailment"
    texts = [(folder / f"{split}.csv").read_text(encoding="utf-8") for split in ("dev", "test")]
    origins = Counter(r[4].split("-")[0] for text in texts for r in list(csv.reader(io.StringIO(text, newline="")))[1:])
    assert origins == {"translation": 116 + 17 + 713 + 112, "natural": 92 + 29 + 16 + 590 + 134 + 126}


def test_every_question_arrives_in_its_place(real, raw_folder):
    text = (raw_folder("parsinlu") / "data" / "qqp" / "dev.jsonl").read_text(encoding="utf-8")
    raw = [json.loads(line) for line in text.split("\n")[:-1]]
    named = {"0": "different", "1": "paraphrase"}
    rows = real("parsinlu_qqp").rows("dev", columns=["text", "text_pair", "label"]).to_pylist()
    assert [list(row.values()) for row in rows] == [[pair["q1"], pair["q2"], named[pair["label"]]] for pair in raw]
    assert Counter(row["label"] for row in rows) == {"different": 562, "paraphrase": 336}
    assert Counter(pair["category"] for pair in raw) == {"qqp": 542, "natural": 356}


@pytest.mark.parametrize("name", ["parsinlu_entailment", "parsinlu_qqp"])
def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date, name):
    assert card_is_up_to_date(name)
