"""SIB-200 is made of FLORES-200: the overlap of the makers' files, by source id and by text."""

from __future__ import annotations

import pytest

from harness.data import lineage


@pytest.fixture(scope="module")
def overlap(real):
    rows = lineage.audit(real("sib200"), [real("flores200"), real("flores200_nko")])
    return {(row["split"], row["language"], row["found_in"]): (row["same_source"], row["same_text"]) for row in rows}


@pytest.mark.parametrize(
    ("split", "dev", "devtest", "both"),
    [  # (by source, by text)
        ("train", (205 * 373, 76_457), (205 * 328, 67_235), 13),
        ("dev", (205 * 47, 9_635), (205 * 52, 10_659), 1),
        ("test", (205 * 90, 18_449), (205 * 114, 23_368), 3),
    ],
)
def test_every_row_is_found_in_flores(overlap, split, dev, devtest, both):
    found = {where: counts for (s, language, where), counts in overlap.items() if (s, language) == (split, "all")}
    assert found == {"dev": dev, "devtest": devtest, "dev + devtest": (0, both)}


def test_english_train_holds_328_sentences_of_devtest(overlap, real):
    assert overlap["train", "eng_Latn", "devtest"] == (328, 328)
    devtest = lineage.sources(real("flores200"), "devtest").keys()
    assert len(devtest) == 1012
    assert len(devtest & lineage.sources(real("sib200"), "train", ["eng_Latn"]).keys()) == 328
    assert len(devtest & lineage.sources(real("sib200"), "test", ["nqo_Nkoo"]).keys()) == 114


def test_six_languages_repeat_a_text_between_train_and_test(real):
    rows = lineage.repeats(real("sib200"))
    found = [(row["split"], row["language"], row["rows"]) for row in rows if row["also_in"] == "train"]
    assert found == [("dev", "bam_Latn", 1)] + [
        ("test", language, 1) for language in ("ary_Arab", "azb_Arab", "dyu_Latn", "kbp_Latn", "lua_Latn", "sat_Olck")
    ]
