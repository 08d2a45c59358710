"""Which line is at fault, as an editor counts lines."""

from __future__ import annotations

import pytest

from harness.data import diagnose


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("a.tsv", b"a\tb\n1\t\xff\n", "line 2: byte 3 is not UTF-8; save the file as UTF-8"),
        ("a.tsv", b"a\tb\n1\t2\n\n3\t\x00\n", "line 4: a NUL character; take it out"),
        ("a.tsv", b"a\tb\r\n1\t2\r\n3\r4\t5\r\n", "line 3: a carriage return inside the line; end every line alike"),
        ("a.tsv", b"a\tb\n1\t2\n3\n", "line 3: 1 cells, where line 1 has 2"),
        ("a.csv", b"a,b\n1,2\n3,4,5\n", "line 3: 3 cells, where line 1 has 2"),
        ("a.jsonl", b'{"a": 1}\n\n{"a": }\n', "line 3: not JSON"),
        ("a.json", b'[{"a": 1},\n {"a": }]\n', "line 2: not JSON: Expecting value"),
        ("a.json", b"\n\n", "line 3: not JSON: Expecting value"),
        ("a.json", b"1.5", "line 1: no JSON object"),
        ("a.jsonl", b'{"a": 1}\n[]\n', "line 2: no JSON object"),
        ("a.json", b'[\n"\\ud83d\\udc3e",\n"\\ud83d"]', "line 3: half of a surrogate pair alone"),
        ("a.json", b"[" * 100_000, "line 1: JSON that is nested too deep"),
        ("a.json", b'\xef\xbb\xbf{"a": 1}', "line 1: a byte order mark before the text; save the file without one"),
    ],
)
def test_the_first_fault_is_named_with_its_line(tmp_path, name, content, fault):
    (tmp_path / name).write_bytes(content)
    assert diagnose.first_fault(tmp_path, ["*"]) == f"{tmp_path / name}, {fault}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", b"\xef\xbb\xbfa\tb\r\n1\t2\r\n"),  # DuckDB strips a table's byte order mark
        ("a.csv", b'a,b\n"1,\n1",2\n'),
        ("a.jsonl", b'{"a": 1}\n\n{"a": 2}\n'),
        ("a.json", b'[{"a": 1},\n {"a": 2}]\n'),
        ("a.conll", b"a O\n\nb O\n"),
    ],
)
def test_sound_files_have_no_fault(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert diagnose.first_fault(tmp_path, ["*"]) is None


SAID = """Invalid Input Error: CSV Error on Line: 3
Original Line: x
Expected Number of Columns: 2 Found: 1

  file = {}
  delimiter = , (Set By User)
  quote = " (Set By User)"""


def test_duckdbs_reason_is_given_for_the_file_and_the_line_that_it_means(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'h,"\r"\n')
    (tmp_path / "b.csv").write_bytes(b'a,b\n"1\n2",3\nx\n')
    said = SAID.format(tmp_path / "b.csv")  # which counts records
    assert diagnose.first_fault(tmp_path, ["*"], said) == f"{tmp_path / 'b.csv'}, line 4: 1 cells, where 2 are expected"


def test_a_file_that_is_none_of_the_data_sets_is_not_looked_into(tmp_path):
    for name in ("a.txt", "b.json"):
        (tmp_path / name).write_bytes(b'["sound"]\n')
    outside = f'Malformed JSON in file "{tmp_path / "b.json"}", in line 2'
    assert diagnose.first_fault(tmp_path, ["*.txt"], outside) is None


def test_line_ends_that_differ_are_named_where_duckdb_gives_up(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a\r\nb\r\nc\nd\r\n")
    said = "Invalid Input Error: The CSV Parser state machine reached an invalid state."
    fault = "line 3: another line end than line 1 has; end every line alike"
    assert diagnose.first_fault(tmp_path, ["*"], said) == f"{tmp_path / 'a.txt'}, {fault}"
    assert diagnose.first_fault(tmp_path, ["*"]) is None


def test_two_documents_in_the_place_of_one_are_named(tmp_path):
    (tmp_path / "a.json").write_bytes(b'{"a": 1}\n{"a": 2}\n')
    assert diagnose.first_fault(tmp_path, ["*"]) is None  # they may be lines
    said = "Invalid Input Error: Malformed JSON at byte 9 of input: unexpected content after document."
    assert diagnose.first_fault(tmp_path, ["*"], said) == f"{tmp_path / 'a.json'}, line 2: not JSON: Extra data"
