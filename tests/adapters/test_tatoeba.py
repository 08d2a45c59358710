"""Tatoeba: a pair of files a language, aligned by line, and an English that differs from pair to pair."""

from __future__ import annotations

import pytest

from harness.errors import UserError

SIZES = {"amh": 168, "jav": 205, "kat": 746, "kaz": 575, "khm": 722, "mal": 687, "swh": 390, "tam": 307, "tel": 234}
SIZES |= {"tha": 548, "xho": 142}
FULL = "afr ara aze ben cmn est eus hin ind kor lit mar tat tgl tur uig urd yue".split()  # noqa: SIM905

AWKWARD = 'Tom said "go\\n".\n\u00a0Tom  left. \ne\u0301, \t x\n'
"""A backslash and an n, quotation marks, edges of white space, a text that is not in NFC, a tab."""

SMALL = {
    "v1/tatoeba.swh-eng.swh": AWKWARD.encode(),
    "v1/tatoeba.swh-eng.eng": b"one\ntwo\nthree\n",
    "v1/tatoeba.ang-eng.ang": "hw\u00e6t\n".encode(),
    "v1/tatoeba.ang-eng.eng": b"what\n",
}


def test_a_sentence_shares_its_id_with_its_translation_alone(rows_of):
    rows = rows_of("tatoeba", SMALL)
    assert [tuple(row.values())[1:] for row in rows] == [
        ("ang_Latn", "ang-0", "tatoeba:test:ang-0", "hw\u00e6t"),
        ("eng_Latn", "ang-0", "tatoeba:test:ang-0", "what"),
        ("eng_Latn", "swh-0", "tatoeba:test:swh-0", "one"),
        ("eng_Latn", "swh-1", "tatoeba:test:swh-1", "two"),
        ("eng_Latn", "swh-2", "tatoeba:test:swh-2", "three"),
        ("swh_Latn", "swh-0", "tatoeba:test:swh-0", 'Tom said "go\\n".'),
        ("swh_Latn", "swh-1", "tatoeba:test:swh-1", "\u00a0Tom  left. "),
        ("swh_Latn", "swh-2", "tatoeba:test:swh-2", "e\u0301, \t x"),
    ]


def test_xtremes_layout_is_refused_with_the_reason(rows_of):
    with pytest.raises(UserError, match=r"not xtreme/\*-en\.\*: XTREME sorted the English side and withheld"):
        rows_of("tatoeba", {"xtreme/sw-en.sw": b"a\n", "xtreme/sw-en.en": b"b\n"})


RAW = {"tatoeba": SMALL}


# -- the makers' files


def test_every_line_of_every_file_arrives_in_its_place(real, raw_folder):
    made = real("tatoeba")
    sizes = SIZES | dict.fromkeys(FULL, 1000)
    english = dict(zip(*made.rows("test", ["eng_Latn"], ["id", "text"]).to_pydict().values(), strict=True))
    assert len(english) == sum(sizes.values()) == 22_724
    assert len(made.parts) == 1 + len(sizes) == 30
    own = {
        row["id"]: row["text"]
        for row in made.rows("test", columns=["id", "text", "language"]).to_pylist()
        if row["language"] != "eng_Latn"
    }
    for name, size in sizes.items():
        for side, got in ((name, own), ("eng", english)):
            path = raw_folder("tatoeba") / "v1" / f"tatoeba.{name}-eng.{side}"
            wanted = path.read_text(encoding="utf-8").split("\n")[:-1]
            assert [got[f"{name}-{i}"] for i in range(size)] == wanted


def test_what_a_language_shares_with_english_is_its_own_pair(asked):
    shared = """
        select a.language, count(*), count(distinct string_split(b.id, '-')[1]) from tatoeba as a join tatoeba as b
        on a.id = b.id and b.language = 'eng_Latn' where a.language <> 'eng_Latn' group by 1"""
    found = {row[0]: row[1:] for row in asked(shared, "tatoeba")}
    assert (found["swh_Latn"], found["arb_Arab"], len(found)) == ((390, 1), (1000, 1), 29)


def test_scoring_xtremes_layout_by_line_would_fail_a_perfect_model(raw_folder):
    root = raw_folder("tatoeba")
    spelled = {"jv": "jav", "sw": "swh", "ta": "tam", "te": "tel", "tl": "tgl"}
    aligned = {}
    for short, name in spelled.items():

        def lines(path: str) -> list[str]:
            return (root / path).read_text(encoding="utf-8").split("\n")[:-1]

        gold = dict(zip(lines(f"v1/tatoeba.{name}-eng.{name}"), lines(f"v1/tatoeba.{name}-eng.eng"), strict=True))
        own, english = lines(f"xtreme/{short}-en.{short}"), lines(f"xtreme/{short}-en.en")
        assert english == sorted(english)
        aligned[short] = sum(gold.get(text) == other for text, other in zip(own, english, strict=True))
    assert aligned == {"jv": 0, "sw": 0, "ta": 0, "te": 1, "tl": 2}


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("tatoeba")
