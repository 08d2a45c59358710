"""IndoNLU's opinions: SmSA with a label a comment, CASA with six columns of labels a review."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from harness.errors import UserError

SMSA = "dataset/smsa_doc-sentiment-prosa/valid_preprocess.tsv"
CASA = "dataset/casa_absa-prosa"
ASPECTS = ["fuel", "machine", "others", "part", "price", "service"]
HEAD = ",".join(["sentence", *ASPECTS]) + "\n"


def test_smsa_comments_come_as_they_stand(rows_of):
    text = 'dia bilang "enak\tpositive\n\u00a0tidak  enak \tnegative\n""e\u0301"" , label\tneutral\n'
    rows = rows_of("indonlu_smsa", {SMSA: text.encode()})
    assert [tuple(row.values())[1:] for row in rows] == [
        ("ind_Latn", "0", "indonlu_smsa:dev:0", 'dia bilang "enak', "positive"),
        ("ind_Latn", "1", "indonlu_smsa:dev:1", "\u00a0tidak  enak ", "negative"),
        ("ind_Latn", "2", "indonlu_smsa:dev:2", '""e\u0301"" , label', "neutral"),
    ]


def test_a_smsa_comment_without_a_label_is_refused_where_it_stands(rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("indonlu_smsa", {SMSA: b"a\tneutral\nb\n"})
    place = f"{tmp_path / 'indonlu' / SMSA}, line 2"
    assert str(stopped.value) == f"indonlu_smsa: {place}: column label is none of the card's labels: 'b'"


def reviews(**files: str) -> dict[str, bytes]:
    texts = dict.fromkeys(("train", "valid", "test"), "a" + ",neutral" * 6 + "\n") | files
    return {f"{CASA}/{split}_preprocess.csv": (HEAD + text).encode() for split, text in texts.items()}


def test_a_casa_review_is_six_rows_of_one_block(rows_of):
    text = 'x,neutral,neutral,neutral,neutral,neutral,neutral\n"He said ""go"", e\u0301 ",positive,neutral,negative'
    rows = rows_of("indonlu_casa", reviews(valid=text + ",neutral,neutral,positive\n"))
    got = [row for row in rows if row["split"] == "dev" and row["block"] == "indonlu_casa:dev:1"]
    labels = ["positive", "neutral", "negative", "neutral", "neutral", "positive"]
    assert [tuple(row.values())[2:] for row in got] == [
        (f"1-{aspect}", f"indonlu_casa:dev:1-{aspect}", got[0]["block"], 'He said "go", e\u0301 ', aspect, label)
        for aspect, label in zip(ASPECTS, labels, strict=True)
    ]
    assert Counter(row["split"] for row in rows) == {"train": 6, "dev": 12, "test": 6}


@pytest.mark.parametrize(
    ("bad", "seen"),
    [
        ("b,good" + ",neutral" * 5, "column label is none of the card's labels: 'good'"),
        ("b,neutral", "2 cells, where line 1 has 7"),
    ],
)
def test_a_casa_review_with_other_labels_is_refused_where_it_stands(bad, seen, rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("indonlu_casa", reviews(test="a" + ",neutral" * 6 + f"\n{bad}\n"))
    place = tmp_path / "indonlu" / CASA / "test_preprocess.csv"
    assert str(stopped.value) == f"indonlu_casa: {place}, line 3: {seen}"


def test_files_with_dummy_labels_are_refused_with_the_reason(rows_of):
    with pytest.raises(UserError, match=r"not .*_masked_label.csv: its labels are dummies"):
        rows_of("indonlu_casa", {f"{CASA}/test_preprocess_masked_label.csv": HEAD.encode()})


RAW = {"indonlu_smsa": {SMSA: b'a "b\tpositive\nc\tneutral\n'}, "indonlu_casa": reviews()}


# -- the makers' files


def test_every_smsa_comment_arrives_in_its_place(real, raw_folder):
    rows = real("indonlu_smsa").rows("dev", columns=["text", "label"]).to_pylist()
    lines = (raw_folder("indonlu") / SMSA).read_text(encoding="utf-8").split("\n")[:-1]
    assert [list(row.values()) for row in rows] == [line.split("\t") for line in lines]
    assert len(rows) == 1260


@pytest.mark.parametrize(("file", "split", "n"), [("train", "train", 810), ("valid", "dev", 90), ("test", "test", 180)])
def test_every_casa_label_arrives_in_its_place(file, split, n, real, raw_folder):
    rows = real("indonlu_casa").rows(split, columns=["text", "text_pair", "label"]).to_pylist()
    with (raw_folder("indonlu") / CASA / f"{file}_preprocess.csv").open(encoding="utf-8", newline="") as lines:
        wanted = list(csv.DictReader(lines))
    assert len(wanted) == n
    assert [list(row.values()) for row in rows] == [[row["sentence"], a, row[a]] for row in wanted for a in ASPECTS]


def test_the_labels_of_the_masked_file_are_dummies(raw_folder):
    with (raw_folder("indonlu") / CASA / "test_preprocess_masked_label.csv").open(encoding="utf-8", newline="") as file:
        assert {row[aspect] for row in csv.DictReader(file) for aspect in ASPECTS} == {"neutral"}


@pytest.mark.parametrize("name", ["indonlu_smsa", "indonlu_casa"])
def test_the_cards_generated_block_is_what_the_files_give(name, card_is_up_to_date):
    assert card_is_up_to_date(name)
