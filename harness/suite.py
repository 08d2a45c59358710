"""The grammar of a suite: one declared experiment, as closed and immutable tables.

What is declared is hashed, so that a page can say what it was made from. `suite_file.py` reads the file,
`suite_words.py` says what is wrong with its types, `suite_checks.py` with the names in it.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

AllOrList = Literal["all"] | list[str]
Count = Annotated[int, Meta(ge=1)]
Index = Annotated[int, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Aspect = Literal["data", "languages", "sampling", "control", "mlm", "pretrain", "transliterate", "budget"]
"""What two arms may differ in."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the suite file: immutable, and closed to keys that are not in the grammar."""

    later: ClassVar[frozenset[str]] = frozenset()
    """Keys that the grammar gained since suites were first published: hashed only where they are used."""


class Languages(Table, frozen=True, kw_only=True):
    """Which languages targets are scored in."""

    include: AllOrList = "all"
    where: str | None = None
    per_family: Count | None = None
    seed: Index = 0


class Lora(Table, frozen=True, kw_only=True):
    """Low-rank adapters of frozen weights: of ``rank``, times ``alpha`` / ``rank``, their input dropped at a rate.

    ``targets`` are names of linear layers; by default those that peft adapts in a body of that type, else all.
    """

    rank: Count
    alpha: Annotated[float, Meta(gt=0)]
    dropout: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    targets: Literal["all-linear"] | list[str] | None = None


class Recipe(Table, frozen=True, kw_only=True):
    """How a phase trains: AdamW, linear warm-up, then linear decay to zero; for some epochs, or for some steps."""

    later = frozenset({"steps", "max_length", "checks", "lora"})
    epochs: Count | None = None
    steps: Count | None = None
    batch_tokens: Count
    learning_rate: Annotated[float, Meta(gt=0)]
    trainable_layers: Count | Literal["all"]
    warmup: Share = 0.1
    weight_decay: Annotated[float, Meta(ge=0)] = 0.0
    max_length: Count = 512
    """Most tokens of a text; longer ones are cut, and paragraphs with answers fall into windows."""
    select: Literal["last", "english-dev", "target-dev"] = "last"
    checks: Count = 5
    """How often a phase is scored on dev, where ``select`` is not `last`."""
    lora: Lora | None = None
    """Of the layers that may learn only adapters do."""


class Sampling(Table, frozen=True, kw_only=True):
    """At which rates rows come from several data sets, or from several languages of one.

    Of sizes e: 1/k, or e, or e^(1/temperature), or ``rates``, each scaled to sum to 1; no e counts above ``cap``.
    """

    scheme: Literal["uniform", "proportional", "temperature", "explicit"]
    cap: Count | None = None
    temperature: Annotated[float, Meta(gt=0)] | None = None
    rates: list[Annotated[float, Meta(gt=0)]] | None = None


class Mix(Table, frozen=True, kw_only=True):
    """One data set in the languages that an arm draws from; by default the language that was used least comes next."""

    later = frozenset({"head", "sampling"})
    data: str
    languages: AllOrList
    split: str = "train"
    head: Annotated[str, Meta(pattern="^[a-z0-9-]+$")] | None = None
    """Data sets of one task kind that name the same head share it; by default, those with the same labels do."""
    sampling: Sampling | None = None
    """Over the languages, in the order in which they stand."""


class Intermediate(Table, frozen=True, kw_only=True):
    """What all arms share, which is what makes them comparable.

    ``match``: the same items; as many rows; rows of as many tokens as the arm has that has fewest in its first
    ``examples``; or as many steps, over at most ``examples`` rows.
    """

    match: Literal["items", "rows", "tokens", "steps"]
    examples: Count
    recipe: str
    check: str | None = None
    """Split on which every arm's own intermediate task is scored, in (at most eight of) the languages it trained on."""


class Pretrain(Table, frozen=True, kw_only=True):
    """Text that an arm's model is trained on before all else, by masking."""

    data: str
    languages: AllOrList
    recipe: str
    split: str = "train"
    examples: Count | None = None


