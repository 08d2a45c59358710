"""WReTE: two classes, a text column before the label, and a test file of dummy labels beside the true one."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from harness.errors import UserError

HEAD = "sent_A,sent_B,category,label\n"
AWKWARD = (
    '"Kata ""ya"" , itu .",\u00a0Ya . ,sejarah,NotEntail\ne\u0301,"x\ty","a, b",Entail_or_Paraphrase\n'
    "Tan\u2019an 18 SM .,'dua',c,NotEntail\n"
)
"""Doubled quotation marks, commas in quotes, edges of white space, a text that is not in NFC, a tab, a category."""


def small(**texts: str) -> dict[str, bytes]:
    files = dict.fromkeys(("train", "valid", "test"), HEAD + AWKWARD) | texts
    folder = "dataset/wrete_entailment-ui"
    return {f"{folder}/{name}_preprocess.csv": text.encode() for name, text in files.items()}


def test_pairs_are_unquoted_and_classes_named(rows_of):
    rows = rows_of("indonlu_wrete", small())
    texts = [('Kata "ya" , itu .', "\u00a0Ya . "), ("e\u0301", "x\ty"), ("Tan\u2019an 18 SM .", "'dua'")]
    labels = ("not_entailment", "entailment", "not_entailment")
    found = [(r["split"], r["language"], r["id"], r["source"], r["text"], r["text_pair"], r["label"]) for r in rows]
    assert found == [
        (split, "ind_Latn", str(i), f"indonlu_wrete:{split}:{i}", *texts[i], labels[i])
        for split in ("dev", "test", "train")
        for i in range(3)
    ]
    assert len({row["block"] for row in rows}) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b,c,NotEntail\na,b,NotEntail\n", "line 3: 3 cells, where line 1 has 4"),
        ("a,b,c,NotEntail\na,b,c,0\n", "line 3: column label is none of the card's labels: '0'"),
    ],
)
def test_a_faulty_line_is_refused_where_it_stands(rows_of, tmp_path, text, said):
    with pytest.raises(UserError) as stopped:
        rows_of("indonlu_wrete", small(test=HEAD + text))
    place = tmp_path / "indonlu" / "dataset" / "wrete_entailment-ui" / "test_preprocess.csv"
    assert str(stopped.value) == f"indonlu_wrete: {place}, {said}"


def test_dummy_labels_are_refused_with_the_reason(rows_of):
    files = small()
    content = files.pop("dataset/wrete_entailment-ui/test_preprocess.csv")
    masked = {"dataset/wrete_entailment-ui/test_preprocess_masked_label.csv": content}
    with pytest.raises(UserError, match="its labels are dummies, all NotEntail"):
        rows_of("indonlu_wrete", files | masked)


RAW = {"indonlu_wrete": small()}


# -- the makers' files


@pytest.mark.parametrize(
    ("split", "file", "labels"),
    [("train", "train", (183, 117)), ("dev", "valid", (31, 19)), ("test", "test", (61, 39))],
)
def test_every_pair_arrives_in_its_place(real, raw_folder, split, file, labels):
    path = raw_folder("indonlu") / "dataset" / "wrete_entailment-ui" / f"{file}_preprocess.csv"
    named = {"Entail_or_Paraphrase": "entailment", "NotEntail": "not_entailment"}
    wanted = [
        [first, second, named[label]]
        for first, second, _, label in csv.reader(path.read_text(encoding="utf-8").split("\n")[1:-1])
    ]
    rows = real("indonlu_wrete").rows(split, columns=["text", "text_pair", "label"]).to_pylist()
    assert [list(row.values()) for row in rows] == wanted
    counts = Counter(row["label"] for row in rows)
    assert (counts["entailment"], counts["not_entailment"]) == labels


def test_the_masked_file_has_the_pairs_of_test_and_one_label(real, raw_folder):
    folder = raw_folder("indonlu") / "dataset" / "wrete_entailment-ui"
    text = (folder / "test_preprocess_masked_label.csv").read_text(encoding="utf-8")
    masked = list(csv.reader(text.split("\n")[1:-1]))
    assert {row[3] for row in masked} == {"NotEntail"}
    assert [row[0] for row in masked] == real("indonlu_wrete").rows("test", columns=["text"])["text"].to_pylist()


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("indonlu_wrete")
