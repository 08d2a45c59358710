"""What the calls of `import harness` add to what they call: rows become Arrow; and listings of no module's own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from harness import languages as lang
from harness import schema
from harness.data.cards import model_card, model_names
from harness.suite_file import load, shipped

Row = dict[str, Any]


def as_table(call: Callable[..., Any]) -> Callable[..., pa.Table]:
    """Return a call that gives as an Arrow table what ``call`` gives as rows, as one row, or as a DuckDB relation."""

    @functools.wraps(call)
    def tabled(*args: Any, **kwargs: Any) -> pa.Table:
        return table(call(*args, **kwargs))

    return tabled


def table(found: Any) -> pa.Table:
    """Return rows, one row, or a relation as an Arrow table; what a row lacks is null there."""
    if hasattr(found, "to_arrow_table"):
        return found.to_arrow_table()
    rows = [found] if isinstance(found, Mapping) else list(found)
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def list_suites() -> list[Row]:
    """Return the suites that ship: name, title and file."""
    return [{"suite": name, "title": load(name).title, "file": path.name} for name, path in shipped().items()]


def list_models() -> list[Row]:
    """Return the models that have a card: name, title and licence."""
    return [
        {"model": name, "title": model_card(name).title, "licence": model_card(name).licence} for name in model_names()
    ]


def list_languages(name: str | None = None) -> list[Row]:
    """Return a row per language, or one per known fact of the language that a code or an English name stands for."""
    if name is None:
        return [dict(row) for row in lang.languages().values()]
    return [fact._asdict() for fact in lang.explain(lang.resolve(name)) if fact.value]


def table_columns(name: str | None = None) -> list[Row]:
    """Return the columns of a table, by default of all: type, meaning, unit, and whether NULL is allowed."""
    return [
        {"table": t, "column": c.name, "type": schema.sql_type(c), "null": c.null, "unit": c.unit, "meaning": c.meaning}
        for t in ([name] if name else schema.TABLES)
        for c in schema.columns(t)
    ]
