"""A suite from its file: read, changed where the command line says so, and checked before anything runs.

No includes, no inheritance, no templates, no code. Every name in it (key, language, data set, recipe, arm)
is checked against the grammar, the languages table and the cards; what is wrong is refused with its place
and the nearest right names.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from harness import languages as lang
from harness.data import cards
from harness.errors import UserError, nearest, unknown
from harness.resources import folder
from harness.suite import AllOrList, Arm, Contrast, Suite, Target, convert


def shipped() -> dict[str, Path]:
    """Return the suites that ship: name → file."""
    return {p.stem: p for p in sorted(folder("suites").glob("*.toml"))}


def load(spec: str | Path, limit: int | None = None, changes: Sequence[str] = ()) -> Suite:
    """Return the checked suite of a file, or of a shipped suite's name.

    ``changes`` are settings that differ from the file, as ``seeds=[0]`` or ``recipes.default.epochs=1``; they and
    ``limit`` become part of the suite's name, so that a changed suite never passes for the one in the file.
    """
    path = _find(str(spec))
    raw = _read(path)
    for change in changes:
        _apply(raw, change)
    suite = convert(raw, path)
    _check(suite, path)
    suffix = "".join(f"@{change.replace(chr(34), '')}" for change in changes)
    suffix += f"@limit={limit}" if limit is not None else ""
    return msgspec.structs.replace(suite, name=suite.name + suffix.replace("/", "-"), limit=limit)


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


def _apply(raw: dict[str, Any], change: str) -> None:
    """Put one ``key.of.a.table=value`` into the raw suite; the value is TOML."""
    key, _, value = change.partition("=")
    try:
        found = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError as e:
        raise UserError(
            f"--set {change}: expected KEY=VALUE with a TOML value, as seeds=[0] or model='tiny': {e}"
        ) from None
    *tables, last = key.strip().split(".")
    for name in tables:
        raw = raw.setdefault(name, {})
        if not isinstance(raw, dict):
            raise UserError(f"--set {change}: {name} is no table of the suite")
    raw[last] = found


def _check(suite: Suite, path: Path) -> None:
    """Refuse what the grammar allows but the cards, the languages or the other tables do not."""
    where = str(path)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", suite.name):
        raise UserError(f"{where}: name: {suite.name!r} is no name; use small letters, digits and hyphens")
    if not suite.seeds or len(set(suite.seeds)) < len(suite.seeds):
        raise UserError(f"{where}: seeds: expected different numbers from 0 on, saw {suite.seeds}")
    if not suite.arms or not suite.targets:
        raise UserError(f"{where}: expected at least one arm and one target")
    if "intermediate" in suite.targets:
        raise UserError(f"{where}: targets.intermediate: the name stands for the arms' own task; name it otherwise")
    _check_languages(suite, where)
    for name, arm in suite.arms.items():
        _check_arm(suite, arm, f"{where}: arms.{name}")
    for name, target in suite.targets.items():
        _check_target(suite, target, f"{where}: targets.{name}")
    names = [contrast.name for contrast in suite.contrasts]
    if len(set(names)) < len(names):
        raise UserError(f"{where}: contrasts: expected a name of its own for each, saw {names}")
    for i, contrast in enumerate(suite.contrasts):
        _check_contrast(suite, contrast, f"{where}: contrasts[{i}]")
    _check_built(suite, where)


def _check_languages(suite: Suite, where: str) -> None:
    if suite.languages.include != "all":
        if len(set(suite.languages.include)) < len(suite.languages.include):
            raise UserError(f"{where}: languages.include: expected each language once")
        for code in suite.languages.include:
            _known_language(code, f"{where}: languages.include")


def _known_language(code: str, where: str) -> None:
    known = lang.languages()
    if code not in known:
        raise unknown("language", code, known, where)


def _check_data(name: str, split: str, wanted: AllOrList, where: str) -> cards.DatasetCard:
    """Check a data set's name, split and languages against its card."""
    card = cards.dataset_card(name, where=where)
    if split not in card.splits:
        raise unknown(f"split of {name}", split, card.splits, where)
    if wanted != "all":
        for code in wanted:
            _known_language(code, where)
            if card.languages.codes and code not in card.languages.codes:
                close = nearest(code, card.languages.codes)
                raise UserError(f"{where}: {name} has no {code}; the nearest that it has are {', '.join(close)}")
    return card


