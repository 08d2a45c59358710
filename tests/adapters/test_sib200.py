"""SIB-200: quoted texts, sources by FLORES line, the same labels in every language; and its ties to FLORES-200."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from harness.errors import UserError

HEAD = "index_id\tcategory\ttext\n"

LABELS = ["science/technology", "travel", "politics", "sports", "health", "entertainment", "geography"]

AWKWARD = (
    '996\ttravel\t"He said ""go"", twice. "\n997\thealth\t\u00a0plain, unquoted \n2008\tscience/technology\t"a\tb"\n'
)
"""Doubled quotation marks, edges of white space, a tab inside; the last line of dev, the first and last of devtest."""


def small(**texts: str) -> dict[str, bytes]:
    files = dict.fromkeys(("train", "dev", "test"), "0\tsports\tone\n") | texts
    return {f"data/annotated/fra_Latn/{split}.tsv": (HEAD + text).encode() for split, text in files.items()}


def test_texts_are_unquoted_and_sources_and_pages_are_those_of_flores(rows_of):
    rows = rows_of("sib200", small(test=AWKWARD))
    assert [tuple(row.values())[2:] for row in rows if row["split"] == "test"] == [
        ("996", "flores200:dev:996", "flores200:page:994", 'He said "go", twice. ', "travel"),
        ("997", "flores200:devtest:0", "flores200:page:997", "\u00a0plain, unquoted ", "health"),
        ("2008", "flores200:devtest:1011", "flores200:page:2005", "a\tb", "science/technology"),
    ]


def test_a_label_of_another_set_is_refused_where_it_stands(rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("sib200", small(dev="1\tsports\tone\n2\tscience\ttwo\n"))
    place = tmp_path / "sib200" / "data" / "annotated" / "fra_Latn" / "dev.tsv"
    assert str(stopped.value) == f"sib200: {place}, line 3: column label is none of the card's labels: 'science'"


def test_columns_in_another_order_are_refused(rows_of):
    swapped = {"data/annotated/fra_Latn/test.tsv": b"category\tindex_id\ttext\nsports\t1\tone\n"}
    with pytest.raises(UserError, match=r"test\.tsv, line 1: column source is empty"):
        rows_of("sib200", small() | swapped)


RAW = {"sib200": small(test=AWKWARD)}


# -- the makers' files


def test_every_row_of_every_file_arrives_in_its_place(real, raw_folder):
    made, quoted = real("sib200"), Counter()
    for split, size in (("train", 701), ("dev", 99), ("test", 204)):
        files = sorted((raw_folder("sib200") / "data" / "annotated").glob(f"*/{split}.tsv"))
        rows = made.rows(split, columns=["id", "label", "text", "language"]).to_pydict()
        assert (len(files), len(rows["id"])) == (205, 205 * size)
        for place, file in enumerate(files):
            text = file.read_text(encoding="utf-8")
            quoted[split] += sum('"' in line for line in text.split("\n"))
            wanted = list(csv.reader(text.split("\n")[1:-1], delimiter="\t"))
            own = slice(place * size, (place + 1) * size)
            assert [
                list(row) for row in zip(rows["id"][own], rows["label"][own], rows["text"][own], strict=True)
            ] == wanted
            assert set(rows["language"][own]) == {file.parent.name}
    assert quoted == {"train": 6_023, "test": 930, "dev": 735}


def test_counts_of_the_whole(real):
    made = real("sib200")
    rows = {split: sum(p.rows for (s, _), p in made.parts.items() if s == split) for split in ("train", "dev", "test")}
    assert rows == {"train": 143_705, "dev": 20_295, "test": 41_820}
    assert {code for _, code in made.parts} == set(made.card.languages.codes)
    assert len(made.card.languages.codes) == 205


def test_ids_their_order_and_labels_are_the_same_in_every_language(asked):
    lists = "select language, split, list(id) as ids, list(label) as labels from sib200 group by all"
    assert asked(f"select split, count(distinct (ids, labels)) from ({lists}) group by 1 order by 1", "sib200") == [
        ("dev", 1),
        ("test", 1),
        ("train", 1),
    ]
    spread = "select id, count(distinct split) as n from sib200 group by id"
    assert asked(f"select count(*), max(n), min(id::int), max(id::int) from ({spread})", "sib200") == [
        (1004, 1, 0, 2004)
    ]


@pytest.mark.parametrize(
    ("split", "counts"),
    [
        ("train", (176, 138, 102, 85, 77, 65, 58)),
        ("dev", (25, 20, 14, 12, 11, 9, 8)),
        ("test", (51, 40, 30, 25, 22, 19, 17)),
    ],
)
def test_labels_of_a_language(real, split, counts):
    labels = real("sib200").rows(split, ["eng_Latn"], ["label"])["label"].to_pylist()
    assert Counter(labels) == dict(zip(LABELS, counts, strict=True))


def test_every_sentence_is_the_flores_sentence_of_its_source(asked):
    names = ("flores200", "flores200_nko")
    pool = " union all ".join(f"select language, source, text, folded from {name}" for name in names)
    same = "count(*) filter (s.folded = f.folded), count(*) filter (s.text = f.text)"
    joined = f"from sib200 as s join ({pool}) as f using (language, source)"
    assert asked(f"select count(*), {same} {joined}", "sib200", *names) == [(205_820, 205_820, 199_890)]


def test_its_pages_are_those_of_flores(asked):
    names = ("sib200", "flores200")
    pairs = "select distinct s.block as mine, f.block as theirs from sib200 as s join flores200 as f using (source)"
    counted = f"select count(*), count(distinct mine), count(distinct theirs) from ({pairs})"
    (found,) = asked(counted, *names)
    assert len(set(found)) == 1
    assert asked("select count(distinct block) from sib200 where split = 'test'", "sib200") == [(167,)]


def test_which_part_of_flores_each_split_is_from(asked):
    part = "string_split(source, ':')[2]"
    found = asked(
        f"select split, {part}, count(*) from sib200 where language = 'eng_Latn' group by all order by all", "sib200"
    )
    assert found == [
        ("dev", "dev", 47),
        ("dev", "devtest", 52),
        ("test", "dev", 90),
        ("test", "devtest", 114),
        ("train", "dev", 373),
        ("train", "devtest", 328),
    ]


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("sib200")