class Arm(Table, frozen=True, kw_only=True):
    """One way to do the intermediate phase; no ``mix`` means none.

    ``control``: `shuffled-labels`; `more-steps` has no mix, and its targets read as many examples more as the
    intermediate phase of the others, or take as many steps more; `token-matched` reads as many tokens as ``like``.
    """

    later = frozenset({"pretrain", "mlm", "mlm_ratio", "transliterate", "like"})
    mix: list[Mix] = []
    sampling: Sampling | None = None
    control: Literal["shuffled-labels", "more-steps", "token-matched"] | None = None
    like: str | None = None
    pretrain: Pretrain | None = None
    mlm: list[Mix] = []
    """Text that is mixed in, by masking, on top of the arm's rows."""
    mlm_ratio: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    """Share of ``mlm`` in all rows that the arm reads."""
    transliterate: list[Annotated[str, Meta(pattern="^[A-Z][a-z]{3}$")]] = []
    """Scripts (ISO 15924) that the arm reads in Latin letters."""


class Train(Table, frozen=True, kw_only=True):
    """What a target's own fine-tuning reads."""

    data: str
    languages: list[str]
    split: str = "train"


class Test(Table, frozen=True, kw_only=True):
    """A split that a target is scored on."""

    data: str
    split: str


class Target(Table, frozen=True, kw_only=True):
    """A target task: what it is trained on, if at all, and what it is tested on."""

    later = frozenset({"kind", "pooling", "margin", "tune", "no_answer", "beams"})
    test: list[Test]
    kind: Literal["mlm", "translation"] | None = None
    """Reads text otherwise than its card says."""
    train: Train | None = None
    recipe: str | None = None
    pivot: str | None = None
    directions: Annotated[tuple[Literal["to", "from"], ...], Meta(min_length=1)] = ("to", "from")
    layers: list[Index] = []
    pooling: Literal["mean", "cls", "last"] | None = None
    """Retrieval: instead of the model's own."""
    margin: Count | None = None
    """Retrieval: so many neighbours of the ratio margin, instead of the plain cosine."""
    tune: str | None = None
    """Retrieval: pairs are mined, and this split sets the threshold."""
    no_answer: float | None = None
    """Span: by how much "no answer" must score above the best span; by default there always is an answer."""
    beams: Count | None = None
    """Translation: beams of the search."""


class Contrast(Table, frozen=True, kw_only=True):
    """A declared comparison of arm ``a`` with arm ``b``.

    ``margin`` declares how small a difference counts as none, in points as pages print them: ``margin = 1.0``.
    ``differ`` names all in which the arms differ, where that is more than one thing.
    """

    later = frozenset({"differ"})

    name: str
    a: str
    b: str
    targets: list[str]
    role: Literal["primary", "secondary", "exploratory"]
    by: str | None = None
    margin: Annotated[float, Meta(gt=0, lt=100)] | None = None
    differ: list[Aspect] = []

    @property
    def hash(self) -> str:
        """Hash of the declaration, 12 hex digits."""
        return _digest(self)


class Suite(Table, frozen=True, kw_only=True):
    """One declared experiment; `suite_file.load` gives a checked one."""

    later = frozenset({"smoke", "scale"})
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
    smoke: dict[str, Any] = {}
    """What ``--scale smoke`` changes: dotted key → value, and ``limit``."""
    scale: Literal["full", "smoke"] = "full"
    """Set by ``run --scale``; never in a file. A smoke leaves out what it has no files for, and is not published."""

    @property
    def hash(self) -> str:
        """Hash of everything declared, 12 hex digits; the order of tables in the file does not matter."""
        return _digest(self)

    def trains(self, arm: str, target: str) -> bool:
        """Return whether anything of an arm is trained before a target is tested: what is not has no seeds."""
        declared = self.arms[arm]
        return bool(declared.mix or declared.pretrain or self.targets[target].train)


def _digest(table: Table) -> str:
    return hashlib.sha256(msgspec.json.encode(_declared(table))).hexdigest()[:12]


def _declared(value: Any) -> Any:
    """Return a table as plain values: its keys in the grammar's order, those of tables of tables sorted."""
    if isinstance(value, Table):
        fields = [(f, getattr(value, f.name)) for f in msgspec.structs.fields(value)]
        told = {f.name: v for f, v in fields if f.name not in value.later or v != _default(f)}
        return {name: _declared(v) for name, v in told.items()}
    if isinstance(value, dict):
        return {name: _declared(value[name]) for name in sorted(value)}
    return [_declared(v) for v in value] if isinstance(value, list | tuple) else value


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
