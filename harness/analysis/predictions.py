"""Predictions that were made elsewhere, scored without a model, by the metrics of one's own runs.

A test is always whole: the score of a part of it would be that of another test. So what is missing is refused, as is
what stands twice, what is no example of the data set, and what its task kind cannot predict.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from harness import languages as lang
from harness import schema
from harness.analysis import layouts
from harness.data import adapt, cards
from harness.data.cards import DatasetCard
from harness.data.contract import EDITION
from harness.errors import UserError
from harness.score import metrics
from harness.score.score import score

Row = dict[str, Any]

NEEDED = ("dataset", "split", "language", "id", "prediction")
PAIRED = ("other", "direction")
"""Columns of two languages: the second, and of translations whether the first was translated `to` or `from` it."""

GOLD = ("dataset", "split", "language", "id", "block", "text", "label", "tags", "choices", "answers")
"""Columns of `examples` that checks and scores read."""

Rule = tuple[str, str]
"""When a prediction is wrong, as a condition in SQL, and what is expected; {} stands for the card's labels."""

WRONG: dict[str, Rule] = {
    "classification": ("not list_contains(labels, prediction)", "one of {}"),
    "choice": (
        "not list_contains([i::varchar for i in range(len(choices))], prediction)",
        "the position of a choice, from 0",
    ),
    "tagging": (
        "not coalesce(len(listed) = len(tags) and list_has_all(labels, listed), false)",
        "a JSON list with one of {} for each word",
    ),
    "retrieval": ("prediction not in (select id from examples)", "the id of an example"),
    "mined": (
        "prediction <> '' and not exists (from examples e where e.language = said.other and e.id = prediction)",
        "an id in the second language, or nothing",
    ),
    "mlm": (
        "len(try_cast(listed as double[])) is distinct from 3",
        "a JSON list of the sum of log2 p, tokens and bytes",
    ),
}
"""Kind of predictions → its rule; of the kinds that are not here any text may be one."""


def of_table(file: Path, data: Path | None = None) -> list[Row]:
    """Return the scores of a table of predictions: `n` (examples) and `value` (ratio) of each test and metric.

    ``file`` is one of :data:`layouts.FILES` with the columns :data:`NEEDED`. With :data:`PAIRED` as well it holds
    translations, with `other` alone pairs that were mined from two languages, and else what the card's task kind
    predicts. The gold comes from the data sets' adapters, whose raw files are below ``data``.

    :raises UserError: for what is unknown, missing, stands twice, or cannot be a prediction
    """
    con = layouts.raw(file, layouts.of_table(file))
    _name(con, str(file))
    rows = []
    for dataset, split in con.sql("select distinct dataset, split from named order by all").fetchall():
        con.execute("create or replace table given as from named where dataset = ? and split = ?", [dataset, split])
        card = cards.dataset_card(dataset, where=str(file))
        kind = _kind(con, card, str(file))
        codes = con.sql("select language from given union select other from given where other is not null").fetchall()
        con.register("examples", adapt.adapted(dataset, data=data).rows(split, [code for (code,) in codes], GOLD))
        check_items(con, str(file))
        check_values(con, WRONG.get(kind), card.labels, str(file))
        rows += scores(con, kind, card.labels)
    return rows


def _name(con: duckdb.DuckDBPyConnection, where: str) -> None:
    """Make the table `named` of `raw`: its columns as text, FLORES codes for languages."""
    have = con.table("raw").columns
    if missing := [name for name in NEEDED if name not in have]:
        raise UserError(f"{where}: no column {missing[0]!r} among {', '.join(have)}; expected {', '.join(NEEDED)}")
    columns = ", ".join(f"{name if name in have else 'null'}::varchar as {name}" for name in (*NEEDED, *PAIRED))
    con.execute(f"create table spelled as select {columns} from raw")
    for name in NEEDED[:-1]:
        _refuse(con, f"select 'a row has no {name}; every row needs one' from spelled where {name} is null", where)
    if not con.table("spelled").limit(1).fetchall():
        raise UserError(f"{where}: holds no row; expected one for each example")
    names = con.sql("select language from spelled union select other from spelled where other is not null").fetchall()
    codes = [lang.resolve(name, where=where) for (name,) in names]
    con.register("codes", pa.table({"name": [name for (name,) in names], "code": codes}))
    con.execute(
        """create table named as
           select s.* replace (l.code as language, o.code as other, coalesce(prediction, '') as prediction)
           from spelled s join codes l on l.name = s.language left join codes o on o.name = s.other"""
    )


