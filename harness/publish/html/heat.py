"""The heat map: every language's score in every arm, shaded, with its interval and items in the cell's tip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from harness.analysis.results import Results
from harness.analysis.words import interval, many, points
from harness.publish.html.arms import Board
from harness.publish.html.filters import FILTERS, facts, name
from harness.publish.html.prose import CLOSING, opening

SHADES = 10

MANY = 10
"""Columns from which on the names of arms are written upwards."""

NOTE = (
    "Points of each target's headline metric, shaded from its lowest score to its highest. The interval, over items "
    "and seeds, and the number of items stand in a cell's tip. <span class=\"seen\">Underlined</span>: the arm's "
    "training met the language."
)


@dataclass(frozen=True)
class Shade:
    """The shades of one test set's cells, from its lowest score to its highest."""

    low: float
    high: float

    def of(self, value: float) -> int:
        """Return the shade of a score, 0 to 9."""
        return min(SHADES - 1, int((value - self.low) / ((self.high - self.low) or 1.0) * SHADES))

    @property
    def legend(self) -> str:
        """The shades between the scores that they begin and end with."""
        swatches = "".join(f'<i class="h{i}"></i>' for i in range(SHADES))
        return f"{points(self.low, None)} {swatches} {points(self.high, None)}"


def heat_map(results: Results, boards: Sequence[Board], codes: Sequence[str], keys: dict[str, int]) -> str:
    """Return the table of languages by family and name, a column for each arm of each test set.

    ``keys`` says where in a board's scores those of a language stand.
    """
    shades = [_shade(board, [keys[code] for code in codes]) for board in boards]
    rows = []
    for code in sorted(codes, key=lambda c: (facts(c)[0], name(c))):
        cells = "".join(
            _cell(board.scores[arm][keys[code]], results.seen.get((arm, board.measure.target), {}).get(code), shade)
            for board, shade in zip(boards, shades, strict=True)
            for arm in board.arms
        )
        known = "".join(f"<td>{escape(value)}</td>" for value in facts(code))
        rows.append(f'<tr><th scope="row">{escape(name(code))} <small>{code}</small></th>{known}{cells}</tr>')
    legends = (f"<li>{escape(b.target)} {shade.legend}</li>" for b, shade in zip(boards, shades, strict=True))
    many_arms = "heat many" if sum(len(b.arms) for b in boards) > MANY else "heat"
    table = opening("Score of every arm in every language, in points", many_arms) + _head(boards)
    body = "\n".join(rows)
    return (
        f'<p class="note">{NOTE}</p><ul class="legend">{"".join(legends)}</ul>{table}<tbody>\n{body}\n</tbody>{CLOSING}'
    )


def _head(boards: Sequence[Board]) -> str:
    named = "".join(f'<th scope="col" rowspan="2" data-sort>{label}</th>' for label in ("Language", *FILTERS.values()))
    groups = "".join(f'<th scope="colgroup" colspan="{len(b.arms)}">{escape(b.target)}</th>' for b in boards)
    arms = "".join(f'<th scope="col" data-sort>{escape(arm)}</th>' for b in boards for arm in b.arms)
    return f"<thead><tr>{named}{groups}</tr><tr>{arms}</tr></thead>\n"


def _shade(board: Board, places: Sequence[int]) -> Shade:
    values = [board.scores[arm][at]["family_macro"] for arm in board.arms for at in places]
    scored = [value for value in values if value is not None]
    return Shade(min(scored), max(scored))


def _cell(row: dict[str, Any], seen: str | None, shade: Shade) -> str:
    value = row["family_macro"]
    if value is None:
        return '<td class="none" title="not scored">–</td>'
    met = f"; met in training ({seen})" if seen else ""
    said = f"{interval(row['interval'], None)}; {many(row['items'], 'item')}, {many(row['seeds'], 'seed')}{met}"
    return f'<td class="h{shade.of(value)}{" seen" if seen else ""}" title="{said}">{points(value, None)}</td>'
