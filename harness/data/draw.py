"""Which rows a training phase reads.

A draw is a table of (dataset, edition, split, language, id, source) of one data set's split, in reading order and
content-addressed, so that a job can name it by its digest. Items are put in an order that depends on their ids alone;
nothing is drawn twice.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from harness.data.adapt import Adapted
from harness.data.contract import EDITION
from harness.errors import UserError

SCHEMA = pa.schema([(name, pa.string()) for name in ("dataset", "edition", "split", "language", "id", "source")])

Pool = Mapping[str, list[str]]
"""Item id → the languages of one arm that have it, sorted."""

Pair = tuple[str, str]
"""Language and item id: a row of a split."""


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


def shared_items(pools: Mapping[str, Pool], count: int, where: str, *, capped: bool = False) -> list[str]:
    """Return ``count`` items that every arm's pool has, in item order.

    :raises UserError: for too few, unless ``capped``
    """
    shared = set.intersection(*(set(p) for p in pools.values()))
    if len(shared) < count and not capped:
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


class Deck:
    """The rows of a pool, dealt one at a time: of a language the next in item order that was not dealt yet.

    ``dealt`` are items that no deck deals again in any language; None where they may come back in another one.
    """

    def __init__(self, have: Pool, dealt: set[str] | None) -> None:
        self.left: dict[str, deque[str]] = {}
        self.dealt = dealt
        for item in item_order(have):
            for language in have[item]:
                self.left.setdefault(language, deque()).append(item)

    def deal(self, language: str) -> Pair | None:
        """Return the next row of a language, or None where it has run out."""
        left = self.left.get(language, deque())
        while left:
            item = left.popleft()
            if self.dealt is None:
                return language, item
            if item not in self.dealt:
                self.dealt.add(item)
                return language, item
        return None

    def rotate(self, count: int) -> list[Pair]:
        """Return ``count`` rows, or all there are: next is the language used least so far, then the first by code."""
        rows: list[Pair] = []
        used = [(0, language) for language in sorted(self.left)]
        while used and len(rows) < count:
            times, language = used[0]
            row = self.deal(language)
            if row is None:
                heapq.heappop(used)
            else:
                heapq.heapreplace(used, (times + 1, language))
                rows.append(row)
        return rows


def draw(adapted: Adapted, split: str, languages: Sequence[str], ids: Sequence[str]) -> pa.Table:
    """Return the draw of one row per (language, id) pair, in that order."""
    rows = adapted.rows(split, sorted(set(languages)), columns=["language", "id", "source"])
    rows = rows.filter(pc.is_in(rows["id"], pa.array(set(ids), pa.string())))
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
    """Return the draw of every row of a pool, in item order; ``limit`` keeps the first items of each language."""
    pairs = [(language, item) for item in item_order(have) for language in have[item]]
    kept = first_rows(pairs, limit) if limit else set(pairs)
    pairs = [pair for pair in pairs if pair in kept]
    return draw(adapted, split, [p[0] for p in pairs], [p[1] for p in pairs])


def first_rows(pairs: Sequence[Pair], limit: int) -> set[Pair]:
    """Return the rows that are among the first ``limit`` of their language, in item order."""
    spoken: dict[str, list[str]] = defaultdict(list)
    for language, item in pairs:
        spoken[language].append(item)
    return {(language, item) for language, items in spoken.items() for item in item_order(items)[:limit]}


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
