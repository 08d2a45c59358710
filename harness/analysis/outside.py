"""Anyone's results through the same report: a table, or what another program, or another store, holds.

What the layout of a foreign file leaves out is done once for all: defaults, language codes, the reading of answers, and
what may not be. An import declares nothing, so all its comparisons are exploratory; what its arms were trained on is
not known. Where only scores of whole test sets are known, each stands for one item, and reports say so. A suite of
another store, or a published one, keeps what it declares. Whatever is imported says so by its name, and is compared
with itself alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from harness import languages as lang
from harness.analysis import layouts
from harness.analysis.results import Results, from_file, from_store
from harness.analysis.words import many
from harness.data import adapt, cards
from harness.errors import UserError, unknown
from harness.score.answers import RULES, labels_in
from harness.score.metrics import OF_COUNTS
from harness.store import MARKER, Store
from harness.suite import Arm, Suite, Target, Test

COLUMNS = (
    "arm", "language", "id", "value", "answer", "gold", "target", "dataset", "split", "seed", "block", "metric",
    "direction", "layer", "task",
)  # fmt: skip
"""What a table, or a layout's select, may hold. ``task`` names target and language in one."""

SUMMED = ("eee", "lm_eval_aggregate", "mteb")
"""Layouts of a folder that hold scores of whole test sets, of anything in any language."""

OF_SUMMED = ("items", "skipped")
"""What the selects of these have besides :data:`COLUMNS`: how many items a score is of; why a score is left out."""

FOLDERS = ("lm_eval", "sib200_llm", *SUMMED)
"""Layouts of a folder."""


def imported(
    source: Path,
    layout: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    parse: str | None = None,
    data: Path | None = None,
    suite: str | None = None,
) -> Results:
    """Return the results in a file or folder of another program's, a published results.parquet, or another store.

    ``layout`` is one of :data:`FOLDERS`, None for all else; ``suite`` is one of a store that has several. ``columns``
    maps names of :data:`COLUMNS` to a table's own. Where there are answers in place of values, the rule ``parse`` reads
    them (`score/answers.py`) and the examples of their data set, whose raw files are below ``data``, say which are
    right and which items stand together.

    :raises UserError: for what is missing, unknown, stands twice, or is no number from 0 to 1
    """
    if layout is None and (source / MARKER).is_file():
        return _marked(_of_another_store(Store(source, create=False), suite), source)
    if suite:
        raise UserError(f"{source}: no store, so it has no suites; leave out --suite {suite}")
    if source.suffix == ".parquet" and source.is_file() and _is_published(source):
        return _marked(from_file(source), source)
    con, summed = layouts.raw(source, _layout(source, layout)), layout in SUMMED
    answers = _name(con, columns or {}, source, (*COLUMNS, *OF_SUMMED) if summed else COLUMNS)
    _complete(con, _codes(con, source, summed), source)
    left_out = _leave_out(con, source)
    _check(con, source)
    if answers:
        _read_answers(con, parse, data, source)
    elif parse:
        raise UserError(f"{source}: holds values and no answers; leave out --parse {parse}")
    told = [f"answers read by rule {parse}"] if parse else [f"left out: {left_out}"] if left_out else []
    return _results(con, f"{source.absolute().name} ({'; '.join(['imported', *told])})")


def _of_another_store(store: Store, suite: str | None) -> Results:
    """Return the results of a suite that another store holds; of its one suite where none is named."""
    names = store.suites()
    if suite is None and len(names) != 1:
        raise UserError(f"{store.place}: holds {len(names)} suites; name one with --suite ({', '.join(names)})")
    return from_store(store, suite or names[0])


def _marked(found: Results, source: Path) -> Results:
    """Return a suite's results as they are, under a name that says where they are from."""
    named = msgspec.structs.replace(found.suite, name=f"{found.suite.name} of {source} (imported)")
    return replace(found, suite=named)


def _is_published(file: Path) -> bool:
    try:
        return b"stiltbench" in (pq.read_schema(file).metadata or {})
    except pa.ArrowInvalid:
        raise UserError(f"{file}: not a Parquet file") from None


