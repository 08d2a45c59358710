"""The generated block of a data set's card: counts, lengths and digests, as the adapted file has them.

The block also names the recipe that it was made by, so that a card can be seen to be stale where there are no files.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from harness.data.adapt import Adapted, recipe

if TYPE_CHECKING:
    import pyarrow as pa

OPEN, CLOSE = "<!-- generated -->", "<!-- end of generated -->"

MARK = 16
"""Digits of a recipe's and of a split's digest that a block shows."""

QUANTILES = (0, 25, 50, 75, 95, 100)
"""Percentiles of lengths; each is a length that occurs (nearest rank)."""


def generated_block(adapted: Adapted) -> str:
    """Return the block between its two comments: rows by split and language, labels, lengths and digests."""
    splits = list(dict.fromkeys(split for split, _ in adapted.parts))
    counted = {split: adapted.rows(split, columns=["text", "text_pair", "tokens", "label", "tags"]) for split in splits}
    lines = [OPEN, "", "## Generated", "", f"Recipe: `{recipe(adapted.card)[:MARK]}`", ""]
    lines += _table(["split", "rows", "stated", "languages", "digest"], _totals(adapted, splits))
    lines += _table(["left out", "split", "rows"], _skipped(adapted))
    lines += _table(["length of", "split", *(f"{q} %" for q in QUANTILES)], _lengths(counted))
    lines += _table(["label", *splits], _labels(adapted, counted))
    lines += _table(["language", *splits], _languages(adapted, splits))
    return "\n".join([*lines, CLOSE])


def with_block(card: str, block: str) -> str:
    """Return the text of a card with ``block`` in place of its generated block, or at its end."""
    if _BLOCK.search(card):
        return _BLOCK.sub(lambda _: block, card)
    return f"{card.rstrip()}\n\n{block}\n"


_BLOCK = re.compile(f"{re.escape(OPEN)}.*?{re.escape(CLOSE)}", re.DOTALL)


class Counts(NamedTuple):
    """What a generated block says. ``rows`` are those of the files at hand, ``stated`` all that the makers state."""

    recipe: str
    rows: dict[str, int]
    stated: dict[str, int | None]
    languages: list[str]
    left_out: int


def counts(card: str) -> Counts | None:
    """Return what the generated block in a card's text says; None where there is none, or one that was written into."""
    block = _BLOCK.search(card)
    made = re.search(rf"^Recipe: `([0-9a-f]{{{MARK}}})`$", block[0], re.MULTILINE) if block else None
    if not block or not made:
        return None
    splits, skipped, languages = (_cells(block[0], head) for head in ("split", "left out", "language"))
    try:
        rows = {row[0]: int(row[1]) for row in splits}
        stated = {row[0]: int(row[2]) if row[2] else None for row in splits}
        left_out = sum(int(row[2]) for row in skipped)
        sums = [sum(map(int, column)) for column in zip(*(row[1:] for row in languages), strict=True)]
    except (ValueError, IndexError):
        return None
    found = Counts(made[1], rows, stated, [row[0] for row in languages], left_out)
    return found if sums == list(rows.values()) else None


def _cells(block: str, head: str) -> list[list[str]]:
    """Return the cells below the head of the block's table that opens with the column ``head``; [] without it."""
    table = re.search(rf"^\| {head} \|.*\n\|[- |]*\n((?:\|.*\n)*)", block, re.MULTILINE)
    return [line.strip("| ").split(" | ") for line in table[1].splitlines()] if table else []


def _table(head: list[str], rows: Iterable[Iterable[object]]) -> list[str]:
    body = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *body, ""] if body else []


def _totals(adapted: Adapted, splits: list[str]) -> Iterator[list[object]]:
    for split in splits:
        parts = {language: part for (s, language), part in adapted.parts.items() if s == split}
        mark = hashlib.sha256("".join(f"{code} {part.digest}\n" for code, part in parts.items()).encode())
        stated = adapted.card.splits[split].rows or ""
        yield [split, sum(part.rows for part in parts.values()), stated, len(parts), f"`{mark.hexdigest()[:MARK]}`"]


def _skipped(adapted: Adapted) -> Iterator[list[object]]:
    counts: Counter[tuple[str, str]] = Counter()
    for (split, _, reason), rows in adapted.skipped.items():
        counts[reason, split] += rows
    yield from ([reason, split, rows] for (reason, split), rows in sorted(counts.items()))


def _lengths(counted: dict[str, pa.Table]) -> Iterator[list[object]]:
    for column, unit in (("text", "code points"), ("text_pair", "code points"), ("tokens", "tokens")):
        for split, rows in counted.items():
            lengths = sorted(len(value) for value in rows[column].to_pylist() if value is not None)
            if lengths:
                ranks = (max(0, -(-q * len(lengths) // 100) - 1) for q in QUANTILES)
                yield [f"{column}, {unit}", split, *(lengths[rank] for rank in ranks)]


def _labels(adapted: Adapted, counted: dict[str, pa.Table]) -> Iterator[list[object]]:
    found = {split: Counter(_said(rows)) for split, rows in counted.items()}
    for label in adapted.card.labels:
        yield [label, *(count[label] for count in found.values())]


def _said(rows: pa.Table) -> Iterator[str]:
    yield from (label for label in rows["label"].to_pylist() if label is not None)
    yield from (tag for tags in rows["tags"].to_pylist() if tags is not None for tag in tags)


def _languages(adapted: Adapted, splits: list[str]) -> Iterator[list[object]]:
    for language in sorted({language for _, language in adapted.parts}):
        parts = (adapted.parts.get((split, language)) for split in splits)
        yield [language, *(part.rows if part else 0 for part in parts)]
