"""SQL over a store: an in-memory DuckDB with views over the store's files; never a database file that is shared."""

from __future__ import annotations

import glob
from pathlib import Path

import duckdb

from harness import schema
from harness.errors import UserError
from harness.languages import literal, view_sql
from harness.resources import folder
from harness.store import Store

FILES = {
    "predictions": "jobs/*/predictions.parquet",
    "example_scores": "jobs/*/example_scores.parquet",
    "curves": "jobs/*/curves.parquet",
    "cells": "suites/*/cells.parquet",
    "seen": "suites/*/seen.parquet",
    "masked": "suites/*/masked.parquet",
    "contrasts": "suites/*/contrasts.parquet",
}
"""Table → where the store keeps its files."""


def connect(store: Store) -> duckdb.DuckDBPyConnection:
    """Return a connection whose views are the tables of ``schema.py`` over one store, and `languages`.

    The connection reads the store's folder and the shipped cards, and nothing else.
    """
    con = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    con.execute("set python_enable_replacements = false")
    for table, pattern in FILES.items():
        con.execute(f"create view {table} as {_select(store.path, table, pattern)}")
    con.execute(f"create view jobs as {_jobs(store.path)}")
    con.execute(f"create view languages as {view_sql()}")
    con.execute(Path(__file__).with_name("views.sql").read_text(encoding="utf-8"))
    cards = folder("datacards")
    places = (store.path.absolute(), Path(glob.escape(str(store.path.absolute()))), cards.absolute())
    con.execute(f"set allowed_directories = [{', '.join(map(literal, places))}]")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def query(sql: str, store: Store) -> duckdb.DuckDBPyRelation:
    """Return the relation of one SELECT over a store's tables; what SQL refuses is a :class:`UserError`."""
    con = connect(store)
    try:
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise UserError(f"query: expected one SELECT, saw {len(statements)} statement(s) that are not just that")
        return con.sql(sql).materialize()  # now, so that what fails on a row fails here
    except duckdb.Error as e:
        raise UserError(f"query: {str(e).splitlines()[0][:300]}") from None


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
    types = ", ".join(f"{c.name}: '{schema.sql_type(c)}'" for c in schema.columns("jobs"))
    return f"select * from read_json({_files(root, pattern)}, columns = {{{types}}})"


def _empty(table: str) -> str:
    columns = (f'null::{schema.sql_type(c)} as "{c.name}"' for c in schema.columns(table))
    return f"select {', '.join(columns)} where false"
