"""Where a row stands in its raw file, as an editor counts lines: for the message about it and nothing else."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path


def place(row: int, file: str | None, line: int | None, key: Sequence[str | None]) -> str:
    """Say where a row stands as well as it is known; ``key`` is its split, language and id.

    ``line`` counts what is read as a line: in a table `.csv` a record, in `.jsonl` a line that is not blank. A document
    of JSON has no line a row: there it is the last that holds the id.
    """
    if file and line:
        return f"{file}, line {_physical(Path(file), line)}"
    named = f"({repr(' '.join(map(str, key)))[1:-1]})"
    if file and file.endswith(".json") and (found := _line_of(file, str(key[-1]))):
        return f"{file}, line {found} {named}"
    return f"{file + ', ' if file else ''}row {row} of the adapter {named}"


def _physical(path: Path, number: int) -> int:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", errors="replace") as file:
            delimiter = "\t" if "\t" in file.readline() else ","
        return [start for start, record in record_starts(path, delimiter) if record][:number][-1]
    if path.suffix in (".json", ".jsonl"):
        lines = enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1)
        return [start for start, line in lines if line.strip()][:number][-1]
    return number


def _line_of(file: str, name: str) -> int | None:
    spelled = {json.dumps(name), json.dumps(name, ensure_ascii=False)} | ({name} if name.isdigit() else set())
    value = re.compile(rf"(?<=[\s:\[,])({'|'.join(map(re.escape, spelled))})(?=[\s,\]}}]|$)")
    lines = list(enumerate(Path(file).read_text(encoding="utf-8", errors="replace").split("\n"), 1))
    return next((number for number, line in reversed(lines) if value.search(line)), None)


def record_starts(path: Path, delimiter: str) -> list[tuple[int, bool]]:
    """Return the line of each record of a quoted table, and whether it is one and no empty line."""
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        records = csv.reader(file, delimiter=delimiter)
        starts, end = [], 0
        for record in records:
            starts.append((end + 1, bool(record)))
            end = records.line_num
        return starts
