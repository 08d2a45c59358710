"""Runs one adapter: a single select over one data set's raw files, in a DuckDB that sees nothing else.

`adapters/NAME.sql` reads the files below `$root`, or the relation `raw` that a reader `adapters/NAME.py` or an
embedded table fills. It yields any of the columns of `examples`, and `file` and `line` where it can say them:
they go into the message about a bad row and nowhere else.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data import diagnose
from harness.data.cards import DatasetCard, Package
from harness.errors import UserError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def selected(card: DatasetCard, sql: Path, reader: Path | None, root: Path | None) -> pa.Table:
    """Return what the select of the file ``sql`` yields, in its order.

    ``reader`` is the adapter's Python file or None, ``root`` the folder of the raw files or None.
    """
    import duckdb

    query, wanted = _statement(sql, duckdb)
    parameters = {"root": str(root)} if "root" in wanted else {}
    with duckdb.connect(config=_OFFLINE) as connection:
        raw = _raw(card, reader, root)
        if raw is not None:
            connection.register("raw", raw)
        _confine(connection, root)
        try:
            return connection.sql(query, params=parameters).to_arrow_table()
        except (duckdb.Error, UnicodeDecodeError) as error:  # a message may be cut inside a character
            raise _explain(error, sql, card, root) from None


_OFFLINE = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


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


def _raw(card: DatasetCard, reader: Path | None, root: Path | None) -> pa.Table | None:
    """Return the relation `raw`: from the adapter's reader, from an embedded table, or none."""
    import pyarrow as pa

    if reader is not None:
        return pa.Table.from_batches(_read_function(reader)(root))
    if any(isinstance(source, Package) for source in card.sources):
        from harness.data import cldr

        return cldr.table()
    return None


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
    folders = "[]" if root is None else "['" + str(root).replace("'", "''") + "']"
    for setting in (
        "python_enable_replacements = false",
        "temp_directory = ''",
        f"allowed_directories = {folders}",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"set {setting}")


def _explain(error: Exception, sql: Path, card: DatasetCard, root: Path | None) -> UserError:
    """Say which line of which raw file is at fault; where the files are sound it is the select."""
    if root is not None and (fault := diagnose.first_fault(root, card.files)):
        return UserError(f"{card.name}: {fault}")
    file = re.search(r"^  file = (.+)$", str(error), re.MULTILINE)
    return UserError(f"{sql}: {_first_line(error)}{f', in {file[1]}' if file else ''}")


def _first_line(error: Exception) -> str:
    # DuckDB's messages can hold a whole line of the file and a dump of every option.
    return str(error).splitlines()[0][:200]
