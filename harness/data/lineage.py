"""What two data sets have in common: by source id, whatever the language, and by text within a language.

Texts are compared in NFC with white space folded: for equality, and those that have no equal for nearness (`near`).
FLORES-200 repeats lines and shares them between near-identical varieties, so that equal texts need not be the same
item: a source id is the surer sign.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data import adapt, cards, near
from harness.data.adapt import Adapted
from harness.errors import UserError
from harness.quiet import quiet

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
    language, and `same_text`, in the same language. `near_text` places the rows whose text stands nowhere once more: by
    texts that are nearly the same, or, if there is none of these either, at :data:`NOWHERE`.
    """
    against = ", ".join(other.card.name for other in others)
    with _folded(own=[a], pool=others) as connection:
        connection.execute(_UNEQUAL)
        near.match(connection)
        found = connection.execute(_AUDIT).fetchall()
    columns = ("split", "language", "rows", "found_in", "same_source", "same_text", "near_text")
    rows = (dict(zip(columns, row, strict=True)) for row in found)
    return [{"dataset": a.card.name, "against": against, **row} for row in rows]


def repeats(a: Adapted) -> list[dict[str, Any]]:
    """Return how many rows of a split have a text that stands in another split too, in the same language.

    A row of the result has `dataset`, `split`, `language`, `also_in` (the other split), `same_text`, and `near_text`:
    the rows whose text does not stand there, but nearly does.
    """
    with _folded(own=[a]) as connection:
        connection.execute("create table texts as select distinct split as part, language, text from own")
        near.match(connection)
        found = connection.execute(_REPEATS).fetchall()
    columns = ("split", "language", "also_in", "same_text", "near_text")
    return [{"dataset": a.card.name, **dict(zip(columns, row, strict=True))} for row in found]


def audit_all(data: Path | None) -> list[dict[str, Any]]:
    """Audit every data set at hand against each that it derives from, directly or not, or shares sources with.

    The rows are those of :func:`audit` for all languages together, one pair of data sets after the other; then one for
    each data set that could not be read, with the reason in `note`.
    """
    here: dict[str, Adapted] = {}
    missing: list[dict[str, Any]] = []
    parents = {name: cards.dataset_card(name).derived_from for name in cards.dataset_names()}
    for name in parents:
        try:
            here[name] = adapt.adapted(name, data=data)
        except UserError as error:
            missing.append({"dataset": name, "note": str(error)})
    audits = (audit(here[one], [here[other]]) for one, other in _related(here, parents))
    return [row for rows in audits for row in rows if row["language"] == ALL] + missing


def _related(here: Mapping[str, Adapted], parents: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of data sets to compare, of kin the younger first."""
    above = {name: _ancestors(name, parents) for name in here}
    origins = {name: _origins(found) for name, found in here.items()}
    for one, other in itertools.combinations(here, 2):
        if one in above[other]:
            yield other, one
        elif other in above[one] or origins[one] & origins[other]:
            yield one, other


def _ancestors(name: str, parents: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    ahead = [name]
    while ahead:
        fresh = set(parents.get(ahead.pop(), ())) - found
        found |= fresh
        ahead += fresh
    return found


def _origins(adapted: Adapted) -> set[str]:
    """Return the data sets that the source ids name: `xnli` of `xnli:dev:12`."""
    splits = dict.fromkeys(split for split, _ in adapted.parts)
    return {source.partition(":")[0] for split in splits for source in sources(adapted, split)}


def _folded(**tables: Sequence[Adapted]) -> duckdb.DuckDBPyConnection:
    """Return a database of tables, each with the rows of some data sets: split, language, source and folded text."""
    import duckdb

    connection = duckdb.connect()
    quiet(connection)
    for name, adapted in tables.items():
        connection.read_parquet([str(found.path) for found in adapted]).create_view("files")
        connection.execute(f"create table {name} as select split, language, source, {FOLDED} as text from files")
        connection.execute("drop view files")
    return connection


_UNEQUAL = """
create table texts as
with rest as (select distinct language, text from own anti join pool using (language, text))
select 'own' as part, language, text from rest
union all
select distinct 'pool', language, text from pool semi join rest using (language)
"""

_AUDIT = f"""
with
texts as (select language, text, string_agg(distinct split, ' + ' order by split) as found from pool group by all),
sources as (select source, string_agg(distinct split, ' + ' order by split) as found from pool group by all),
nearly as (
    select near.language, near.text, string_agg(distinct pool.split, ' + ' order by pool.split) as found
    from near join pool on pool.language = near.language and pool.text = near.other
    where near.part = 'own' group by all
),
placed as (
    select split, language, unnest([
        {{found: coalesce(sources.found, '{NOWHERE}'), source: 1, text: 0, near: 0}},
        {{found: coalesce(texts.found, '{NOWHERE}'), source: 0, text: 1, near: 0}},
        {{
            found: coalesce(texts.found, nearly.found, '{NOWHERE}'),
            source: 0, text: 0, near: if(texts.found is null, 1, 0)
        }}
    ]) as place
    from own left join sources using (source) left join texts using (language, text)
        left join nearly using (language, text)
),
counted as (
    select split, coalesce(language, '{ALL}') as language, place.found as found_in,
        sum(place.source)::bigint as same_source, sum(place.text)::bigint as same_text,
        sum(place.near)::bigint as near_text
    from placed group by grouping sets ((split, language, found_in), (split, found_in))
)
select split, language, sum(same_text) over (partition by split, language)::bigint as rows,
    found_in, same_source, same_text, near_text
from counted
order by split, language <> '{ALL}', language, found_in = '{NOWHERE}', found_in
"""

_REPEATS = """
with
alike as (
    select one.part, language, text, two.part as also_in, true as equal
    from texts as one join texts as two using (language, text) where one.part <> two.part
    union all
    select part, language, text, other_part, false from near
),
best as (select part as split, language, text, also_in, bool_or(equal) as equal from alike group by all)
select split, language, also_in, count_if(equal), count_if(not equal)
from best join own using (split, language, text)
group by all
order by all
"""
