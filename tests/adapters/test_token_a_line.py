"""Files with a token and its tag a line and an empty line after each sentence: names, parts of speech, phrases."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pytest

from harness import languages
from harness.data import cards
from harness.errors import UserError


class Layout(NamedTuple):
    """A data set's file of one language and split, what stands between token and tag, two of its tags, and an id."""

    file: str
    language: str
    gap: str
    tags: tuple[str, str]
    id: str


LAYOUTS = {
    "masakhaner2": Layout("MasakhaNER2.0/data/bbj/dev.txt", "bbj_Latn", " ", ("B-DATE", "O"), "bbj-"),
    "masakhapos": Layout("data/bbj/dev.txt", "bbj_Latn", " ", ("PROPN", "SYM"), "bbj-"),
    "panx": Layout("panx/dev-tl.tsv", "tgl_Latn", "\t", ("B-LOC", "O"), "tl-"),
    "udpos_xtreme": Layout("udpos/dev-tl.tsv", "tgl_Latn", "\t", ("PROPN", "SYM"), "tl-"),
    "indonlu_keps": Layout(
        "dataset/keps_keyword-extraction-prosa/valid_preprocess.txt", "ind_Latn", "\t", ("B", "O"), ""
    ),
}
BESIDE = {
    "masakhapos": {"data/bbj/test.txt": b"a X\n\n"},
    "panx": {"panx/train-tl.tsv": b"a\tO\n"},
    "udpos_xtreme": {"udpos/test-tl.tsv": b"a\n\n"},
    "indonlu_keps": {
        f"dataset/keps_keyword-extraction-prosa/{split}_preprocess.txt": b"a\tO\n\n" for split in ("train", "test")
    },
}
"""The other splits that a card promises."""

AWKWARD = '"He~1\n\u00a0e\u0301~2\n\n\n-~2\n\n.~2\n#~1\n'
"""A lone quotation mark, a no-break space in a token, no NFC, a doubled empty line, an end without an empty line."""


@pytest.fixture(params=LAYOUTS)
def name(request):
    return request.param


def written(name: str, text: str) -> dict[str, bytes]:
    """Return the files of a data set, with ``text`` in one of them: ~ is the gap, 1 and 2 are tags."""
    layout = LAYOUTS[name]
    for mark, meant in (("~", layout.gap), ("1", layout.tags[0]), ("2", layout.tags[1])):
        text = text.replace(mark, meant)
    return BESIDE.get(name, {}) | {layout.file: text.encode()}


def test_sentences_keep_their_tokens_and_tags_in_order(name, rows_of):
    layout = LAYOUTS[name]
    rows = [row for row in rows_of(name, written(name, AWKWARD)) if row["split"] == "dev"]
    one, two = (f"{tag}-KEYPHRASE" if tag == "B" else tag for tag in layout.tags)
    assert [tuple(row.values())[1:] for row in rows] == [
        (layout.language, f"{layout.id}{i}", f"{name}:dev:{layout.id}{i}", tokens, tags)
        for i, (tokens, tags) in enumerate(
            [(['"He', "\u00a0e\u0301"], [one, two]), (["-"], [two]), ([".", "#"], [two, one])]
        )
    ]


