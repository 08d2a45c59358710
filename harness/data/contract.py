"""What every adapted data set must hold: one set of checks, one cast, for all of them.

An adapter yields some columns of `examples`. Here the rest is filled in (language code, family and the other
typology columns), the promises of the task kind and the card are checked, and the rows are put in order. The
first broken promise is one sentence with data set, file and line where the adapter gave them, and column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness import languages as lang
from harness import schema
from harness.data import places
from harness.data.cards import DatasetCard
from harness.data.parts import Skipped
from harness.errors import UserError, nearest, unknown

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

NOTES = {"file": "VARCHAR", "line": "BIGINT", "skipped": "VARCHAR"}
"""Columns that an adapter may add, with their types: the file where a row stands, its line, counted from 1, and why
the row is to be left out (NULL: it is kept)."""

EDITION = "as-released"
"""Examples are always as released: the errata edition is a way to draw and to score them."""

FILLED = ("dataset", "edition", *lang.BREAKDOWNS)
"""Columns of `examples` that are filled here and not by adapters."""


def enforce(connection: duckdb.DuckDBPyConnection, card: DatasetCard) -> Skipped:
    """Make of the table `given`, what an adapter yields, the table `examples`, and return what was left out.

    Examples are ordered by split, language and the adapter's own order.

    :raises UserError: for the first broken promise of the task kind or of the card
    """
    names = [row[0] for row in connection.execute("describe given").fetchall()]
    _check_columns(card, names)
    connection.execute(f"create view every as select {_casts(names)} from given")
    connection.execute("create view rows as from every where skipped is null")
    skipped = _skipped(connection, card)
    _refuse_broken(connection, card)
    _refuse_empty_splits(connection, card)
    connection.register("facts", _facts(connection, card))
    # Sorting much more than memory holds, several threads want more of it than one, and fail where one goes on.
    connection.execute("set threads = 1")
    connection.execute(f"create table examples as {_ordered(card)}")
    connection.execute("drop table given")  # its memory is wanted
    return skipped


def _check_columns(card: DatasetCard, names: Sequence[str]) -> None:
    own = [column.name for column in schema.columns("examples") if column.name not in FILLED]
    for name in names:
        if name not in own and name not in NOTES:
            raise unknown("column", name, own, f"{card.name}: the adapter's select")
    needed = {"split", "language", "id", *card.columns} - set(FILLED)
    if missing := sorted(needed - set(names)):
        raise UserError(f"{card.name}: the adapter's select yields no column {', '.join(missing)}; its card says so")


def _casts(names: Sequence[str]) -> str:
    """The select list that numbers the rows and gives every column its type; what the adapter left out is NULL."""
    types = {column.name: schema.sql_type(column) for column in schema.columns("examples")} | NOTES
    given = {name: f'"{name}"' if name in names else "null" for name in types if name not in FILLED}
    return "rowid as n, " + ", ".join(f'{value}::{types[name]} as "{name}"' for name, value in given.items())


def _skipped(connection: duckdb.DuckDBPyConnection, card: DatasetCard) -> Skipped:
    """Count the rows that the adapter leaves out: nothing else is asked of them."""
    place = "coalesce(split, '') as split, coalesce(language, '') as language"
    counted = f"select {place}, skipped, min(file), count(*) from every where skipped is not null"
    return {
        (split, language and _code(card, language, file), reason): rows
        for split, language, reason, file, rows in connection.execute(f"{counted} group by all order by all").fetchall()
    }


class _Promise(NamedTuple):
    """A column, the SQL condition of a row that breaks what is promised of it, and what is wrong then."""

    column: str
    broken: str
    what: str


def _promises(card: DatasetCard) -> Iterator[_Promise]:
    """Yield what every row must hold, in the order in which a person would want to hear of it."""
    for column in dict.fromkeys(("split", "language", "id", *schema.TASK_KINDS[card.kind], *card.columns)):
        yield _Promise(column, f'"{column}" is null', "is empty")
    for column in ("id", "source", "block", "text", "text_pair", "label"):
        yield _Promise(column, f'contains("{column}", chr(0))', "holds a NUL character")
    for column in ("tokens", "tags", "choices"):
        yield _Promise(column, f"contains(array_to_string(\"{column}\", ''), chr(0))", "holds a NUL character")
    # Texts may: XQuAD's paragraphs open with one, which their offsets count.
    yield _Promise("id", "contains(id, chr(65279))", "holds a byte order mark")
    yield _Promise("split", f"split not in ({_listed(card.splits)})", "is none of the card's splits")
    if card.kind == "choice":
        yield _Promise("label", "not list_contains([i::varchar for i in range(len(choices))], label)", _PLACE)
    elif card.labels:
        yield _Promise("label", f"label not in ({_listed(card.labels)})", "is none of the card's labels")
        yield _Promise(
            "tags", f"not list_has_all([{_listed(card.labels)}], tags)", "holds what is none of the card's labels"
        )
    yield _Promise("tags", "len(tags) <> len(tokens)", "is not as long as tokens")
    yield _Promise("tokens", "len(tokens) = 0 or list_contains(tokens, '')", "is empty or holds an empty token")
    yield _Promise("choices", "len(choices) <> list_count(choices)", "holds an empty place")
    yield _Promise("answers", "len(list_filter(answers, lambda a: coalesce(a.text, '') = '')) > 0", "holds no text")
    yield _Promise("answers", f"len(list_filter(answers, lambda a: {_ASTRAY})) > 0", "is not where its start says")
    yield _Promise("id", _REPEATED, "stands twice in one split and language")


_PLACE = "is no position in choices"
_ASTRAY = "coalesce(substr(text_pair, a.start + 1, len(a.text)), '') <> a.text"  # both count code points
_REPEATED = "n in (select n from rows qualify row_number() over (partition by split, language, id order by n) > 1)"


def _listed(values: Iterable[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def _refuse_broken(connection: duckdb.DuckDBPyConnection, card: DatasetCard) -> None:
    """Refuse the first broken promise, at its first row; all are looked for in one pass."""
    promises = list(_promises(card))
    firsts = ", ".join(f"min(n) filter ({promise.broken})" for promise in promises)
    found = connection.execute(f"select {firsts} from rows").fetchone() or ()
    for (column, _, what), n in zip(promises, found, strict=True):
        if n is not None:
            query = f'select file, line, split, language, id, "{column}" from rows where n = {n}'
            file, line, *row, value = connection.execute(query).fetchall()[0]
            seen = "" if value is None else f": {str(value)[:60]!r}"
            raise UserError(f"{card.name}: {places.place(n + 1, file, line, row)}: column {column} {what}{seen}")


def _refuse_empty_splits(connection: duckdb.DuckDBPyConnection, card: DatasetCard) -> None:
    have = {row[0] for row in connection.execute("select distinct split from rows").fetchall()}
    for split, facts in card.splits.items():
        if split not in have and not facts.optional:
            hint = f"its card promises one, so look at the files {', '.join(card.files)}"
            raise UserError(f"{card.name}: split {split} has no row; {hint}")


def _facts(connection: duckdb.DuckDBPyConnection, card: DatasetCard) -> pa.Table:
    """Return each language code as the data set writes it, its FLORES code and what is known of it."""
    import pyarrow as pa

    found = connection.execute("select language, min(file) from rows group by 1 order by 1").fetchall()
    raw = [name for name, _ in found]
    codes = [_code(card, name, file) for name, file in found]
    _refuse_two_spellings(card, raw, codes)
    known = [lang.facts(code) for code in codes]
    text = {column: pa.array([facts[column] for facts in known], pa.string()) for column in lang.BREAKDOWNS}
    return pa.table({"raw": pa.array(raw, pa.string()), "code": pa.array(codes, pa.string()), **text})


def _refuse_two_spellings(card: DatasetCard, raw: list[str], codes: list[str]) -> None:
    """Two spellings of one language would be mixed, and their ids could repeat."""
    first: dict[str, str] = {}
    for name, code in zip(raw, codes, strict=True):
        if first.setdefault(code, name) != name:
            seen = f"{first[code]!r} and {name!r} are both {code}"
            raise UserError(f"{card.name}: column language: {seen}; leave one out, or give it a code of its own")


def _code(card: DatasetCard, name: str, file: str | None) -> str:
    languages = card.languages
    where = f"{card.name}: {f'{file}: ' if file else ''}column language"
    code = languages.choices.get(name) or lang.resolve(name, languages.kind, where)
    if languages.codes and code not in languages.codes:
        close = ", ".join(nearest(code, languages.codes))
        raise UserError(f"{where}: {code} is none of the card's codes; the nearest are {close}")
    return code


def _ordered(card: DatasetCard) -> str:
    own = {"dataset": f"'{card.name}'", "edition": f"'{EDITION}'", "language": "facts.code"}
    own |= {column: f'facts."{column}"' for column in lang.BREAKDOWNS}
    names = [column.name for column in schema.columns("examples")]
    chosen = ", ".join(f'{own.get(name, f"rows.{name}")} as "{name}"' for name in names)
    return f"select {chosen} from rows join facts on rows.language = facts.raw order by split, facts.code, n"
