"""The answers of the named queries as a page beside a leaderboard: questions, tables, and how to ask again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from harness.analysis.named import SHIPPED, NamedQuery, named_queries
from harness.analysis.query import ask
from harness.analysis.results import Measure, Results

ROWS = 60
"""Most rows of an answer that the page shows."""

MEASURE = ("dataset", "split", "metric", "direction", "layer")
"""Columns that say what was measured: a headline is one line above the table, not five columns in it."""


def render_queries(results: Results, own: Path | None = None) -> str:
    """Return the markdown of every named query's answer about a published file's results.

    An answer with the columns of a measure is shown for the headline of each target alone.
    """
    con = results.con
    headlines = [m for target in results.suite.targets for m in results.headlines(target)]
    con.execute("create temp table kept as from scores")  # every question asks for them, and they take a while
    con.execute("create or replace view scores as from kept")
    con.execute("create temp table headlines (target varchar, dataset varchar, split varchar, metric varchar, "
                "direction varchar, layer integer)")  # fmt: skip
    for m in headlines:
        con.execute("insert into headlines values (?, ?, ?, ?, ?, ?)", [m.target, *(getattr(m, c) for c in MEASURE)])
    told = "\n".join(f"- {m.target}: {', '.join(_told(m))}" for m in headlines)
    opening = (
        f"# Questions about {results.suite.title}\n\nWhere a table names no metric it is of each target's headline:\n\n"
        f"{told}\n\nThe command under a title prints its whole answer. These tables describe; what can be said of a "
        "difference stands in [the report](index.md)."
    )
    return "\n\n".join([opening, *(_section(con, q) for q in named_queries(own).values())]) + "\n"


def _told(measure: Measure) -> Iterable[str]:
    yield from (measure.metric, measure.dataset, measure.split)
    if measure.layer is not None:
        yield f"layer {measure.layer}"


def _section(con: duckdb.DuckDBPyConnection, query: NamedQuery) -> str:
    """Return title, explanation, how to ask again, and the answer; of a query that does not ship the SQL as well."""
    shipped = (SHIPPED / f"{query.name}.sql").is_file()
    again = f"`stiltbench query --named {query.name} --from results.parquet`"
    how = again if shipped else f"```sql\n{query.sql.strip()}\n```"
    return "\n\n".join(filter(None, [f"## {query.title}", query.explanation, how, _answer(con, query)]))


def _answer(con: duckdb.DuckDBPyConnection, query: NamedQuery) -> str:
    answer = ask(con, query.sql, f"{query.name}.sql")
    columns = answer.columns
    shown = {*columns} - {"suite"}
    rows = [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]
    if {"target", *MEASURE} <= {*columns}:
        kept = set(con.execute("from headlines").fetchall())
        rows = [r for r in rows if tuple(r[c] for c in ("target", *MEASURE)) in kept]
        several = len({r["target"] for r in rows}) < len({(r["target"], r["dataset"], r["split"]) for r in rows})
        shown -= {*MEASURE[2:]} if several else {*MEASURE}
    if not rows:
        return "No row."
    head = [c for c in columns if c in shown]
    lines = [head, ["---"] * len(head), *([_cell(r[c]) for c in head] for r in rows[:ROWS])]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return table if len(rows) <= ROWS else f"{table}\n\n*The first {ROWS} of {len(rows)} rows.*"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float | Decimal):
        return f"{round(float(value), 9):.4f}".replace("-0.0000", "0.0000")  # a sum's last bits differ between runs
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