@pytest.mark.parametrize("bad", ["left", "~1", "a~2~2", "a~", " ", "a~3"])
def test_a_line_that_is_no_token_and_tag_is_refused_with_its_sentence(name, bad, rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of(name, written(name, f"x~1\n\n\ny~2\nz~2\n\nv~2\n{bad}\nw~1\n\nu~1\n"))
    folder = {"panx": "xtreme_panx", "udpos_xtreme": "xtreme_udpos", "indonlu_keps": "indonlu"}.get(name, name)
    place = tmp_path / folder / LAYOUTS[name].file
    assert str(stopped.value).startswith(f"{name}: {place}, line 7: column t")


def test_a_sentence_of_names_with_an_empty_token_is_left_out_and_counted(rows_of, left_out):
    rows = rows_of("masakhaner2", written("masakhaner2", "x~1\n\ny~2\n~2\n\nz~2\n"))
    assert [row["tokens"] for row in rows] == [["x"], ["z"]]
    assert left_out("masakhaner2") == {("dev", "bbj_Latn", "sentence with an empty token"): 1}


def test_bytes_that_are_not_utf8_are_refused_with_their_line(name, rows_of):
    files = written(name, "x~1\n\ny~2\n")
    files[LAYOUTS[name].file] += b"\xff\n"
    with pytest.raises(UserError, match=r"line 4: byte 1 is not UTF-8"):
        rows_of(name, files)


def test_a_byte_order_mark_is_no_part_of_the_first_token(name, rows_of):
    rows = [row for row in rows_of(name, written(name, "\ufeffx~1\n")) if row["split"] == "dev"]
    assert [row["tokens"] for row in rows] == [["x"]]


PANX_NAMES = (
    "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk tr et "
    "fi hu qu pl uk az lt pa gu ro"
)
MASAKHANE_NAMES = "bam bbj ewe fon hau ibo kin lug luo mos pcm nya sna swa tsn twi wol xho yor zul"


@pytest.mark.parametrize(
    ("data", "names"),
    [("panx", PANX_NAMES), ("masakhaner2", MASAKHANE_NAMES), ("masakhapos", MASAKHANE_NAMES)],
)
def test_every_code_of_the_makers_has_a_meaning(data, names):
    card = cards.dataset_card(data)
    codes = [card.languages.choices.get(code) or languages.resolve(code, card.languages.kind) for code in names.split()]
    assert sorted(codes) == sorted(card.languages.codes)


def test_files_without_gold_are_refused_with_the_reason(rows_of):
    with pytest.raises(UserError, match=r"not panx/test-\?\?.tsv: XTREME withheld the tags of test"):
        rows_of("panx", {"panx/test-tl.tsv": b"a\n"})
    with pytest.raises(UserError, match=r"not udpos/test-\?\?.tsv: XTREME withheld the tags of test"):
        rows_of("udpos_xtreme", {"udpos/test-tl.tsv": b"a\n"})
    masked = {"dataset/keps_keyword-extraction-prosa/test_preprocess_masked_label.txt": b"a\tO\n\n"}
    with pytest.raises(UserError, match=r"not dataset/.*_masked_label.txt: its labels are dummies"):
        rows_of("indonlu_keps", masked)


RAW = {name: written(name, AWKWARD) for name in LAYOUTS}


# -- the makers' files

NER = {"bam": 638, "bbj": 483, "ewe": 501, "fon": 623, "hau": 816, "pcm": 806, "swa": 942, "wol": 656, "yor": 983}
PANX = dict.fromkeys(("af", "bn", "hi", "sw", "tl", "ur"), 1000) | dict.fromkeys("gu jv my pa qu yo".split(), 100)  # noqa: SIM905
REAL = {
    "masakhaner2": {f"MasakhaNER2.0/data/{code}/dev.txt": ("dev", f"{code}-", n) for code, n in NER.items()},
    "masakhapos": {
        "data/swa/dev.txt": ("dev", "swa-", 138),
        "data/yor/dev.txt": ("dev", "yor-", 178),
        "data/yor/test.txt": ("test", "yor-", 713),
    },
    "panx": {f"panx/dev-{code}.tsv": ("dev", f"{code}-", n) for code, n in PANX.items()}
    | {"panx/train-sw.tsv": ("train", "sw-", 1000), "panx/train-yo.tsv": ("train", "yo-", 100)},
    "indonlu_keps": {
        f"dataset/keps_keyword-extraction-prosa/{file}_preprocess.txt": (split, "", n)
        for file, split, n in (("train", "train", 800), ("valid", "dev", 200), ("test", "test", 247))
    },
}
ROWS = {
    "masakhaner2": {"dev": 6448},
    "masakhapos": {"dev": 3041, "test": 713},
    "panx": {"dev": 6600, "train": 1100},
    "indonlu_keps": {"dev": 200, "test": 247, "train": 800},
}


def sentences(text: str, gap: str) -> list[list[list[str]]]:
    """Read such a file line by line: sentences of [token, tag]."""
    found: list[list[list[str]]] = [[]]
    for line in text.split("\n"):
        if line:
            found[-1].append(line.split(gap))
        elif found[-1]:
            found.append([])
    return found[:-1]


@pytest.mark.parametrize("name", REAL)
def test_every_sentence_of_every_file_arrives_in_its_place(name, real, raw_folder):
    made, got = real(name), {}
    for split, rows in ROWS[name].items():
        table = made.rows(split, columns=["id", "tokens", "tags"]).to_pylist()
        assert len(table) == rows
        got |= {(split, row["id"]): [row["tokens"], row["tags"]] for row in table}
    for path, (split, prefix, n) in REAL[name].items():
        text = (raw_folder(made.card.folder or name) / path).read_text(encoding="utf-8")
        wanted = [[list(column) for column in zip(*s, strict=True)] for s in sentences(text, LAYOUTS[name].gap)]
        found = [got[split, f"{prefix}{i}"] for i in range(n)]
        if name == "indonlu_keps":
            found = [[tokens, [tag[:1] for tag in tags]] for tokens, tags in found]
        assert found == wanted


def test_tags_differ_from_language_to_language_and_from_split_to_split(real):
    made = real("masakhapos")
    sets = {}
    for split, language in made.parts:
        rows = made.rows(split, [language], ["tags"])["tags"].to_pylist()
        sets[split, language] = {tag for tags in rows for tag in tags}
    assert sets["dev", "yor_Latn"] ^ sets["test", "yor_Latn"] == {"SYM", "X"}
    sizes = Counter(len(tags) for (split, _), tags in sets.items() if split == "dev")
    assert (min(sizes), max(sizes), len(sets["dev", "xho_Latn"])) == (12, 16, 12)
    assert {code for (split, code), tags in sets.items() if split == "dev" and len(tags) == 16} == {
        "bam_Latn",
        "luo_Latn",
        "pcm_Latn",
        "wol_Latn",
    }
    assert len(made.parts) == 21


def test_withheld_and_dummy_tags(raw_folder):
    tests = [
        (raw_folder("xtreme_panx") / "panx" / f"test-{code}.tsv").read_text(encoding="utf-8") for code in ("sw", "yo")
    ]
    assert [len(sentences(text, "\t")) for text in tests] == [1000, 100]
    assert not any("\t" in text for text in tests)
    masked = raw_folder("indonlu") / "dataset/keps_keyword-extraction-prosa/test_preprocess_masked_label.txt"
    assert {tag for s in sentences(masked.read_text(encoding="utf-8"), "\t") for _, tag in s} == {"O"}


@pytest.mark.parametrize("name", REAL)
def test_the_cards_generated_block_is_what_the_files_give(name, card_is_up_to_date):
    assert card_is_up_to_date(name)
