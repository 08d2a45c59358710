"""The index of what is published: `README.md` of a folder of leaderboards, made from the boards that lie in it.

Nothing in it is written by hand, and nothing computed anew: each row says what the board's own files say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from harness.analysis import query
from harness.analysis.words import summed, told_apart
from harness.data.cards import model_card, model_names
from harness.errors import UserError
from harness.publish.page import MOST_ANSWERS, first_look, floor
from harness.publish.tables import table
from harness.store import write_whole
from harness.suite import Suite

Report = dict[str, Any]

FOLDER = "leaderboards"
"""Name of a folder that has an index."""

HEAD = ["suite", "question", "model", "what was found", "languages", "families", "seeds", "results of"]

ABOUT = (
    "# Leaderboards",
    "What is published here, by `stiltbench publish`, which writes this page as well. What was found is said of the "
    "primary contrasts alone; languages are those that neither arm of the first has seen. A page's doubts and the way "
    "to check it stand on it.",
)


def write_index(boards: Path) -> None:
    """Write the index of a folder of leaderboards into it."""
    write_whole(boards / "README.md", index(boards).encode())
    (boards / "README.md").chmod(0o644)


def index(boards: Path) -> str:
    """Return the index of a folder of leaderboards: a row for each folder of results, by name; first looks have none.

    :raises UserError: for a file of a board that cannot be read
    """
    rows = [_row(path.parent) for path in sorted(boards.glob("*/statements.json"))]
    return "\n\n".join([*ABOUT, table(HEAD, [row for row in rows if row])]) + "\n"


def _row(board: Path) -> list[str]:
    """Return the cells of a board; none of a first look, which is no leaderboard wherever it lies."""
    meta = query.metadata(board / "results.parquet")
    suite = msgspec.convert(meta["suite"], Suite)
    if first_look(suite):
        return []
    main = _main(board)
    found = [f"On {r['target']} ({r['a']} against {r['b']}): {r['statement']}" for r in main]
    found = [summed(main)] if len(main) > MOST_ANSWERS else found
    n = main[0]["n"] if main and main[0]["reason"] != "no_unseen_languages" else {}
    counts = [n.get("codes", 0), n.get("families", 0), len(suite.seeds)]
    model = model_card(suite.model).title if suite.model in model_names() else suite.model
    said = "<br>".join(filter(None, [floor(suite), *found]))
    link = f"[{suite.name}]({board.name}/index.md)"
    return [link, suite.title, model, said, *map(str, counts), meta["facts"]["ended"][:10]]


def _main(board: Path) -> list[Report]:
    """Return the reports that a page answers with: of primary contrasts on headlines and whatever else they are on."""
    file = board / "statements.json"
    try:
        reports = told_apart(json.loads(file.read_bytes()))
    except (ValueError, KeyError):
        again = f"`stiltbench publish {board.name} --from {board / 'results.parquet'} --out {board}`"
        raise UserError(f"{file}: not as this version writes it; publish the board again: {again}") from None
    primary = {r["contrast"] for r in reports if r["role"] == "primary"}
    return [r for r in reports if r["contrast"] in primary]
