"""Splits CLDR's keys once for all languages, so that nothing tested was seen in training in any language.

Every choice is a hash of a seed and the key, so that it depends on no library and no order.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

SEED = 6
"""Seed of every choice here and in `phrases`."""

MIN_SHARE = 0.5
"""A key must stand in this share of the languages to be used at all."""

TEST_SHARE = 0.9
"""A test item must stand in this share of the languages, so that items are shared across them."""

TEST_KEYS = 20
"""At most so many test keys of one kind."""

PIVOT = "eng_Latn"
"""The language in which every key must stand, since names are retrieved from and to it."""


class Row(NamedTuple):
    """A name or a phrase in one language; tokens and tags belong to phrases."""

    split: str
    language: str
    kind: str
    key: str
    block: str
    text: str
    tokens: list[str] | None = None
    tags: list[str] | None = None


def rank(text: str) -> bytes:
    """Return a sort key that shuffles texts, fixed by the text and :data:`SEED` alone."""
    return hashlib.sha256(f"{SEED}:{text}".encode()).digest()


def split(names: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return key → `train`, `dev` or `test`, 60/20/20 by kind; ``names`` is language → key → name.

    The test keys are drawn from those that stand in :data:`TEST_SHARE` of the languages, at most
    :data:`TEST_KEYS` of a kind. What is left of a kind's fifth for testing is used nowhere.
    """
    stands = Counter(key for known in names.values() for key in known)
    kinds: dict[str, list[str]] = defaultdict(list)
    for key in sorted(stands, key=rank):
        if stands[key] >= MIN_SHARE * len(names) and key in names[PIVOT]:
            kinds[key.split(":")[0]].append(key)
    splits: dict[str, str] = {}
    for keys in kinds.values():
        fifth = math.ceil(len(keys) / 5)
        shared = [key for key in keys if stands[key] >= TEST_SHARE * len(names)]
        test = shared[: min(TEST_KEYS, fifth)]
        rest = [key for key in keys if key not in test]
        dev = rest[: len(keys) // 5]
        train = rest[len(keys) // 5 + fifth - len(test) :]
        splits |= dict.fromkeys(test, "test") | dict.fromkeys(dev, "dev") | dict.fromkeys(train, "train")
    return splits


def separate(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of which no text, case-folded and in NFC, stands in two splits, in any language.

    A text that is tested keeps its place in `test` and leaves the others; one of `dev` leaves `train`.
    """
    marked = [(folded(row.text), row) for row in rows]
    tested = {text for text, row in marked if row.split == "test"}
    held = {text for text, row in marked if row.split == "dev"} | tested
    barred = {"test": set[str](), "dev": tested, "train": held}
    return [row for text, row in marked if text not in barred[row.split]]


def folded(text: str) -> str:
    """Return what two strings in NFC have in common when they count as equal: case folded, NFC again."""
    return unicodedata.normalize("NFC", text.casefold())
