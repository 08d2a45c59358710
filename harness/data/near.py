"""Near matches: texts of one language that are nearly the same, found without comparing every pair.

Two texts are near where the sets of their :data:`GRAM`-grams of lower-case characters have a Jaccard index of
:data:`THRESHOLD` or more; characters, so that languages without spaces are treated alike. That finds a word changed in
a sentence of usual length (FLORES-200: 130 characters), and not two sentences about the same thing.

The candidates are exact (prefix filter; Chaudhuri, Ganti and Kaushik 2006, "A primitive operator for similarity joins
in data cleaning"): with each set's grams in one order for all, the rarest first, two sets of that index share one of
their first n - ceil(THRESHOLD n) + 1 grams, and neither has fewer than THRESHOLD times the other's grams.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

GRAM = 5
"""Characters (code points) in a gram; a shorter text is one gram."""

THRESHOLD = 0.7
"""Least Jaccard index of near texts."""


def match(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the table `near` from the table `texts`, whose rows are distinct part, language and text.

    A row of `near` is a text (`part`, `language`, `text`) and a text of another part in the same language that it is
    near to and not equal to (`other_part`, `other`); every pair stands there both ways.
    """
    connection.execute(_EMPTY)
    for (language,) in connection.execute(_LANGUAGES).fetchall():  # one at a time, which bounds the memory
        connection.execute(_CHOSEN, {"language": language})
        texts = connection.execute("select text from chosen order by id").fetchall()
        connection.register("grams", _grams([text for (text,) in texts]))
        connection.execute(_MATCH, {"language": language})


def _grams(texts: Sequence[str]) -> pa.Table:
    """Return the set of grams of each text, one row a gram.

    Columns: `id`, the text's place from 0; `gram`, a number for equal ones; `place` from 0 in the text's set, the
    rarest first; and `size` of that set.
    """
    import pyarrow as pa

    low = [text.lower().ljust(GRAM, "\0") for text in texts]
    points = np.frombuffer("".join(low).encode("utf-32-le", "surrogatepass"), np.uint32)
    owner = np.repeat(np.arange(len(low)), [len(text) for text in low])
    start = np.flatnonzero(owner[: 1 - GRAM] == owner[GRAM - 1 :])
    mark = np.zeros(len(start), np.uint64)
    for i in range(GRAM):
        mark = mark * _FACTOR + points[start + i]  # modulo 2^64: among millions of grams, two hardly ever meet
    distinct, number = np.unique(mark, return_inverse=True)
    id, gram = np.divmod(np.unique(owner[start] * len(distinct) + number), len(distinct))
    order = np.lexsort((gram, np.bincount(gram)[gram], id))
    id, gram, size = id[order], gram[order], np.bincount(id)
    place = np.arange(len(id)) - (np.cumsum(size) - size)[id]
    return pa.table({"id": id, "gram": gram, "place": place, "size": size[id]})


_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""Odd, and far from small: 2^64 over the golden ratio (Knuth, The Art of Computer Programming 3, 6.4)."""

_EMPTY = "create table near as select part, language, text, part as other_part, text as other from texts limit 0"

_LANGUAGES = "select language from texts group by language having count(distinct part) > 1"

_CHOSEN = """
create or replace temp table chosen as
select row_number() over () - 1 as id, part, text from texts where language = $language
"""

_MATCH = f"""
insert into near
with
heads as (select id, part, gram, size from grams join chosen using (id) where place <= size - ceil({THRESHOLD} * size)),
candidates as (
    select distinct a.id as a, b.id as b, a.size + b.size as sizes
    from heads as a join heads as b using (gram)
    where a.part < b.part and a.size >= {THRESHOLD} * b.size and b.size >= {THRESHOLD} * a.size
),
compared as (
    select a, b, sizes, count(*) as shared
    from candidates join grams as x on x.id = a join grams as y on y.id = b and y.gram = x.gram
    group by all
),
found as (
    select unnest([{{one: a, other: b}}, {{one: b, other: a}}], recursive := true)
    from compared where shared >= {THRESHOLD} * (sizes - shared)
)
select x.part, $language, x.text, y.part, y.text
from found join chosen as x on x.id = found.one join chosen as y on y.id = found.other
where x.text <> y.text
"""
