"""What two data sets have in common: by source id, whatever the language, and by text within a language.

Texts are compared in NFC with white space folded, and exactly. FLORES-200 repeats lines and shares them between
near-identical varieties, so that equal texts need not be the same item: a source id is the surer sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from harness.data.adapt import Adapted

if TYPE_CHECKING:
    import duckdb

NOWHERE = "nowhere"
"""Stands where a row is found in none of the other data sets' splits."""

ALL = "all"
"""Stands for all languages together."""

FOLDED = r"trim(regexp_replace(nfc_normalize(coalesce(text, array_to_string(tokens, ' '))), '[\s\pZ]+', ' ', 'g'))"
"""SQL of the text that is compared; of a tagged sentence it is its words."""


def sources(adapted: Adapted, split: str, languages: Iterable[str] | None = None) -> dict[str, set[str]]:
    """Return source → the ids of the items that say it, by default in any language; rows without a source are left out.

    :raises UserError: for a split or a language that the data set lacks
    """
    rows = adapted.rows(split, languages, ["source", "id"])
    found: dict[str, set[str]] = {}
    for source, item in set(zip(rows["source"].to_pylist(), rows["id"].to_pylist(), strict=True)):
        if source is not None:
            found.setdefault(source, set()).add(item)
    return found


def audit(a: Adapted, others: Sequence[Adapted]) -> list[dict[str, Any]]:
    """Return where the rows of ``a`` stand in ``others``, for each split and language, first :data:`ALL` of them.

    The others are one pool: list together what belongs together, such as FLORES-200 and its N'Ko. A row of the result
    has `dataset`, `split`, `language`, `rows`, `against`, `found_in` (the pool's splits, `dev + devtest` for rows that
    stand in both, or :data:`NOWHERE`), and how many of the rows are found exactly there: `same_source`, in any
    language, and `same_text`, in the same language.
    """
    against = ", ".join(other.card.name for other in others)
    with _folded(own=[a], pool=others) as connection:
        found = connection.execute(_AUDIT).fetchall()
    columns = ("split", "language", "rows", "found_in", "same_source", "same_text")
    rows = (dict(zip(columns, row, strict=True)) for row in found)
    return [{"dataset": a.card.name, "against": against, **row} for row in rows]


def repeats(a: Adapted) -> list[dict[str, Any]]:
    """Return how many rows of a split have a text that stands in another split too, in the same language.

    A row of the result has `dataset`, `split`, `language`, `also_in` (the other split) and `rows`.
    """
    with _folded(own=[a]) as connection:
        found = connection.execute(_REPEATS).fetchall()
    columns = ("split", "language", "also_in", "rows")
    return [{"dataset": a.card.name, **dict(zip(columns, row, strict=True))} for row in found]


def _folded(**tables: Sequence[Adapted]) -> duckdb.DuckDBPyConnection:
    """Return a database of tables, each with the rows of some data sets: split, language, source and folded text."""
    import duckdb

    connection = duckdb.connect()
    for name, adapted in tables.items():
        connection.read_parquet([str(found.path) for found in adapted]).create_view("files")
        connection.execute(f"create table {name} as select split, language, source, {FOLDED} as text from files")
        connection.execute("drop view files")
    return connection


_AUDIT = f"""
with
texts as (select language, text, string_agg(distinct split, ' + ' order by split) as found from pool group by all),
sources as (select source, string_agg(distinct split, ' + ' order by split) as found from pool group by all),
placed as (
    select split, language, unnest([
        {{found: coalesce(sources.found, '{NOWHERE}'), source: 1, text: 0}},
        {{found: coalesce(texts.found, '{NOWHERE}'), source: 0, text: 1}}
    ]) as place
    from own left join sources using (source) left join texts using (language, text)
),
counted as (
    select split, coalesce(language, '{ALL}') as language, place.found as found_in,
        sum(place.source)::bigint as same_source, sum(place.text)::bigint as same_text
    from placed group by grouping sets ((split, language, found_in), (split, found_in))
)
select split, language, sum(same_text) over (partition by split, language)::bigint as rows,
    found_in, same_source, same_text
from counted
order by split, language <> '{ALL}', language, found_in = '{NOWHERE}', found_in
"""

_REPEATS = """
with texts as (select distinct split, language, text from own)
select own.split, own.language, texts.split, count(*)
from own join texts using (language, text)
where own.split <> texts.split
group by all
order by all
"""
