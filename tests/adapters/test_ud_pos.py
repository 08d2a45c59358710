"""Universal Dependencies: comments, tokens of several words, empty nodes, words with blanks."""

from __future__ import annotations

import re

import pytest

from harness import languages
from harness.data import cards
from harness.errors import UserError


def word(number: str, form: str, tag: str) -> str:
    return "\t".join([number, form, "_", tag, *"______"]) + "\n"


AWKWARD = (
    "# newdoc id = a\n# sent_id = 1\n# text = du  bo\n"
    + word("1-2", "du", "_")
    + word("1", '"de', "ADP")
    + word("2", "#", "SYM")
    + word("2.1", "unsaid", "VERB")
    + word("3", "a  b\u00a0", "NOUN")
    + "\n# text_en = x\n# sent_id = 2\n"
    + word("1", "e\u0301", "X")
    + "\n"
)
"""A token of two words, an empty node, a word that opens like a comment, blanks in a word, a text not in NFC."""


def small(**files: str) -> dict[str, bytes]:
    texts = dict.fromkeys(("train", "dev", "test"), word("1", "x", "X") + "\n") | files
    return {f"UD_Yoruba-YTB/yo_ytb-ud-{split}.conllu": text.encode() for split, text in texts.items()}


def test_words_are_what_the_text_has_with_their_universal_tags(rows_of):
    rows = rows_of("ud_pos", small(test=AWKWARD))
    assert [tuple(row.values())[1:] for row in rows if row["split"] == "test"] == [
        ("yor_Latn", "yo_ytb-0", "ud_pos:test:yo_ytb-0", ['"de', "#", "a  b\u00a0"], ["ADP", "SYM", "NOUN"]),
        ("yor_Latn", "yo_ytb-1", "ud_pos:test:yo_ytb-1", ["e\u0301"], ["X"]),
    ]


def test_two_treebanks_of_a_language_stand_side_by_side(rows_of):
    other = {"UD_Yoruba-B/yo_b-ud-test.conllu": word("1", "y", "X").encode()}
    assert [row["id"] for row in rows_of("ud_pos", small() | other) if row["split"] == "test"] == ["yo_b-0", "yo_ytb-0"]


@pytest.mark.parametrize(
    "bad", ["1\tx\tX\n", word("1", "x", "X")[:-1] + "\t_\n", word("1", "x", "N"), word("1", "", "X"), "x\n", " \n"]
)
def test_a_line_that_is_no_word_is_refused_with_its_sentence(bad, rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("ud_pos", small(test=AWKWARD + "# sent_id = 3\n" + bad + "\n"))
    place = tmp_path / "ud" / "UD_Yoruba-YTB" / "yo_ytb-ud-test.conllu"
    assert str(stopped.value).startswith(f"ud_pos: {place}, line 14: column t")


def test_every_language_that_xtreme_and_chau_and_smith_take_has_a_code():
    names = "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh "
    names += "lt pl uk wo ro be ga mt ug"
    card = cards.dataset_card("ud_pos")
    codes = [card.languages.choices.get(code) or languages.resolve(code, card.languages.kind) for code in names.split()]
    assert sorted(codes) == sorted(card.languages.codes)


RAW = {"ud_pos": small(test=AWKWARD)}


# -- the makers' files

SIZES = {
    "kk_ktb": {"test": 1047, "train": 31},
    "mr_ufal": {"dev": 46, "test": 47, "train": 373},
    "ta_ttb": {"dev": 80, "test": 120},
    "te_mtg": {"dev": 131, "test": 146},
    "tl_trg": {"test": 128},
    "vi_vtb": {"test": 800},
    "yo_ytb": {"test": 317},
}


def words(path) -> list[tuple[list[str], list[str]]]:
    """Read CoNLL-U word by word, by the numbers in its first cells: a sentence begins at 1."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        number, *cells = line.split("\t")
        if number == "1":
            found.append(([], []))
        if number.isdigit():
            found[-1][0].append(cells[0])
            found[-1][1].append(cells[2])
    return found


def test_every_sentence_of_every_treebank_arrives_in_its_place(real, raw_folder):
    made = real("ud_pos")
    got = {}
    for split in ("train", "dev", "test"):
        rows = made.rows(split, columns=["id", "tokens", "tags"]).to_pylist()
        got |= {(split, row["id"]): (row["tokens"], row["tags"]) for row in rows}
    assert len(got) == sum(n for sizes in SIZES.values() for n in sizes.values()) == 3266
    for path in raw_folder("ud").glob("*/*.conllu"):
        bank, split = path.stem.split("-ud-")
        wanted = words(path)
        assert len(wanted) == SIZES[bank][split]
        assert [got[split, f"{bank}-{i}"] for i in range(len(wanted))] == wanted


def test_what_is_no_word_and_words_with_blanks(real, raw_folder):
    spans, blanks = {}, {}
    for path in raw_folder("ud").glob("*/*-test.conllu"):
        spans[path.name[:2]] = len(re.findall(r"^\d+-\d+\t", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert not re.search(r"^\d+\.\d+\t", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert {code: n for code, n in spans.items() if n} == {"kk": 32, "mr": 36, "ta": 194, "yo": 43}
    made = real("ud_pos")
    for code in ("vie_Latn", "kaz_Cyrl"):
        tokens = made.rows("test", [code], ["tokens"])["tokens"].to_pylist()
        blanks[code] = sum(" " in token for sentence in tokens for token in sentence)
        blanks[code, "words"] = sum(map(len, tokens))
    assert (blanks["vie_Latn"], blanks["vie_Latn", "words"], blanks["kaz_Cyrl"]) == (2079, 11_692, 15)


def test_comments_that_open_with_text_are_not_one_a_sentence(raw_folder):
    text = (raw_folder("ud") / "UD_Tagalog-TRG" / "tl_trg-ud-test.conllu").read_text(encoding="utf-8")
    assert len(re.findall(r"^# text", text, re.MULTILINE)) == 2 * 128


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("ud_pos")
