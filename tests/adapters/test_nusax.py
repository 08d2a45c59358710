"""NusaX-Senti: CSV with line breaks in its cells, languages by their English names, the same ids everywhere."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from harness.errors import UserError

HEAD = "id,text,label\n"

AWKWARD = '237,"He said ""go"", twice. ",neutral\n101,"a\nb\n",negative\n7,\u00a0e\u0301 \tx,positive\n'
"""Doubled quotation marks, line breaks in a cell, edges of white space, a tab, a text that is not in NFC."""


def test_cells_are_unquoted_and_keep_their_line_breaks(rows_of):
    rows = rows_of("nusax", {"datasets/sentiment/toba_batak/valid.csv": (HEAD + AWKWARD).encode()})
    assert [tuple(row.values()) for row in rows] == [
        ("dev", "bbc_Latn", "237", "nusax:dev:237", 'He said "go", twice. ', "neutral"),
        ("dev", "bbc_Latn", "101", "nusax:dev:101", "a\nb\n", "negative"),
        ("dev", "bbc_Latn", "7", "nusax:dev:7", "\u00a0e\u0301 \tx", "positive"),
    ]


def test_a_bad_label_is_refused_on_its_own_line_though_cells_before_it_hold_breaks(rows_of, tmp_path):
    files = {f"datasets/sentiment/{name}/valid.csv": (HEAD + AWKWARD).encode() for name in ("ngaju", "madurese")}
    files["datasets/sentiment/ngaju/valid.csv"] += b"8,x,4\n"
    with pytest.raises(UserError) as stopped:
        rows_of("nusax", files)
    place = tmp_path / "nusax" / "datasets" / "sentiment" / "ngaju" / "valid.csv"
    assert str(stopped.value) == f"nusax: {place}, line 7: column label is none of the card's labels: '4'"


RAW = {"nusax": {"datasets/sentiment/toba_batak/valid.csv": (HEAD + AWKWARD).encode()}}


# -- the makers' files

NAMES = {"acehnese": "ace", "balinese": "ban", "banjarese": "bjn", "buginese": "bug", "english": "eng"}
NAMES |= {"indonesian": "ind", "javanese": "jav", "madurese": "mad", "minangkabau": "min", "ngaju": "nij"}
NAMES |= {"sundanese": "sun", "toba_batak": "bbc"}


def test_every_row_of_every_file_arrives_in_its_place(real, raw_folder):
    made = real("nusax")
    breaks = {}
    for name, code in NAMES.items():
        path = raw_folder("nusax") / "datasets" / "sentiment" / name / "valid.csv"
        breaks[name] = path.read_text(encoding="utf-8").count("\n") - 101
        with path.open(encoding="utf-8", newline="") as file:
            wanted = list(csv.reader(file))[1:]
        rows = made.rows("dev", [f"{code}_Latn"], ["id", "text", "label"]).to_pylist()
        assert [list(row.values()) for row in rows] == wanted
    assert {name: n for name, n in breaks.items() if n} == {"buginese": 2, "toba_batak": 1}
    assert {code for _, code in made.parts} == set(made.card.languages.codes)


def test_ids_their_order_and_labels_are_the_same_in_every_language(asked, real):
    lists = "select language, list(id) as ids, list(label) as labels from nusax group by all"
    assert asked(f"select count(*), count(distinct (ids, labels)) from ({lists})", "nusax") == [(12, 1)]
    labels = real("nusax").rows("dev", ["eng_Latn"], ["label"])["label"].to_pylist()
    assert Counter(labels) == {"negative": 38, "positive": 38, "neutral": 24}


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("nusax")
