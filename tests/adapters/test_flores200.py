"""FLORES-200 and its N'Ko: lines as they stand, ids by line, blocks by page; and what is known to be odd in them."""

from __future__ import annotations

import pytest

from harness.analysis.query import query
from harness.errors import UserError
from harness.run.local import run
from harness.store import Store
from harness.suite_file import load
from tests.adapters.conftest import UNPACKED

META = "URL\tdomain\ttopic\thas_image\thas_hyperlink\n"
META += 'https://a\twikinews\t"x\tno\tno\nhttps://b\twikivoyage\ty, z\tno\tno\n'

AWKWARD = r'He said "go\nnow", then' + "\tleft. \n" + "\u00a0Two  spaces e\u0301\n"
"""A backslash and an n, quotation marks, a tab, edges of white space, and a text that is not in NFC."""


def small(**languages: str) -> dict[str, bytes]:
    files = {"metadata_dev.tsv": META, "metadata_devtest.tsv": META}
    for language, text in languages.items():
        files |= {f"dev/{language}.dev": "first\nsecond\n", f"devtest/{language}.devtest": text}
    return {f"flores200_dataset/{path}": text.encode() for path, text in files.items()}


def test_lines_come_as_they_stand_with_their_number_and_page(rows_of):
    rows = rows_of("flores200", small(fra_Latn=AWKWARD, ace_Arab="x\ny\n"))
    assert [tuple(row.values()) for row in rows if row["language"] == "fra_Latn"] == [
        ("dev", "fra_Latn", "0", "flores200:dev:0", "https://a", "first"),
        ("dev", "fra_Latn", "1", "flores200:dev:1", "https://b", "second"),
        ("devtest", "fra_Latn", "0", "flores200:devtest:0", "https://a", 'He said "go\\nnow", then\tleft. '),
        ("devtest", "fra_Latn", "1", "flores200:devtest:1", "https://b", "\u00a0Two  spaces e\u0301"),
    ]


