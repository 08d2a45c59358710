"""KorNLI: XNLI's pairs in Korean, in XNLI's order, with a header and without quoting."""

from __future__ import annotations

import csv
import re
from collections import Counter

import pytest

from harness.errors import UserError

HEAD = "sentence1\tsentence2\tgold_label\n"
AWKWARD = (
    '그가 말했다, "엄마.\t그는  갔다. \tneutral\n"가"\t\u1100\u1161 \u00a0\tcontradiction\n하나, 둘\tx\tentailment\n'
)
"""A lone quotation mark, a text in quotation marks, one that is not in NFC, edges of white space, commas."""


def small(**texts: str) -> dict[str, bytes]:
    files = dict.fromkeys(("dev", "test"), HEAD + AWKWARD) | texts
    return {f"KorNLI/xnli.{split}.ko.tsv": text.encode() for split, text in files.items()}


def test_pairs_come_as_they_stand_under_the_sources_of_xnli(rows_of):
    rows = rows_of("kornli", small(test=HEAD + AWKWARD + "a\tb\tneutral\n"))
    assert [tuple(row.values()) for row in rows][2:] == [
        ("dev", "kor_Hang", "2", "xnli:dev:2", "xnli:dev:premise:0", "하나, 둘", "x", "entailment"),
        (
            "test",
            "kor_Hang",
            "0",
            "xnli:test:0",
            "xnli:test:premise:0",
            '그가 말했다, "엄마.',
            "그는  갔다. ",
            "neutral",
        ),
        (
            *("test", "kor_Hang", "1", "xnli:test:1", "xnli:test:premise:0"),
            *('"가"', "\u1100\u1161 \u00a0", "contradiction"),
        ),
        ("test", "kor_Hang", "2", "xnli:test:2", "xnli:test:premise:0", "하나, 둘", "x", "entailment"),
        ("test", "kor_Hang", "3", "xnli:test:3", "xnli:test:premise:1", "a", "b", "neutral"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + AWKWARD + "a\tb\n", "line 5: column label is none of the card's labels: 'a\\tb'"),
        ("gold_label\tsentence1\tsentence2\nneutral\ta\tb\n", "line 1: column id is empty"),
        (HEAD + "a\tb\tneutral\na\tb\t-\n", "line 3: column label is none of the card's labels: '-'"),
        (HEAD + "a\t\tneutral\n\tb\tneutral\n", "line 3: column text is empty"),
    ],
)
def test_a_faulty_line_is_refused_where_it_stands(rows_of, tmp_path, text, said):
    with pytest.raises(UserError) as stopped:
        rows_of("kornli", small(test=text.replace('"', "")))
    assert f"{tmp_path / 'kornlu' / 'KorNLI' / 'xnli.test.ko.tsv'}, {said}" in str(stopped.value)


RAW = {"kornli": small()}


# -- the makers' files


@pytest.mark.parametrize(("split", "size", "quoted"), [("dev", 2490, 1571), ("test", 5010, 4954)])
def test_every_pair_arrives_in_its_place_where_quoting_would_lose_some(real, raw_folder, split, size, quoted):
    path = raw_folder("kornlu") / "KorNLI" / f"xnli.{split}.ko.tsv"
    lines = path.read_text(encoding="utf-8").split("\n")[1:-1]
    rows = real("kornli").rows(split, columns=["id", "text", "text_pair", "label"]).to_pylist()
    assert [list(row.values()) for row in rows] == [[str(i), *line.split("\t")] for i, line in enumerate(lines)]
    assert (len(lines), len(list(csv.reader(lines, delimiter="\t")))) == (size, quoted)


@pytest.mark.parametrize(("split", "each"), [("dev", 830), ("test", 1670)])
def test_labels_and_premises(real, asked, split, each):
    labels = Counter(real("kornli").rows(split, columns=["label"])["label"].to_pylist())
    assert labels == dict.fromkeys(("entailment", "neutral", "contradiction"), each)
    blocks = "select block, count(*) as n, count(distinct label) as l, count(distinct text) as t from kornli"
    counted = f"select count(*), min(n), min(l), max(t) from ({blocks} where split = '{split}' group by 1)"
    assert asked(counted, "kornli") == [(each, 3, 3, 1)]


def test_labels_of_dev_are_those_of_xnli_item_by_item(asked):
    joined = "from kornli as k join xnli as x using (source) where x.language = 'eng_Latn'"
    same = f"select count(*), count(*) filter (k.label = x.label and k.block = x.block) {joined}"
    assert asked(same, "kornli", "xnli") == [(2490, 2490)]


def test_premises_of_test_are_those_of_xnli_line_by_line(real, raw_folder):
    text = (raw_folder("xtreme_xnli") / "xnli" / "test-sw.tsv").read_text(encoding="utf-8")
    swahili = [line.split("\t")[0] for line in text.split("\n")[:-1]]
    korean = real("kornli").rows("test", columns=["text"])["text"].to_pylist()
    years = [(re.findall(r"\d{4}", a), re.findall(r"\d{4}", b)) for a, b in zip(swahili, korean, strict=True)]
    shared = [bool(set(a) & set(b)) for a, b in years if a and b]
    assert (len(shared), sum(shared)) == (276, 270)


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("kornli")
