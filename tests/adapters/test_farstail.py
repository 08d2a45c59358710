"""FarsTail: tabs and quoting in files named `.csv`, labels of one letter, two more columns in test."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from hashlib import md5

import pytest

from harness.errors import UserError

HEAD = "premise\thypothesis\tlabel"
LONG = HEAD + "\thard(hypothesis)\thard(overlap)"
AWKWARD = [
    '"گفت: ""برو""، رفت."\t\u00a0او رفت. \tn',
    "می\u200cروم\tx, y\te",
    '"a\tb"\te\u0301\tc',
]
"""Doubled quotation marks, edges of white space, a zero-width non-joiner, a quoted tab, a text that is not in NFC."""


def small(dev: list[str], test: Sequence[str] = (AWKWARD[1] + "\t0\t1",), head: str = HEAD) -> dict[str, bytes]:
    files = {"Val": [head, *dev], "Test": [LONG, *test]}
    return {f"data/{name}-word.csv": "".join(f"{line}\n" for line in lines).encode() for name, lines in files.items()}


def block(premise: str) -> str:
    return md5(premise.encode(), usedforsecurity=False).hexdigest()


def test_pairs_are_unquoted_and_labels_written_out(rows_of):
    texts = [('گفت: "برو"، رفت.', "\u00a0او رفت. "), ("می\u200cروم", "x, y"), ("a\tb", "e\u0301")]
    labels = ("neutral", "entailment", "contradiction")
    rows = rows_of("farstail", small(AWKWARD, [line + "\t1\t0" for line in AWKWARD]))
    assert [tuple(row.values()) for row in rows] == [
        (split, "pes_Arab", str(i), f"farstail:{split}:{i}", block(texts[i][0]), *texts[i], labels[i])
        for split in ("dev", "test")
        for i in range(3)
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (small([AWKWARD[1], "a\tb"]), "Val-word.csv, line 3: 2 cells, where line 1 has 3"),
        (small(AWKWARD, [AWKWARD[1] + "\te\t0", "a\tb\tx\t0\t0"]), "Test-word.csv, line 3: column label is none of"),
        (small([AWKWARD[1]], head="label\tpremise\thypothesis"), "Val-word.csv, line 1: column id is empty"),
    ],
)
def test_a_faulty_line_is_refused_where_it_stands(rows_of, tmp_path, files, said):
    with pytest.raises(UserError) as stopped:
        rows_of("farstail", files)
    assert f"{tmp_path / 'farstail' / 'data'}/{said}" in str(stopped.value)


RAW = {"farstail": small(AWKWARD)}


# -- the makers' files


@pytest.mark.parametrize(
    ("split", "file", "size", "quoted", "ragged"), [("dev", "Val", 1537, 140, 4), ("test", "Test", 1564, 122, 3)]
)
def test_every_pair_arrives_in_its_place(real, raw_folder, split, file, size, quoted, ragged):
    text = (raw_folder("farstail") / "data" / f"{file}-word.csv").read_text(encoding="utf-8")
    lines = text.split("\n")[:-1]
    wanted = [row[:3] for row in csv.reader(lines[1:], delimiter="\t")]
    rows = real("farstail").rows(split, columns=["text", "text_pair", "label"]).to_pylist()
    assert [[row["text"], row["text_pair"], row["label"][0]] for row in rows] == wanted
    assert len(rows) == size
    cells = lines[0].count("\t")
    assert (sum('"' in line for line in lines), sum(line.count("\t") != cells for line in lines)) == (quoted, ragged)


@pytest.mark.parametrize(("split", "counts"), [("dev", (515, 523, 499)), ("test", (519, 535, 510))])
def test_labels(real, split, counts):
    labels = Counter(real("farstail").rows(split, columns=["label"])["label"].to_pylist())
    assert tuple(labels[label] for label in ("entailment", "neutral", "contradiction")) == counts


def test_a_block_is_a_premise(asked):
    counted = "select split, count(distinct block), count(distinct text) from farstail group by 1 order by 1"
    assert asked(counted, "farstail") == [("dev", 521, 521), ("test", 536, 536)]


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("farstail")