def test_an_empty_line_is_refused_where_it_stands(rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("flores200", small(fra_Latn="one\n\ntwo\n"))
    place = tmp_path / "flores200" / "flores200_dataset" / "devtest" / "fra_Latn.devtest"
    assert str(stopped.value) == f"flores200: {place}, line 2: column text is empty"


def test_nko_lies_beside_and_shares_ids_sources_and_pages(rows_of):
    files = {"nko_flores/nqo_Nkoo.dev": "ߊ\nߋ\n".encode(), "nko_flores/nqo_Nkoo.devtest": "ߌ\nߍ\n".encode()}
    rows = rows_of("flores200_nko", small(eng_Latn="a\nb\n") | files)
    assert [tuple(row.values()) for row in rows[2:]] == [
        ("devtest", "nqo_Nkoo", "0", "flores200:devtest:0", "https://a", "ߌ"),
        ("devtest", "nqo_Nkoo", "1", "flores200:devtest:1", "https://b", "ߍ"),
    ]


RAW = {
    "flores200": small(fra_Latn=AWKWARD, ace_Arab="x\ny\n"),
    "flores200_nko": small() | {f"nko_flores/nqo_Nkoo.{split}": "ߊ\nߋ\n".encode() for split in ("dev", "devtest")},
}


# -- the makers' files


def test_every_line_of_every_file_arrives_in_its_place(real, raw_folder):
    made = real("flores200")
    for split, lines in (("dev", 997), ("devtest", 1012)):
        files = sorted((raw_folder("flores200") / "flores200_dataset" / split).iterdir())
        rows = made.rows(split, columns=["language", "id", "source", "text"])
        assert (len(files), rows.num_rows) == (204, 204 * lines)
        texts, ids = rows["text"].to_pylist(), rows["id"].to_pylist()
        for place, file in enumerate(files):  # the order of file names is that of codes
            start = place * lines
            assert rows["language"][start].as_py() == file.stem
            assert texts[start : start + lines] == file.read_text(encoding="utf-8").split("\n")[:-1]
            assert ids[start : start + lines] == [str(i) for i in range(lines)]
        assert rows["source"][-1].as_py() == f"flores200:{split}:{lines - 1}"


def test_counts_of_the_whole(real):
    made = real("flores200")
    rows = {split: sum(p.rows for (s, _), p in made.parts.items() if s == split) for split in ("dev", "devtest")}
    assert rows == {"dev": 203_388, "devtest": 206_448}
    assert {code for _, code in made.parts} == set(made.card.languages.codes)


def test_nko_has_the_sources_and_pages_of_the_others(asked):
    other = "select split, source, block from flores200 where language = 'eng_Latn'"
    nko = "select split, source, block from flores200_nko"
    assert asked(f"select count(*) from ({other} intersect {nko})", "flores200", "flores200_nko") == [(2009,)]
    assert asked("select split, count(*) from flores200_nko group by 1 order by 1", "flores200_nko") == [
        ("dev", 997),
        ("devtest", 1012),
    ]


def test_pages_of_dev_and_devtest_are_apart(asked):
    found = asked("select split, count(distinct block) from flores200 group by split order by split", "flores200")
    assert found == [("dev", 281), ("devtest", 281)]
    assert asked("select count(distinct block) from flores200", "flores200") == [(562,)]
    sizes = "select count(*) as n from flores200 where language = 'eng_Latn' and split = 'devtest' group by block"
    assert asked(f"select min(n), max(n) from ({sizes})", "flores200") == [(1, 6)]


EDGE = r"[\s\pZ\x1c-\x1f\x{85}]"


@pytest.mark.parametrize(
    ("count", "where", "expected"),
    [
        ("count(*)", f"regexp_matches(text, '^{EDGE}|{EDGE}$')", 13_106),
        ("count(*)", f"regexp_matches(text, '{EDGE}$')", 12_306),
        ("count(*)", f"regexp_matches(text, '^{EDGE}')", 900),
        ("count(distinct split || language)", f"regexp_matches(text, '^{EDGE}|{EDGE}$')", 296),
        ("count(*)", f"language = 'dan_Latn' and split = 'devtest' and regexp_matches(text, '^{EDGE}|{EDGE}$')", 317),
        ("count(*)", "text <> nfc_normalize(text)", 11_274),
        ("count(distinct split || language)", "text <> nfc_normalize(text)", 86),
        ("count(*)", "contains(text, '  ')", 6_136),
        ("count(*)", "contains(text, chr(160))", 1_492),
        ("count(*)", "language = 'khm_Khmr' and split = 'dev' and contains(text, chr(8203))", 726),
        ("count(*)", "language = 'khm_Khmr' and split = 'devtest' and contains(text, chr(8203))", 595),
        ("sum(len(text) - len(replace(text, chr(65533), '')))", "language = 'mar_Deva' and split = 'devtest'", 2),
        ("count(*)", "language = 'azb_Arab' and split = 'devtest' and not contains(trim(text), ' ')", 83),
        ("count(*)", "language = 'azb_Arab' and split = 'dev' and not contains(trim(text), ' ')", 95),
    ],
)
def test_what_is_odd_in_its_lines(asked, count, where, expected):
    assert asked(f"select {count} from flores200 where {where}", "flores200") == [(expected,)]


def test_lines_repeat_within_a_language(asked):
    repeats = "select split, language, count(*) - count(distinct folded) as extra from flores200 group by all"
    found = asked(
        f"select split, sum(extra), count(*) from ({repeats}) where extra > 0 group by 1 order by 1", "flores200"
    )
    assert found == [("dev", 33, 23), ("devtest", 30, 19)]
    devtest = f"select language, extra from ({repeats}) where split = 'devtest' and extra > 2 order by 1"
    assert asked(devtest, "flores200") == [("bam_Latn", 3), ("bod_Tibt", 3), ("kik_Latn", 3)]


def test_lines_of_devtest_stand_in_dev(asked):
    dev = "select language, folded as t from flores200 where split = 'dev'"
    devtest = "select language, id, folded as t from flores200 where split = 'devtest'"
    shared = f"from ({devtest}) as a semi join ({dev}) as b using (language, t)"
    assert asked(f"select count(*), count(distinct language) {shared}", "flores200") == [(16, 12)]
    most = f"select language, count(*) {shared} group by 1 having count(*) > 1 order by 2 desc, 1"
    assert asked(most, "flores200") == [("dyu_Latn", 3), ("ary_Arab", 2), ("kam_Latn", 2)]


def test_languages_share_lines(asked):
    pairs = """
        select a.language, b.language, a.split, count(*) as n from flores200 as a join flores200 as b
        on a.source = b.source and a.folded = b.folded and a.language < b.language group by all"""
    found = {tuple(row[:3]): row[3] for row in asked(pairs, "flores200")}
    assert found["arb_Arab", "ars_Arab", "devtest"] == 695
    assert found["arb_Arab", "ars_Arab", "dev"] == 668
    assert found["bam_Latn", "kik_Latn", "devtest"] == 60
    assert found["bam_Latn", "kik_Latn", "dev"] == 57
    assert found["acq_Arab", "arb_Arab", "devtest"] == 58
    assert sum(split == "devtest" for *_, split in found) == 34
    assert not any("eng_Latn" in key for key in found if key[2] == "devtest")


@pytest.mark.parametrize("name", ["flores200", "flores200_nko"])
def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date, name):
    assert card_is_up_to_date(name)


NKO = """
name = "nko"
title = "N'Ko and German against English"
model = "tiny"
seeds = [0]
precision = "fp32"
[languages]
include = ["deu_Latn", "nqo_Nkoo"]
[arms.none]
[targets.retrieval]
test = [{ data = "flores200", split = "devtest" }, { data = "flores200_nko", split = "devtest" }]
pivot = "eng_Latn"
"""


def test_nko_is_retrieved_with_the_english_of_flores200(real, tmp_path):
    real("flores200")
    (tmp_path / "nko.toml").write_text(NKO, encoding="utf-8")
    store = Store(tmp_path / "store")
    run(load(str(tmp_path / "nko.toml"), 6, []), store, UNPACKED, quiet=True)
    answers = query(
        "select dataset, language, other, direction, count(*), count(distinct id) from predictions "
        "group by all order by all",
        store,
    ).fetchall()
    assert answers == [
        ("flores200", "deu_Latn", "eng_Latn", "from", 6, 6),
        ("flores200", "deu_Latn", "eng_Latn", "to", 6, 6),
        ("flores200_nko", "nqo_Nkoo", "eng_Latn", "from", 6, 6),
        ("flores200_nko", "nqo_Nkoo", "eng_Latn", "to", 6, 6),
    ]
    said = query("select id, prediction from predictions where language = 'nqo_Nkoo'", store).fetchall()
    assert {prediction for _, prediction in said} <= {item for item, _ in said}
