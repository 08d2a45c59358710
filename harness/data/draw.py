"""Which rows a training phase reads: the same items in every arm, only their language differs.

A draw is a table of (dataset, edition, split, language, id, source) in reading order, content-addressed, so that a
job can name it by its digest. Items are put in an order that depends on their ids alone; nothing is drawn twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import pyarrow as pa

from harness.data.adapt import Adapted
from harness.data.contract import EDITION
from harness.errors import UserError

SCHEMA = pa.schema([(name, pa.string()) for name in ("dataset", "edition", "split", "language", "id", "source")])

Pool = Mapping[str, list[str]]
"""Item id → the languages of one arm that have it, sorted."""


def item_order(ids: Iterable[str]) -> list[str]:
    """Return ids in an order fixed by each id alone, so that more data never reshuffles what was drawn."""
    return sorted(set(ids), key=lambda i: hashlib.sha256(i.encode()).digest())


def pool(
    adapted: Adapted, split: str, languages: Sequence[str], without: Collection[tuple[str, str]] = frozenset()
) -> Pool:
    """Return which of ``languages`` have which items of a split; ``without`` are (language, id) that are not drawn."""
    rows = adapted.rows(split, languages, columns=["language", "id"])
    found = defaultdict(list)
    for language, item in zip(rows["language"].to_pylist(), rows["id"].to_pylist(), strict=True):
        if (language, item) not in without:
            found[item].append(language)
    return {item: sorted(have) for item, have in found.items()}


def shared_items(pools: Mapping[str, Pool], count: int, where: str) -> list[str]:
    """Return ``count`` items that every arm's pool has, in item order; too few are a :class:`UserError`."""
    shared = set.intersection(*(set(p) for p in pools.values()))
    if len(shared) < count:
        arms = ", ".join(f"{arm} {len(p)}" for arm, p in pools.items())
        raise UserError(
            f"{where}: {count} items asked for, but only {len(shared)} stand in every arm (items by arm: {arms})"
        )
    return item_order(shared)[:count]


def rotate(items: Sequence[str], have: Pool) -> list[str]:
    """Give each item one language that has it, always the one used least so far (then the first by code)."""
    used: Counter[str] = Counter()
    chosen = []
    for item in items:
        language = min(have[item], key=lambda code: (used[code], code))
        used[language] += 1
        chosen.append(language)
    return chosen


def draw(adapted: Adapted, split: str, languages: Sequence[str], ids: Sequence[str]) -> pa.Table:
    """Return the draw of one row per (language, id) pair, in that order."""
    rows = adapted.rows(split, sorted(set(languages)), columns=["language", "id", "source"])
    keys = zip(rows["language"].to_pylist(), rows["id"].to_pylist(), strict=True)
    source = dict(zip(keys, rows["source"].to_pylist(), strict=True))
    n = len(ids)
    columns = [
        [adapted.card.name] * n,
        [EDITION] * n,
        [split] * n,
        list(languages),
        list(ids),
        [source[pair] for pair in zip(languages, ids, strict=True)],
    ]
    return pa.table(columns, schema=SCHEMA)


def whole(adapted: Adapted, split: str, have: Pool, limit: int | None) -> pa.Table:
    """Return the draw of every row of a pool; ``limit`` keeps the first items in item order."""
    ids = item_order(have)[:limit]
    pairs = [(language, item) for item in ids for language in have[item]]
    return draw(adapted, split, [p[0] for p in pairs], [p[1] for p in pairs])


def digest(table: pa.Table) -> str:
    """Return a draw's digest: SHA-256 over its rows, whatever Arrow's layout of them."""
    mark = hashlib.sha256()
    for row in zip(*(table[name].to_pylist() for name in SCHEMA.names), strict=True):
        mark.update("\x1f".join("" if v is None else v for v in row).encode() + b"\x1e")
    return mark.hexdigest()[:16]


def rows_of(table: pa.Table, adapted: Adapted) -> pa.Table:
    """Return the examples that a draw names, in its order."""
    split = table["split"][0].as_py()
    languages = sorted(set(table["language"].to_pylist()))
    rows = adapted.rows(split, languages)
    keys = zip(rows["language"].to_pylist(), rows["id"].to_pylist(), strict=True)
    place = {key: i for i, key in enumerate(keys)}
    wanted = zip(table["language"].to_pylist(), table["id"].to_pylist(), strict=True)
    return rows.take([place[key] for key in wanted])
