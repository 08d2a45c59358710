"""Where a row stands, as an editor counts lines."""

from __future__ import annotations

import pytest

from harness.data import places

KEY = ("dev", "sw", "b")


@pytest.mark.parametrize(
    ("name", "content", "line", "place"),
    [
        ("a.txt", b"x\n\ny\n", 3, "line 3"),
        ("a.csv", b'h\n"1\n2"\n\n3\n', 3, "line 5"),  # the third record, below a cell of two lines and an empty line
        ("a.csv", b'h\tx\n"1\n2"\t"a,b"\n3\t\xff\n', 3, "line 4"),
        ("a.jsonl", b'\n{"id": "a"}\n\n{"id": "b"}\n', 2, "line 4"),
        ("a.json", b'[{"id": "a"},\n{"id":"b", "text": "c"},\n{"id":"c"}]', None, "line 2 (dev sw b)"),
        ("a.json", b'[{"id": "b"},\n{"id": "b"},\n{"id": "b c"}]', None, "line 2 (dev sw b)"),
        ("a.json", b'[{"id": "a"}]', None, "row 7 of the adapter (dev sw b)"),
        ("a.xml", b'<a id="b"/>', None, "row 7 of the adapter (dev sw b)"),
    ],
)
def test_a_row_is_placed_as_well_as_its_file_allows(tmp_path, name, content, line, place):
    (tmp_path / name).write_bytes(content)
    assert places.place(7, str(tmp_path / name), line, KEY) == f"{tmp_path / name}, {place}"


@pytest.mark.parametrize(("name", "found"), [("959", 2), ("é", 3), ("\U0001f43e", 4), ("96", None)])
def test_an_id_is_found_as_number_and_in_either_spelling_of_json(tmp_path, name, found):
    file = tmp_path / "a.json"
    file.write_text('[{"id": 1},\n{"id": 959},\n{"id": "\\u00e9"},\n{"id": "\U0001f43e"}]', encoding="utf-8")
    place = f"line {found}" if found else "row 1 of the adapter"
    assert places.place(1, str(file), None, ("dev", "sw", name)) == f"{file}, {place} (dev sw {name})"


def test_without_a_file_a_row_has_its_number_and_an_id_of_several_lines_stays_on_one():
    assert places.place(3, None, None, ("dev", None, "a\nb")) == r"row 3 of the adapter (dev None a\nb)"
