"""Finds the first fault of raw files, for the message alone: it runs only once something has failed.

DuckDB itself names no line for a stray carriage return, counts one too many for JSON, and prints the whole line.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

LINED = {".tsv", ".csv", ".txt"}
"""Suffixes of the files with one record a line, whose number of cells is compared with the first line's."""


def first_fault(root: Path, patterns: Sequence[str], message: str = "") -> str | None:
    """Return ``FILE, line N: what is wrong``, or None where the files below ``root`` have no fault to see.

    The file is the one that DuckDB's ``message`` names, else the first faulty one.
    """
    named = re.search(r"^  file = (.+)$|file \"(.+?)\"|of file '(.+?)'", message, re.MULTILINE)
    found = [path for pattern in patterns for path in sorted(root.glob(pattern))]
    for path in [Path(named[named.lastindex or 0])] if named else found:
        if path.suffix == ".parquet":  # it has no lines
            if _is_damaged(path):
                return f"{path}: not Parquet, or damaged; fetch it again"
            continue
        for line, fault in _faults(path):
            return f"{path}, line {line}: {fault}"
        if place := re.search(r"CSV Error on Line: (\d+)|in line (\d+)", message):
            return f"{path}, line {_line(path, int(place[place.lastindex or 0]), message)}: {_reason(message)}"
        ends = [line.endswith(b"\r") for line in path.read_bytes().split(b"\n")[:-1]]
        if "reached an invalid state" in message and any(ends) and not all(ends):
            return f"{path}, line {ends.index(not ends[0]) + 1}: another line end than line 1 has; end every line alike"
    return f"{named[named.lastindex or 0]}: {_reason(message)}" if named else None


def _line(path: Path, number: int, message: str) -> int:
    """DuckDB counts one line too many for JSON, and a cell with line breaks as one line."""
    delimiter = re.search(r'^  delimiter = (.).*\n  quote = "', message, re.MULTILINE)
    if delimiter:
        return _record_starts(path, delimiter[1])[:number][-1][0]
    return number - ("Malformed JSON" in message)


def _record_starts(path: Path, delimiter: str) -> list[tuple[int, bool]]:
    """Return the line of each record of a quoted table, and whether it is one and no empty line."""
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as file:
        records = csv.reader(file, delimiter=delimiter)
        starts, end = [], 0
        for record in records:
            starts.append((end + 1, bool(record)))
            end = records.line_num
        return starts


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
        with path.open(encoding="utf-8") as file:
            delimiter = "\t" if "\t" in file.readline() else ","
        return [start for start, record in _record_starts(path, delimiter) if record][:number][-1]
    if path.suffix in (".json", ".jsonl"):
        lines = enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        return [start for start, line in lines if line.strip()][:number][-1]
    return number


def _is_damaged(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.read_table(path, use_threads=False)
    except (pa.ArrowException, OSError):
        return True
    return False


def _line_of(file: str, name: str) -> int | None:
    spelled = {json.dumps(name), json.dumps(name, ensure_ascii=False)} | ({name} if name.isdigit() else set())
    value = re.compile(rf"(?<=[\s:\[,])({'|'.join(map(re.escape, spelled))})(?=[\s,\]}}]|$)")
    lines = list(enumerate(Path(file).read_text(encoding="utf-8").split("\n"), 1))
    return next((number for number, line in reversed(lines) if value.search(line)), None)


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
