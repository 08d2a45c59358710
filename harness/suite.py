"""A suite: one declared experiment, read from one TOML file and checked before anything runs.

No includes, no inheritance, no templates, no code. Every name in it (key, language, data set, recipe, arm)
is checked against the grammar, the languages table and the cards; what is wrong is refused with its place
and the nearest right names. The file's declarations are hashed, so that a page can say what it was made from.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from harness import languages as lang
from harness.data import cards
from harness.errors import UserError, nearest, unknown
from harness.resources import folder

AllOrList = Literal["all"] | list[str]
Count = Annotated[int, Meta(ge=1)]
Index = Annotated[int, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the suite file: immutable, and closed to keys that are not in the grammar."""


class Languages(_Strict, frozen=True, kw_only=True):
    """Which languages targets are scored in."""

    include: AllOrList = "all"
    where: str | None = None
    per_family: Count | None = None
    seed: Index = 0


class Recipe(_Strict, frozen=True, kw_only=True):
    """How a phase trains: AdamW, linear warm-up, then linear decay to zero."""

    epochs: Count
    batch_tokens: Count
    learning_rate: Annotated[float, Meta(gt=0)]
    trainable_layers: Count | Literal["all"]
    warmup: Share = 0.1
    weight_decay: Annotated[float, Meta(ge=0)] = 0.0
    select: Literal["last", "english-dev", "target-dev"] = "last"


class Mix(_Strict, frozen=True, kw_only=True):
    """One data set in the languages that an arm draws from."""

    data: str
    languages: AllOrList
    split: str = "train"


class Sampling(_Strict, frozen=True, kw_only=True):
    """How an arm of several data sets draws from them."""

    scheme: Literal["uniform", "proportional", "temperature", "explicit"]
    cap: Count | None = None
    temperature: float | None = None
    rates: list[float] | None = None


class Intermediate(_Strict, frozen=True, kw_only=True):
    """What all arms share, which is what makes them comparable."""

    match: Literal["items", "rows", "tokens", "steps"]
    examples: Count
    recipe: str
    check: str | None = None
    """Split on which every arm's own intermediate task is scored, in (at most eight of) the languages it trained on."""


class Arm(_Strict, frozen=True, kw_only=True):
    """One way to do the intermediate phase; no ``mix`` means none."""

    mix: list[Mix] = []
    sampling: Sampling | None = None
    control: Literal["shuffled-labels", "more-steps", "skill-free"] | None = None


class Train(_Strict, frozen=True, kw_only=True):
    """What a target's own fine-tuning reads."""

    data: str
    languages: list[str]
    split: str = "train"


class Test(_Strict, frozen=True, kw_only=True):
    """A split that a target is scored on."""

    data: str
    split: str


class Target(_Strict, frozen=True, kw_only=True):
    """A target task: what it is trained on, if at all, and what it is tested on."""

    test: list[Test]
    train: Train | None = None
    recipe: str | None = None
    pivot: str | None = None
    directions: Annotated[tuple[Literal["to", "from"], ...], Meta(min_length=1)] = ("to", "from")
    layers: list[Index] = []


class Contrast(_Strict, frozen=True, kw_only=True):
    """A declared comparison of arm ``a`` with arm ``b``."""

    name: str
    a: str
    b: str
    targets: list[str]
    role: Literal["primary", "secondary", "exploratory"]
    by: str | None = None
    margin: float | None = None


class Suite(_Strict, frozen=True, kw_only=True):
    """One declared experiment; :func:`load` gives a checked one."""

    name: str
    title: str
    model: str
    seeds: list[Index]
    edition: Literal["as-released", "errata"] = "as-released"
    leakage: Literal["refuse", "mask"] = "refuse"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    threads: Count = 2
    keep_weights: bool = False
    languages: Languages = Languages()
    recipes: dict[str, Recipe] = {}
    intermediate: Intermediate | None = None
    arms: dict[str, Arm]
    targets: dict[str, Target]
    contrasts: list[Contrast] = []
    limit: int | None = None
    """Set by ``run --limit``: at most so many examples of every split and language. Never in a file."""

    @property
    def hash(self) -> str:
        """Hash of everything declared, 12 hex digits; the order of tables in the file does not matter."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:12]


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
    suite = _convert(raw, path)
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


def _convert(raw: dict[str, Any], path: Path) -> Suite:
    """Take raw tables into the grammar's types; the first mistake is one sentence with its place."""
    if "limit" in raw:
        raise UserError(f"{path}: `limit` is no key of a suite; give it as `run --limit {raw['limit']}`")
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


def _refused(value: Any, table: type[_Strict]) -> bool:
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


_NAMED: dict[str, type[_Strict]] = {"recipes": Recipe, "arms": Arm, "targets": Target}
"""Tables of tables: place → what each of its tables is."""


def _owner(place: str) -> type[_Strict]:
    """Return the table that stands at ``place``."""
    rules: dict[str, type[_Strict]] = {
        r"languages": Languages,
        r"recipes\.": Recipe,
        r"intermediate": Intermediate,
        r"arms\..*\.mix\[\d+\]$": Mix,
        r"arms\..*\.sampling$": Sampling,
        r"arms\.": Arm,
        r"targets\..*\.train$": Train,
        r"targets\..*\.test\[\d+\]$": Test,
        r"targets\.": Target,
        r"contrasts": Contrast,
    }
    return next((owner for rule, owner in rules.items() if re.match(rule, place)), Suite)


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
    missing += [f'edition = "{suite.edition}"'] if suite.edition != "as-released" else []
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
    missing += [f"contrasts[{i}].margin" for i, c in enumerate(suite.contrasts) if c.margin is not None]
    if missing:
        raise UserError(f"{where}: not built yet: {missing[0]}")
