"""The same rows for eyes and for programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest

from harness.listing import FORMATS, show

ROWS = [
    {"name": "años, [red]:key:[/red]", "n": 3, "value": 0.123456, "list": ["a", "b"], "when": datetime(2026, 1, 2)},
    {"name": "b", "n": None, "value": float("nan"), "list": [], "when": None, "left": "out"},
]
COLUMNS = ["name", "n", "value", "list", "when", "lacking"]


def shown(capfdbinary: pytest.CaptureFixture[bytes], form: str, rows: Any = ROWS) -> bytes:
    show(rows, COLUMNS, form)
    return capfdbinary.readouterr().out


def test_a_table_has_a_line_a_row_and_means_its_brackets(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    head, first, second = shown(capfdbinary, "table").decode().splitlines()
    assert head.split() == COLUMNS
    assert first.split() == ["años,", "[red]:key:[/red]", "3", "0.1235", "a,", "b", "2026-01-02", "00:00:00"]
    assert second.split() == ["b", "nan"]
    assert first.index("3") == head.index("n", 5)  # numbers stand right under their head


def test_csv_is_read_back(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    found = list(csv.DictReader(io.StringIO(shown(capfdbinary, "csv").decode())))
    assert list(found[0]) == COLUMNS
    assert found[0]["name"] == "años, [red]:key:[/red]"
    assert json.loads(found[0]["list"]) == ["a", "b"]
    assert (found[1]["n"], found[1]["lacking"]) == ("", "")


def test_json_is_json_and_lacks_no_column(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    found = json.loads(shown(capfdbinary, "json"), parse_constant=refuse)
    assert found[0] == {
        "name": "años, [red]:key:[/red]",
        "n": 3,
        "value": 0.123456,
        "list": ["a", "b"],
        "when": "2026-01-02T00:00:00",
        "lacking": None,
    }
    assert found[1] == {"name": "b", "n": None, "value": None, "list": [], "when": None, "lacking": None}


def test_parquet_is_read_back(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    table = pq.read_table(io.BytesIO(shown(capfdbinary, "parquet")))
    assert table.column_names == COLUMNS
    assert table["n"].to_pylist() == [3, None]
    assert table["list"].to_pylist() == [["a", "b"], []]
    assert table["when"].to_pylist() == [datetime(2026, 1, 2), None]


@pytest.mark.parametrize("form", FORMATS)
def test_no_rows_are_still_columns(capfdbinary: pytest.CaptureFixture[bytes], form: str) -> None:
    out = shown(capfdbinary, form, [])
    if form == "parquet":
        assert pq.read_table(io.BytesIO(out)).column_names == COLUMNS
    elif form == "json":
        assert json.loads(out) == []
    else:
        assert out.decode().replace(",", " ").split() == COLUMNS


def test_values_that_sql_gives_are_shown(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    rows = [{"name": Decimal("1.50"), "n": b"x", "value": {"a": Decimal("2.5")}, "list": [datetime(2026, 1, 2)]}]
    found = json.loads(shown(capfdbinary, "json", rows))[0]
    assert (found["name"], found["value"], found["list"]) == ("1.50", {"a": "2.5"}, ["2026-01-02T00:00:00"])
    assert b'""a"": ""2.5""' in shown(capfdbinary, "csv", rows)
