"""Data sets as the Hub has them: read by the real `datasets`, with the ids and sources of the makers' own files."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.data import adapt, cards
from harness.data.cards import Hub
from tests.adapters import test_sib200

datasets = pytest.importorskip("datasets")

Parts = Mapping[tuple[str, str], Sequence[tuple[Any, ...]]]

NLI = ("entailment", "neutral", "contradiction")
TEXT, LIST = datasets.Value("string"), datasets.List(datasets.Value("string"))
PAIR = {"premise": TEXT, "hypothesis": TEXT, "label": datasets.ClassLabel(names=[*NLI])}
ANSWERS = {"text": LIST, "answer_start": datasets.List(datasets.Value("int32"))}
QUESTION = {"id": TEXT, "title": TEXT, "context": TEXT, "question": TEXT, "answers": ANSWERS}


BOTH = [{"text": "two", "start": 0}, {"text": "t", "start": 0}]
ROUNDS = [f"{split}_r{n}" for split in ("dev", "test", "train") for n in (1, 2, 3)]


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def one(text: str, start: int) -> dict[str, list[object]]:
    return {"text": [text], "answer_start": [start]}


LAYOUTS: dict[str, tuple[dict[str, Any], Parts, list[tuple[Any, ...]]]] = {
    "xnli": (
        PAIR,
        {
            ("zh", "train"): [("\u7532", "\u4e59", 1)],
            ("zh", "test"): [("\u7532", "\u4e59", 2)],
            ("zh", "validation"): [("\u7532", "\u4e59", 0)] * 4,
            ("sw", "validation"): [("a", "b", 0)],
        },
        [
            ("dev", "swh_Latn", "0", "xnli:dev:0", "xnli:dev:premise:0", "a", "b", "entailment"),
            *(
                ("dev", "zho_Hans", f"{i}", f"xnli:dev:{i}", f"xnli:dev:premise:{i // 3}", "\u7532", "\u4e59", NLI[0])
                for i in range(4)
            ),
            ("test", "zho_Hans", "0", "xnli:test:0", "xnli:test:premise:0", "\u7532", "\u4e59", "contradiction"),
            ("train", "zho_Hans", "0", "mnli:train:0", "mnli:train:0", "\u7532", "\u4e59", "neutral"),
        ],
    ),
    "pawsx": (
        {"id": datasets.Value("int32"), "sentence1": TEXT, "sentence2": TEXT}
        | {"label": datasets.ClassLabel(names=["0", "1"])},
        {("en", "validation"): [(1, "a", "b", 0), (2, "a", "c", 1)], ("de", "validation"): [(1, "d", "NS", 0)]},
        [
            ("dev", "deu_Latn", "0", "pawsx:dev:0", "pawsx:dev:first:0", "d", "NS", "different"),
            ("dev", "eng_Latn", "0", "pawsx:dev:0", "pawsx:dev:first:0", "a", "b", "different"),
            ("dev", "eng_Latn", "1", "pawsx:dev:1", "pawsx:dev:first:0", "a", "c", "paraphrase"),
        ],
    ),
    "xcopa": (
        dict.fromkeys(("premise", "choice1", "choice2", "question"), TEXT)
        | {"label": datasets.Value("int32"), "idx": datasets.Value("int32"), "changed": datasets.Value("bool")},
        {
            ("qu", "validation"): [("p", "a", "b", "cause", 1, 7, False)],
            ("qu", "test"): [("p", "a", "b", "effect", 0, 3, True)],
        },
        [
            ("dev", "quy_Latn", "7", "xcopa:dev:7", "p", "cause", ["a", "b"], "1"),
            ("test", "quy_Latn", "3", "xcopa:test:3", "p", "effect", ["a", "b"], "0"),
        ],
    ),
    "snli": (
        PAIR,
        {("plain_text", s): [("left out", "b", -1), ("a", "b", 2)] for s in ("train", "validation", "test")},
        [(s, "eng_Latn", "1", f"snli:{s}:1", md5("a"), "a", "b", "contradiction") for s in ("dev", "test", "train")],
    ),
    "anli": (
        {"uid": TEXT, **PAIR, "reason": TEXT},
        {("plain_text", split): [(f"u-{split}", "a", "b", 1, "")] for split in ROUNDS},
        [(split, "eng_Latn", f"u-{split}", f"anli:u-{split}", md5("a"), "a", "b", "neutral") for split in ROUNDS],
    ),
    "panx": (
        {"tokens": LIST, "ner_tags": datasets.List(datasets.ClassLabel(names=["O", "B-PER", "I-PER"])), "langs": LIST},
        {("sw", s): [(["Juma", "-"], [1, 0], ["sw", "sw"])] for s in ("validation", "test", "train")},
        [(s, "swh_Latn", "sw-0", f"panx:{s}:sw-0", ["Juma", "-"], ["B-PER", "O"]) for s in ("dev", "test", "train")],
    ),
    "flores_plus": (
        {"id": datasets.Value("int64"), "iso_639_3": TEXT, "text": TEXT, "url": TEXT},
        {
            (config, split): [(1, "x", f"one {config}", "u1"), (2, "x", "two", "u1")]
            for config in ("default", "cmn_Hans", "apc_Arab_sout3123", "cat_Latn_vale1252")
            for split in ("dev", "devtest")
        },
        [
            (split, code, f"{i}", f"flores200:{split}:{i}", "u1", text)
            for split in ("dev", "devtest")
            for code, first in (("ajp_Arab", "one apc_Arab_sout3123"), ("zho_Hans", "one cmn_Hans"))
            for i, text in enumerate((first, "two"))
        ],
    ),
    "tydiqa": (
        QUESTION,
        {
            ("secondary_task", "train"): [
                ("swahili-1-1", "T", "one", "q", one("one", 0)),
                ("telugu-5-1", "T", "one", "q", one("one", 0)),
                ("swahili-1-1", "T", "two", "r", one("wo", 1)),
            ],
        },
        [
            (
                "train",
                code,
                i,
                f"tydiqa:train:{i}",
                f"tydiqa:{md5(text)}",
                question,
                text,
                [{"text": a, "start": start}],
            )
            for code, i, text, question, a, start in (
                ("swh_Latn", "sw-0", "one", "q", "one", 0),
                ("swh_Latn", "sw-1", "two", "r", "wo", 1),
                ("tel_Telu", "te-0", "one", "q", "one", 0),
            )
        ],
    ),
    "hellaswag": (
        {"ctx": TEXT, "endings": LIST, "source_id": TEXT, "split": TEXT, "label": TEXT},
        {
            ("default", "train"): [("c", [*"wxyz"], "v~1", "train", "3")],
            ("default", "validation"): [("c", [*"wxyz"], "v~2", "val", "0")],
            ("default", "test"): [("c", [*"wxyz"], "v~3", "test", "")],
        },
        [
            ("dev", "eng_Latn", "0", "hellaswag:dev:0", "hellaswag:v~2", "c", [*"wxyz"], "0"),
            ("train", "eng_Latn", "0", "hellaswag:train:0", "hellaswag:v~1", "c", [*"wxyz"], "3"),
        ],
    ),
    "commonsenseqa": (
        {"id": TEXT, "question": TEXT, "question_concept": TEXT, "choices": {"label": LIST, "text": LIST}}
        | {"answerKey": TEXT},
        {
            ("default", "validation"): [("x1", "q", "", {"label": [*"ABCDE"], "text": [*"vwxyz"]}, "D")],
            ("default", "test"): [("x2", "q", "", {"label": [*"ABCDE"], "text": [*"vwxyz"]}, "")],
        },
        [("dev", "eng_Latn", "x1", "commonsenseqa:x1", "q", [*"vwxyz"], "3")],
    ),
    "klue_nli": (
        {"guid": TEXT, "source": TEXT, **PAIR},
        {("nli", "validation"): [("klue-00", "airbnb", "a", "b", 2)]},
        [("dev", "kor_Hang", "klue-00", "klue_nli:klue-00", md5("a"), "a", "b", "contradiction")],
    ),
    **{
        name: (
            QUESTION,
            {
                (config, "train"): [("t1", "A_B", "\U0001d11e one", "q", one("one", 2))],
                (config, "validation"): [("v1", "C", "two", "r", {"text": ["two", "t"], "answer_start": [0, 0]})],
            },
            [
                ("dev", code, "v1", f"{source}:v1", f"{source}:C", "r", "two", BOTH),
                (
                    "train",
                    code,
                    "t1",
                    f"{source}:t1",
                    f"{source}:A_B",
                    "q",
                    "\U0001d11e one",
                    [{"text": "one", "start": 2}],
                ),
            ],
        )
        for name, config, source, code in [
            ("squad1", "plain_text", "squad", "eng_Latn"),
            ("korquad", "squad_kor_v1", "korquad", "kor_Hang"),
        ]
    },
    "squad2": (
        QUESTION,
        {
            ("squad_v2", "train"): [("t1", "A", "one", "q", one("one", 0))],
            ("squad_v2", "validation"): [("v1", "C", "two", "r", {"text": [], "answer_start": []})],
        },
        [
            ("dev", "eng_Latn", "v1", "squad:v1", "squad:C", "r", "two", []),
            ("train", "eng_Latn", "t1", "squad:t1", "squad:A", "q", "one", [{"text": "one", "start": 0}]),
        ],
    ),
    "xquad": (
        {name: feature for name, feature in QUESTION.items() if name != "title"},
        {("xquad.zh", "validation"): [("v1", "one", "q", one("one", 0)), ("v2", "one", "r", one("ne", 1))]},
        [
            ("test", "zho_Hans", "v1", "squad:v1", "squad:paragraph:v1", "q", "one", [{"text": "one", "start": 0}]),
            ("test", "zho_Hans", "v2", "squad:v2", "squad:paragraph:v1", "r", "one", [{"text": "ne", "start": 1}]),
        ],
    ),
}
"""Data set → features, rows by configuration and split, and the examples: split, language, id, the card's columns."""


