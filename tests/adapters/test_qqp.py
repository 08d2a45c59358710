"""QQP as GLUE lays it out: tabs, no quoting, and questions with a line break that stand on several lines."""

from __future__ import annotations

import pytest

from harness.errors import UserError

HEAD = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
AWKWARD = (
    '133273\t213221\t213222\tHow does "it work?\t\u00a0What  is it? \t1\n'
    "402555\t536040\t536041\tWhy so\nmany lines?\tWhy?\t0\n"
    "360472\t213221\t490274\te\u0301, 'x'\tIs it?\t0\n"
)
"""A lone quotation mark, edges of white space, a question with a line break, a text that is not in NFC."""


def small(dev: str) -> dict[str, bytes]:
    return {"train.tsv": (HEAD + "1\t2\t3\ta\tb\t0\n").encode(), "dev.tsv": dev.encode()}


def test_pairs_come_as_they_stand_and_those_on_several_lines_do_not(rows_of, left_out):
    rows = rows_of("qqp", small(HEAD + AWKWARD))
    assert [tuple(row.values()) for row in rows] == [
        (
            *("dev", "eng_Latn", "0", "qqp:dev:0", "qqp:question:213221"),
            *('How does "it work?', "\u00a0What  is it? ", "paraphrase"),
        ),
        ("dev", "eng_Latn", "3", "qqp:dev:3", "qqp:question:213221", "e\u0301, 'x'", "Is it?", "different"),
        ("train", "eng_Latn", "0", "qqp:train:0", "qqp:question:2", "a", "b", "different"),
    ]
    assert left_out("qqp") == {("dev", "eng_Latn", "line of a pair that is cut by line breaks"): 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + AWKWARD + "7\t8\t9\ta\tb\t2\n", "line 6: column label is none of the card's labels: '2'"),
        (HEAD + "7\t8\t9\ta\tb\tc\t1\n", "line 2: column label is none of the card's labels: 'c'"),
        (HEAD.replace("is_duplicate", "label") + AWKWARD, "line 1: column id is empty"),
    ],
)
def test_a_faulty_line_is_refused_where_it_stands(rows_of, tmp_path, text, said):
    with pytest.raises(UserError) as stopped:
        rows_of("qqp", small(text))
    assert str(stopped.value) == f"qqp: {tmp_path / 'QQP' / 'dev.tsv'}, {said}"


def test_a_table_of_other_cells_is_refused(rows_of):
    with pytest.raises(UserError, match="split dev has no row"):
        rows_of("qqp", small("1\tWhat ?\tHow ?\t50018\n"))


def test_files_without_labels_are_refused_with_the_reason(rows_of):
    with pytest.raises(UserError, match=r"not test\.tsv: GLUE withheld the labels"):
        rows_of("qqp", {"train.tsv": HEAD.encode(), "test.tsv": b"id\tquestion1\tquestion2\n"})


RAW = {"qqp": small(HEAD + AWKWARD)}
