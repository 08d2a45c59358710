"""AmericasNLI: runs of XNLI's pairs in ten languages, under XNLI's sources where the line tells which pair it is."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from harness.errors import UserError

HEAD = "language\tpremise\thypothesis\tlabel\n"
SIZES = {("dev", name): 743 for name in ("aym", "bzd", "gn", "hch", "quy", "shp", "tar")}
SIZES |= {("dev", "cni"): 658, ("dev", "nah"): 376, ("dev", "oto"): 222}
SIZES |= {("test", "aym"): 750, ("test", "gn"): 750, ("test", "oto"): 748, ("test", "quy"): 750}
CODES = {"aym": "ayr_Latn", "gn": "grn_Latn"}


def code(name: str) -> str:
    return CODES.get(name, f"{name}_Latn")


def small(**texts: str) -> dict[str, bytes]:
    """Write files by `split_language`; both splits need one."""
    files = {"dev_quy": "quy\ta\tb\tneutral\n", "test_quy": "quy\ta\tb\tneutral\n"} | texts
    return {f"{name.replace('_', '/')}.tsv": (HEAD + text).encode() for name, text in files.items()}


def test_pairs_come_as_they_stand_and_own_ids_where_xnlis_are_not_known(rows_of):
    pairs = "{0}\tHa he'i: \"Mama\t\u00a0A  b. \tneutral\n{0}\te\u0303\tx, y\tcontradiction\n"
    rows = rows_of("americasnli", small(dev_gn=pairs.format("gn"), dev_nah=pairs.format("nah")))
    assert [tuple(row.values()) for row in rows if row["language"] != "quy_Latn"] == [
        ("dev", "grn_Latn", "0", "xnli:dev:0", "xnli:dev:premise:0", "Ha he'i: \"Mama", "\u00a0A  b. ", "neutral"),
        ("dev", "grn_Latn", "1", "xnli:dev:1", "xnli:dev:premise:0", "e\u0303", "x, y", "contradiction"),
        (
            *("dev", "nah_Latn", "nah-0", "americasnli:dev:nah-0", "15de12829f8def39e6ff8a4c8f7f0807"),
            *("Ha he'i: \"Mama", "\u00a0A  b. ", "neutral"),
        ),
        (
            *("dev", "nah_Latn", "nah-1", "americasnli:dev:nah-1", "1541bb44f430814827593ab7699a44c7"),
            *("e\u0303", "x, y", "contradiction"),
        ),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("quy\ta\tneutral\n", "line 2: column label is none of the card's labels: 'quy\\ta\\tneutral'"),
        ("quy\ta\tb\tneutral\nquy\ta\tb\t\n", "line 3: column label is none of the card's labels: ''"),
    ],
)
def test_a_faulty_line_is_refused_where_it_stands(rows_of, tmp_path, text, said):
    with pytest.raises(UserError) as stopped:
        rows_of("americasnli", small(test_quy=text))
    assert f"{tmp_path / 'americasnli' / 'test' / 'quy.tsv'}, {said}" in str(stopped.value)


def test_a_language_that_no_card_names_is_refused(rows_of):
    with pytest.raises(UserError, match="'xyz'"):
        rows_of("americasnli", small(dev_xyz="xyz\ta\tb\tneutral\n"))


RAW = {"americasnli": small(dev_gn="gn\tHa he'i\tMama\tneutral\n", dev_nah="nah\ta\tb\tcontradiction\n")}


# -- the makers' files


def test_every_pair_of_every_file_arrives_in_its_place(real, raw_folder):
    made, quoted = real("americasnli"), Counter()
    assert {key: part.rows for key, part in made.parts.items()} == {
        (s, code(n)): size for (s, n), size in SIZES.items()
    }
    for split, name in SIZES:
        path = raw_folder("americasnli") / split / f"{name}.tsv"
        lines = path.read_text(encoding="utf-8").split("\n")[1:-1]
        rows = made.rows(split, [code(name)], ["text", "text_pair", "label"]).to_pylist()
        assert [[name, *row.values()] for row in rows] == [line.split("\t") for line in lines]
        assert len(list(csv.reader(lines, delimiter="\t"))) == len(lines)
        quoted[split, name] = sum('"' in line for line in lines)
    assert +quoted == {("dev", "aym"): 3, ("dev", "gn"): 6, ("dev", "nah"): 3, ("dev", "quy"): 3, ("test", "aym"): 3}


def test_the_file_of_all_development_pairs_repeats_the_others(raw_folder):
    root = raw_folder("americasnli")
    files = sorted((root / "dev").glob("*.tsv"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").split("\n")[1:-1]]
    assert (root / "dev.tsv").read_text(encoding="utf-8").split("\n")[1:-1] == lines
    assert len(lines) == 6457


@pytest.mark.parametrize(("other", "split", "rows"), [("xnli", "dev", 5859), ("kornli", "test", 2998)])
def test_labels_are_those_of_the_pairs_of_xnli_that_sources_name(asked, other, split, rows):
    joined = f"from americasnli as a join {other} as x using (source, split) where split = '{split}'"
    one = "" if other == "kornli" else " and x.language = 'spa_Latn'"
    same = f"select count(*), count(*) filter (a.label = x.label and a.block = x.block) {joined}{one}"
    assert asked(same, "americasnli", other) == [(rows, rows)]


def test_numbers_are_those_of_the_pairs_of_xnli_that_sources_name(asked):
    found = "regexp_extract_all({}.text, '[0-9]{{2,}}')"
    joined = "from americasnli as a join xnli as x using (source, split) where x.language = 'spa_Latn'"
    pairs = f"select {found.format('a')} as ours, {found.format('x')} as theirs {joined} and a.language = 'quy_Latn'"
    both = f"select * from ({pairs}) where len(ours) > 0 and len(theirs) > 0"
    counted = f"select count(*), count(*) filter (list_has_any(ours, theirs)) from ({both})"
    assert asked(counted, "americasnli", "xnli") == [(51, 51)]


def test_labels(asked):
    counted = "select split, language, label, count(*) from americasnli group by all"
    labels = {row[:3]: row[3] for row in asked(counted, "americasnli")}
    spread = {
        key: tuple(labels[*key, label] for label in ("entailment", "neutral", "contradiction"))
        for key in {row[:2] for row in labels}
    }
    assert {key: counts for key, counts in spread.items() if max(counts) - min(counts) > 2} == {
        ("dev", "nah_Latn"): (124, 128, 124),
        ("dev", "oto_Latn"): (78, 69, 75),
    }
    assert Counter(spread.values())[248, 247, 248] == 7


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("americasnli")