def _layout(source: Path, layout: str | None) -> str:
    """Return the name of the select that reads ``source``."""
    known, tables = ", ".join(FOLDERS), ", ".join(layouts.FILES)
    if layout and layout not in FOLDERS:
        raise unknown("layout", layout, FOLDERS, str(source))
    if not source.exists():
        raise UserError(f"{source}: no such file or folder; name a {tables} file or a folder ({known})")
    if source.is_dir():
        if layout is None:
            raise UserError(f"{source}: a folder; say with --as how it is laid out ({known})")
        return layout
    if layout:
        raise UserError(f"{source}: a file, and --as {layout} reads a folder; leave out --as for a table")
    return layouts.of_table(source)


def _name(con: duckdb.DuckDBPyConnection, columns: Mapping[str, str], source: Path, known: Collection[str]) -> bool:
    """Make the view `named` of `raw`: the ``known`` columns as text. Return whether it holds answers."""
    have = con.table("raw").columns
    for name, own in columns.items():
        if name not in COLUMNS:
            raise unknown("column", name, COLUMNS, f"{source}: --columns")
        if own not in have:
            raise unknown("column", own, have, str(source))
    own_of = {name: own for name in known if (own := columns.get(name, name)) in have}
    for name, instead in {"arm": "arm", "language": "task", "id": "id", "value": "answer"}.items():
        if name not in own_of and instead not in own_of:
            raise UserError(f"{source}: no column {name!r} among {', '.join(have)}; say with --columns {name}=NAME")
    if {"value", "answer"} <= own_of.keys():
        raise UserError(f"{source}: has a column of values and one of answers; leave out one of them")
    quoted = {name: '"' + own.replace('"', '""') + '"' for name, own in own_of.items()}
    quoted = dict.fromkeys((*COLUMNS, *OF_SUMMED), "null") | quoted
    con.execute(
        f"create view named as select {', '.join(f'{own}::varchar as {n}' for n, own in quoted.items())} from raw"
    )
    return "answer" in own_of


def _complete(con: duckdb.DuckDBPyConnection, codes: pa.Table, source: Path) -> None:
    """Make the table `given`: `named` with FLORES codes for languages, and defaults for what it leaves out."""
    con.execute("set variable stem = ?", [source.stem])
    con.register("codes", codes)
    con.execute(
        """create table given as
           select n.arm, coalesce(target, rest, dataset, getvariable('stem')) as target,
               coalesce(dataset, rest, target, getvariable('stem')) as dataset, coalesce(split, 'test') as split,
               code as language, id, coalesce(seed, '0') as seed, block, coalesce(metric, 'accuracy') as metric,
               direction, layer, answer, gold, value, items,
               case when skipped is not null then skipped
                   when code is null then 'of no language that is known'
                   when id = getvariable('whole') and bool_or(skipped is null and id <> getvariable('whole')) over (
                       partition by n.arm, coalesce(target, rest, dataset), dataset, split, metric, layer)
                       then 'of whole test sets where others are of single items'
               end as skipped,
               case lower(value) when 'true' then 1 when 'false' then 0 else try_cast(value as double) end as number
           from named n join codes c
               on n.language is not distinct from c.language and n.task is not distinct from c.task"""
    )
    con.execute("drop view named")
    con.execute("drop table raw")


def _leave_out(con: duckdb.DuckDBPyConnection, source: Path) -> str:
    """Take out of `given` what has a reason to be ``skipped``; return how many scores, and why."""
    counts = con.sql("select skipped, count(*) from given where skipped is not null group by all order by all")
    told = ", ".join(f"{many(n, 'score')} {why}" for why, n in counts.fetchall())
    con.execute("delete from given where skipped is not null")
    if not con.sql("from given limit 1").fetchall():
        raise UserError(f"{source}: holds no score that can be compared{f', but {told}' if told else ''}")
    return told


