"""XCOPA: JSON lines with carriage returns, the same items in every language, a question that is wrong in some."""

from __future__ import annotations

import json

import pytest

from harness.errors import UserError

AWKWARD = [
    {"premise": 'c\u0327a "dit"\t', "choice1": " A\nB", "choice2": "\U0001f43e", "question": "cause", "label": 1}
    | {"idx": 0},
    {"question": "effect", "idx": 7, "label": 0, "premise": "\u00a0x", "choice2": "null", "choice1": "1"},
    {"premise": "NULL", "choice1": "a", "choice2": "a", "question": "effect", "label": 1, "idx": 8, "changed": True},
]
"""Not in NFC, a quotation mark, a tab and a line break; keys in another order; a word that looks like nothing."""


def lines(*items: dict[str, object]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\r\n" for item in items)


def test_premise_question_and_choices_come_as_they_stand(rows_of):
    rows = rows_of("xcopa", {"data/qu/val.qu.jsonl": lines(*AWKWARD), "data/qu/test.qu.jsonl": lines(AWKWARD[0])})
    assert [tuple(row.values()) for row in rows] == [
        ("dev", "quy_Latn", "0", "xcopa:dev:0", 'c\u0327a "dit"\t', "cause", [" A\nB", "\U0001f43e"], "1"),
        ("dev", "quy_Latn", "7", "xcopa:dev:7", "\u00a0x", "effect", ["1", "null"], "0"),
        ("dev", "quy_Latn", "8", "xcopa:dev:8", "NULL", "effect", ["a", "a"], "1"),
        ("test", "quy_Latn", "0", "xcopa:test:0", 'c\u0327a "dit"\t', "cause", [" A\nB", "\U0001f43e"], "1"),
    ]


@pytest.mark.parametrize(
    ("bad", "wrong"),
    [(AWKWARD[1] | {"label": 2}, "column label is no position in choices: '2'"), (AWKWARD[1] | {"idx": 0}, "twice")],
)
def test_a_bad_row_is_refused_with_file_and_line(rows_of, tmp_path, bad, wrong):
    files = {"data/et/val.et.jsonl": lines(AWKWARD[0]), "data/sw/test.sw.jsonl": lines(AWKWARD[0], bad)}
    with pytest.raises(UserError) as stopped:
        rows_of("xcopa", files)
    place = tmp_path / "xcopa" / "data" / "sw" / "test.sw.jsonl"
    assert str(stopped.value).startswith(f"xcopa: {place}, line 2: column ")
    assert wrong in str(stopped.value)


RAW = {"xcopa": {"data/qu/val.qu.jsonl": lines(*AWKWARD), "data/qu/test.qu.jsonl": lines(AWKWARD[0])}}


# -- the makers' files

SPELLED = {"et": "est_Latn", "ht": "hat_Latn", "id": "ind_Latn", "it": "ita_Latn", "qu": "quy_Latn", "sw": "swh_Latn"}
SPELLED |= {"ta": "tam_Taml", "th": "tha_Thai", "tr": "tur_Latn", "vi": "vie_Latn", "zh": "zho_Hans"}


@pytest.mark.parametrize(("split", "name", "size"), [("dev", "val", 100), ("test", "test", 500)])
def test_every_item_of_every_file_arrives_in_its_place(real, raw_folder, split, name, size):
    made = real("xcopa")
    assert {language for part, language in made.parts if part == split} == set(SPELLED.values())
    for spelled, code in SPELLED.items():
        content = (raw_folder("xcopa") / "data" / spelled / f"{name}.{spelled}.jsonl").read_bytes()
        raw = [json.loads(line) for line in content.split(b"\r\n")[:-1]]
        assert [item["idx"] for item in raw] == list(range(size))
        rows = made.rows(split, [code], ["id", "text", "text_pair", "choices", "label"]).to_pylist()
        assert [tuple(row.values()) for row in rows] == [
            (str(r["idx"]), r["premise"], r["question"], [r["choice1"], r["choice2"]], str(r["label"])) for r in raw
        ]


def questions_and_labels(real, split: str) -> dict[str, list[tuple[str, str]]]:
    made = real("xcopa")
    rows = {name: made.rows(split, [code], ["text_pair", "label"]).to_pydict() for name, code in SPELLED.items()}
    return {name: list(zip(row["text_pair"], row["label"], strict=True)) for name, row in rows.items()}


def test_labels_are_the_same_in_every_language_and_balanced_in_test(real):
    for split, ones in (("dev", 45), ("test", 250)):
        labels = {tuple(label for _, label in rows) for rows in questions_and_labels(real, split).values()}
        assert [row.count("1") for row in labels] == [ones]


def test_questions_differ_from_estonian_where_the_card_says(real):
    differ = {}
    for split in ("test", "dev"):
        rows = questions_and_labels(real, split)
        pairs = {name: sum(a != b for a, b in zip(own, rows["et"], strict=True)) for name, own in rows.items()}
        differ[split] = {name: n for name, n in pairs.items() if n}
    assert differ["test"] == {"th": 250, "tr": 51, "sw": 37, "id": 4, "it": 4}
    assert differ["dev"] == {"th": 52, "tr": 52, "sw": 6, "id": 5, "it": 5}


def test_thai_and_turkish_dev_ask_for_the_effect_alone(real):
    dev, test = questions_and_labels(real, "dev"), questions_and_labels(real, "test")
    assert {question for question, _ in dev["th"] + test["th"] + dev["tr"]} == {"effect"}


def test_few_rows_of_test_were_changed_in_translation(raw_folder):
    changed = {}
    for spelled in SPELLED:
        content = (raw_folder("xcopa") / "data" / spelled / f"test.{spelled}.jsonl").read_bytes()
        changed[spelled] = sum(json.loads(line)["changed"] for line in content.split(b"\r\n")[:-1])
    assert (changed["id"], changed["qu"]) == (min(changed.values()), max(changed.values())) == (0, 26)


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("xcopa")
