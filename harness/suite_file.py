"""A suite from its file: read, changed where the command line says so, and checked before anything runs.

No includes, no inheritance, no templates, no code. What is wrong is refused with its place and the nearest right
names: `suite_words.py` for keys and types, `suite_checks.py` for languages, data sets, recipes and arms.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from harness.errors import UserError, unknown
from harness.resources import folder
from harness.suite import Suite
from harness.suite_checks import check
from harness.suite_words import convert

Scale = Literal["full", "smoke"]


def shipped() -> dict[str, Path]:
    """Return the suites that ship: name → file."""
    return {p.stem: p for p in sorted(folder("suites").glob("*.toml"))}


def load(spec: str | Path, limit: int | None = None, changes: Sequence[str] = (), scale: Scale = "full") -> Suite:
    """Return the checked suite of a file, or of a shipped suite's name.

    ``changes`` are settings that differ from the file, as ``seeds=[0]`` or ``recipes.default.epochs=1``; ``scale`` is
    "smoke" for those of the file's own table [smoke]. They and ``limit`` become part of the suite's name, so that a
    changed suite never passes for the one in the file.
    """
    path = _find(str(spec))
    raw = _read(path)
    told = ["@smoke"] if scale == "smoke" else []
    told += [f"@{change.replace(chr(34), '')}" for change in changes] + ([f"@limit={limit}"] if limit else [])
    smoke = _smoke(raw, path) if scale == "smoke" else {}
    own = smoke.pop("limit", None)
    for key, value in smoke.items():
        _put(raw, key, value, f"{path}: smoke.{key}")
    for change in changes:
        _put(raw, *_parsed(change), f"--set {change}")
    suite = convert(raw, path)
    check(suite, path)
    name = suite.name + "".join(told).replace("/", "-")
    return msgspec.structs.replace(suite, name=name, limit=limit or own, scale=scale)


def _smoke(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the table [smoke] as dotted key → value, however its author nested it."""
    if not raw.get("smoke"):
        raise UserError(f"{path}: no table [smoke]: it says what --scale smoke changes, as `seeds = [0]`")
    found = dict(_dotted(raw["smoke"]))
    if not isinstance(found.get("limit", 1), int) or found.get("limit", 1) < 1:
        raise UserError(f"{path}: smoke.limit: expected a number from 1 on, saw {found['limit']!r}")
    return found


def _dotted(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", below) for key, below in _dotted(value))
        else:
            yield name, value


def _find(spec: str) -> Path:
    if spec.endswith(".toml") or "/" in spec:
        path = Path(spec)
        if not path.is_file():
            raise UserError(f"{spec}: no such suite file; `stiltbench suites` lists those that ship")
        return path
    if spec not in shipped():
        raise unknown("suite", spec, shipped(), "suite")
    return shipped()[spec]


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as e:
        raise UserError(f"{path}: byte {e.start} is not UTF-8; save the suite as UTF-8") from None
    except tomllib.TOMLDecodeError as e:
        raise UserError(f"{path}: not TOML: {e}") from None


def _parsed(change: str) -> tuple[str, Any]:
    """Return key and value of ``key.of.a.table=value``; the value is TOML."""
    key, _, value = change.partition("=")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError as e:
        raise UserError(
            f"--set {change}: expected KEY=VALUE with a TOML value, as seeds=[0] or model='tiny': {e}"
        ) from None


def _put(raw: dict[str, Any], key: str, value: Any, where: str) -> None:
    """Put one value into the raw suite, at a dotted key."""
    *tables, last = key.strip().split(".")
    for name in tables:
        raw = raw.setdefault(name, {})
        if not isinstance(raw, dict):
            raise UserError(f"{where}: {name} is no table of the suite")
    raw[last] = value
