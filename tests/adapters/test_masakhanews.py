"""MasakhaNEWS: quoted cells, label sets that differ from language to language."""

from __future__ import annotations

import csv

import pytest

from harness.errors import UserError

HEAD = "category\theadline\ttext\turl\n"

AWKWARD = (
    'politics\t"He said ""go"""\t\u00a0e\u0301, "x\thttps://a\n'
    'sports\tOne  two \t"a\tb"\t\nreligion\t"""Amen"""\t"""A"" b"\thttps://b\n'
)
"""Doubled quotation marks, a lone one in a cell without quotes, edges of white space, a tab inside, no address."""


def small(**files: str) -> dict[str, bytes]:
    texts = dict.fromkeys(("dev", "test"), "health\th\tt\tu\n") | files
    return {f"data/lug/{split}.tsv": (HEAD + text).encode() for split, text in texts.items()}


def test_headline_and_article_are_unquoted(rows_of):
    rows = rows_of("masakhanews", small(test=AWKWARD))
    assert [tuple(row.values()) for row in rows if row["split"] == "test"] == [
        ("test", "lug_Latn", "lug-0", "masakhanews:test:lug-0", 'He said "go"', '\u00a0e\u0301, "x', "politics"),
        ("test", "lug_Latn", "lug-1", "masakhanews:test:lug-1", "One  two ", "a\tb", "sports"),
        ("test", "lug_Latn", "lug-2", "masakhanews:test:lug-2", '"Amen"', '"A" b', "religion"),
    ]


def test_an_article_with_too_few_cells_is_refused_where_it_stands(rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("masakhanews", small(dev="health\th\tt\tu\nsports\th\n"))
    place = tmp_path / "masakhanews" / "data" / "lug" / "dev.tsv"
    assert str(stopped.value) == f"masakhanews: {place}, line 3: 2 cells, where line 1 has 4"


RAW = {"masakhanews": small(test=AWKWARD)}


# -- the makers' files


def test_every_row_of_every_file_arrives_in_its_place(real, raw_folder):
    made, sizes = real("masakhanews"), {}
    for split, code in (("dev", "lin"), ("test", "lin"), ("dev", "lug")):
        with (raw_folder("masakhanews") / "data" / code / f"{split}.tsv").open(encoding="utf-8", newline="") as file:
            wanted = [row[:3] for row in csv.reader(file, delimiter="\t")][1:]
        rows = made.rows(split, [f"{code}_Latn"], ["label", "text", "text_pair", "id"]).to_pylist()
        assert [[row["label"], row["text"], row["text_pair"]] for row in rows] == wanted
        assert [row["id"] for row in rows] == [f"{code}-{i}" for i in range(len(wanted))]
        sizes[split, code] = len(wanted)
    assert sizes == {("dev", "lin"): 87, ("test", "lin"): 175, ("dev", "lug"): 110}
    assert len(made.parts) == 3


def test_every_label_of_every_language_is_one_of_the_cards(real, raw_folder):
    files = (raw_folder("masakhanews") / "data").glob("*/labels.txt")
    sets = {file.parent.name: file.read_text(encoding="utf-8").split() for file in files}
    assert {code: len(labels) for code, labels in sets.items()} == {"eng": 6, "lin": 4, "lug": 5, "run": 6, "yor": 5}
    assert {label for labels in sets.values() for label in labels} == set(real("masakhanews").card.labels)
    assert set(real("masakhanews").rows("dev", ["lug_Latn"], ["label"])["label"].to_pylist()) == set(sets["lug"])


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("masakhanews")