def _codes(con: duckdb.DuckDBPyConnection, source: Path, summed: bool) -> pa.Table:
    """Return a row for each language or task: the code, and of a task the rest of its name.

    What names no language of the table has no code where results are ``summed``; else what names none is refused.
    """
    rows = []
    for language, task in con.sql("select distinct language, task from named order by all").fetchall():
        try:
            rest, code = _code(language, task, source)
        except UserError:
            if not summed:
                raise
            rest, code = None, None
        known = code in lang.languages() or not summed
        rows.append({"language": language, "task": task, "rest": rest, "code": code if known else None})
    return pa.Table.from_pylist(rows, pa.schema(dict.fromkeys(("language", "task", "rest", "code"), pa.string())))


def _code(language: str | None, task: str | None, source: Path) -> tuple[str | None, str]:
    """Return the code of a row's language, and of one that a task names the rest of its name."""
    if language:
        return None, lang.resolve(language, where=str(source))
    if task:
        return _of_task(task, source)
    raise UserError(f"{source}: a row has no language; every row needs one")


def _of_task(task: str, source: Path) -> tuple[str, str]:
    """Return a task's name without its language, and the language: what the name ends with, else the one in it.

    ``belebele_khm_Khmr`` and ``global_piqa_khm_khmr_v2`` are Khmer, ``lambada_openai_mt_fr`` is French.
    """
    words = re.split("[_-]", task)
    spans = [(i, j) for i in range(len(words)) for j in range(i + 1, len(words) + 1) if j - i < len(words)]
    found = {span: code for span in spans if (code := _spelled(words[slice(*span)]))}
    found = {(i, j): code for (i, j), code in found.items() if j == len(words)} or found
    length = max((j - i for i, j in found), default=0)
    found = {(i, j): code for (i, j), code in found.items() if j - i == length}
    if len(set(found.values())) != 1:
        saw = " and ".join(sorted(set(found.values()))) or "no language that is known"
        raise UserError(f"{source}: task {task!r} has {saw} in its name; put one FLORES code at its end")
    (i, j), code = max(found.items())
    return "_".join(words[:i] + words[j:]), code


def _spelled(words: list[str]) -> str | None:
    """Return the one language whose code these words are; its script may be in small letters."""
    *first, last = words
    name = "_".join([*first, last.title() if first and len(last) == 4 else last])
    try:
        return lang.resolve(name) if lang.candidates(name) else None
    except UserError:  # several languages
        return None


def _check(con: duckdb.DuckDBPyConnection, source: Path) -> None:
    """Refuse the first row that is no score, the first that stands twice, and scores of unlike numbers of items."""
    broken = """
        select *, case
            when arm is null or id is null then 'has no arm or no id'
            when coalesce(try_cast(seed as int), -1) < 0 then 'has seed ' || seed || ', expected a number from 0'
            when layer is not null and try_cast(layer as int) is null then 'has layer ' || layer || ', no number'
            when value is not null and number is null then 'has value ' || value || ', expected a number from 0 to 1'
            when not isnan(number) and not number between 0 and 1
                then 'has value ' || value || ', expected one from 0 to 1; give ratios, not percent'
            end as fault
        from given"""
    doubled = """
        select arm, target, language, id, 'stands twice with metric ' || metric || ' and seed ' || seed as fault
        from given group by arm, target, dataset, split, language, id, seed, metric, direction, layer
        having count(*) > 1"""
    other_items = """
        select *, 'is of ' || items || ' items, and of another number in another arm; compare the same items' as fault
        from given qualify count(distinct items) over (
            partition by target, dataset, split, language, metric, direction, layer, id) > 1"""
    for faults in (broken, doubled, other_items):
        _refuse(con, faults, source)


def _refuse(con: duckdb.DuckDBPyConnection, faults: str, source: Path) -> None:
    """Say the first row of a select that has a ``fault``."""
    first = f"select arm, target, language, id, fault from ({faults}) where fault is not null order by all limit 1"
    for arm, target, language, item, fault in con.execute(first).fetchall():
        raise UserError(f"{source}: {arm}, {target}: {language} {item} {fault}")


