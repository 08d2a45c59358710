"""A foreign file or folder as a table: its layout is one select, in a DuckDB that may read that place and nothing else.

Every value of a text table stays the text that it is, so that what is no number, label or id can be named.
"""

from __future__ import annotations

import glob
from pathlib import Path

import duckdb

from harness import languages as lang
from harness.analysis.gains import WHOLE
from harness.errors import UserError
from harness.quiet import quiet

FILES = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".parquet": "parquet"}
"""Suffix of a table → the layout that reads it."""


def raw(source: Path, layout: str) -> duckdb.DuckDBPyConnection:
    """Return a connection with the table `raw`: what `imports/LAYOUT.sql` yields of a file ($file) or folder ($root).

    $root is the folder as a pattern, and the variable `place` its plain name; `whole` is the id of a whole test set.

    :raises UserError: for what cannot be read so
    """
    place = str(source.absolute())
    below = source.is_dir()
    con = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    con.execute("set python_enable_replacements = false")
    quiet(con)
    allowed = ", ".join(lang.literal(Path(path)) for path in (place, glob.escape(place)))
    con.execute("set variable place = ?", [place])
    con.execute("set variable whole = ?", [WHOLE])
    con.execute(f"set allowed_{'directories' if below else 'paths'} = [{allowed}]")
    con.execute("set enable_external_access = false")
    select = Path(__file__).with_name("imports").joinpath(f"{layout}.sql").read_text(encoding="utf-8")
    try:
        con.execute(f"create table raw as {select}", {"root" if below else "file": glob.escape(place)})
    except duckdb.Error as error:
        raise UserError(f"{source}: not laid out as {layout}: {str(error).splitlines()[0][:300]}") from None
    return con


def of_table(file: Path) -> str:
    """Return the layout of a table by its suffix, one of :data:`FILES`; the file must be there."""
    if file.suffix not in FILES:
        raise UserError(f"{file}: expected a table named {', '.join(FILES)}, saw suffix {file.suffix!r}")
    if not file.is_file():
        raise UserError(f"{file}: no such file")
    return FILES[file.suffix]
