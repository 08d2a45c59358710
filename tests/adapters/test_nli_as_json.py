"""KLUE-NLI, an array of Korean pairs; and JNLI, a Japanese pair a line."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import md5

import pytest

from harness.errors import UserError

LABELS = ("entailment", "neutral", "contradiction")
TEXTS = [('"가" \\ \t나 ', "\u1100\u1161"), ("\u00a0가\u3000나", "'x', y"), ('"가" \\ \t나 ', "\U0001f600 다")]
"""Quotation marks, a backslash, an escaped tab, edges of white space, no NFC, a character above U+FFFF."""


def written(pairs: list[dict[str, object]], name: str) -> dict[str, bytes]:
    if name == "klue_nli":
        content = json.dumps(pairs, ensure_ascii=False, indent=4)
        return {"klue_benchmark/klue-nli-v1.1/klue-nli-v1.1_dev.json": content.encode()}
    content = "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs)
    return {"datasets/jnli-v1.3/valid-v1.3.json": content.encode()}


def awkward(name: str) -> list[dict[str, object]]:
    if name == "klue_nli":
        return [
            {"guid": f"dev_{i}", "source": "NSMC", "premise": a, "hypothesis": b, "gold_label": label, "label5": "x"}
            for i, ((a, b), label) in enumerate(zip(TEXTS, LABELS, strict=True))
        ]
    return [
        {"sentence_pair_id": str(i), "yjcaptions_id": f"7{i // 2}-1-g{i}", "sentence1": a, "sentence2": b, "label": c}
        for i, ((a, b), c) in enumerate(zip(TEXTS, LABELS, strict=True))
    ]


def blocks(name: str) -> list[str]:
    if name == "klue_nli":
        return [md5(premise.encode(), usedforsecurity=False).hexdigest() for premise, _ in TEXTS]
    return ["yjcaptions:70", "yjcaptions:70", "yjcaptions:71"]


@pytest.mark.parametrize(
    ("name", "language", "ids", "source"),
    [
        ("klue_nli", "kor_Hang", ["dev_0", "dev_1", "dev_2"], "klue_nli:"),
        ("jnli", "jpn_Jpan", ["0", "1", "2"], "jnli:dev:"),
    ],
)
def test_pairs_come_as_they_stand(rows_of, name, language, ids, source):
    rows = rows_of(name, written(awkward(name), name))
    assert [tuple(row.values()) for row in rows] == [
        ("dev", language, i, source + i, block, *texts, label)
        for i, block, texts, label in zip(ids, blocks(name), TEXTS, LABELS, strict=True)
    ]


@pytest.mark.parametrize(("name", "folder", "line"), [("klue_nli", "klue", 3), ("jnli", "jglue", 2)])
def test_broken_json_is_refused_with_file_and_line(rows_of, tmp_path, name, folder, line):
    ((path, content),) = written(awkward(name), name).items()
    lines = content.split(b"\n")
    lines[line - 1] = lines[line - 1].replace(b'":', b'"', 1)
    with pytest.raises(UserError) as stopped:
        rows_of(name, {path: b"\n".join(lines)})
    assert str(stopped.value).startswith(f"{name}: {tmp_path / folder / path}, line {line}: not JSON")


@pytest.mark.parametrize(
    ("name", "key", "place"),
    [
        ("klue_nli", "gold_label", "klue-nli-v1.1_dev.json, line 11 (dev ko dev_1)"),
        ("jnli", "label", "valid-v1.3.json, line 2"),
    ],
)
@pytest.mark.parametrize(("label", "said"), [("1", "is none of the card's labels: '1'"), (None, "is empty")])
def test_a_pair_of_no_label_is_refused_where_it_stands(rows_of, name, key, place, label, said):
    pairs = awkward(name)
    pairs[1][key] = label
    with pytest.raises(UserError) as stopped:
        rows_of(name, written(pairs, name))
    assert str(stopped.value).endswith(f"{place}: column label {said}")


RAW = {name: written(awkward(name), name) for name in ("klue_nli", "jnli")}


# -- the makers' files


def test_every_pair_of_klue_arrives_in_its_place(real, raw_folder):
    path = raw_folder("klue") / "klue_benchmark" / "klue-nli-v1.1" / "klue-nli-v1.1_dev.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    rows = real("klue_nli").rows("dev", columns=["id", "text", "text_pair", "label"]).to_pylist()
    names = ("guid", "premise", "hypothesis", "gold_label")
    assert [tuple(row.values()) for row in rows] == [tuple(pair[name] for name in names) for pair in raw]
    assert Counter(row["label"] for row in rows) == dict.fromkeys(LABELS, 1000)


def test_every_pair_of_jnli_arrives_in_its_place(real, raw_folder):
    path = raw_folder("jglue") / "datasets" / "jnli-v1.3" / "valid-v1.3.json"
    raw = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    rows = real("jnli").rows("dev", columns=["id", "text", "text_pair", "label"]).to_pylist()
    names = ("sentence_pair_id", "sentence1", "sentence2", "label")
    assert [tuple(row.values()) for row in rows] == [tuple(pair[name] for name in names) for pair in raw]
    labels = Counter(row["label"] for row in rows)
    assert (len(rows), labels) == (2434, dict(zip(LABELS, (349, 1350, 735), strict=True)))


def test_a_block_is_a_premise_of_three_in_klue_and_an_image_in_jnli(asked):
    counted = "select count(distinct block), count(distinct text) from klue_nli"
    assert asked(counted, "klue_nli") == [(1000, 1000)]
    sizes = "select count(*) as n, count(distinct label) as labels from klue_nli group by block"
    assert asked(f"select distinct n, labels from ({sizes})", "klue_nli") == [(3, 3)]
    assert asked("select count(distinct block) from jnli", "jnli") == [(1089,)]


@pytest.mark.parametrize("name", ["klue_nli", "jnli"])
def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date, name):
    assert card_is_up_to_date(name)
