"""The grammar of a suite: one declared experiment, as closed and immutable tables.

A mistake in a file is said in one sentence: its place, what was expected there and what was seen, the nearest keys.
What is declared is hashed, so that a page can say what it was made from. `suite_file.py` reads and checks the file.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from harness.errors import UserError, nearest

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
    """A declared comparison of arm ``a`` with arm ``b``.

    ``margin`` declares how small a difference counts as none, in points as pages print them: ``margin = 1.0``.
    """

    name: str
    a: str
    b: str
    targets: list[str]
    role: Literal["primary", "secondary", "exploratory"]
    by: str | None = None
    margin: Annotated[float, Meta(gt=0, lt=100)] | None = None

    @property
    def hash(self) -> str:
        """Hash of the declaration, 12 hex digits."""
        return _digest(self)


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
        return _digest(self)

    def trains(self, arm: str, target: str) -> bool:
        """Return whether anything of an arm is trained before a target is tested: what is not has no seeds."""
        return bool(self.arms[arm].mix or self.targets[target].train)


def _digest(table: _Strict) -> str:
    return hashlib.sha256(msgspec.json.encode(table, order="deterministic")).hexdigest()[:12]


def convert(raw: dict[str, Any], path: Path) -> Suite:
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
