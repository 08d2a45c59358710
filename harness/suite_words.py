"""What is wrong with the types of a suite's file, in one sentence: the place, what was expected, what was seen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from harness import suite as grammar
from harness.errors import UserError, nearest
from harness.suite import Suite, Table


def convert(raw: dict[str, Any], path: Path) -> Suite:
    """Take raw tables into the grammar's types; the first mistake is one sentence with its place."""
    for key in ("limit", "scale"):
        if key in raw:
            raise UserError(f"{path}: `{key}` is no key of a suite; give it as `run --{key} {raw[key]}`")
    try:
        return msgspec.convert(raw, Suite)
    except msgspec.ValidationError as e:
        raise UserError(f"{path}: {_explain(str(e), raw)}") from None


def _explain(message: str, raw: dict[str, Any]) -> str:
    """Turn msgspec's message into ours: the place, what was expected there and what was seen."""
    text, _, steps = message.partition(" - at `$")
    place, seen = _walk(steps, raw)
    if found := re.search("unknown field `(.+)`", text):
        close = nearest(found[1], _owner(place).__struct_fields__)
        return f"{place or 'top level'}: unknown key {found[1]!r}; the nearest are {', '.join(close)}"
    text = f"expected {_options(place)}" if "enum" in text else text[0].lower() + text[1:]
    saw = "" if isinstance(seen, dict) else f", saw {seen!r}"
    return f"{place or 'top level'}: {text.partition(', got')[0] if saw else text}{saw}"


def _walk(steps: str, raw: Any) -> tuple[str, Any]:
    """Return the place that msgspec's ``steps`` lead to, where each ``[...]`` gets its name, and what stands there."""
    place, here = "", raw
    for step in re.findall(r"\w+|\.\.\.", steps):
        name = next(n for n, value in here.items() if _refused(value, _NAMED[place])) if step == "..." else step
        place += f"[{name}]" if isinstance(here, list) else f".{name}" if place else name
        here = here[int(name)] if isinstance(here, list) else here[name]
    return place, here


def _refused(value: Any, table: type[Table]) -> bool:
    try:
        msgspec.convert(value, table)
    except msgspec.ValidationError:
        return True
    return False


def _options(place: str) -> str:
    """Name the values that a key takes which is not free."""
    table, _, field = place.rpartition(".")
    key, at, _ = field.partition("[")
    hint = get_type_hints(_owner(table))[key]
    taken = _flat(get_args(hint)[0] if at else hint)
    return " or ".join(taken)


def _flat(hint: Any) -> list[str]:
    if isinstance(hint, str):
        return [f'"{hint}"']
    if hint is int:
        return ["a number"]
    if hint == list[str]:
        return ["a list"]
    return [name for part in get_args(hint) for name in _flat(part)]


_NAMED: dict[str, type[Table]] = {"recipes": grammar.Recipe, "arms": grammar.Arm, "targets": grammar.Target}
"""Tables of tables: place → what each of its tables is."""


def _owner(place: str) -> type[Table]:
    """Return the table that stands at ``place``."""
    rules: dict[str, type[Table]] = {
        r"languages": grammar.Languages,
        r"recipes\..*\.lora$": grammar.Lora,
        r"recipes\.": grammar.Recipe,
        r"intermediate": grammar.Intermediate,
        r"arms\..*\.(mix|mlm)\[\d+\]$": grammar.Mix,
        r"arms\..*\.sampling$": grammar.Sampling,
        r"arms\..*\.pretrain$": grammar.Pretrain,
        r"arms\.": grammar.Arm,
        r"targets\..*\.train$": grammar.Train,
        r"targets\..*\.test\[\d+\]$": grammar.Test,
        r"targets\.": grammar.Target,
        r"contrasts": grammar.Contrast,
    }
    return next((owner for rule, owner in rules.items() if re.match(rule, place)), Suite)
