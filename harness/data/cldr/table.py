"""CLDR's expert-made names and patterns in FLORES-200's languages, as one table; Babel carries them.

A name counts for a language only where one of the language's own locale files states it: what a locale merely
inherits from English or from CLDR's root is left out. `holdout` splits the keys, `phrases` makes phrases of the
patterns, and the adapters `cldr_*.sql` select their examples from :func:`table` as `raw`.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from harness import languages as lang
from harness.data.cldr import holdout, phrases
from harness.data.cldr.holdout import Row, folded
from harness.data.cldr.speech import calendar_names, learn

if TYPE_CHECKING:
    import pyarrow as pa

Names = dict[str, str]
"""CLDR key such as `place:FR` → name, in one language."""

KINDS = {
    # kind of name: where Babel's locale data has it
    "place": "territories",
    "language": "languages",
    "money": "currency_names",
    "month": "months",
    "weekday": "days",
    "unit": "unit_display_names",
    "script": "scripts",
}
"""What a name names. Where two kinds share one in a language (Arabic, Thai), the earlier kind keeps it."""

PARTS = (*KINDS.values(), "date_formats", "eras", "list_patterns", "unit_patterns", "plural_form")
"""The parts of a locale's data that are read here and in `speech`."""

NAMELESS = {
    *(f"language:{code}" for code in ("mis", "mul", "root", "und", "zxx")),
    *(f"script:{code}" for code in ("Zinh", "Zmth", "Zsye", "Zsym", "Zxxx", "Zyyy", "Zzzz")),
    *("money:XTS", "money:XXX", "place:ZZ"),
}
"""Keys that stand for the lack of a thing of their kind ("Unknown language"), or for none ("Symbols")."""

MIN_NAMES = 200
"""A language with fewer names of its own is left out."""


@cache
def table() -> pa.Table:
    """Return the whole material: one row per name or phrase and language.

    Columns: `split`, `language` (FLORES code), `kind` (one of :data:`KINDS`, or `phrase`), `key`, `block`,
    `text`, and for phrases `tokens` and `tags`. Rows keep the order of kinds and keys.
    """
    import pyarrow as pa

    data = {code: own_data(locale, code) for code, locale in locales().items()}
    names = {code: clean(stated(own)) for code, own in data.items()}
    names = {code: known for code, known in names.items() if len(known) >= MIN_NAMES}
    splits = holdout.split(names)
    spoken = {code: learn(data[code], known) for code, known in names.items()}
    rows = holdout.separate([*_name_rows(names, splits), *phrases.rows(spoken, splits)])
    types = {"tokens": pa.list_(pa.string()), "tags": pa.list_(pa.string())}
    schema = pa.schema([(column, types.get(column, pa.string())) for column in Row._fields])
    return pa.table([[row[i] for row in rows] for i in range(len(Row._fields))], schema=schema)


def _name_rows(names: Mapping[str, Names], splits: Mapping[str, str]) -> Iterator[Row]:
    for language, known in names.items():
        for key, text in known.items():
            if key in splits:
                yield Row(splits[key], language, key.split(":")[0], key, block(key), text)


def block(key: str) -> str:
    """Return what is resampled together: a language with its varieties, the units of one dimension."""
    kind, _, rest = key.partition(":")
    stem = {"language": "_", "unit": "-"}.get(kind)
    return f"{kind}:{rest.split(stem)[0] if stem else rest}"


def locales() -> dict[str, str]:
    """Return FLORES code → the plainest CLDR locale that the aliases give for it, sorted by code."""
    from babel import localedata

    meant = lang.spelled("cldr_locale")
    found: dict[str, str] = {}
    for locale in sorted(localedata.locale_identifiers(), key=lambda name: (len(name), name)):
        if locale in meant:
            found.setdefault(meant[locale], locale)
    return dict(sorted(found.items()))


def chain(locale: str, code: str) -> list[str]:
    """Return the locale files that speak the language ``code`` itself: ``locale`` and those it inherits from.

    A parent counts while it is written in the same script and may be the same language: Nynorsk inherits from
    Norwegian and Dari from Persian, but Haitian does not from Haiti's French, and nothing does from the root.
    """
    from babel.core import get_global

    files = [locale]
    while True:
        parent = get_global("parent_exceptions").get(files[-1]) or files[-1].rpartition("_")[0]
        speaks = lang.spelled("cldr_locale").get(parent, "")
        if code not in lang.candidates(parent) or not speaks.endswith(code[3:]):
            return files
        files.append(parent)


def own_data(locale: str, code: str) -> dict[str, Any]:
    """Return Babel's locale data as the language's own files state it, without English and root."""
    from babel import localedata

    merged: dict[str, Any] = {}
    for file in reversed(chain(locale, code)):
        alone = load_alone(file)
        localedata.merge(merged, {part: alone[part] for part in PARTS if part in alone})
    return merged


def load_alone(locale: str) -> dict[str, Any]:
    """Return one locale file without what it inherits.

    Babel remembers a locale under one name, whether loaded with its inheritance or without: whoever came first
    would decide what the other sees, so its memory of the name is put aside.
    """
    from babel import localedata

    with localedata._cache_lock:
        remembered = localedata._cache.pop(locale, None)
        try:
            alone: dict[str, Any] = localedata.load(locale, merge_inherited=False)
        finally:
            localedata._cache.pop(locale, None)
            if remembered is not None:
                localedata._cache[locale] = remembered
    return alone


def stated(own: Mapping[str, Any]) -> Names:
    """Return every name that a language's own data states, by key, in the order of :data:`KINDS`."""
    names: Names = {}
    for kind in ("place", "language", "money", "script"):
        names |= {f"{kind}:{key}": name for key, name in own.get(KINDS[kind], {}).items()}
    for month, name in calendar_names(own, "months", "stand-alone").items():
        names[f"month:{month}"] = name
    for day, name in calendar_names(own, "days", "stand-alone").items():
        names[f"weekday:{phrases.WEEKDAYS[day]}"] = name
    for unit, widths in own.get("unit_display_names", {}).items():
        # CLDR leaves a long name out where it equals the short one.
        if name := widths.get("long") or widths.get("short"):
            names[f"unit:{unit}"] = name
    place = {kind: i for i, kind in enumerate(KINDS)}
    return dict(sorted(names.items(), key=lambda item: (place[item[0].split(":")[0]], item[0])))


def clean(names: Names) -> Names:
    """Return the names that can be told apart in one language, white space and composition made alike.

    Out go bare codes, names that two keys of one kind carry, and names that an earlier kind has taken.
    """
    tidy = {key: unicodedata.normalize("NFC", " ".join(name.split())) for key, name in names.items()}
    kinds = {key: key.split(":")[0] for key in names}
    same = {key: folded(name) for key, name in tidy.items() if key not in NAMELESS}
    same = {key: name for key, name in same.items() if name not in ("", key.split(":")[1].casefold())}
    carriers = Counter((kinds[key], name) for key, name in same.items())
    taken: dict[str, str] = {}
    for key, name in same.items():
        taken.setdefault(name, kinds[key])
    return {
        key: tidy[key] for key, name in same.items() if carriers[kinds[key], name] == 1 and taken[name] == kinds[key]
    }
