"""Phrases built from CLDR's date, unit and list patterns, with the tag of every word known by construction.

A phrase is declared once (Friday 5 October 1984; 3 hours; Japan, Euro and Thai) and said in every language that
has its pattern and its names, so that ids are parallel. It uses only names of its own split. Numbers are written
in the digits 0-9 in every language.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness.data.cldr import holdout, speech
from harness.data.cldr.holdout import Row
from harness.data.cldr.speech import Said, Speech

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""CLDR's names of the days, from Monday as Babel and Python count them."""

LISTED = ("place", "language", "money", "script")
"""Kinds of name that lists are made of."""

LONGEST_FIRST = (
    *("century", "decade", "year", "quarter", "month", "fortnight", "week", "day", "hour", "minute", "second"),
    *("millisecond", "microsecond", "nanosecond"),
)
"""Units of time in the order in which a duration of two says them."""


class Wanted(NamedTuple):
    """How many phrases of each shape a split declares at most. Each day is said in full and long."""

    days: int
    amounts: int
    durations: int
    lists: int


WANTED = {"train": Wanted(90, 165, 30, 330), "dev": Wanted(25, 40, 5, 60), "test": Wanted(18, 0, 0, 60)}
"""Split → its phrases. Too few languages state unit patterns for amounts to be test items that are shared."""


class Phrase(NamedTuple):
    """What is to be said, in no language yet: its id, what it is resampled with, its shape and content."""

    id: str
    block: str
    shape: str
    content: tuple[Any, ...]


def rows(languages: Mapping[str, Speech], splits: Mapping[str, str]) -> Iterator[Row]:
    """Yield a row per phrase and language; ``splits`` is key → split.

    A test phrase is kept where :data:`holdout.TEST_SHARE` of the languages can say it.
    """
    for split in WANTED:
        for phrase in declared(split, splits):
            said = {language: say(phrase, own) for language, own in languages.items()}
            known = {language: pieces for language, pieces in said.items() if pieces}
            if split != "test" or len(known) >= holdout.TEST_SHARE * len(languages):
                for language, pieces in known.items():
                    text = " ".join("".join(text for text, _ in pieces).split())
                    tokens, tags = speech.tagged(pieces)
                    yield Row(split, language, "phrase", phrase.id, phrase.block, text, tokens, tags)


def say(phrase: Phrase, own: Speech) -> Said:
    """Return the phrase in one language, or None where CLDR does not state what it takes."""
    if phrase.shape == "date":
        width, day = phrase.content
        return speech.say_date(own, width, day)
    if phrase.shape == "list":
        return speech.join(own, [speech.say_name(own, key) for key in phrase.content], "standard")
    return speech.join(own, [speech.say_amount(own, number, unit) for number, unit in phrase.content], "unit")


def declared(split: str, splits: Mapping[str, str]) -> list[Phrase]:
    """Return the phrases of a split, made of that split's keys alone."""
    keys = sorted((key for key, where in splits.items() if where == split), key=holdout.rank)
    shapes = (_dates(keys), _amounts(keys), _durations(keys), _lists(keys))
    counts = WANTED[split]._replace(days=2 * WANTED[split].days)
    return [phrase for phrases, count in zip(shapes, counts, strict=True) for phrase in phrases[:count]]


def _dates(keys: list[str]) -> list[Phrase]:
    """Days of 1950 to 2049 whose month and weekday are both of the split, in shuffled order."""
    first = datetime.date(1950, 1, 1)
    century = (first + datetime.timedelta(days) for days in range(36_525))
    have = set(keys)
    known = (d for d in century if {f"month:{d.month}", f"weekday:{WEEKDAYS[d.weekday()]}"} <= have)
    return [
        Phrase(f"date:{width}:{day.isoformat()}", f"date:{day.isoformat()}", "date", (width, day))
        for day in sorted(known, key=lambda d: holdout.rank(d.isoformat()))
        for width in ("full", "long")
    ]


def _amounts(keys: list[str]) -> list[Phrase]:
    """Every unit with one number, then every unit with another."""
    units = [key.removeprefix("unit:") for key in keys if key.startswith("unit:")]
    return [
        Phrase(f"amount:{_number(unit, turn)} {unit}", _dimension(unit), "amount", ((_number(unit, turn), unit),))
        for turn in (0, 1)
        for unit in units
    ]


def _durations(keys: list[str]) -> list[Phrase]:
    """Every two units of time, the longer one first, in shuffled order."""
    times = [unit for unit in LONGEST_FIRST if f"unit:duration-{unit}" in keys]
    pairs = [(long, short) for i, long in enumerate(times) for short in times[i + 1 :]]
    phrases = []
    for long, short in sorted(pairs, key=lambda pair: holdout.rank(" ".join(pair))):
        parts = tuple((_number(f"{long} {short}", turn), f"duration-{u}") for turn, u in enumerate((long, short)))
        name = ", ".join(f"{number} {unit}" for number, unit in parts)
        phrases.append(Phrase(f"amount:{name}", "unit:duration", "amount", parts))
    return phrases


def _number(text: str, turn: int) -> int:
    """A number from 2 to 99 that depends on the text, another one at the next turn."""
    return 2 + (int.from_bytes(holdout.rank(text)[:4], "big") + 31 * turn) % 98


def _dimension(unit: str) -> str:
    return f"unit:{unit.split('-')[0]}"


def _lists(keys: list[str]) -> list[Phrase]:
    """Names in threes, mixed by kind; each three makes three lists, and they are one block."""
    names = [key for key in keys if key.split(":")[0] in LISTED]
    return [
        Phrase(f"list:{', '.join(listed)}", f"list:{a}", "list", listed)
        for a, b, c in zip(names[::3], names[1::3], names[2::3], strict=False)
        for listed in ((a, b, c), (c, a), (b, c))
    ]
