"""SNLI, MultiNLI and ANLI in their makers' layouts, their union ANLI+, and the annotated part of ANLI."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from hashlib import md5

import pytest

from harness.data import cards
from harness.errors import UserError

LABELS = {"e": "entailment", "n": "neutral", "c": "contradiction"}


def jsonl(*pairs: dict[str, object]) -> bytes:
    return "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs).encode()


def snli(label: str, first: str = "A .", second: str = "B .", caption: str = "1.jpg#4") -> dict[str, object]:
    return {
        **{"annotator_labels": [label], "captionID": caption, "gold_label": label, "pairID": f"{caption}r1n"},
        **{"sentence1": first, "sentence1_binary_parse": "( A . )", "sentence1_parse": "(ROOT)"},
        **{"sentence2": second, "sentence2_binary_parse": "( B . )", "sentence2_parse": "(ROOT)"},
    }


def mnli(label: str, first: str = "A .", second: str = "B .", prompt: str = "7") -> dict[str, object]:
    pair = snli(label, first, second)
    del pair["captionID"]
    return pair | {"promptID": prompt, "pairID": f"{prompt}n", "genre": "fiction"}


def anli(uid: str, label: str, context: str = "A.", hypothesis: str = "B.") -> dict[str, object]:
    return {
        **{"uid": uid, "context": context, "hypothesis": hypothesis, "label": label, "model_label": "e"},
        **{"emturk": False, "genre": "wikipedia", "reason": "so", "tag": "r1"},
    }


SNLI = {
    "snli_1.0_train.jsonl": jsonl(
        snli("neutral", 'He said "go\\ ', "\u00a0x\ty "), snli("-"), snli("entailment", "e\u0301", "'z'", "2.jpg#0")
    ),
    "snli_1.0_dev.jsonl": jsonl(snli("contradiction")),
    "snli_1.0_test.jsonl": jsonl(snli("-"), snli("neutral")),
}
MNLI = {
    "multinli_1.0_train.jsonl": jsonl(
        mnli("neutral", 'um "go\\ ', "\u00a0x\ty "), mnli("entailment", "e\u0301", "z", "8")
    ),
    "multinli_1.0_dev_matched.jsonl": jsonl(mnli("-"), mnli("contradiction", prompt="9")),
    "multinli_1.0_dev_mismatched.jsonl": jsonl(mnli("neutral")),
}
ANLI = {f"R{r}/{s}.jsonl": jsonl(anli(f"{s}{r}", "n")) for r in (1, 2, 3) for s in ("train", "dev", "test")}
ANLI["R2/train.jsonl"] = jsonl(anli("a", "e", 'C "c\\ ', "\u00a0x\ty "), anli("b", "c", "e\u0301"), anli("d", "n"))
UNION = {
    f"{folder}/{path}": content
    for folder, files in {"snli_1.0": SNLI, "multinli_1.0": MNLI, "anli_v1.0": ANLI}.items()
    for path, content in files.items()
}


def block(context: str) -> str:
    return md5(context.encode(), usedforsecurity=False).hexdigest()


def test_pairs_of_snli_come_as_they_stand_and_those_without_a_majority_do_not(rows_of, left_out):
    assert [tuple(row.values()) for row in rows_of("snli", SNLI)] == [
        ("dev", "eng_Latn", "0", "snli:dev:0", "snli:1.jpg#4", "A .", "B .", "contradiction"),
        ("test", "eng_Latn", "1", "snli:test:1", "snli:1.jpg#4", "A .", "B .", "neutral"),
        ("train", "eng_Latn", "0", "snli:train:0", "snli:1.jpg#4", 'He said "go\\ ', "\u00a0x\ty ", "neutral"),
        ("train", "eng_Latn", "2", "snli:train:2", "snli:2.jpg#0", "e\u0301", "'z'", "entailment"),
    ]
    assert left_out("snli") == {(split, "eng_Latn", "no majority label"): 1 for split in ("test", "train")}


def test_pairs_of_mnli_come_as_they_stand_and_those_without_a_majority_do_not(rows_of, left_out):
    assert [tuple(row.values()) for row in rows_of("mnli", MNLI)] == [
        ("dev_matched", "eng_Latn", "1", "mnli:dev_matched:1", "mnli:9", "A .", "B .", "contradiction"),
        ("dev_mismatched", "eng_Latn", "0", "mnli:dev_mismatched:0", "mnli:7", "A .", "B .", "neutral"),
        ("train", "eng_Latn", "0", "mnli:train:0", "mnli:7", 'um "go\\ ', "\u00a0x\ty ", "neutral"),
        ("train", "eng_Latn", "1", "mnli:train:1", "mnli:8", "e\u0301", "z", "entailment"),
    ]
    assert left_out("mnli") == {("dev_matched", "eng_Latn", "no majority label"): 1}


def test_pairs_of_anli_stand_in_the_splits_of_their_rounds(rows_of):
    rows = rows_of("anli", ANLI)
    assert Counter(row["split"] for row in rows) == dict.fromkeys(cards.dataset_card("anli").splits, 1) | {
        "train_r2": 3
    }
    assert [tuple(row.values()) for row in rows if row["split"] == "train_r2"] == [
        ("train_r2", "eng_Latn", "a", "anli:a", block('C "c\\ '), 'C "c\\ ', "\u00a0x\ty ", "entailment"),
        ("train_r2", "eng_Latn", "b", "anli:b", block("e\u0301"), "e\u0301", "B.", "contradiction"),
        ("train_r2", "eng_Latn", "d", "anli:d", block("A."), "A.", "B.", "neutral"),
    ]


def test_the_union_has_every_pair_of_its_parts_under_the_same_source(rows_of, left_out):
    def said(name: str, files: dict[str, bytes]) -> dict[str, tuple[object, ...]]:
        rows = [row for row in rows_of(name, files) if not str(row["split"]).startswith("test")]
        return {
            str(row["source"]): (
                str(row["split"]).split("_")[0],
                *(row[c] for c in ("block", "text", "text_pair", "label")),
            )
            for row in rows
        }

    parts = said("snli", SNLI) | said("mnli", MNLI) | said("anli", ANLI)
    assert said("anli_plus", UNION) == parts
    assert len(parts) == 3 + 4 + 5 + 3
    assert left_out("anli_plus") == {(split, "eng_Latn", "no majority label"): 1 for split in ("dev", "train")}


def test_the_unions_size_is_the_sum_of_its_parts():
    def rows(name: str, use: str) -> int:
        return sum(split.rows or 0 for split in cards.dataset_card(name).splits.values() if split.use == use)

    assert rows("anli_plus", "train") == sum(rows(name, "train") for name in ("snli", "mnli", "anli")) == 1_104_934
    assert rows("anli_plus", "dev") == sum(rows(name, "dev") for name in ("snli", "mnli", "anli"))


@pytest.mark.parametrize(
    ("name", "files", "path"),
    [
        ("snli", SNLI, "snli_1.0_train.jsonl"),
        ("mnli", MNLI, "multinli_1.0_dev_matched.jsonl"),
        ("anli", ANLI, "R3/dev.jsonl"),
        ("anli_plus", UNION, "anli_v1.0/R3/dev.jsonl"),
        ("anli_plus", UNION, "snli_1.0/snli_1.0_train.jsonl"),
    ],
)
@pytest.mark.parametrize(
    ("line", "said"),
    [(b'{"gold_label"\n', "not JSON"), (b'{"x": 1}\n', "column "), (jsonl(snli("2")), "column ")],
)
def test_a_faulty_line_is_refused_where_it_stands(rows_of, tmp_path, name, files, path, line, said):
    folder = cards.dataset_card(name).folder or name
    number = files[path].count(b"\n") + 1
    with pytest.raises(UserError) as stopped:
        rows_of(name, files | {path: files[path] + line})
    assert str(stopped.value).startswith(f"{name}: {tmp_path / folder / path}, line {number}: {said}")


HEAD = "context,statement,reason,adverary_pred,gold_label,uid,cid,eid,,,,A2Code,A2Notes\r\n"
ANNOTATED = (
    '"He said ""go"", and\tleft ",\u00a0He  left.,"a, b",e,n,u1,c1,e1,,,,"x, y",\r\n'
    "children\u00e2\u20ac\u2122s,Yes.,why,n,c,u2,c2,e2,,,,z,n\r\ne\u0301,No.,,c,e,u3,c3,e3,,,,,"
)
"""Doubled quotation marks, edges of white space, wrongly decoded characters, no final line feed."""
ANNOTATED_PATH = "anlizinganli/anli_annot_v0.2/ANLI_analysis_300dev_sampleA2.csv"


def test_annotated_pairs_come_as_they_stand(rows_of):
    rows = rows_of("anli_annotated", {ANNOTATED_PATH: (HEAD + ANNOTATED).encode()})
    texts = [
        ('He said "go", and\tleft ', "\u00a0He  left."),
        ("children\u00e2\u20ac\u2122s", "Yes."),
        ("e\u0301", "No."),
    ]
    assert [tuple(row.values()) for row in rows] == [
        ("dev", "eng_Latn", uid, f"anli:{uid}", block(pair[0]), *pair, LABELS[label])
        for uid, pair, label in zip(("u1", "u2", "u3"), texts, "nce", strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + ANNOTATED.replace(",n,c,u2", ",n,x,u2"), "line 3: column label is none of the card's labels: 'x'"),
        (HEAD.replace("gold_label", "gold") + ANNOTATED, "line 1: column label is none of the card's labels: 'gold'"),
        (HEAD + "a,b,c\r\n", "line 2: 3 cells, where line 1 has 13"),
    ],
)
def test_a_faulty_record_is_refused_where_it_stands(rows_of, tmp_path, text, said):
    with pytest.raises(UserError) as stopped:
        rows_of("anli_annotated", {ANNOTATED_PATH: text.encode()})
    assert str(stopped.value) == f"anli_annotated: {tmp_path / 'anli' / ANNOTATED_PATH}, {said}"


RAW = {
    "snli": SNLI,
    "mnli": MNLI,
    "anli": ANLI,
    "anli_plus": UNION,
    "anli_annotated": {ANNOTATED_PATH: (HEAD + ANNOTATED).encode()},
}


# -- the makers' files


def test_every_annotated_pair_arrives_in_its_place(real, raw_folder):
    content = (raw_folder("anli") / ANNOTATED_PATH).read_bytes()
    assert (content.count(b"\r\n"), content.count(b"\n"), content.endswith(b"\n")) == (300, 300, False)
    records = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert {len(record) for record in records} == {13}
    wanted = [[record[5], *record[:2], LABELS[record[4]]] for record in records[1:]]
    rows = real("anli_annotated").rows("dev", columns=["id", "text", "text_pair", "label"]).to_pylist()
    assert [list(row.values()) for row in rows] == wanted
    assert len(rows) == 300
    assert sum("\u00e2\u20ac" in "".join(record) for record in records) == 43
    assert not any(record[3] == record[4] for record in records[1:])


def test_the_sample_of_snli_is_read_by_its_adapter(raw_folder, rows_of):
    files = {name: (raw_folder("english_samples") / "snli_1.0" / name).read_bytes() for name in list(SNLI)[1:]}
    raw = {name[9:].split(".")[0]: [json.loads(line) for line in text.splitlines()] for name, text in files.items()}
    assert {split: len(pairs) for split, pairs in raw.items()} == {"dev": 10, "test": 10}
    rows = rows_of("snli", SNLI | files)
    for split, pairs in raw.items():
        found = [(row["block"], row["text"], row["text_pair"], row["label"]) for row in rows if row["split"] == split]
        names = ("sentence1", "sentence2", "gold_label")
        assert found == [(f"snli:{pair['captionID']}", *(pair[name] for name in names)) for pair in pairs]


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("anli_annotated")
