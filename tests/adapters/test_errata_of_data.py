"""Every row of `datacards/errata.csv` against the makers' files: what is marked is there, and all of it is marked."""

from __future__ import annotations

import pytest

from harness.data import errata


def marked(effect: str, source: str, language: str) -> list[list[int]]:
    rows = [r for r in errata.table() if (r["effect"], r["source"], r["language"]) == (effect, source, language)]
    return [list(errata.lines(row["lines"])) for row in rows]


def languages(effect: str, source: str) -> list[str]:
    found = (row["language"] for row in errata.table() if (row["effect"], row["source"]) == (effect, source))
    return list(dict.fromkeys(found))


def places(source: str, condition: str) -> str:
    """Return the select of line numbers, in order, of the sources that begin so and hold to a condition."""
    return (
        f"select split_part(source, ':', 3)::int as line from {source.split(':')[0]} where source like '{source}:%' "
        f"and {condition} order by line"
    )


SPLITS = {"dev": (57, 95, 668, 997), "devtest": (60, 83, 695, 1012)}
"""Split → lines of bam_Latn in Kikuyu, of azb_Arab without a space, of ars_Arab as in arb_Arab, and of all."""


@pytest.mark.parametrize("split", SPLITS)
def test_lines_of_one_language_stand_in_anothers_file(asked, split):
    kikuyu, _, arabic, _ = SPLITS[split]
    for effect, a, b, n in (("drop", "bam_Latn", "kik_Latn", kikuyu), ("note", "ars_Arab", "arb_Arab", arabic)):
        query = f"""select a.id::int as line from flores200 a join flores200 b using (split, id, folded)
            where split = '{split}' and a.language = '{a}' and b.language = '{b}' order by line"""
        found = [line for (line,) in asked(query, "flores200")]
        assert len(found) == n
        assert marked(effect, f"flores200:{split}", a) == [found]


@pytest.mark.parametrize("split", SPLITS)
def test_words_run_together(asked, split):
    query = places(f"flores200:{split}", "language = 'azb_Arab' and not contains(folded, ' ')")
    found = [line for (line,) in asked(query, "flores200")]
    assert len(found) == SPLITS[split][1]
    assert marked("drop", f"flores200:{split}", "azb_Arab") == [found]


@pytest.mark.parametrize(("split", "lines", "spoken"), [("dev", 33, 23), ("devtest", 30, 19)])
def test_lines_that_repeat_another_of_their_language(asked, split, lines, spoken):
    query = f"""select language, list(id::int order by id::int) from flores200 where split = '{split}'
        group by language, folded having count(*) > 1 order by all"""
    groups = {}
    for language, found in asked(query, "flores200"):
        groups.setdefault(language, []).append(found)
    assert sum(len(found) - 1 for all_found in groups.values() for found in all_found) == lines
    assert len(groups) == spoken
    assert {
        code: marked("same", f"flores200:{split}", code) for code in languages("same", f"flores200:{split}")
    } == groups


@pytest.mark.parametrize("split", SPLITS)
def test_cantonese_is_mandarin(asked, split):
    query = places(f"flores200:{split}", "language = 'yue_Hant'")
    assert marked("note", f"flores200:{split}", "yue_Hant") == [[line for (line,) in asked(query, "flores200")]]
    cantonese = "[嘅咗喺佢唔冇嘢哋]"
    query = places(f"flores200:{split}", f"language = 'yue_Hant' and regexp_matches(text, '{cantonese}')")
    assert asked(query, "flores200") == []
    assert cantonese.strip("[]") in next(r["evidence"] for r in errata.table() if r["language"] == "yue_Hant")


def test_sib200_carries_the_lines_that_are_marked_for_it(asked):
    spaces = "select count(*) from sib200 where language = 'azb_Arab' and not contains(folded, ' ')"
    kikuyu = """select count(*) from sib200 a join sib200 b using (split, id, folded)
        where a.language = 'bam_Latn' and b.language = 'kik_Latn'"""
    for language, query in (("azb_Arab", spaces), ("bam_Latn", kikuyu)):
        named = {
            f"flores200:{split}:{line}"
            for split in SPLITS
            for lines in marked("drop", f"flores200:{split}", language)
            for line in lines
        }
        carried = asked(f"select source from sib200 where language = '{language}'", "sib200")
        assert [(sum(source in named for (source,) in carried),)] == asked(query, "sib200")


def test_pairs_that_were_not_translated(asked):
    assert languages("drop", "pawsx:dev") == ["deu_Latn", "zho_Hans"]
    for language, n in (("deu_Latn", 68), ("zho_Hans", 16)):
        query = places("pawsx:dev", f"language = '{language}' and 'NS' in (text, text_pair)")
        found = [line for (line,) in asked(query, "pawsx")]
        assert len(found) == n
        assert marked("drop", "pawsx:dev", language) == [found]


@pytest.mark.parametrize(
    ("split", "counts"),
    [
        ("dev", {"ind_Latn": 5, "ita_Latn": 5, "swh_Latn": 6, "tha_Thai": 52, "tur_Latn": 52}),
        ("test", {"ind_Latn": 4, "ita_Latn": 4, "swh_Latn": 37, "tha_Thai": 250, "tur_Latn": 51}),
    ],
)
def test_questions_that_are_exchanged(asked, split, counts):
    assert languages("drop", f"xcopa:{split}") == list(counts)
    for language, n in counts.items():
        query = f"""select x.id::int as line from xcopa x join xcopa e using (split, id)
            where split = '{split}' and x.language = '{language}' and e.language = 'est_Latn'
            and x.text_pair <> e.text_pair order by line"""
        found = [line for (line,) in asked(query, "xcopa")]
        assert len(found) == n
        assert marked("drop", f"xcopa:{split}", language) == [found]
