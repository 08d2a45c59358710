"""What languages can be filtered by, and every set of languages that the filters can leave.

The score of every arm over each set is computed when the page is made, with its interval; its script looks them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import product

from harness import languages as lang

FILTERS = {
    "cluster": "Family",
    "script": "Script",
    "nllb_resource": "Resource level",
    "joshi_class": "Joshi class",
}
"""Column of the languages table → what the page calls it; the family is that of every claim (statistics §0.2)."""


def name(code: str) -> str:
    """Return a language's name in English."""
    return str(lang.languages()[code]["name"])


def facts(code: str) -> list[str]:
    """Return what a language is filtered by, a value for each of :data:`FILTERS`."""
    return [lang.languages()[code][column] or "unknown" for column in FILTERS]


def sets_of(codes: Sequence[str]) -> tuple[dict[str, int], list[set[str]]]:
    """Return the place of the set that each choice leaves, and the sets.

    A choice is its values joined by "|", "" where anything will do, or one language's code.
    """
    members: dict[str, list[str]] = {}
    for code in codes:
        for values in product(*(("", value) for value in facts(code))):
            members.setdefault("|".join(values), []).append(code)
    members |= {code: [code] for code in codes}
    places: dict[tuple[str, ...], int] = {}
    keys = {key: places.setdefault(tuple(mine), len(places)) for key, mine in members.items()}
    return keys, [set(mine) for mine in places]


def form(codes: Sequence[str]) -> str:
    """Return the labelled choices, each with how many languages it leaves."""
    shown = [_choice("Language", {code: f"{name(code)} ({code})" for code in sorted(codes, key=name)})]
    for i, label in enumerate(FILTERS.values()):
        values = [facts(code)[i] for code in codes]
        shown.append(_choice(label, {v: f"{v} ({values.count(v)})" for v in sorted(set(values))}))
    return "".join(shown)


def _choice(label: str, options: dict[str, str]) -> str:
    listed = "".join(f'<option value="{escape(value)}">{escape(text)}</option>' for value, text in options.items())
    return f'<label>{label}<select><option value="">all</option>{listed}</select></label>'
