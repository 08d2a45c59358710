"""SQL over results: an in-memory DuckDB with views over a store's files, or over one published results file.

Never a database file that is shared. Both give the same tables above `scored` (views.sql), so one question has one
answer; what only a store keeps (predictions, jobs, curves) a published file has no table of.
"""

from __future__ import annotations

import glob
import json
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from harness import schema
from harness.errors import UserError
from harness.languages import literal, view_sql
from harness.quiet import quiet
from harness.record import recorded
from harness.resources import folder
from harness.store import Store
from harness.suite import Suite

FILES = {
    "predictions": "jobs/*/predictions.parquet",
    "example_scores": "jobs/*/example_scores.parquet",
    "curves": "jobs/*/curves.parquet",
    "cells": "suites/*/cells.parquet",
    "seen": "suites/*/seen.parquet",
    "masked": "suites/*/masked.parquet",
    "errata": "suites/*/errata.parquet",
    "contrasts": "suites/*/contrasts.parquet",
}
"""Table → where the store keeps its files."""

Source = Store | Path
"""Where results come from: a store, or a published ``results.parquet``."""

DISTANCES = """
    with pairs as (from read_csv({file}, header = true, auto_detect = false, columns = {types}))
    from pairs union all by name select * rename (a as b, b as a) from pairs
    union all select code, code, 0, 0, 0, 0, 0, 0, 1, 1 from languages
"""
"""All ordered pairs of codes: a pair in both directions, and 0 from a code to itself."""


def connect(source: Source, suite: str | None = None) -> duckdb.DuckDBPyConnection:
    """Return a connection whose views are the tables of ``schema.py`` over one source, and `languages`.

    With ``suite`` the tables of suites hold that one alone. The connection reads the source and the shipped cards, and
    nothing else.
    """
    con = _open(source, suite)
    place = (source.path if isinstance(source, Store) else source).absolute()
    places = [literal(place), literal(Path(glob.escape(str(place))))]
    folders = [literal(folder("datacards")), *(places if isinstance(source, Store) else [])]
    con.execute(f"set allowed_directories = [{', '.join(folders)}]")
    con.execute(f"set allowed_paths = [{', '.join(places)}]")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def _open(source: Source, suite: str | None) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    con.execute("set python_enable_replacements = false")
    quiet(con)
    con.register("read_once", _languages())
    con.execute("create table languages as from read_once")
    con.unregister("read_once")
    pairs = literal(folder("datacards") / "distances.csv")
    con.execute(f"create view distances as {DISTANCES.format(file=pairs, types=_types('distances'))}")
    if isinstance(source, Store):
        _store_tables(con, source, suite)
    else:
        _file_tables(con, source, suite)
    con.execute(_script("views.sql"))
    return con


@cache
def _languages() -> pa.Table:
    return duckdb.connect().sql(view_sql()).to_arrow_table()


def write(store: Store, suite: str, columns: str, metadata: str, path: Path) -> None:
    """Write columns of a suite's scores into one Parquet file, both editions; its rows are in no order."""
    told = metadata.replace("'", "''")
    form = f"format parquet, compression zstd, kv_metadata {{stiltbench: '{told}'}}"
    try:
        _open(store, suite).execute(f"copy (select {columns} from scored) to {literal(path)} ({form})")
    except duckdb.IOException as e:
        raise UserError(f"{path}: cannot write ({str(e).splitlines()[0][:200]}); free space, then run again") from None


def query(sql: str, source: Source, suite: str | None = None) -> duckdb.DuckDBPyRelation:
    """Return the relation of one SELECT over the tables of a source; what SQL refuses is a :class:`UserError`."""
    return ask(connect(source, suite), sql)


