"""Any code or English name → one FLORES code, and what is known of each language.

The facts are `datacards/languages.csv` (205 codes) and `distances.csv` (their pairs), the names other data sets use
are `aliases.csv`, and the clusters that differ from the Glottolog family are `clusters.csv`. `columns.csv` says what
each column means and where it is from; the card `languages.md` has the sources' versions, licences and doubts.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from harness import resources
from harness.errors import UserError, unknown

Language = Mapping[str, str | None]
"""One row of the languages table, plus `cluster` and `unit`: column → value, None where unknown."""

BREAKDOWNS = ("family", "cluster", "macroarea", "script", "nllb_resource", "joshi_class", "word_order")
"""The columns of the languages table that every example carries, so that its file stands on its own."""

OUTSIDE = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")
"""What the code of a language outside the table must look like: ISO 639-3 + script."""

KINDS = ("glottocode", "wikipedia")
"""Columns of the languages table that are kinds of alias as well: a code there means the one language that has it."""


def _rows(table: str) -> list[dict[str, str]]:
    with (resources.folder("datacards") / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def languages() -> Mapping[str, Language]:
    """Return code → row for the 204 FLORES-200 codes and N'Ko, in the order of the codes."""
    overrides = {(r["column"], r["value"]): r["cluster"] for r in _rows("clusters.csv")}
    table: dict[str, Language] = {}
    for row in _rows("languages.csv"):
        facts: dict[str, str | None] = {name: value or None for name, value in row.items()}
        facts["unit"] = row["glottocode_language"]
        facts["cluster"] = _cluster(row, overrides)
        table[row["code"]] = MappingProxyType(facts)
    return MappingProxyType(table)


def _cluster(row: dict[str, str], overrides: dict[tuple[str, str], str]) -> str:
    """Statistics §0.2: the family; an override; or its own name where the family is no genealogy."""
    if named := overrides.get(("code", row["code"])):
        return named
    if not row["family"] or ("family", row["family"]) in overrides:
        return row["name"]
    return row["family"]


@cache
def _aliases() -> Mapping[str, Mapping[str, list[dict[str, str]]]]:
    """Alias kind → alias → its candidates."""
    kinds: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in (*_rows("aliases.csv"), *_codes()):
        kinds[row["kind"]][row["alias"]].append(row)
    return kinds


def _codes() -> Iterator[dict[str, str]]:
    """Yield the aliases that columns of the languages table are."""
    for kind in KINDS:
        held = Counter(row[kind] for row in languages().values())
        for code, row in languages().items():
            if alias := row[kind]:
                yield {"kind": kind, "alias": alias, "code": code, "default": str(held[alias] == 1).lower()}


def columns() -> list[str]:
    """Return the names of the columns that every row of the languages table has."""
    return list(next(iter(languages().values())))


@cache
def spelled(kind: str, where: str = "") -> Mapping[str, str]:
    """Return alias → FLORES code for every alias of one kind that means one code there."""
    meant = {alias: _default(rows) for alias, rows in _kind(kind, where).items()}
    return {alias: code for alias, code in meant.items() if code}


def candidates(name: str) -> set[str]:
    """Return every FLORES code that ``name`` may stand for, in any kind: the members of a macrolanguage."""
    return {row["code"] for names in _aliases().values() for row in names.get(name, ())}


def resolve(name: str, kind: str | None = None, where: str = "") -> str:
    """Return the code that ``name`` stands for.

    With an alias ``kind`` (the data set's own spelling) only that kind is asked, and a name that has several meanings
    over all kinds is refused, because the data set's card must choose: ``tg`` is Tajik, and Tigrinya in AfriSenti.
    Without one a name must mean the same in every kind that has a default for it. A code that :func:`stands` is itself.
    ``where`` opens the message of the :class:`UserError` that an unknown or ambiguous name gets.
    """
    asked = _aliases() if kind is None else {kind: _kind(kind, where)}
    found = [names[name] for names in asked.values() if name in names]
    if (kind is None or not found) and stands(name):
        return name
    if not found:
        known = {alias for names in asked.values() for alias in names}
        raise unknown("language", name, known, where)
    meant = {code for rows in found if (code := _default(rows))}
    if len(meant) != 1 or (kind and name not in languages() and len(candidates(name)) > 1):
        raise _ambiguous(name, kind, where)
    return meant.pop()


