"""KorNLI's training pairs: SNLI and MultiNLI in Korean, under the sources of the English pairs."""

from __future__ import annotations

import pytest

from harness.errors import UserError

HEAD = "sentence1\tsentence2\tgold_label\n"
AWKWARD = '그가 말했다, "엄마.\t그는  갔다. \tneutral\na\tb\t-\n"가"\t\u1100\u1161 \u00a0\tcontradiction\n'
"""A lone quotation mark, no majority, a text in quotation marks, one that is not in NFC, edges of white space."""


def small(mnli: str) -> dict[str, bytes]:
    texts = {"snli_1.0_train": HEAD + AWKWARD, "multinli.train": mnli}
    return {f"KorNLI/{name}.ko.tsv": text.encode() for name, text in texts.items()}


def test_pairs_come_as_they_stand_under_the_sources_of_snli_and_mnli(rows_of, left_out):
    rows = rows_of("kornli_train", small(HEAD + "가\t나\tentailment\n"))
    assert [(row["id"], row["source"], row["text"], row["text_pair"], row["label"]) for row in rows] == [
        ("snli:train:0", "snli:train:0", '그가 말했다, "엄마.', "그는  갔다. ", "neutral"),
        ("snli:train:2", "snli:train:2", '"가"', "\u1100\u1161 \u00a0", "contradiction"),
        ("mnli:train:0", "mnli:train:0", "가", "나", "entailment"),
    ]
    assert {(row["split"], row["language"]) for row in rows} == {("train", "kor_Hang")}
    assert left_out("kornli_train") == {("train", "kor_Hang", "no majority label"): 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "가\t나\tentailment\n가\t나\n", "line 3: column label is none of the card's labels: '가\\t나'"),
        (
            "sentence2\tsentence1\tlabel\n가\t나\tneutral\n",
            "line 1: column id is empty",
        ),
    ],
)
def test_a_faulty_line_is_refused_where_it_stands(rows_of, tmp_path, text, said):
    with pytest.raises(UserError) as stopped:
        rows_of("kornli_train", small(text))
    assert str(stopped.value) == f"kornli_train: {tmp_path / 'kornlu' / 'KorNLI' / 'multinli.train.ko.tsv'}, {said}"


RAW = {"kornli_train": small(HEAD + "가\t나\tentailment\n")}
