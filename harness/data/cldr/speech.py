"""How one language says a date, an amount, a name or a list, by the patterns that its CLDR files state.

What is said is a list of pieces, each with the tag of what it names, so that the words' tags are known by
construction. Where CLDR does not state what it takes, the answer is None and never a guess.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

INVISIBLE = "\u200b\u200e\u200f\u061c"
"""Marks of direction and of optional breaks: a token of nothing else is left out."""

Piece = tuple[str, str | None]
"""A stretch of a phrase, and the tag of what it names or None."""

Said = list[Piece] | None
"""A phrase in one language, or None where the language cannot say it."""


@dataclass(frozen=True)
class Speech:
    """What one language says phrases with. Names are by CLDR key, units by CLDR's name of the unit."""

    names: Mapping[str, str]
    dates: Mapping[str, list[tuple[str, Any]]]
    months: Mapping[str, Mapping[int, str]]
    days: Mapping[str, Mapping[int, str]]
    era: str | None
    units: Mapping[str, Mapping[str, str]]
    plural: Callable[[int], str]
    lists: Mapping[str, Mapping[str, list[str]]]


def learn(own: Mapping[str, Any], names: Mapping[str, str]) -> Speech:
    """Return the speech of a language from its own locale data and its names by key."""
    from babel.dates import tokenize_pattern

    formats = own.get("date_formats", {})
    return Speech(
        names=names,
        dates={w: _fields(tokenize_pattern(formats[w].pattern)) for w in ("full", "long") if w in formats},
        months={context: calendar_names(own, "months", context) for context in CONTEXTS},
        days={context: calendar_names(own, "days", context) for context in CONTEXTS},
        era=own.get("eras", {}).get("abbreviated", {}).get(1),
        # CLDR leaves a long pattern out where it equals the short one.
        units={unit: w.get("long") or w.get("short") or {} for unit, w in own.get("unit_patterns", {}).items()},
        plural=own.get("plural_form", lambda _: "other"),
        lists={style: _list_patterns(own, style) for style in ("standard", "unit")},
    )


def _fields(parsed: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return a date pattern's fields and the text between them, of which Babel splits what is quoted."""
    fields: list[tuple[str, Any]] = []
    for sort, run in groupby(parsed, key=lambda part: part[0]):
        whats = [what for _, what in run]
        fields += [(sort, "".join(whats))] if sort == "chars" else [(sort, what) for what in whats]
    return fields


CONTEXTS = ("format", "stand-alone")
"""CLDR's two contexts of a calendar name: inside a date, where it may be inflected, and by itself."""


def calendar_names(own: Mapping[str, Any], what: str, context: str) -> dict[int, str]:
    """Return the full names of `months` (1 to 12) or `days` (0 is Monday) in one of the :data:`CONTEXTS`.

    Where a language states one context only, it stands for both.
    """
    other = next(name for name in CONTEXTS if name != context)
    contexts = own.get(what, {})
    return {**_wide(contexts, other), **_wide(contexts, context)}


def _wide(contexts: Mapping[str, Any], context: str) -> dict[int, str]:
    names = contexts.get(context, {})
    wide = names.get("wide", {}) if isinstance(names, dict) else {}
    return wide if isinstance(wide, dict) else {}


def _list_patterns(own: Mapping[str, Any], style: str) -> dict[str, list[str]]:
    """The language's patterns, cut at their places; what it leaves to the root is a bare comma there too."""
    patterns = dict.fromkeys(("start", "middle", "end", "2"), "{0}, {1}")
    for name in ("standard", style):
        stated = own.get("list_patterns", {}).get(name, {})
        patterns |= stated if isinstance(stated, dict) else {}
    return {place: re.split(r"(\{[01]\})", pattern) for place, pattern in patterns.items()}


def say_name(speech: Speech, key: str) -> Said:
    """Say what a CLDR key names; the tag is its kind."""
    name = speech.names.get(key)
    return [(name, key.split(":")[0])] if name else None


def say_amount(speech: Speech, number: int, unit: str) -> Said:
    """Say a number of a unit, in the plural form that the language takes for the number."""
    patterns = speech.units.get(unit, {})
    pattern = patterns.get(speech.plural(number)) or patterns.get("other")
    if not pattern or not pattern.replace("{0}", "").strip():
        return None
    return [(str(number), "number") if t == "{0}" else (t, "unit") for t in re.split(r"(\{0\})", pattern)]


def say_date(speech: Speech, width: str, day: datetime.date) -> Said:
    """Say a day in CLDR's `full` pattern, which has the weekday, or in its `long` one."""
    said: list[Piece] = []
    for sort, what in speech.dates.get(width, ()):
        piece = (what, None) if sort == "chars" else _say_field(speech, what, day)
        if piece is None:
            return None
        said.append(piece)
    return said or None


def _say_field(speech: Speech, field: tuple[str, int], day: datetime.date) -> Piece | None:
    """One field of a date pattern; None for those that take what no key names, such as short names."""
    letter, length = field
    context = "stand-alone" if letter in "Lc" else "format"
    if letter == "y" and length != 2:
        return str(day.year), "year"
    if letter == "d":
        return f"{day.day:0{length}}", "day"
    if letter in "ML" and length <= 2:
        return f"{day.month:0{length}}", "month"
    if letter in "ML" and length == 4:
        return _named(speech.months[context].get(day.month), "month")
    if letter in "Ec" and length == 4:
        return _named(speech.days[context].get(day.weekday()), "weekday")
    if letter == "G":
        return _named(speech.era, None)
    return None


def _named(name: str | None, tag: str | None) -> Piece | None:
    return (name, tag) if name else None


def join(speech: Speech, items: list[Said], style: str) -> Said:
    """Say several things one after the other by a list pattern, from the last pair backwards, as CLDR does."""
    said = [item for item in items if item]
    if len(said) < len(items):
        return None
    joined = said[-1]
    for i in range(len(said) - 2, -1, -1):
        place = "2" if len(said) == 2 else "end" if i == len(said) - 2 else "start" if i == 0 else "middle"
        put = {"{0}": said[i], "{1}": joined}
        joined = [piece for text in speech.lists[style][place] for piece in put.get(text, [(text, None)])]
    return joined


def tagged(said: list[Piece]) -> tuple[list[str], list[str]]:
    """Return the tokens of a phrase, which are its pieces split further at white space, and their BIO tags."""
    tokens: list[str] = []
    tags: list[str] = []
    for text, tag in said:
        words = text.split()
        if tag:
            tags += [f"B-{tag}", *[f"I-{tag}"] * (len(words) - 1)] if words else []
        else:
            words = [word for word in words if word.strip(INVISIBLE)]
            tags += ["O"] * len(words)
        tokens += words
    return tokens, tags