def stands(code: str) -> bool:
    """Return whether ``code`` is itself: a code of the table, or ISO 639-3 + script of a language outside it.

    Outside is what no alias places in the table (``cmn_Hans`` is zho_Hans there), or another script of what is in it.
    """
    if code in languages() or not OUTSIDE.fullmatch(code):
        return code in languages()
    from babel import Locale

    iso, script = code.split("_")
    return {inside[:3] for inside in candidates(iso)} <= {iso} and script in Locale("en").scripts


def _kind(kind: str, where: str) -> Mapping[str, list[dict[str, str]]]:
    if kind not in _aliases():
        raise unknown("kind of language code", kind, _aliases(), where)
    return _aliases()[kind]


def _default(rows: list[dict[str, str]]) -> str | None:
    return next((row["code"] for row in rows if row["default"] == "true"), None)


def _ambiguous(name: str, kind: str | None, where: str) -> UserError:
    said = "write the FLORES code" if kind is None else "say in the card, under [languages.choices], which is meant"
    means = ", ".join(sorted(candidates(name)))
    return UserError(f"{where + ': ' if where else ''}language {name!r} is ambiguous ({means}); {said}")


def view_sql() -> str:
    """Return the select that gives the languages table in SQL, with its files named."""
    text = Path(__file__).with_name("languages.sql").read_text(encoding="utf-8")
    for name in ("languages", "clusters"):
        text = text.replace(f"${name}", literal(resources.folder("datacards") / f"{name}.csv"))
    return text


def literal(path: Path) -> str:
    """Return a path as SQL writes a string."""
    return "'" + str(path.absolute()).replace("'", "''") + "'"


class Fact(NamedTuple):
    """One thing that is known of a language, or is not (value None); the sources are those of the card."""

    column: str
    value: str | None
    source: str
    meaning: str


def explain(code: str) -> list[Fact]:
    """Return every column of a language, with what it means and which source it is from.

    Of a language outside the table only its code is known, and that FLORES-200 lacks it.
    """
    outside = {"code": code, "iso639_3": code[:3], "script": code[4:], "in_flores200": "0"}
    row = dict.fromkeys(columns()) | outside if code not in languages() and stands(code) else _known(code)
    described = {r["column"]: r for r in _rows("columns.csv") if r["table"] == "languages"}
    return [Fact(name, value, described[name]["source"], described[name]["meaning"]) for name, value in row.items()]


def _known(code: str) -> Language:
    if code not in languages():
        raise unknown("language", code, languages())
    return languages()[code]


def facts(code: str) -> Language:
    """Return the :data:`BREAKDOWNS` of ``code``; of a language outside the table only the script."""
    if row := languages().get(code):
        return {column: row[column] for column in BREAKDOWNS}
    if not OUTSIDE.fullmatch(code):
        raise unknown("language", code, languages())
    return {column: code[4:] if column == "script" else None for column in BREAKDOWNS}


def cluster(code: str) -> str:
    """Return the cluster of every claim across languages: statistics §0.2."""
    return str(_known(code)["cluster"])


def unit(code: str) -> str:
    """Return the language that ``code`` is one script or standard of: statistics §9.

    It is the Glottolog code of the language; outside the table the ISO 639-3 code.
    """
    row = languages().get(code)
    return str(row["unit"]) if row else code[:3]


DISTANCES = ("syntactic", "phonological", "inventory", "featural", "genetic", "geographic_km")
"""Kinds of distance between two languages: columns of `datacards/distances.csv`."""


@cache
def _distances() -> Mapping[tuple[str, str], Mapping[str, str]]:
    return {(row["a"], row["b"]): row for row in _rows("distances.csv")}


def distance(a: str, b: str, kind: str) -> float:
    """Return the distance of two languages: 0 to itself, NaN where it is not known.

    ``kind`` is one of :data:`DISTANCES`: 0 to 1 (kilometres for ``geographic_km``).
    """
    if kind not in DISTANCES:
        raise unknown("kind of distance", kind, DISTANCES)
    if a == b:
        return 0.0
    row = _distances().get((min(a, b), max(a, b)))
    return float(row[kind]) if row and row[kind] else float("nan")


def scale(column: str, code: str) -> float:
    """Return a language's place on a column's scale: a number as it is, high 1, Latin script 1; NaN where unknown.

    :raises UserError: for a column whose values have no order
    """
    value = languages()[code][column]
    if value is None:
        return float("nan")
    if column == "script":
        return float(value == "Latn")
    try:
        return {"high": 1.0, "low": 0.0}[value] if column == "nllb_resource" else float(value)
    except ValueError:
        raise UserError(f"column {column!r} of languages has no order ({value!r}); name one that is a scale") from None
