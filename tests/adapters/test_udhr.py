"""The Universal Declaration of Human Rights: XML, a paragraph a row, languages by their ISO codes."""

from __future__ import annotations

from xml.dom import minidom

import pytest

from harness.errors import UserError

AWKWARD = """<?xml version="1.0" encoding="UTF-8"?>
<udhr iso639-3='hau' xml:lang='ha' key='hau_NG' n='Hausa' iso15924='Latn' xmlns="http://efele.net/udhr">
  <title>Not read</title>
  <preamble><title>Nor this</title><para>&#x1215; &amp;
     two  lines </para></preamble>
  <article number="1"><orderedlist><listitem><para>one</para></listitem><listitem><para/></listitem>
    <listitem><para>t<!-- not this -->wo <b>bold</b></para></listitem></orderedlist></article>
</udhr>
"""
"""An entity, white space and a line break, paragraphs in a list, an empty one, a comment and an element inside."""


def test_paragraphs_come_with_folded_white_space_and_their_article(rows_of, left_out):
    other = AWKWARD.replace("hau_NG", "hau_3")
    rows = rows_of("udhr", {"udhr/udhr_hau_NG.xml": AWKWARD.encode(), "udhr/udhr_hau_3.xml": other.encode()})
    assert [tuple(row.values()) for row in rows if row["id"].startswith("hau_NG")] == [
        ("train", "hau_Latn", "hau_NG-0", "udhr:preamble", "udhr:preamble", "\u1215 & two lines"),
        ("train", "hau_Latn", "hau_NG-1", "udhr:1", "udhr:1", "one"),
        ("train", "hau_Latn", "hau_NG-3", "udhr:1", "udhr:1", "two bold"),
    ]
    assert len(rows) == 6
    assert left_out("udhr") == {("train", "hau_Latn", "empty paragraph"): 2}


def test_what_is_no_xml_is_refused_where_it_ends(rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("udhr", {"udhr/udhr_hau_NG.xml": AWKWARD.replace("</preamble>", "").encode()})
    place = tmp_path / "udhr" / "udhr" / "udhr_hau_NG.xml"
    assert str(stopped.value).startswith(f"udhr: {place}, line 8: not XML: mismatched tag")


def test_a_text_without_its_script_is_refused(rows_of):
    with pytest.raises(UserError, match="column language is empty"):
        rows_of("udhr", {"udhr/udhr_hau_NG.xml": AWKWARD.replace("iso15924='Latn' ", "").encode()})


RAW = {"udhr": {"udhr/udhr_hau_NG.xml": AWKWARD.encode()}}


# -- the makers' files


def test_every_paragraph_of_every_text_arrives(real, raw_folder):
    made, total = real("udhr"), 0
    rows = made.rows("train", columns=["id", "text", "source", "language"]).to_pylist()
    for path in (raw_folder("udhr") / "udhr").glob("udhr_*.xml"):
        key = path.stem.removeprefix("udhr_")
        own = [row for row in rows if row["id"].rpartition("-")[0] == key]
        found = minidom.parse(str(path)).getElementsByTagName("para")
        total += len(found)
        texts = ["".join(n.data for n in para.childNodes if n.nodeType == n.TEXT_NODE).split() for para in found]
        assert [row["text"].split() for row in own] == [text for text in texts if text]
        assert 50 <= len(found) <= 62
        assert {row["source"] for row in own} >= {f"udhr:{article}" for article in range(1, 31)}
    assert (total, len(rows)) == (1535, 1534)
    assert real("udhr").skipped == {("train", "yor_Latn", "empty paragraph"): 1}


def test_languages_are_those_of_the_files_and_not_of_their_names(real, asked):
    found = {code for _, code in real("udhr").parts}
    assert found >= {"ckb_Latn", "cri_Latn", "zho_Hans", "zho_Hant", "grn_Latn", "hau_Latn"}
    assert "ckb_Arab" not in found
    keys = "select string_agg(distinct left(id, length(id) - strpos(reverse(id), '-')), ' ' order by 1) from udhr"
    assert asked(f"{keys} where language = 'hau_Latn'", "udhr") == [("hau_3 hau_NG",)]
    words = dict(asked("select language, sum(len(string_split(text, ' '))) from udhr group by 1", "udhr"))
    assert [words[code] for code in ("amh_Ethi", "zho_Hans", "zho_Hant", "tha_Thai")] == [51, 65, 63, 279]


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("udhr")
