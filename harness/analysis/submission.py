"""What is handed in to XTREME, scored by the metrics of one's own runs and averaged as XTREME averages.

The labels of its tests stand beside it, of those tasks whose labels one has: XTREME withholds most.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from harness import languages as lang
from harness.analysis import layouts, predictions
from harness.analysis.predictions import Row
from harness.data import cards
from harness.errors import UserError, unknown
from harness.score.xtreme import TASKS, averages

NEWER = {"lareqa", "mewslix", "xcopa"}
"""Tasks of XTREME-R that may stand beside: XTREME's averages are without them."""

SHAPED = """
    with own as (
        select $dataset as dataset, 'test' as split, l.code as "language", o.code as other, null::varchar as direction,
            r.* exclude ("language", other)
        from raw r join codes l on l.name = r.language left join codes o on o.name = r.other
        where task = $task and side = $side
    )
    select *, null::varchar as block, value as prediction, if($kind = 'classification', value, null) as label,
        try_cast(if($kind = 'tagging', value, null) as json)::varchar[] as tags, null::varchar[] as choices
    from own
"""
"""The predictions or the labels of a task, as `predictions` and `examples` have them."""

TAGS = (predictions.WRONG["tagging"][0], "one of {} on the line of each word")

WRONG = {
    "panx": TAGS,
    "udpos": TAGS,
    # What else might have been retrieved is not at hand.
    "tatoeba": ("not regexp_full_match(prediction, '[0-9]+')", "the number of a line"),
    "bucc2018": ("not regexp_full_match(id, '[^\t]+\t[^\t]+')", "two ids with a tab between them"),
}
"""Task → the rule of its predictions, where it is not that of its kind."""


def of_folder(folder: Path) -> list[Row]:
    """Return the scores of every language, and XTREME's averages of them: `value` (ratio), and `n` of a language.

    ``folder`` holds predictions/ and labels/, and below both a folder for each task with a file for each language. A
    task without labels has one row, whose value is None, and enters no average.

    :raises UserError: for a task, language or item that is missing or unknown or stands twice, and for a wrong label
    """
    tasks = _tasks(folder)
    con = layouts.raw(folder, "xtreme")
    codes = lang.spelled("xtreme")
    con.register("codes", pa.table({"name": list(codes), "code": list(codes.values())}))
    rows = [row for task in tasks if _labels(folder, task).is_dir() for row in _scores(con, task, folder)]
    bare = [task for task in tasks if not _labels(folder, task).is_dir()]
    return [*rows, *averages(rows), *({"group": TASKS[task].group, "task": task, "value": None} for task in bare)]


def _tasks(folder: Path) -> list[str]:
    """Return the tasks that are handed in; where they have labels, both sides must have all of their languages."""
    said = folder / "predictions"
    if not said.is_dir():
        raise UserError(f"{folder}: no folder predictions; XTREME's layout is predictions/TASK/test-LANGUAGE.tsv")
    found = {path.name for path in said.iterdir() if path.is_dir()} - NEWER
    for task in sorted(found - TASKS.keys()):
        raise unknown("task", task, TASKS, str(said))
    labelled = [task for task in TASKS if task in found and _labels(folder, task).is_dir()]
    if not labelled:
        raise UserError(
            f"{folder}: no labels/TASK of {', '.join(sorted(found)) or 'any task'}; put XTREME's labels there"
        )
    for task in labelled:
        _refuse_part(said / task, task)
        _refuse_part(_labels(folder, task), task)
    return [task for task in TASKS if task in found]


def _labels(folder: Path, task: str) -> Path:
    return folder / "labels" / task


def _refuse_part(place: Path, task: str) -> None:
    """XTREME's score is a mean over all languages of a task, and over no other."""
    suffix = ".json" if TASKS[task].group == "qa" else ".tsv"
    wanted = {f"test-{language}{suffix}" for language in TASKS[task].languages}
    have = {path.name for path in place.glob("test-*")}
    if missing := sorted(wanted - have):
        there = f"{len(wanted & have)} of {len(wanted)} languages are there"
        raise UserError(f"{place}: {there}, not {missing[0]}; XTREME's score is a mean over all of them")
    if foreign := sorted(have - wanted):
        raise UserError(f"{place / foreign[0]}: no file of XTREME's {task}; take it out")


def _scores(con: duckdb.DuckDBPyConnection, task: str, folder: Path) -> list[Row]:
    """Return the scores of a task's languages, by the metrics that XTREME has for it."""
    wanted, where = TASKS[task], str(folder / "predictions" / task)
    card = cards.dataset_card(wanted.dataset)
    kind = "mined" if task == "bucc2018" else card.kind
    for table, side in (("given", "predictions"), ("examples", "labels")):
        params = {"task": task, "side": side, "dataset": card.name, "kind": kind}
        con.execute(f"create or replace table {table} as {SHAPED}", params)
    predictions.check_items(con, where)
    predictions.check_values(con, WRONG.get(task) or predictions.WRONG.get(kind), card.labels, where)
    found = predictions.scores(con, kind, card.labels)
    return [{"group": wanted.group, "task": task} | row for row in found if row["metric"] in wanted.metrics]
