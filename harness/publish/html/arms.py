"""The leaderboard of every test set, and the scores that its filters ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from harness.analysis.arms import scores_within
from harness.analysis.compare import Comparer
from harness.analysis.ranking import rankings
from harness.analysis.results import Measure
from harness.analysis.words import interval, many, points, ranks, told_apart
from harness.publish.html.forest import Axis, figure, plot, scale
from harness.publish.html.prose import CLOSING, opening, prose
from harness.publish.training import reads
from harness.suite import Suite

Report = dict[str, Any]

SCALE = Axis(0.0, 100.0, (0.0, 25.0, 50.0, 75.0, 100.0))
"""All scores: what a filter leaves stays comparable with what it hid."""

HEAD = (
    '<thead><tr><th scope="col" data-sort>rank</th><th scope="col" data-sort>arm</th>'
    f'<th scope="col" class="n" data-sort>family-macro</th><td class="plot">{scale(SCALE)}</td>'
    '<th scope="col" class="n" data-sort>language-macro</th><th scope="col" class="n">languages</th>'
    '<th scope="col" class="n">families</th><th scope="col" class="n">seeds</th></tr></thead>'
)

MACROS = (
    ("family_macro", "se", "interval"),
    ("language_macro", "language_macro_se", "language_macro_interval"),
)
"""The two means of an arm: its key, and those of its standard error and interval."""


@dataclass(frozen=True)
class Board:
    """One test set: what is measured, the ranking of its arms, and each arm's scores over each set of languages."""

    measure: Measure
    ranking: Report
    scores: dict[str, list[Report]]

    @property
    def target(self) -> str:
        """The target, with its data set where it has several."""
        return str(self.ranking["target"])

    @property
    def arms(self) -> list[str]:
        """Scored arms as the suite lists them, so that they stand in one order in every test set."""
        scored = {row["arm"] for row in self.ranking["arms"]}
        return [arm for arm in self.scores if arm in scored]

    @property
    def data(self) -> dict[str, list[str]]:
        """Printed scores of each arm over each set, as the page's script reads them."""
        return {arm: [_printed(row) for row in self.scores[arm]] for arm in self.arms}


def boards_of(comparer: Comparer, measures: Sequence[Measure], sets: Sequence[set[str]]) -> list[Board]:
    """Return the board of every measure that is a headline, its arms scored over each of the sets."""
    ranked = told_apart(rankings(comparer)) if measures else []
    return [Board(m, found, scores_within(comparer, m, sets)) for m, found in zip(measures, ranked, strict=True)]


def _printed(row: Report) -> str:
    """Return both means with their intervals, "-" where there is none, then languages, of how many, and families."""
    numbers = [(v, row.get(se)) for key, se, ends in MACROS for v in (row[key], *(row.get(ends) or (None, None)))]
    texts = ["-" if value is None else points(value, se) for value, se in numbers]
    return " ".join([*texts, *(str(row[n]) for n in ("languages", "of", "families"))])


def leaderboard(suite: Suite, board: Board, title: str, said: str) -> str:
    """Return the leaderboard of one test set, and below it what the markdown page says (``said``) below its own."""
    rows = "\n".join(_arm(suite, row) for row in board.ranking["arms"])
    table = f"{opening(title, 'board')}{HEAD}\n<tbody>\n{rows}\n</tbody>{CLOSING}"
    below = prose("\n\n".join(said.split("\n\n")[1:]), title)
    notes = f"<details><summary>How to read it</summary>{below}</details>"
    return figure(title, table, "data-board") + notes


def _arm(suite: Suite, row: Report) -> str:
    arm, ends = row["arm"], row["interval"]
    control = " (control)" if suite.arms[arm].control else ""
    drawn = plot(SCALE, row["family_macro"] * 100, (ends[0] * 100, ends[1] * 100) if ends else None)
    family, language = (_score(row, *macro) for macro in MACROS)
    return (
        f'<tr data-arm="{escape(arm)}" data-rank="{ranks(row)}"><td>{ranks(row)}</td>'
        f'<th scope="row">{escape(arm)}{control}<small>{escape(reads(suite, arm))}</small></th>{family}'
        f'<td class="plot">{drawn}</td>{language}<td class="n">{row["languages"]}/{row["of"]}</td>'
        f'<td class="n">{row["families"]}</td><td class="n">{row["seeds"]}</td></tr>'
    )


def _score(row: Report, key: str, se: str, ends: str) -> str:
    said = interval(row.get(ends), row.get(se))
    tip = f"{'95 % interval ' if row.get(ends) else ''}{said}; {many(row['languages'], 'language')}, "
    return (
        f'<td class="n" title="{tip}{many(row["families"], "family", "families")}">{points(row[key], row.get(se))} '
        f"<small>[{said.replace(' to ', ', ')}]</small></td>"
    )
