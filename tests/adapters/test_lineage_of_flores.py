"""SIB-200 is made of FLORES-200: the overlap of the makers' files, by source id and by text."""

from __future__ import annotations

import pytest

from harness.data import lineage


@pytest.fixture(scope="module")
def overlap(real):
    rows = lineage.audit(real("sib200"), [real("flores200"), real("flores200_nko")])
    assert not any(row["near_text"] for row in rows)  # every text is there, so that none is only nearly there
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


@pytest.mark.slow
def test_what_sib_repeats_between_train_and_test_equally_and_nearly(real):
    rows = [row for row in lineage.repeats(real("sib200")) if row["also_in"] == "train"]
    assert [(row["split"], row["language"], row["same_text"]) for row in rows if row["same_text"]] == [
        ("dev", "bam_Latn", 1),
        *(("test", language, 1) for language in ("ary_Arab", "azb_Arab", "dyu_Latn", "kbp_Latn")),
        *(("test", language, 1) for language in ("lua_Latn", "sat_Olck")),
    ]
    # One sentence each, that FLORES-200 has twice with a word, a letter or a full stop of difference.
    assert {(row["split"], row["language"]): row["near_text"] for row in rows if row["near_text"]} == {
        **dict.fromkeys((("dev", code) for code in ("kmb_Latn", "nso_Latn", "sat_Olck", "tgk_Cyrl", "wol_Latn")), 1),
        **dict.fromkeys((("test", code) for code in ("bam_Latn", "kik_Latn", "lin_Latn", "ltg_Latn", "mos_Latn")), 1),
        **dict.fromkeys((("test", code) for code in ("mya_Mymr", "npi_Deva", "pag_Latn", "shn_Mymr")), 1),
    }
