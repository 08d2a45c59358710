"""How rows are printed: for eyes a table, for programs CSV, JSON or Parquet on standard output."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.errors import UserError

FORMATS = ("table", "csv", "json", "parquet")

Row = Mapping[str, Any]


def show(rows: Sequence[Row], columns: Sequence[str], form: str) -> None:
    """Print rows in one of :data:`FORMATS`; columns that a row lacks are empty."""
    if form == "parquet":
        sys.stdout.buffer.write(_parquet(rows, columns))
        sys.stdout.flush()
    elif form == "json":
        plain = [{c: _number(r.get(c)) for c in columns} for r in rows]
        print(json.dumps(plain, ensure_ascii=False, indent=1, default=_plain))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(r.get(c)) for c in columns] for r in rows)
    else:
        _table(rows, columns)


def _number(value: Any) -> Any:
    """Return null for what JSON has no number for."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def distinct(names: Sequence[str]) -> list[str]:
    """Return column names of which no two are equal: the second ``a`` becomes ``a_1``."""
    found: list[str] = []
    for name in names:
        count = 0
        while (free := f"{name}_{count}" if count else name) in found:
            count += 1
        found.append(free)
    return found


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=_plain) if isinstance(value, list | dict) else value


def _table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    numeric = {c for c in columns if all(isinstance(r.get(c), int | float | None) for r in rows)}
    for column in columns:
        table.add_column(column, justify="right" if column in numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_short(row.get(c)) for c in columns))
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False, emoji=False)
    console.print(table)


def _short(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(str(v) for v in value)
    return str(value)


def _parquet(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table({c: [r.get(c) for r in rows] for c in columns}), out, compression="zstd")
    return out.getvalue()


def write(path: Path, text: str) -> None:
    """Write a text file that the user named."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot write ({error.strerror}); name another file") from None
