"""Finds the first fault of raw files, for the message alone: it runs only once something has failed.

DuckDB itself names no line for a stray carriage return, counts one too many for JSON, and prints the whole line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.data.places import record_starts

LINED = {".tsv", ".csv", ".txt"}
"""Suffixes of the files with one record a line, whose number of cells is compared with the first line's."""


def first_fault(root: Path, patterns: Sequence[str], message: str = "") -> str | None:
    """Return ``FILE, line N: what is wrong``, or None where the files below ``root`` have no fault to see.

    The file is the one that DuckDB's ``message`` names, else the first faulty one.
    """
    found = [path for pattern in patterns for path in sorted(root.glob(pattern))]
    named = re.search(r"^  file = (.+)$|file \"(.+?)\"|of file '(.+?)'", message, re.MULTILINE)
    blamed = [path for path in found if named and str(path) in named.groups()]
    for path in blamed or found:
        if fault := _fault(path, message):
            return f"{path}{fault}"
    return f"{blamed[0]}: {_reason(message)}" if blamed else None


def _fault(path: Path, message: str) -> str | None:
    """Return what is wrong with a file, after its line; ``message`` is DuckDB's, about this file or another."""
    if path.suffix == ".parquet":  # it has no lines
        return ": not Parquet, or damaged; fetch it again" if _is_damaged(path) else None
    for line, fault in _faults(path):
        return f", line {line}: {fault}"
    place = re.search(r"CSV Error on Line: (\d+)|in line (\d+)", message)
    if place and str(path) in message:
        return f", line {_line(path, int(place[place.lastindex or 0]), message)}: {_reason(message)}"
    if "Malformed JSON at byte" in message and (whole := _wrong(path.read_text(encoding="utf-8"), (dict, list))):
        return f", line {whole[0]}: {whole[1]}"  # each of its lines may be JSON, but not all together
    ends = [line.endswith(b"\r") for line in path.read_bytes().split(b"\n")[:-1]]
    if "reached an invalid state" in message and any(ends) and not all(ends):
        return f", line {ends.index(not ends[0]) + 1}: another line end than line 1 has; end every line alike"
    return None


def _line(path: Path, number: int, message: str) -> int:
    """DuckDB counts one line too many for JSON, and a cell with line breaks as one line."""
    delimiter = re.search(r'^  delimiter = (.).*\n  quote = "', message, re.MULTILINE)
    if delimiter:
        return record_starts(path, delimiter[1])[:number][-1][0]
    return number - ("Malformed JSON" in message)


def _reason(message: str) -> str:
    """What only DuckDB knows: how many cells a table has, how it is quoted, what a JSON value should be."""
    if cells := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message):
        return f"{cells[2]} cells, where {cells[1]} are expected"
    if "unterminated quote" in message:
        return "a quotation mark that none closes, or a text after the one that does; double those inside a cell"
    return (_SAID.search(message) or re.match(".{,100}", message) or [""])[0]


_SAID = re.compile(
    r"(in record/value \d+: )?Expected \w+, but got \w+|has duplicate key \"[^\"]*\"|"
    r"(Maximum line size|\"maximum_object_size\") of \d+ bytes exceeded"
)


def _is_damaged(path: Path) -> bool:
    import duckdb

    try:
        with duckdb.connect() as connection:
            connection.execute("create table rows as from read_parquet(?)", [str(path)])
    except (duckdb.Error, UnicodeDecodeError):  # a message may be cut inside a character
        return True
    return False


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
    whole = _wrong(text, (dict, list))
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if whole and (len(lines) < 2 or _wrong(lines[0][1], (object,))):
        yield whole
    elif whole:
        faults = ((number, _wrong(line, (dict,))) for number, line in lines)
        yield from ((number, fault[1].split(":")[0]) for number, fault in faults if fault)
    yield from ((number, "half of a surrogate pair alone") for number, line in lines if _HALF.search(line))


_HALF = re.compile(r"\\ud[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..)\\ud[c-f]", re.IGNORECASE)


def _wrong(text: str, kinds: tuple[type, ...]) -> tuple[int, str] | None:
    try:
        value = json.loads(text, parse_int=str)  # of any length
    except json.JSONDecodeError as error:
        return error.lineno, f"not JSON: {error.msg}"
    except RecursionError:
        return 1, "JSON that is nested too deep"
    return None if isinstance(value, kinds) else (1, "no JSON object")


def _cell_faults(lines: list[bytes], delimiter: bytes) -> Iterator[tuple[int, str]]:
    """Lines with a quotation mark are left out: their cells may hold delimiters and line breaks."""
    if any(b'"' in line for line in lines):
        return
    expected = lines[0].count(delimiter) + 1
    for number, line in enumerate(lines, 1):
        cells = line.count(delimiter) + 1
        if line.strip() and cells != expected:
            yield number, f"{cells} cells, where line 1 has {expected}"
