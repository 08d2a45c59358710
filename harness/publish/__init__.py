"""Statements become a leaderboard: a page, its figures, and the one file that all of it is rendered from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from harness.analysis import results as found
from harness.analysis.numbers import rounded
from harness.errors import UserError
from harness.publish import boards
from harness.publish.page import first_look as is_first_look
from harness.publish.page import render
from harness.publish.queries import render_queries
from harness.store import Store, writing_folder, writing_folder_errors


def publish(
    suite: str,
    out: Path,
    store: Store | None,
    source: Path | None = None,
    queries: Path | None = None,
    *,
    first_look: bool = False,
    html: bool = False,
) -> Path:
    """Write a suite's page into ``out`` from a store, or from a published ``results.parquet``; return the page.

    ``queries`` is a folder of the user's own named queries, which are answered beside those that ship. With ``html``
    the page is written as one HTML file too. Unfinished
    suites are refused, and what was limited is, unless it is asked for as a ``first_look``: that is what its page then
    says it is. The page is always rendered from the file beside it, so both ways give the same bytes. A folder called
    `leaderboards` gets its index.
    """
    read = _read(source, suite) if source else None
    if store is not None and read is None:
        read = _finished(found.from_store(store, suite), suite)
    assert read is not None
    if is_first_look(read.suite) and not first_look:
        look = (
            "a first look (--scale smoke)"
            if read.suite.scale == "smoke"
            else f"a first look (--limit {read.suite.limit})"
        )
        raise UserError(f"{suite}: {look} is never published; run the whole suite, or see it by `run --out PAGE`")
    with writing_folder(out) as made:
        if source is not None:
            shutil.copyfile(source, made / "results.parquet")
        elif store is not None:
            found.write(read, store, made / "results.parquet")
        _render(made, queries, html)
    if out.absolute().parent.name == boards.FOLDER:
        with writing_folder_errors(out.parent):
            boards.write_index(out.parent)
    return out / ("index.html" if html else "index.md")


def _render(made: Path, queries: Path | None, html: bool) -> None:
    """Write all that is rendered from a folder's results."""
    results = found.from_file(made / "results.parquet")
    files = {"queries.md": render_queries(results, queries)}  # first: it keeps the scores, which the page asks for too
    page, statements = render(results)
    if html:
        from harness.publish.html import render_html

        page["index.html"] = render_html(results, page["index.md"], statements)
    for name, text in (files | page).items():
        (made / name).write_text(text, encoding="utf-8")
    said = json.dumps(rounded(statements), ensure_ascii=False, allow_nan=False) + "\n"
    (made / "statements.json").write_text(said, encoding="utf-8")


def _read(path: Path, suite: str) -> found.Results:
    results = found.from_file(path)
    if results.suite.name != suite:
        raise UserError(f"{path}: holds the results of {results.suite.name}, not of {suite}")
    return results


def _finished(results: found.Results, suite: str) -> found.Results:
    done = sum(phase["jobs"] for phase in results.facts["phases"])
    if done < results.facts["planned"]:
        raise UserError(f"{suite}: {done} of {results.facts['planned']} jobs are done; `stiltbench run` does the rest")
    return results
