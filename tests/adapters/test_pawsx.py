"""PAWS-X as XTREME lays it out: no header, no quoting, sentences that are missing are the word NS."""

from __future__ import annotations

from collections import Counter

import pytest

from harness.errors import UserError

ENGLISH = b"One .\tA .\t1\nTwo .\tB .\t0\nOne .\tC .\t1\n"
AWKWARD = "Er sagte: \"Eins \tNS\t0\nNS\t\u00a0Zwei  , 2 \t0\nu\u0308ber\t'x'\t1\n"
"""A lone quotation mark, sentences that are missing, edges of white space, a text that is not in NFC."""


def test_pairs_come_as_they_stand_in_the_blocks_of_the_english_sentences(rows_of):
    rows = rows_of("pawsx", {"pawsx/dev-en.tsv": ENGLISH, "pawsx/dev-de.tsv": AWKWARD.encode()})
    assert [tuple(row.values()) for row in rows][:4] == [
        ("dev", "deu_Latn", "0", "pawsx:dev:0", "pawsx:dev:first:0", 'Er sagte: "Eins ', "NS", "different"),
        ("dev", "deu_Latn", "1", "pawsx:dev:1", "pawsx:dev:first:1", "NS", "\u00a0Zwei  , 2 ", "different"),
        ("dev", "deu_Latn", "2", "pawsx:dev:2", "pawsx:dev:first:0", "u\u0308ber", "'x'", "paraphrase"),
        ("dev", "eng_Latn", "0", "pawsx:dev:0", "pawsx:dev:first:0", "One .", "A .", "paraphrase"),
    ]


@pytest.mark.parametrize(
    ("german", "said"),
    [
        (b"a\tb\n", "{}, line 1: column label is none of the card's labels: 'a\\tb'"),
        (b"a\tb\t1\na\tb\t2\n", "{}, line 2: column label is none of the card's labels: '2'"),
        (b"a\tb\t1\n\xff\tb\t1\n", "{}, line 2: byte 1 is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_faulty_line_is_refused_where_it_stands(rows_of, tmp_path, german, said):
    with pytest.raises(UserError) as stopped:
        rows_of("pawsx", {"pawsx/dev-en.tsv": ENGLISH, "pawsx/dev-de.tsv": german})
    assert str(stopped.value).endswith(said.format(tmp_path / "xtreme_pawsx" / "pawsx" / "dev-de.tsv"))


def test_files_without_labels_are_refused_with_the_reason(rows_of):
    with pytest.raises(UserError, match=r"not pawsx/test-\?\?\.tsv: XTREME withheld the labels"):
        rows_of("pawsx", {"pawsx/test-en.tsv": b"a\tb\n"})


RAW = {"pawsx": {"pawsx/dev-en.tsv": ENGLISH, "pawsx/dev-de.tsv": AWKWARD.encode()}}


# -- the makers' files

LANGUAGES = {"de": "deu_Latn", "en": "eng_Latn", "zh": "zho_Hans"}


@pytest.fixture
def pairs(real):
    """Return the pairs of a language, by XTREME's name of it: (text, text_pair, label), in the order of the lines."""
    return {
        name: [
            tuple(row.values()) for row in real("pawsx").rows("dev", [code], ["text", "text_pair", "label"]).to_pylist()
        ]
        for name, code in LANGUAGES.items()
    }


@pytest.mark.parametrize(
    ("name", "missing", "turned", "paraphrases", "twice", "quoted"),
    [("en", 0, 0, 863, 2, 0), ("de", 68, 32, 831, 17, 9), ("zh", 16, 10, 853, 7, 5)],
)
def test_every_pair_arrives_in_its_place(pairs, raw_folder, name, missing, turned, paraphrases, twice, quoted):
    text = (raw_folder("xtreme_pawsx") / "pawsx" / f"dev-{name}.tsv").read_text(encoding="utf-8")
    labels = {"0": "different", "1": "paraphrase"}
    lines = [line.split("\t") for line in text.split("\n")[:-1]]
    assert pairs[name] == [(first, second, labels[label]) for first, second, label in lines]
    assert (len(lines), Counter(label for *_, label in pairs[name])["paraphrase"]) == (2000, paraphrases)
    gone = {i for i, pair in enumerate(pairs[name]) if "NS" in pair[:2]}
    assert (len(gone), {pairs[name][i][2] for i in gone} <= {"different"}) == (missing, True)
    differ = {i for i in range(2000) if pairs[name][i][2] != pairs["en"][i][2]}
    assert (len(differ), differ <= gone) == (turned, True)
    assert 2000 - len(set(pairs[name])) == twice
    assert sum('"' in first + second for first, second, _ in lines) == quoted


def test_a_block_is_an_english_first_sentence_in_every_language(asked):
    texts = "select language, block, count(distinct text) as n, list(id order by id) as ids from pawsx group by all"
    counted = f"select count(distinct (block, ids)), max(n) filter (language = 'eng_Latn') from ({texts})"
    assert asked(counted, "pawsx") == [(1758, 1)]


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("pawsx")