def _read_answers(con: duckdb.DuckDBPyConnection, rule: str | None, data: Path | None, source: Path) -> None:
    """Score the answers of `given` against the examples of their data sets, whose blocks are taken over."""
    if rule not in RULES:
        raise UserError(f"{source}: holds answers; say with --parse how they are read ({', '.join(RULES)})")
    sets = con.sql("select dataset, split, list(distinct language) from given group by all order by all").fetchall()
    examples = [_examples(dataset, split, languages, data, source) for dataset, split, languages in sets]
    readings = [_readings(con, dataset, rule) for dataset in sorted({dataset for dataset, _, _ in sets})]
    con.register("examples", pa.concat_tables(examples))
    con.register("readings", pa.concat_tables(readings))
    foreign = """
        select g.*, case
            when e.id is null then 'is no example of ' || g.dataset || ' ' || g.split
            when gold <> label then 'has gold ' || gold || ', and in ' || g.dataset || ' it is ' || label
            end as fault
        from given g left join examples e using (dataset, split, language, id)"""
    _refuse(con, foreign, source)
    con.execute(
        """create or replace table given as
           select g.* replace (coalesce(g.block, e.block) as block, (said is not distinct from label)::double as number)
           from given g join examples e using (dataset, split, language, id)
           left join readings r on r.dataset = g.dataset and r.answer is not distinct from g.answer"""
    )


def _examples(dataset: str, split: str, languages: list[str], data: Path | None, source: Path) -> pa.Table:
    """Return a split's examples: dataset, split, language, id, block, label."""
    if "label" not in cards.dataset_card(dataset, where=str(source)).columns:
        raise UserError(f"{source}: {dataset} has no labels that an answer could name; give values instead")
    columns = ["dataset", "split", "language", "id", "block", "label"]
    rows = adapt.adapted(dataset, data=data).rows(split, languages, columns)
    return rows.select(columns).cast(pa.schema(dict.fromkeys(columns, pa.string())))


def _readings(con: duckdb.DuckDBPyConnection, dataset: str, rule: str) -> pa.Table:
    """Return each answer that is given to a data set, and the label that it says: dataset, answer, said."""
    asked = "select distinct dataset, answer from given where dataset = $dataset"
    rows = con.sql(asked, params={"dataset": dataset}).to_arrow_table()
    said = labels_in(rows["answer"].to_pylist(), cards.dataset_card(dataset).labels, rule)
    return rows.append_column("said", pa.array(said, pa.string()))


def _results(con: duckdb.DuckDBPyConnection, name: str) -> Results:
    """Return what was imported as the results of a suite that declares no contrast and has seen no language.

    A mean of example values is not the corpus metric of the same name, and is called so.
    """
    con.execute("set variable corpus = ?", [sorted(OF_COUNTS)])
    con.execute(
        """create view results as
           select arm, target, seed::bigint as seed, dataset, null::varchar as edition, split, language,
               null::varchar as other, direction, layer::int as layer, id, block,
               if(list_contains(getvariable('corpus'), metric) and id <> getvariable('whole'), 'mean ', '') || metric
                   as metric, number as value,
               null::double[] as stats from given"""
    )
    arms = [arm for (arm,) in con.sql("select distinct arm from results order by all").fetchall()]
    tests: dict[str, list[Test]] = {}
    for target, *test in con.sql("select distinct target, dataset, split from results order by all").fetchall():
        tests.setdefault(target, []).append(Test(data=test[0], split=test[1]))
    suite = Suite(
        name=name,
        title=name,
        model="not known",
        seeds=[seed for (seed,) in con.sql("select distinct seed from results order by all").fetchall()],
        arms=dict.fromkeys(arms, Arm()),
        targets={target: Target(test=test) for target, test in tests.items()},
    )
    codes = con.sql("select target, list(distinct language) from results group by all").fetchall()
    seen: dict[tuple[str, str], dict[str, str | None]] = {
        (arm, target): dict.fromkeys(languages) for arm in arms for target, languages in codes
    }
    return Results(con, suite, suite.hash, seen, {}, {"masked": {}, "compared_since": {}, "places": []})
