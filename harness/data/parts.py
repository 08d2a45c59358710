"""The file of adapted examples: its row groups, and in its metadata each part's digest and what was left out.

A part is one split in one language. Rows go from DuckDB to the file a piece at a time, so that neither a data set nor
a part of one need fit in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from harness import schema

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

CONTENT = ("id", "source", "block", "text", "text_pair", "tokens", "label", "tags", "choices", "answers")
"""Columns that make a part's digest: what the data set says, and not what is known of its languages."""

GROUP_ROWS = 10_000
"""Rows of the largest row group; a part that has more takes several. Whoever changes it raises the epoch of adapting:
readers count row groups."""


class Part(NamedTuple):
    """One split in one language: its rows, and the SHA-256 of their content.

    The digest is that of the columns of :data:`CONTENT`, each as a line of JSON, `["id",["a","b"]]`, those without a
    value left out. It depends on the values alone, not on dictionaries, chunks, machine or Arrow version.
    """

    rows: int
    digest: str


Parts = dict[tuple[str, str], Part]
"""(Split, language) → part, in the order of the file."""

Skipped = dict[tuple[str, str, str], int]
"""(Split, language, reason) → rows of the raw files that the adapter left out."""


def write(connection: duckdb.DuckDBPyConnection, skipped: Skipped, path: Path) -> None:
    """Write the ordered table `examples` of ``connection`` to a Parquet file."""
    import pyarrow.parquet as pq

    counts = connection.execute(
        "select split, language, count(*) from examples group by all order by min(rowid)"
    ).fetchall()
    sizes = [_sizes(rows) for *_, rows in counts]
    parts = [[*part, mark] for part, mark in zip(counts, _digests(connection, sizes), strict=True)]
    facts = {"format": schema.FORMAT, "parts": parts, "skipped": [[*key, rows] for key, rows in skipped.items()]}
    named = schema.arrow("examples").with_metadata({"stiltbench": json.dumps(facts)})
    with pq.ParquetWriter(path, named, compression="zstd") as writer:
        for piece in _pieces(connection, "*", [size for part in sizes for size in part]):
            writer.write_table(piece.cast(named))


def read(path: Path) -> tuple[Parts, Skipped]:
    """Return what the metadata of a file that :func:`write` made says of its rows."""
    import pyarrow.parquet as pq

    facts = json.loads(pq.read_schema(path).metadata[b"stiltbench"])
    parts = {(split, language): Part(rows, mark) for split, language, rows, mark in facts["parts"]}
    return parts, {(split, language, reason): rows for split, language, reason, rows in facts["skipped"]}


def row_groups(parts: Parts) -> dict[tuple[str, str], range]:
    """Return the row groups of each part in the file."""
    groups, first = {}, 0
    for key, part in parts.items():
        groups[key] = range(first, first + len(_sizes(part.rows)))
        first = groups[key].stop
    return groups


def _sizes(rows: int) -> list[int]:
    """Return the rows of each row group of a part."""
    return [min(GROUP_ROWS, rows - start) for start in range(0, rows, GROUP_ROWS)]


def _pieces(connection: duckdb.DuckDBPyConnection, columns: str, sizes: Iterable[int]) -> Iterator[pa.Table]:
    """Yield columns of `examples`, in order, as tables of the given sizes."""
    import pyarrow as pa

    batches = connection.sql(f"select {columns} from examples").to_arrow_reader(GROUP_ROWS)
    held = batches.schema.empty_table()
    for size in sizes:
        while held.num_rows < size:
            held = pa.concat_tables([held, pa.table(batches.read_next_batch())])
        yield held.slice(0, size)
        held = held.slice(size)


def _digests(connection: duckdb.DuckDBPyConnection, sizes: Sequence[Sequence[int]]) -> list[str]:
    """Return the digest of each part; ``sizes`` are the rows of its pieces."""
    marks = [hashlib.sha256() for _ in sizes]
    owners = [(i, size) for i, part in enumerate(sizes) for size in part]
    for name in CONTENT:
        pieces = zip(owners, _pieces(connection, name, (size for _, size in owners)), strict=True)
        for i, part in groupby(pieces, key=lambda piece: piece[0][0]):
            marks[i] = _with_column(marks[i], name, (piece[name].to_pylist() for _, piece in part))
    return [mark.hexdigest() for mark in marks]


def _with_column(mark: Any, name: str, pieces: Iterable[list[object]]) -> Any:
    """Return the hash ``mark`` with one more column, or as it is where the column has no value."""
    longer, lead, some = mark.copy(), f'["{name}",['.encode(), False
    for values in pieces:
        some = some or any(value is not None for value in values)
        longer.update(lead + msgspec.json.encode(values, order="deterministic")[1:-1])
        lead = b","
    longer.update(b"]]\n")
    return longer if some else mark
