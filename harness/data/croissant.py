"""A data set's card as Croissant (MLCommons' JSON-LD): what is known of it, its files, and the columns of its examples.

The makers' files stand in it with the SHA-256 that card or lock holds; a file without one may not. The examples are the
Parquet files that `stiltbench adapt NAME --out DIR` writes; where they and this document lie in one folder, any reader
of Croissant reads them. What is not known is left out: versions, dates, people.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness import schema
from harness.data import cards, describe, lock
from harness.data.cards import DatasetCard, Hub, Url
from harness.data.hub_card import TASKS, known, licence
from harness.errors import UserError

EXAMPLES = "examples"

PARQUET = "application/x-parquet"


def croissant(name: str, data: Path | None = None) -> str:
    """Return a data set's card as Croissant; of the raw files below ``data`` the lock says the SHA-256.

    :raises UserError: where `mlcroissant` is not installed, or finds the document wrong
    """
    mlc = _library()
    card = cards.dataset_card(name)
    prose = cards.read(cards.card_path(name))[1]
    codes, rows = known(card, describe.counts(prose))
    made = mlc.Metadata(
        name=card.title,
        description=describe.with_block(prose, "").strip() or None,
        url=_url(card),
        license=[card.licence] if licence(card.licence)["license"] != "unknown" else None,
        cite_as=card.citation,
        keywords=[TASKS[card.kind]],
        in_language=[code.replace("_", "-") for code in codes] or None,
        data_collection=card.creation,
        data_limitations=list(card.defects) or None,
        distribution=[*_raw_files(mlc, card, data), _examples(mlc, list(rows))],
        record_sets=[_records(mlc)],
    )
    text = json.dumps(made.to_json(), ensure_ascii=False, indent=2) + "\n"
    validate(text)
    return text


def validate(text: str) -> None:
    """Refuse a document that `mlcroissant` finds wrong, or in which the data set, a file or a column has no name.

    :raises UserError: for the first fault
    """
    mlc = _library()
    document = json.loads(text)
    try:
        mlc.Dataset(jsonld=document)
    except mlc.ValidationError as error:
        raise UserError(f"Croissant: {' '.join(str(error).split())[:300]}") from None
    if nameless := next((place for place, node in _nodes(document) if not node.get("name")), None):
        raise UserError(f"Croissant: {nameless} has no name, and mlcroissant does not look; give it one")


def _library() -> Any:
    try:
        import mlcroissant
    except ModuleNotFoundError:
        raise UserError("card: mlcroissant is not installed; pip install 'stiltbench[croissant]'") from None
    logging.getLogger("absl").setLevel(logging.ERROR)  # it recommends dates and versions, which nobody here knows
    return mlcroissant


def _nodes(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all that has a name, and where it stands."""
    yield "the data set", document
    for part in ("distribution", "recordSet"):
        for i, node in enumerate(document.get(part, [])):
            yield f"{part}[{i}]", node
            yield from ((f"{part}[{i}].field[{j}]", field) for j, field in enumerate(node.get("field", [])))


def _url(card: DatasetCard) -> str | None:
    """Return the address of the first source that has one."""
    hub = (f"https://huggingface.co/datasets/{source.id}" for source in card.sources if isinstance(source, Hub))
    url = (source.base for source in card.sources if isinstance(source, Url))
    return next(hub, None) or next(url, None)


def _raw_files(mlc: Any, card: DatasetCard, data: Path | None) -> list[Any]:
    """Return the makers' files whose SHA-256 the lock or the card knows; one without an address has its path."""
    urls = {f: f"{s.base.rstrip('/')}/{f}" for s in card.sources if isinstance(s, Url) for f in s.files}
    pins = {f: sha256 for s in card.sources if isinstance(s, Url) for f, sha256 in s.files.items()}
    held = lock.read(data, card.name) if data else None
    pins |= held.files if held else {}
    return [
        mlc.FileObject(
            id=f"raw/{file}",
            name=file,
            description="as its makers released it",
            content_url=urls.get(file, file),
            encoding_formats=["application/octet-stream"],
            sha256=sha256,
        )
        for file, sha256 in sorted(pins.items())
        if sha256 != "unpinned"
    ]


def _examples(mlc: Any, splits: list[str]) -> Any:
    return mlc.FileSet(
        id=EXAMPLES + "-files",
        name=EXAMPLES + "-files",
        description="a Parquet file a split, beside this document",
        includes=[f"{split}.parquet" for split in splits],
        encoding_formats=[PARQUET],
    )


def _records(mlc: Any) -> Any:
    key = [f"{EXAMPLES}/{column}" for column in ("split", "language", "id")]
    fields = [_field(mlc, column) for column in schema.columns("examples")]
    return mlc.RecordSet(id=EXAMPLES, name=EXAMPLES, description="one row an example", key=key, fields=fields)


def _field(mlc: Any, column: schema.Column) -> Any:
    """Return a column; of answers each part is read from the list of structs that a row holds."""
    place = f"{EXAMPLES}/{column.name}"
    unit = f" ({column.unit})" if column.unit else ""
    told = {"id": place, "name": column.name, "description": column.meaning + unit}
    if column.type != "ANSWERS":
        listed = {"repeated": True} if column.type.endswith("[]") else {}
        return mlc.Field(**told, **listed, data_types=mlc.DataType.TEXT, source=_source(mlc, column.name))
    parts = {"text": mlc.DataType.TEXT, "start": mlc.DataType.INTEGER}
    subs = [
        mlc.Field(id=f"{place}/{part}", name=part, data_types=kind, source=_source(mlc, column.name, part))
        for part, kind in parts.items()
    ]
    return mlc.Field(**told, repeated=True, sub_fields=subs)


def _source(mlc: Any, column: str, part: str | None = None) -> Any:
    transforms = [mlc.Transform(json_path=part)] if part else []
    return mlc.Source(file_set=EXAMPLES + "-files", extract=mlc.Extract(column=column), transforms=transforms)