def write(root: Path, features: dict[str, Any], parts: Parts) -> None:
    """Write a snapshot as the Hub has them: Parquet by configuration and split, which README.md names."""
    lines = ["---", "configs:"]
    for config in dict.fromkeys(config for config, _ in parts):
        lines += [f"- config_name: {config}", "  data_files:"]
        for split, rows in ((split, rows) for (c, split), rows in parts.items() if c == config):
            lines += [f"  - split: {split}", f"    path: {config}/{split}-*"]
            columns = {name: [row[i] for row in rows] for i, name in enumerate(features)}
            made = datasets.Dataset.from_dict(columns, features=datasets.Features(features))
            made.to_parquet(str(root / config / f"{split}-00000-of-00001.parquet"))
    (root / "README.md").write_text("\n".join([*lines, "---", ""]), encoding="utf-8")


@pytest.fixture
def of_hub(tmp_path):
    """Adapt a snapshot with the rows given, and with any in the other configurations: examples as tuples."""

    def adapted_rows(name: str, features: dict[str, Any], parts: Parts) -> list[tuple[Any, ...]]:
        card = cards.dataset_card(name)
        source = next(source for source in card.sources if isinstance(source, Hub))
        given = {config: rows for (config, _), rows in parts.items()}
        others = {(config, "validation"): [*given.values()][-1] for config in {*source.configs} - {*given}}
        write(tmp_path / "hub" / source.id, features, {**parts, **others})
        made = adapt.adapted(name, data=tmp_path)
        columns = ["split", "language", "id", *card.columns]
        splits = dict.fromkeys(split for split, _ in made.parts)
        return [tuple(row.values()) for split in splits for row in made.rows(split, columns=columns).to_pylist()]

    return adapted_rows


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_snapshot_of_the_hub_gives_the_examples_of_the_makers_files(name, of_hub):
    features, parts, examples = LAYOUTS[name]
    said = {example[1] for example in examples}
    assert [row for row in of_hub(name, features, parts) if row[1] in said] == examples


def test_sib200_is_read_where_the_hub_has_its_files(rows_of, tmp_path):
    own = test_sib200.RAW["sib200"]
    rows = rows_of("sib200", own)
    shutil.rmtree(tmp_path / "sib200")
    assert rows_of("sib200", {path.replace("annotated/", ""): text for path, text in own.items()}) == rows


def test_every_select_for_the_hub_has_a_source_and_a_layout():
    selects = {path.stem for path in (Path(__file__).parents[2] / "adapters" / "hub").glob("*.sql")}
    assert selects == set(LAYOUTS)
    for name in selects:
        assert any(isinstance(source, Hub) for source in cards.dataset_card(name).sources)
