"""XNLI as XTREME lays it out: no header, no quoting, the same pair on the same line of every language."""

from __future__ import annotations

from collections import Counter

import pytest

from harness.errors import UserError

AWKWARD = "He said: \"go\tHe  left. \tneutral\nc\u0327a\t\u00a0«oui»\tcontradiction\nOne, two\t3 ' 4\tentailment\n"
"""A lone quotation mark, edges of white space, a text that is not in NFC, commas."""


def test_pairs_come_as_they_stand_with_their_line_and_premise(rows_of):
    rows = rows_of("xnli", {"xnli/dev-fr.tsv": (AWKWARD + "a\tb\tneutral\n").encode(), "xnli/test-fr.tsv": b"a\tb\n"})
    assert [tuple(row.values()) for row in rows] == [
        ("dev", "fra_Latn", "0", "xnli:dev:0", "xnli:dev:premise:0", 'He said: "go', "He  left. ", "neutral"),
        ("dev", "fra_Latn", "1", "xnli:dev:1", "xnli:dev:premise:0", "c\u0327a", "\u00a0«oui»", "contradiction"),
        ("dev", "fra_Latn", "2", "xnli:dev:2", "xnli:dev:premise:0", "One, two", "3 ' 4", "entailment"),
        ("dev", "fra_Latn", "3", "xnli:dev:3", "xnli:dev:premise:1", "a", "b", "neutral"),
    ]


def test_a_file_without_labels_is_refused(rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("xnli", {"xnli/dev-fr.tsv": AWKWARD.encode(), "xnli/dev-sw.tsv": b"a\tb\n"})
    place = tmp_path / "xtreme_xnli" / "xnli" / "dev-sw.tsv"
    assert str(stopped.value) == f"xnli: {place}, line 1: column label is none of the card's labels: 'a\\tb'"


RAW = {"xnli": {f"xnli/dev-{name}.tsv": AWKWARD.encode() for name in ("fr", "sw")}}


# -- the makers' files

NAMES = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
CODES = ("arb_Arab", "bul_Cyrl", "deu_Latn", "ell_Grek", "eng_Latn", "spa_Latn", "fra_Latn", "hin_Deva")
CODES += ("rus_Cyrl", "swh_Latn", "tha_Thai", "tur_Latn", "urd_Arab", "vie_Latn", "zho_Hans")


def test_every_pair_of_every_file_arrives_in_its_place(real, raw_folder):
    made = real("xnli")
    spelled = dict(zip(NAMES, CODES, strict=True))
    assert {language: part.rows for (_, language), part in made.parts.items()} == dict.fromkeys(spelled.values(), 2490)
    for name, code in spelled.items():
        content = (raw_folder("xtreme_xnli") / "xnli" / f"dev-{name}.tsv").read_text(encoding="utf-8")
        assert '"' not in content
        rows = made.rows("dev", [code], ["id", "text", "text_pair", "label"]).to_pylist()
        assert [list(row.values())[1:] for row in rows] == [line.split("\t") for line in content.split("\n")[:-1]]
        assert [row["id"] for row in rows] == [str(i) for i in range(2490)]


def test_labels_are_balanced_and_the_same_in_every_language(real):
    made = real("xnli")
    labels = {code: made.rows("dev", [code], ["label"])["label"].to_pylist() for _, code in made.parts}
    assert Counter(labels["eng_Latn"]) == dict.fromkeys(("entailment", "neutral", "contradiction"), 830)
    assert all(own == labels["eng_Latn"] for own in labels.values())


def test_a_block_is_a_premise_and_has_one_pair_of_each_label(asked):
    blocks = (
        "select language, block, count(distinct text) as texts, count(distinct label) as labels from xnli group by all"
    )
    assert asked(f"select count(*), max(texts), min(labels) from ({blocks})", "xnli") == [(15 * 830, 1, 3)]


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("xnli")
