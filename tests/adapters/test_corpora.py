"""Corpora to be read as they are: plain text of one's own, and Wikipedia as the Hub has it."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.data import adapt
from harness.errors import UserError


def parquet(*articles: tuple[str, str]) -> bytes:
    """Return a file as the data set's page on the Hub describes it."""
    rows = [{"id": i, "url": f"https://x/{i}", "title": "Not read", "text": text} for i, text in articles]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


RAW = {
    "plain_text": {
        "yor_Latn.txt": "\ufeffe\u0301 kan\n\n \n\u00a0two \n".encode(),
        "pcm_Latn/deep/a.txt": b'"How\r\nfar\r\n\r\nI dey"',
        "README.md": b"not read",
    },
    "wikipedia": {
        "20231101.sw/train-00000-of-00002.parquet": parquet(("7", "Moja.\n\nMbili."), ("2", " ")),
        "20231101.sw/train-00001-of-00002.parquet": parquet(("31", "Tatu.")),
        "20231101.zh/train-00000-of-00001.parquet": parquet(("7", "\u4e00")),
    },
}
"""Text: a mark, no NFC, lines of nothing but blanks, CR LF, no end of line. Articles: an empty one, an id of two."""


def test_lines_are_passages_and_empty_lines_end_documents(rows_of):
    rows = rows_of("plain_text", RAW["plain_text"])
    assert [tuple(row.values())[1:] for row in rows] == [
        (language, f"{path}:{line}", f"plain_text:{path}:{line}", f"plain_text:{path}:document:{document}", text)
        for language, path, line, document, text in [
            ("pcm_Latn", "pcm_Latn/deep/a.txt", 1, 0, '"How'),
            ("pcm_Latn", "pcm_Latn/deep/a.txt", 2, 0, "far"),
            ("pcm_Latn", "pcm_Latn/deep/a.txt", 4, 1, 'I dey"'),
            ("yor_Latn", "yor_Latn.txt", 1, 0, "e\u0301 kan"),
            ("yor_Latn", "yor_Latn.txt", 4, 2, "\u00a0two "),
        ]
    ]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("yoruba.txt", b"kan", "column language: unknown language 'yoruba'"),
        ("yor_Latn.txt", b"kan\n\xff", "line 2: byte 1 is not UTF-8"),
        ("yor_Latn.txt", b"kan\nme\0ji", "line 2: .*NUL character"),
    ],
)
def test_text_that_cannot_be_read_is_refused_with_its_place(file, text, said, rows_of):
    with pytest.raises(UserError, match=f"^plain_text: .*{said}"):
        rows_of("plain_text", {file: text})


def test_articles_come_in_the_order_of_their_files_and_empty_ones_are_counted(rows_of, tmp_path):
    rows = rows_of("wikipedia", RAW["wikipedia"])
    assert [tuple(row.values())[1:] for row in rows] == [
        (language, i, f"wikipedia:{i}", f"wikipedia:{i}", text)
        for language, i, text in [
            ("swh_Latn", "sw-7", "Moja.\n\nMbili."),
            ("swh_Latn", "sw-31", "Tatu."),
            ("zho_Hans", "zh-7", "\u4e00"),
        ]
    ]
    assert adapt.adapted("wikipedia", data=tmp_path).skipped == {("train", "swh_Latn", "no text"): 1}


@pytest.mark.parametrize(
    ("folder", "content", "said"),
    [
        ("20231101.als", parquet(("1", "x")), "column language: unknown language 'als'"),
        ("20240101.sw", parquet(("7", "x")), r"20240101.sw/train-0.parquet, line 1: column id stands twice"),
        ("20231101.yo", b"PAR1 no more", "20231101.yo/train-0.parquet"),
    ],
)
def test_an_edition_that_is_no_language_or_stands_twice_or_is_damaged_is_refused(folder, content, said, rows_of):
    with pytest.raises(UserError, match=f"^wikipedia: .*{said}"):
        rows_of("wikipedia", RAW["wikipedia"] | {f"{folder}/train-0.parquet": content})