def ask(con: duckdb.DuckDBPyConnection, sql: str, where: str = "query") -> duckdb.DuckDBPyRelation:
    """Return the relation of one SELECT on an open connection; ``where`` opens the message of what SQL refuses."""
    try:
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise UserError(f"{where}: expected one SELECT, saw {len(statements)} statement(s) that are not just that")
        return con.sql(sql).materialize()  # now, so that what fails on a row fails here
    except duckdb.Error as e:
        raise UserError(f"{where}: {str(e).splitlines()[0][:300]}") from None


def metadata(path: Path) -> dict[str, Any]:
    """Return what a published results file says of itself: format, suite, hash, seen, declared, facts."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; name a leaderboard's results.parquet")
    try:
        found = (pq.read_schema(path).metadata or {}).get(b"stiltbench")
    except (pa.ArrowInvalid, OSError):
        found = None
    if not found:
        raise UserError(f"{path}: not a leaderboard's results.parquet")
    meta: dict[str, Any] = json.loads(found)
    if meta["format"] > schema.FORMAT:
        raise UserError(f"{path}: written by a newer stiltbench (format {meta['format']}); upgrade stiltbench")
    return meta


def _store_tables(con: duckdb.DuckDBPyConnection, store: Store, suite: str | None) -> None:
    if suite is not None:
        recorded(store, suite)  # refuses a suite that the store does not know
    root, mine = store.tables(), f"suites/{'*' if suite is None else glob.escape(suite)}/"
    for table, pattern in FILES.items():
        con.execute(f"create view {table} as {_select(root, table, pattern.replace('suites/*/', mine))}")
    con.execute(f"create view jobs as {_jobs(root)}")
    con.execute(f"create view suites as {_suites(root, mine + 'suite.json')}")
    con.execute(_script("store.sql"))


def _file_tables(con: duckdb.DuckDBPyConnection, path: Path, suite: str | None) -> None:
    meta = metadata(path)
    declared = msgspec.convert(meta["suite"], Suite)
    if suite not in (None, declared.name):
        raise UserError(f"{path}: holds the results of {declared.name}, not of {suite}")
    script = _script("file.sql").replace("$file", _files(path.parent, glob.escape(path.name)))
    con.execute(script.replace("$edition", f"'{declared.edition}'"))
    con.execute(f"create table contrasts as {_empty('contrasts')}")
    for contrast in declared.contrasts:
        told = {"suite": declared.name, "contrast": contrast.name, "declared": meta["declared"].get(contrast.name)}
        row = [told[c.name] if c.name in told else getattr(contrast, c.name) for c in schema.columns("contrasts")]
        con.execute(f"insert into contrasts values ({', '.join('?' * len(row))})", row)


def _script(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _files(root: Path, pattern: str) -> str:
    """Return a pattern below a folder as SQL writes it; what would be a pattern in the folder's own name is escaped."""
    return literal(Path(glob.escape(str(root.absolute()))) / pattern)


def _select(root: Path, table: str, pattern: str) -> str:
    if not any(root.glob(pattern)):
        return _empty(table)
    return f"select * from read_parquet({_files(root, pattern)}, union_by_name = true)"


def _jobs(root: Path) -> str:
    pattern = "jobs/*/job.json"
    if not any(root.glob(pattern)):
        return _empty("jobs")
    return f"select * from read_json({_files(root, pattern)}, columns = {_types('jobs')})"


def _suites(root: Path, pattern: str) -> str:
    """Return the select of every suite and its whole declaration, as JSON."""
    if not any(root.glob(pattern)):
        return "select null::varchar as suite, null::json as declaration where false"
    read = f"read_json({_files(root, pattern)}, columns = {{suite: 'JSON'}})"
    return f"select suite->>'name' as suite, suite as declaration from {read}"


def _types(table: str) -> str:
    return "{" + ", ".join(f"{c.name}: '{schema.sql_type(c)}'" for c in schema.columns(table)) + "}"


def _empty(table: str) -> str:
    columns = (f'null::{schema.sql_type(c)} as "{c.name}"' for c in schema.columns(table))
    return f"select {', '.join(columns)} where false"
