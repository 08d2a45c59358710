"""Near matches: texts of one language that are nearly the same, found without comparing every pair.

Two texts are near where the sets of their :data:`GRAM`-grams of lower-case characters have a Jaccard index of
:data:`THRESHOLD` or more; characters, so that languages without spaces are treated alike. That finds a word changed in
a sentence of usual length (FLORES-200: 130 characters), and not two sentences about the same thing.

The candidates are exact (prefix filter; Chaudhuri, Ganti and Kaushik 2006, "A primitive operator for similarity joins
in data cleaning"): with the grams of all sets in one order, the rarest first, two sets of that index that share k
grams at all share k of their first n - ceil(THRESHOLD n) + k, and neither has fewer than THRESHOLD times the other's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

GRAM = 5
"""Characters (code points) in a gram; a shorter text is one gram."""

THRESHOLD = 0.7
"""Least Jaccard index of near texts."""

SHARED = 3
"""Grams that the heads of two sets must share, the k above, for the sets to be compared whole."""


def match(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the table `near` from the table `texts`, whose rows are distinct part, language and text.

    A row of `near` is a text (`part`, `language`, `text`) and a text of another part in the same language that it is
    near to and not equal to (`other_part`, `other`); every pair stands there both ways.
    """
    connection.execute(_EMPTY)
    for (language,) in connection.execute(_LANGUAGES).fetchall():  # one at a time, which bounds the memory
        connection.execute(_MATCH, {"language": language})


_EMPTY = "create table near as select part, language, text, part as other_part, text as other from texts limit 0"

_LANGUAGES = "select language from texts group by language having count(distinct part) > 1"

_MATCH = f"""
insert into near
with
chosen as (select row_number() over () as id, part, text, lower(text) as low from texts where language = $language),
grams as materialized (  -- read twice, and DuckDB would make them twice
    select id, unnest(list_distinct(list_transform(
        range(1, greatest(length(low) - {GRAM} + 2, 2)), lambda i: hash(low[i : i + {GRAM - 1}])
    ))) as gram
    from chosen
),
frequency as (select gram, count(*) as texts from grams group by gram),
sets as (
    select id, list(gram order by frequency.texts, gram) as grams from grams join frequency using (gram) group by id
),
heads as (
    select id, part, len(grams) as size, unnest(grams[: size - ceil({THRESHOLD} * size)::int + {SHARED}]) as gram
    from sets join chosen using (id)
),
candidates as (
    select a.id as a, b.id as b
    from heads as a join heads as b using (gram)
    where a.part < b.part and a.size >= {THRESHOLD} * b.size and b.size >= {THRESHOLD} * a.size
    group by a.id, b.id, a.size, b.size
    having count(*) >= least({SHARED}, ceil({THRESHOLD} * greatest(a.size, b.size)))
),
compared as (
    select a, b, len(list_intersect(x.grams, y.grams)) as shared, len(x.grams) + len(y.grams) - shared as joined
    from candidates join sets as x on x.id = a join sets as y on y.id = b
),
found as (
    select unnest([{{one: a, other: b}}, {{one: b, other: a}}], recursive := true)
    from compared where shared >= {THRESHOLD} * joined
)
select x.part, $language, x.text, y.part, y.text
from found join chosen as x on x.id = found.one join chosen as y on y.id = found.other
where x.text <> y.text
"""
