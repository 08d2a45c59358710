"""A folder of files for another program: there whole or not at all, and the same bytes from the same results."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from harness.analysis.numbers import rounded
from harness.errors import UserError
from harness.store import writing_folder


def write_folder(out: Path, fill: Callable[[Path], None]) -> list[dict[str, Any]]:
    """Have a folder filled out of sight and put it in place of ``out``; return its files and their sizes.

    :raises UserError: where ``out`` holds a file that the new folder does not: nothing of anybody else's is lost
    """
    with writing_folder(out) as made:
        fill(made)
        _check_own(out, made)
    return [{"file": str(out / name), "bytes": (out / name).stat().st_size} for name in _files(out)]


def _check_own(out: Path, made: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: a file, where a folder was expected; name another with --out")
    others = [name for name in _files(out) if name not in set(_files(made))]
    if others:
        raise UserError(f"{out}: holds {others[0]}, which is not of this export; name an empty or a new folder")


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, floats rounded; what is no number is an error, never NaN."""
    path.parent.mkdir(parents=True, exist_ok=True)
    said = json.dumps(rounded(value), ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(said + "\n", encoding="utf-8")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file as RFC 4180 says: UTF-8, a header, CRLF, quotes where needed; a missing value is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rounded(list(row)) for row in rows)
