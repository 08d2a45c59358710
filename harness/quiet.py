"""DuckDB without its progress bar, which on a terminal goes to standard output, among the rows.

In a notebook it is off, and cannot be set at all where `ipywidgets` is missing (DuckDB 2.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def quiet(connection: duckdb.DuckDBPyConnection) -> None:
    """Switch the progress bar off where it is on."""
    if connection.execute("select current_setting('enable_progress_bar')").fetchall() == [(True,)]:
        connection.execute("set enable_progress_bar = false")