def _kind(con: duckdb.DuckDBPyConnection, card: DatasetCard, where: str) -> str:
    """Return the kind of the predictions `given`: the card's, or what a second language makes of it."""
    pairs = set(con.sql("select distinct other is not null, direction from given").fetchall())
    if pairs == {(False, None)}:
        return card.kind
    if card.kind not in ("retrieval", "translation", "mlm"):
        raise UserError(f"{where}: {card.name} is {card.kind}, of one language; leave out {' and '.join(PAIRED)}")
    if pairs == {(True, None)} and card.kind == "retrieval":
        return "mined"
    if not pairs <= {(True, "to"), (True, "from")}:
        raise UserError(f"{where}: {card.name}: a translation has other, a language, and direction, to or from it")
    return "translation"


def check_items(con: duckdb.DuckDBPyConnection, where: str) -> None:
    """Refuse what in the table `given` is no row of `examples`, stands twice, or is missing; ``where`` is the place.

    Both tables are of one data set's split.
    """
    con.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    _refuse(con, "select test || ': ' || fault from faults order by n, test, fault", where)


def check_values(con: duckdb.DuckDBPyConnection, rule: Rule | None, labels: Sequence[str], where: str) -> None:
    """Refuse the first prediction that breaks the rule, where there is one; after :func:`check_items`."""
    if rule:
        broken, expected = rule
        told = f"""
            with said as (
                select *, $labels::varchar[] as labels, try_cast(try_cast(prediction as json) as varchar[]) as listed
                from said
            )
            select concat(test, ' ', id, ': predicted ', to_json(left(prediction, 80)), '; expected ', $expected)
            from said join (select "language", id, tags, choices from examples) using ("language", id)
            where {broken} order by test, id"""
        _refuse(con, told, where, expected=expected.format(", ".join(labels)), labels=list(labels))


def _refuse(con: duckdb.DuckDBPyConnection, faults: str, where: str, **params: object) -> None:
    """Say the first row of a select of sentences."""
    for (fault,) in con.execute(f"{faults} limit 1", params).fetchall():
        raise UserError(f"{where}: {fault}")


def scores(con: duckdb.DuckDBPyConnection, kind: str, labels: Sequence[str]) -> list[Row]:
    """Return `n` and `value` of each test and metric of the table `given`, predictions of a kind that were checked."""
    said = con.sql(
        """select '' as job, dataset, $edition as edition, split, "language", other, direction, null as layer, id,
               e.block, prediction
           from said join (select "language", id, block from examples) e using ("language", id)""",
        params={"edition": EDITION},
    ).to_arrow_table()
    wanted = schema.arrow("predictions")
    gold = con.table("examples").to_arrow_table()
    return _totals(score(said.cast(wanted), gold, kind, labels, job=""))


def _totals(scored: pa.Table) -> list[Row]:
    """Return `n` and `value` of each test and metric of example scores, the headline first."""
    con = duckdb.connect()
    con.register("scored", scored)
    table = con.sql(
        """select dataset, split, "language", other, direction, metric, count(*) as n, avg(value) as value,
               list(stats) as stats
           from scored group by dataset, split, "language", other, direction, metric
           order by "language", other, direction, list_position($metrics, metric)""",
        params={"metrics": scored["metric"].unique().to_pylist()},
    ).to_arrow_table()
    rows: list[Row] = table.drop_columns("stats").to_pylist()
    for row, stats in zip(rows, table["stats"], strict=True):
        if row["value"] is None:
            counts = stats.values.flatten().to_numpy().reshape(row["n"], -1)
            row["value"] = float(metrics.of_counts(row["metric"], counts.sum(0)))
    return rows
