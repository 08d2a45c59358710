"""NTREX-128: one translation a language, lines that end in CRLF, articles beside them."""

from __future__ import annotations

import pytest

DOCUMENTS = b"bbc.1\nbbc.1\ncnn.2\n"

AWKWARD = 'He said "go\\n now",\r\n\u00a0then  left. \r\ne\u0301 \t x\r\n'.encode()
"""CRLF, an odd quotation mark, a backslash and an n, edges of white space, a text that is not in NFC, a tab."""


def small(**files: bytes) -> dict[str, bytes]:
    texts = {"src.eng": b"a\r\nb\r\nc\r\n", **{name.replace("_", "."): content for name, content in files.items()}}
    return {"DOCUMENT_IDS.tsv": DOCUMENTS} | {f"NTREX-128/newstest2019-{n}.txt": text for n, text in texts.items()}


def test_lines_come_without_their_ends_with_number_and_article(rows_of):
    rows = rows_of("ntrex", small(ref_swa=AWKWARD))
    assert [tuple(row.values())[1:] for row in rows if row["language"] == "swh_Latn"] == [
        ("swh_Latn", "0", "ntrex:test:0", "bbc.1", 'He said "go\\n now",'),
        ("swh_Latn", "1", "ntrex:test:1", "bbc.1", "\u00a0then  left. "),
        ("swh_Latn", "2", "ntrex:test:2", "cnn.2", "e\u0301 \t x"),
    ]


@pytest.mark.parametrize("variety", ["eng-GB", "eng-IN", "eng-US", "fra-CA", "por-BR", "spa-MX", "2_spa"])
def test_a_second_translation_is_left_out(rows_of, left_out, variety):
    second = {f"ref-{variety}" if variety == "2_spa" else f"ref_{variety}": b"x\r\ny\r\nz\r\n"}
    one = b"d\r\ne\r\nf\r\n"
    rows = rows_of("ntrex", small(ref_fra=one, ref_por=one, ref_spa=one, **second))
    assert {row["text"] for row in rows} == set("abcdef")
    assert len(rows) == 12
    # What is not named as the others are is not read at all.
    language = {"eng": "eng_Latn", "fra": "fra_Latn", "por": "por_Latn", "spa": "spa_Latn"}.get(variety[:3])
    counted = {("test", language, "second translation into the language"): 3} if language else {}
    assert left_out("ntrex") == counted


def test_scripts_in_names_and_languages_outside_flores(rows_of):
    text = b"d\r\ne\r\nf\r\n"
    files = {"ref_srp-Latn": text, "ref_srp-Cyrl": text, "ref_zho-CN": text, "ref_ven": text}
    codes = {row["language"] for row in rows_of("ntrex", small(**files))}
    assert codes == {"eng_Latn", "srp_Latn", "srp_Cyrl", "zho_Hans", "ven_Latn"}


RAW = {"ntrex": small(ref_swa=AWKWARD)}


# -- the makers' files


def test_every_line_of_every_file_arrives_in_its_place(real, raw_folder):
    made = real("ntrex")
    names = {"eng_Latn": "src.eng", "swh_Latn": "ref.swa", "tir_Ethi": "ref.tir"}
    assert {code: part.rows for (_, code), part in made.parts.items()} == dict.fromkeys(names, 1997)
    for code, name in names.items():
        content = (raw_folder("ntrex") / "NTREX-128" / f"newstest2019-{name}.txt").read_bytes()
        wanted = content.decode().split("\r\n")[:-1]
        assert made.rows("test", [code], ["text"])["text"].to_pylist() == wanted


def test_articles(asked):
    assert asked("select count(distinct block), count(block) from ntrex", "ntrex") == [(123, 3 * 1997)]


def test_every_language_of_the_release_has_a_code(raw_folder):
    from harness import languages as lang
    from harness.data import cards

    listed = (raw_folder("ntrex") / "LANGUAGES.tsv").read_text(encoding="utf-8").splitlines()
    names = {line.split()[0] for line in listed}
    left_out = {"eng-GB", "eng-IN", "eng-US", "fra-CA", "por-BR", "spa-MX", "gsw-BE", "gsw-ZH"}
    card = cards.dataset_card("ntrex")
    codes = [card.languages.choices.get(name) or lang.resolve(name, "ntrex") for name in {*names - left_out, "eng"}]
    assert len(listed) == 129
    assert sorted(codes) == sorted(card.languages.codes)


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("ntrex")
