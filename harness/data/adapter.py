"""Runs one adapter: a single select over one data set's raw files, in a DuckDB that sees nothing else.

`adapters/NAME.sql` reads the files below `$root`, or the relation `raw` that a reader `adapters/NAME.py` or an
embedded table fills. It yields any of the columns of `examples`, and `file` and `line` where it can say them: they go
into the message about a bad row and nowhere else. A row with a reason in `skipped` is left out, and counted. The rows
never leave that DuckDB before they are examples: what does not fit in its memory waits on disk.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data import diagnose
from harness.data.cards import DatasetCard, Package
from harness.data.raw import Raw
from harness.errors import UserError
from harness.quiet import quiet

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


MEMORY_LIMIT = "2GB"
"""What DuckDB may hold of a data set in memory; rows beyond it wait in a folder beside the file that is made."""


@contextmanager
def opened(card: DatasetCard, place: Raw, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a DuckDB whose table `given` holds what the select over the raw files yields, in its order.

    ``spill`` is a folder that is made where memory runs out, and removed.

    :raises UserError: for a select that fails, or a statement of the caller's that its rows make fail
    """
    import duckdb

    root, sql = place.root, place.sql
    _refuse_empty(card, place)
    query, wanted = _statement(sql, duckdb)
    parameters = {"root": str(root)} if "root" in wanted else {}
    with duckdb.connect(config=_OFFLINE) as connection:
        try:
            quiet(connection)
            connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'; set temp_directory = {_quoted(spill)}")
            _load(connection, _raw(card, place))
            _confine(connection, root)
            connection.execute(f"create table given as\n{query}", parameters)
            yield connection
        except duckdb.OutOfMemoryException:
            have = f"{MEMORY_LIMIT} of memory and what is free in {spill.parent}"
            raise UserError(f"{card.name}: {have} do not hold its rows; free space, or set STILTBENCH_CACHE") from None
        except (duckdb.Error, UnicodeDecodeError) as error:  # a message may be cut inside a character
            raise _explain(error, sql, card, root) from None


_OFFLINE = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


def _refuse_empty(card: DatasetCard, place: Raw) -> None:
    """An empty file would be a language or a split less, without a word."""
    for _, path in place.files():
        if not path.stat().st_size:
            raise UserError(f"{card.name}: {path} is empty; take the file as released, or leave it out")


def _statement(sql: Path, duckdb: Any) -> tuple[str, set[str]]:
    """Return the text of the file's one select, and the names of the parameters that it uses."""
    try:
        statements = duckdb.extract_statements(sql.read_text(encoding="utf-8"))
    except duckdb.Error as error:
        raise UserError(f"{sql}: not SQL: {_first_line(error)}") from None
    if len(statements) != 1:
        raise UserError(f"{sql}: {len(statements)} statements; an adapter is exactly one select")
    statement = statements[0]
    if statement.type != duckdb.StatementType.SELECT:
        raise UserError(f"{sql}: a {statement.type.name} statement; an adapter is exactly one select")
    if foreign := set(statement.named_parameters) - {"root"}:
        raise UserError(f"{sql}: parameter ${min(foreign)}; an adapter has only $root, the folder of its files")
    return statement.query, set(statement.named_parameters)


def _raw(card: DatasetCard, place: Raw) -> Iterator[pa.RecordBatch]:
    """Yield the rows of the relation `raw`: from the adapter's reader, a Hub snapshot, an embedded table, or none."""
    if place.reader is not None:
        yield from _read_function(place.reader)(place.root)
    elif place.hub and place.root:
        from harness.data import hub_rows

        yield from hub_rows.rows(place.hub, place.root).to_batches()
    elif any(isinstance(source, Package) for source in card.sources):
        from harness.data.cldr.table import table

        yield from table().to_batches()


def _load(connection: duckdb.DuckDBPyConnection, raw: Iterable[pa.RecordBatch]) -> None:
    """Make the table `raw`, a batch at a time: DuckDB, and not Arrow, holds what a reader yields."""
    import pyarrow as pa

    try:
        for i, batch in enumerate(raw):
            connection.register("batch", pa.table(batch))
            connection.execute("insert into raw from batch" if i else "create table raw as from batch")
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read ({error.strerror})") from None


def _read_function(reader: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"stiltbench_adapter_{reader.stem}", reader)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "read"):
        raise UserError(f"{reader}: no function read(root); it yields Arrow record batches of the raw rows")
    return module.read


def _confine(connection: duckdb.DuckDBPyConnection, root: Path | None) -> None:
    """Leave the select nothing but the files below ``root`` and the relation `raw`, for good."""
    for setting in (
        "python_enable_replacements = false",
        f"allowed_directories = [{_quoted(root) if root else ''}]",
        "enable_external_access = false",
        "allowed_configs = ['threads']",
        "lock_configuration = true",
    ):
        connection.execute(f"set {setting}")


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _explain(error: Exception, sql: Path, card: DatasetCard, root: Path | None) -> UserError:
    """Say which line of which raw file is at fault; where the files are sound it is the select."""
    # The message itself may be cut inside a character.
    message = error.object.decode(errors="replace") if isinstance(error, UnicodeDecodeError) else str(error)
    try:
        fault = root and diagnose.first_fault(root, card.files, message)
    except OSError as unreadable:
        fault = f"{unreadable.filename}: cannot be read ({unreadable.strerror})"
    if fault:
        return UserError(f"{card.name}: {fault}")
    return UserError(f"{sql}: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    # DuckDB's messages can hold a whole line of the file and a dump of every option.
    return str(error).splitlines()[0][:200]
