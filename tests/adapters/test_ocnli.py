"""OCNLI: one object a line, pairs without a majority, training files that are parts of each other."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from harness.errors import UserError


def pair(number: int, label: str | None, first: str = "前提", second: str = "假设", **more: object) -> str:
    said = {"sentence1": first, "sentence2": second, "prem_id": f"tv_{number // 3}", "id": number} | more
    return json.dumps(said if label is None else said | {"label": label}, ensure_ascii=False)


AWKWARD = "\n".join(
    [
        pair(0, "neutral", "他说:“走\t!” ", "\u00a0一\u3000二 ", level="easy", label0=None),
        pair(1, "-"),
        pair(2, "contradiction", 'a "b" \\', "e\u0301"),
    ]
)
"""Edges of white space, an escaped tab, quotation mark and backslash, a text that is not in NFC; no majority; no final
line feed."""

SMALL = {"data/ocnli/train.3k.json": pair(40448, "entailment").encode(), "data/ocnli/dev.json": AWKWARD.encode()}


def test_pairs_come_as_they_stand_and_those_without_a_majority_do_not(rows_of, left_out):
    rows = rows_of("ocnli", SMALL)
    assert [tuple(row.values()) for row in rows] == [
        ("dev", "zho_Hans", "0", "ocnli:dev:0", "ocnli:tv_0", "他说:“走\t!” ", "\u00a0一\u3000二 ", "neutral"),
        ("dev", "zho_Hans", "2", "ocnli:dev:2", "ocnli:tv_0", 'a "b" \\', "e\u0301", "contradiction"),
        ("train", "zho_Hans", "40448", "ocnli:train:40448", "ocnli:tv_13482", "前提", "假设", "entailment"),
    ]
    assert left_out("ocnli") == {("dev", "zho_Hans", "no majority label"): 1}


def test_a_pair_that_two_training_files_have_comes_once(rows_of):
    larger = "\n".join(pair(number, "neutral") for number in (7, 40448, 8))
    rows = rows_of("ocnli", SMALL | {"data/ocnli/train.50k.json": larger.encode()})
    assert [(row["id"], row["label"]) for row in rows if row["split"] == "train"] == [
        ("40448", "entailment"),
        ("7", "neutral"),
        ("8", "neutral"),
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([pair(0, "neutral"), '{"sentence1": "a"'], "line 2: not JSON"),
        ([pair(0, "neutral"), pair(1, None)], "line 2: column label is empty"),
        ([pair(0, "neutral"), pair(1, "0")], "line 2: column label is none of the card's labels: '0'"),
        ([pair(0, "neutral"), pair(0, "-"), pair(0, "neutral")], "line 3: column id stands twice in one split and"),
    ],
)
def test_a_faulty_line_is_refused_where_it_stands(rows_of, tmp_path, lines, said):
    with pytest.raises(UserError) as stopped:
        rows_of("ocnli", SMALL | {"data/ocnli/dev.json": "\n".join(lines).encode()})
    assert f"{tmp_path / 'ocnli' / 'data' / 'ocnli' / 'dev.json'}, {said}" in str(stopped.value)


RAW = {"ocnli": SMALL}


# -- the makers' files


@pytest.mark.parametrize(("split", "file", "without"), [("dev", "dev", 50), ("train", "train.3k", 6)])
def test_every_pair_with_a_majority_arrives_in_its_place(real, raw_folder, split, file, without):
    text = (raw_folder("ocnli") / "data" / "ocnli" / f"{file}.json").read_text(encoding="utf-8")
    assert not text.endswith("\n")
    raw = [json.loads(line) for line in text.split("\n")]
    names = ("id", "sentence1", "sentence2", "label")
    wanted = [tuple(str(row[name]) for name in names) for row in raw if row["label"] != "-"]
    rows = real("ocnli").rows(split, columns=["id", "text", "text_pair", "label"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == wanted
    assert (len(raw), len(wanted)) == (3000, 3000 - without)
    assert real("ocnli").skipped[split, "zho_Hans", "no majority label"] == without


@pytest.mark.parametrize(("split", "counts"), [("dev", (947, 1103, 900)), ("train", (974, 1054, 966))])
def test_labels(real, split, counts):
    labels = Counter(real("ocnli").rows(split, columns=["label"])["label"].to_pylist())
    assert tuple(labels[label] for label in ("entailment", "neutral", "contradiction")) == counts


def test_test_has_no_labels(raw_folder):
    lines = (raw_folder("ocnli") / "data" / "ocnli" / "test.json").read_text(encoding="utf-8").split("\n")
    assert len(lines) == 3000
    assert all("label" not in json.loads(line) for line in lines)


def test_a_block_is_a_premise(asked):
    counted = "select split, count(distinct block), count(distinct text) from ocnli group by 1 order by 1"
    assert asked(counted, "ocnli") == [("dev", 2165, 2165), ("train", 2134, 2133)]


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("ocnli")
