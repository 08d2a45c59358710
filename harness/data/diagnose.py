"""Finds the first fault of raw files, for the message alone: it runs only once something has failed.

DuckDB itself names no line for a stray carriage return, counts one too many for JSON, and prints the whole line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

LINED = {".tsv", ".csv", ".txt"}
"""Suffixes of the files with one record a line, whose number of cells is compared with the first line's."""


def first_fault(root: Path, patterns: Sequence[str]) -> str | None:
    """Return ``FILE, line N: what is wrong`` for the first faulty file below ``root``, or None."""
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            for line, fault in _faults(path):
                return f"{path}, line {line}: {fault}"
    return None


def _faults(path: Path) -> Iterator[tuple[int, str]]:
    content = path.read_bytes()
    if content.startswith(b"\xef\xbb\xbf") and path.suffix not in LINED:
        yield 1, "a byte order mark before the text; save the file without one"
    lines = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        yield from ((number, fault) for fault in _line_faults(line.removesuffix(b"\r")))
    if path.suffix in (".json", ".jsonl"):
        yield from _json_faults(content)
    elif path.suffix in (".tsv", ".csv"):
        yield from _cell_faults(lines, b"\t" if b"\t" in lines[0] else b",")


def _line_faults(line: bytes) -> Iterator[str]:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"byte {error.start + 1} is not UTF-8; save the file as UTF-8"
    if b"\0" in line:
        yield "a NUL character; take it out"
    if b"\r" in line:
        yield "a carriage return inside the line; end every line alike"


def _json_faults(content: bytes) -> Iterator[tuple[int, str]]:
    """A file is one JSON value, or one on each line that is not blank."""
    text = content.decode("utf-8")
    try:
        json.loads(text)
        return
    except json.JSONDecodeError as error:
        whole = (error.lineno, f"not JSON: {error.msg}")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) < 2 or not _is_json(lines[0][1]):
        yield whole
        return
    for number, line in lines:
        if not _is_json(line):
            yield number, "not JSON"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


def _cell_faults(lines: list[bytes], delimiter: bytes) -> Iterator[tuple[int, str]]:
    """Lines with a quotation mark are left out: their cells may hold delimiters and line breaks."""
    if any(b'"' in line for line in lines):
        return
    expected = lines[0].count(delimiter) + 1
    for number, line in enumerate(lines, 1):
        cells = line.count(delimiter) + 1
        if line.strip() and cells != expected:
            yield number, f"{cells} cells, where line 1 has {expected}"
