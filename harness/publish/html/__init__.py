"""A suite's page as one HTML file: the markdown page, with a leaderboard, forest plots and a heat map to look into.

It asks for nothing outside itself and reads without JavaScript; `page.js` adds sorting, filters and hovering. What is
said comes from the markdown page, and every number from the reports and scores that it is made of.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from harness.analysis.compare import Comparer
from harness.analysis.results import Results
from harness.analysis.words import told_apart
from harness.publish.html.arms import boards_of, leaderboard
from harness.publish.html.filters import form, sets_of
from harness.publish.html.forest import contrasts, overview
from harness.publish.html.heat import heat_map
from harness.publish.html.prose import chapters, prose

Report = dict[str, Any]
Sections = dict[str, str]
"""Title → HTML."""


def render_html(results: Results, markdown: str, reports: list[Report]) -> str:
    """Return the HTML page of a suite, from its markdown page and the reports that :func:`page.render` returns."""
    said, shown, comparer = chapters(markdown, "## "), told_apart(reports), Comparer(results)
    above = said.pop("").partition("\n\n")[2]
    arms = list(chapters(said.pop("Arms", ""), "### ").items())[1:]  # a part for each test set, then others
    measures = [m for target in results.suite.targets for m in results.headlines(target)]
    codes = sorted({code for m in measures for arm in results.suite.arms for code in comparer.cube(arm, m).languages})
    keys, sets = sets_of(codes)
    boards = boards_of(comparer, measures, sets)
    looked: Sections = {}
    if boards:
        tables = [leaderboard(results.suite, board, *part) for board, part in zip(boards, arms, strict=False)]
        looked = {"Leaderboard": "\n".join(tables), "Languages": heat_map(results, boards, codes, keys)}
    rest = {"Gains by family": contrasts(results.suite, shown, said.pop("Contrasts", ""))}
    rest |= {title: _folded(text, title) for title, text in [*arms[len(boards) :], *said.items()]}
    return Template(_asset("page.html")).substitute(
        css=_asset("page.css"),
        js=_asset("page.js"),
        title=escape(results.suite.title),
        nav="".join(f'<li><a href="#{_anchor(title)}">{escape(title)}</a></li>' for title in looked | rest),
        above=f'<div class="answer">{prose(above, "")}</div>{overview(shown)}',
        filters=form(codes),
        looked=_sections(looked),
        rest=_sections(rest),
        data=_json({"keys": keys, "scores": [board.data for board in boards]}),
    )


def _sections(bodies: Sections) -> str:
    parts = (f'<section id="{_anchor(t)}"><h2>{escape(t)}</h2>\n{body}\n</section>' for t, body in bodies.items())
    return "\n".join(parts)


def _folded(markdown: str, title: str) -> str:
    """Return a section of the markdown page, its parts folded away."""
    parts = chapters(markdown, "### ")
    first = prose(parts.pop(""), title)
    folded = (f"<details><summary>{escape(t)}</summary>{prose(text, t)}</details>" for t, text in parts.items())
    return "\n".join([first, *folded])


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _json(data: dict[str, Any]) -> str:
    """Return data as JSON in which nothing can end the element that it stands in."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