def _check_arm(suite: Suite, arm: Arm, where: str) -> None:
    if arm.mix and suite.intermediate is None:
        raise UserError(f"{where}: an arm with a mix needs the table [intermediate]")
    if arm.control and not arm.mix:
        raise UserError(f"{where}: control = {arm.control!r} needs a mix to control for")
    for i, mix in enumerate(arm.mix):
        _check_data(mix.data, mix.split, mix.languages, f"{where}.mix[{i}]")
        if suite.intermediate and suite.intermediate.check:
            _check_data(mix.data, suite.intermediate.check, "all", f"{where}: intermediate.check")
    if arm.mix and suite.intermediate:
        _check_recipe(suite, suite.intermediate.recipe, f"{where}: intermediate.recipe")


def _check_recipe(suite: Suite, name: str | None, where: str) -> None:
    if name not in suite.recipes:
        raise unknown("recipe", str(name), suite.recipes, where)


def _check_target(suite: Suite, target: Target, where: str) -> None:
    kinds = {_check_data(t.data, t.split, "all", f"{where}.test[{i}]").kind for i, t in enumerate(target.test)}
    if len(kinds) != 1:
        raise UserError(f"{where}: expected test sets of one task kind, saw {', '.join(sorted(kinds)) or 'none'}")
    kind = kinds.pop()
    if kind == "retrieval":
        if target.train or not target.pivot:
            raise UserError(f"{where}: a retrieval target has a pivot and no train table")
        _known_language(target.pivot, f"{where}.pivot")
        return
    if target.pivot or target.layers:
        raise UserError(f"{where}: pivot and layers belong to retrieval; {target.test[0].data} is {kind}")
    if target.train is None:
        raise UserError(f"{where}: a {kind} target needs a train table")
    _check_data(target.train.data, target.train.split, target.train.languages, f"{where}.train")
    _check_recipe(suite, target.recipe, f"{where}.recipe")


def _check_contrast(suite: Suite, contrast: Contrast, where: str) -> None:
    for arm in (contrast.a, contrast.b):
        if arm not in suite.arms:
            raise unknown("arm", arm, suite.arms, where)
    if contrast.a == contrast.b:
        raise UserError(f"{where}: a and b are both {contrast.a!r}; a contrast needs two arms")
    for target in contrast.targets:
        if target not in suite.targets:
            raise unknown("target", target, suite.targets, where)
    if contrast.by and contrast.margin:
        raise UserError(f"{where}: margin is of a difference and `by` asks for a slope; declare a contrast for each")
    if contrast.by and contrast.by.startswith("distance."):
        kind = contrast.by.removeprefix("distance.")
        if kind not in lang.DISTANCES:
            raise unknown("kind of distance", kind, lang.DISTANCES, f"{where}.by")
    elif contrast.by:
        if contrast.by not in lang.columns():
            raise unknown("column of languages", contrast.by, lang.columns(), f"{where}.by")
        for code in lang.languages():
            lang.scale(contrast.by, code)


BUILT_KINDS = ("classification", "tagging", "retrieval")


def _check_built(suite: Suite, where: str) -> None:
    """Name what the grammar knows and this version does not do yet."""
    missing = []
    if suite.intermediate and suite.intermediate.match != "items":
        missing.append(f'intermediate.match = "{suite.intermediate.match}"')
    missing += [f"recipes.{n}.select" for n, r in suite.recipes.items() if r.select != "last"]
    for name, arm in suite.arms.items():
        missing += [f"arms.{name}.sampling"] if arm.sampling else []
        missing += [f"arms.{name}.mix of several data sets"] if len({m.data for m in arm.mix}) > 1 else []
        missing += [f'arms.{name}.control = "{arm.control}"'] if arm.control not in (None, "shuffled-labels") else []
        kinds = {cards.dataset_card(m.data).kind for m in arm.mix}
        missing += [f"arms.{name}: task kind {k}" for k in kinds if k not in ("classification", "tagging")]
    for name, target in suite.targets.items():
        kind = cards.dataset_card(target.test[0].data).kind
        missing += [f"targets.{name}: task kind {kind}"] if kind not in BUILT_KINDS else []
    if missing:
        raise UserError(f"{where}: not built yet: {missing[0]}")
