"""The HTML pages of published boards, made once for the tests of their text and those in a browser."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from harness.analysis.results import Results, from_file
from harness.publish.html import render_html
from harness.publish.page import render

BOARDS = Path(__file__).resolve().parents[2] / "leaderboards"


def written(results: Results) -> str:
    page, reports = render(results)
    return render_html(results, page["index.md"], reports)


@cache
def html_of(board: str) -> str:
    """Return the HTML page of a published board; it takes some seconds."""
    return written(from_file(BOARDS / board / "results.parquet"))
