"""What one fault of a file does to every adapter: it is refused where it stands, or changes no other row."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness.data import adapt, cards
from harness.errors import UserError
from tests.adapters.raw_files import RAW

TEXT = [name for name, files in RAW.items() if not any(path.endswith(".parquet") for path in files)]
BY_SENTENCE = {"masakhaner2", "masakhapos", "panx", "udpos_xtreme", "indonlu_keps", "ud_pos", "ccg", "plain_text"}
"""Data sets whose empty lines end a sentence or a document, so that one more is no fault."""

BY_RECORD = {"farstail", "indonlu_wrete", "indonlu_casa", "masakhanews", "parsinlu_entailment"}
"""Data sets whose ids count the records below a header, of which an empty line is none."""

OF_JSON = {name for name in TEXT if all(path.endswith((".json", ".jsonl")) for path in RAW[name])}
"""Data sets whose ids may count JSON values: an empty line is none."""

Rows = dict[tuple[str, str, str], dict[str, object]]


@pytest.fixture
def adapted(tmp_path):
    """Return what adapts files: (split, language, id) → row, or what was said when it refused them."""

    def rows(name: str, files: Mapping[str, bytes]) -> Rows | str:
        for path, content in files.items():
            file = tmp_path / (cards.dataset_card(name).folder or name) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        try:
            made = adapt.adapted(name, data=tmp_path)
        except UserError as error:
            return str(error)
        whole = [row for split in {split for split, _ in made.parts} for row in made.rows(split).to_pylist()]
        return {(row["split"], row["language"], row["id"]): row for row in whole}

    return rows


@pytest.mark.parametrize("name", TEXT)
def test_a_byte_order_mark_before_a_file_changes_nothing_or_is_refused(name, adapted):
    sound = adapted(name, RAW[name])
    for path, content in RAW[name].items():
        made = adapted(name, RAW[name] | {path: b"\xef\xbb\xbf" + content})
        assert made == sound or f"{path}, line 1: " in made


@pytest.mark.parametrize("name", TEXT)
def test_other_line_ends_change_nothing_or_are_refused(name, adapted):
    def ended(end: bytes) -> dict[str, bytes]:
        return {path: content.replace(b"\r\n", b"\n").replace(b"\n", end) for path, content in RAW[name].items()}

    sound, made = adapted(name, ended(b"\n")), adapted(name, ended(b"\r\n"))
    assert isinstance(made, str) or texts(made) == texts(sound)


def texts(rows: Rows) -> str:
    """Return all that rows say, but for line ends inside of it and what is computed from them."""
    return str([{**row, "block": None} for row in rows.values()]).replace("\\r\\n", "\\n")


@pytest.mark.parametrize("name", sorted({*TEXT} - OF_JSON - BY_SENTENCE))
def test_a_line_that_is_emptied_moves_no_other_row(name, adapted):
    sound = adapted(name, RAW[name])
    path, content = sorted(RAW[name].items())[-1]
    lines = content.split(b"\n")
    for i in (0,) if name in BY_RECORD else (0, 1):
        made = adapted(name, RAW[name] | {path: b"\n".join([*lines[:i], b"", *lines[i + 1 :]])})
        assert isinstance(made, str) or made.items() <= sound.items()


@pytest.mark.parametrize("name", TEXT)
def test_a_byte_that_is_not_utf8_is_refused_on_its_line_where_it_is_read(name, adapted):
    sound = adapted(name, RAW[name])
    path, content = sorted(RAW[name].items())[-1]
    lines = content.rstrip().split(b"\n")
    made = adapted(name, RAW[name] | {path: b"\n".join([*lines[:-1], lines[-1] + b"\xff"])})
    assert made == sound or f"/{path}, line {len(lines)}: " in made


CSV, TSV = ("nusax", "datasets/sentiment/toba_batak/valid.csv"), ("xnli", "xnli/dev-fr.tsv")
LINES, DOCUMENT = ("jnli", "datasets/jnli-v1.3/valid-v1.3.json"), ("xquad", "xquad.ro.json")
CHOICES, TOKENS = ("cosmosqa", "data/valid.csv"), ("panx", "panx/dev-tl.tsv")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (CSV, b",positive", b",positive,x", "line 6: 4 cells, where 3 are expected"),
        (CSV, b"\n7,", b'\n7,"x"y', "line 6: a quotation mark that none closes, or a text after the one that does"),
        (CSV, b"\n7,", b'\n7,"', "line 6: a quotation mark that none closes, or a text after the one that does"),
        (CSV, b"\tx", b"\0", "line 6: column text holds a NUL character"),
        (CSV, b"\tx", b"\rx", "line 6: a carriage return inside the line"),
        (CSV, b"\tx", b"\xff", "line 6: byte 9 is not UTF-8"),
        (CSV, b"\n7,", b"\n\n237,", "line 7: column id stands twice in one split and language: '237'"),
        (CSV, b"\n7,", b"\n\xef\xbb\xbf7,", "line 6: column id holds a byte order mark: '\\ufeff7'"),
        (CHOICES, b",3", b",1.5", "line 2: column label is no position in choices: '1.5'"),
        (CSV, b"positive", b"good", "line 6: column label is none of the card's labels: 'good'"),
        (CSV, b"id,text,label\n", b"id,label,text\n", "line 1: column label is none of the card's labels: 'text'"),
        (
            TSV,
            b"oui",
            b"o\tui",
            "line 2: column label is none of the card's labels: 'c\u0327a\\t\\xa0«o\\tui»\\tcontra",
        ),
        (TSV, b"oui", b"\0", "line 2: column text_pair holds a NUL character"),
        (TSV, b"oui", b"o\rui", "line 2: a carriage return inside the line"),
        (TSV, b"oui", b"\xff", "line 2: byte 10 is not UTF-8"),
        (TSV, b"contradiction", b"2", "line 2: column label is none of the card's labels: '2'"),
        (LINES, b'"neutral"', b'"neutral', "line 2: not JSON"),
        (LINES, b'"neutral"}\n', b'"neutral"}\n\n1\n', "line 4: no JSON object"),
        (LINES, b'"neutral"', b"2", "line 2: column label is none of the card's labels: '2'"),
        (LINES, b'_id": "1"', b'_id": "0"', "line 2: column id stands twice in one split and language: '0'"),
        (LINES, b'}\n{"sentence_pair_id": "1"', b'}\n\n{"sentence_pair_id": null', "line 3: column id is empty"),
        (LINES, b'{"sentence_pair_id": "0"', b'\xef\xbb\xbf{"sentence_pair_id": "0"', "line 1: a byte order mark"),
        (DOCUMENT, b'"answer_start": 7', b'"answer_start": 8', "line 11 (test ro q1): column answers is not where"),
        (DOCUMENT, b'"q2"', b'"q1"', "line 25 (test ro q1): column id stands twice in one split and language: 'q1'"),
        (DOCUMENT, b'"q2",', b'"q2"', "line 26: not JSON: Expecting ',' delimiter"),
        (DOCUMENT, b'"q2"', b'"q\\ud83d"', "line 25: half of a surrogate pair alone"),
        (TOKENS, b".\tO", b".", "line 7: column tags holds what is none of the card's labels: \"['.', 'B-LOC']\""),
        (TOKENS, b"-\tO", b"-\tX", "line 5: column tags holds what is none of the card's labels: \"['X']\""),
        (TOKENS, b".\tO", b"\tO", "line 7: column tokens is empty or holds an empty token"),
        (TOKENS, b".\tO", b".\tO\r", "line 7: column tags holds what is none of the card's labels"),
    ],
)
def test_a_fault_is_named_with_its_file_and_line(file, old, new, said, adapted):
    name, path = file
    content = RAW[name][path]
    assert content.count(old) == 1
    made = adapted(name, RAW[name] | {path: content.replace(old, new)})
    assert f"/{path}, {said}" in made
