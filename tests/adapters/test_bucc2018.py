"""BUCC 2018, whose files we have not met: two corpora a pair of languages and the list of translations."""

from __future__ import annotations

import pytest

from harness.errors import UserError

SMALL = {
    "de-en/de-en.sample.de": 'de-1\t"Ja\nde-2\t\u00a0e\u0301  \nde-3\tx, y\n',
    "de-en/de-en.sample.en": "en-1\tnone\nen-2\tno ne\nen-3\tYes\n",
    "de-en/de-en.sample.gold": "de-1\ten-3\n",
    "zh-en/zh-en.sample.zh": "zh-1\t\u662f\n",
    "zh-en/zh-en.sample.en": "en-1\tYes\n",
    "zh-en/zh-en.sample.gold": "zh-1\ten-1\n",
    "de-en/de-en.training.de": "de-1\ta\n",
    "de-en/de-en.training.en": "en-1\tb\n",
    "de-en/de-en.training.gold": "de-1\ten-1\n",
}
"""A lone quotation mark, edges of white space, English numbers that two pairs share."""


def files() -> dict[str, bytes]:
    return {path: text.encode() for path, text in SMALL.items()}


def test_translations_share_an_id_and_no_other_sentences_do(rows_of):
    rows = rows_of("bucc2018", files())
    assert [tuple(row.values())[1:] for row in rows if row["split"] == "dev"] == [
        ("deu_Latn", "de-1", "bucc2018:dev:de-1", '"Ja'),
        ("deu_Latn", "de-2", "bucc2018:dev:de-2", "\u00a0e\u0301  "),
        ("deu_Latn", "de-3", "bucc2018:dev:de-3", "x, y"),
        ("eng_Latn", "de:en-1", "bucc2018:dev:de:en-1", "none"),
        ("eng_Latn", "de:en-2", "bucc2018:dev:de:en-2", "no ne"),
        ("eng_Latn", "de-1", "bucc2018:dev:de-1", "Yes"),
        ("eng_Latn", "zh-1", "bucc2018:dev:zh-1", "Yes"),
        ("zho_Hans", "zh-1", "bucc2018:dev:zh-1", "\u662f"),
    ]
    assert [row["id"] for row in rows if row["split"] == "test"] == ["de-1", "de-1"]


def test_a_line_without_its_sentence_is_refused_where_it_stands(rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("bucc2018", files() | {"de-en/de-en.sample.de": b"de-1\ta\nde-2\n"})
    place = tmp_path / "bucc2018" / "de-en" / "de-en.sample.de"
    assert str(stopped.value) == f"bucc2018: {place}, line 2: 1 cells, where 2 are expected"


def test_xtremes_test_without_gold_is_refused_with_the_reason(rows_of):
    with pytest.raises(UserError, match=r"not \?\?-en.test.\*: XTREME's copy has training as test"):
        rows_of("bucc2018", {"de-en.test.de": b"de-1\ta\n", "de-en.test.en": b"en-1\tb\n"})


RAW = {"bucc2018": files()}
