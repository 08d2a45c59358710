"""Reads the Universal Declaration of Human Rights from XML, which SQL cannot: one row a paragraph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa

from harness.errors import UserError

NAMESPACE = "{http://efele.net/udhr}"
ATTRIBUTES = {"key": "key", "iso639_3": "iso639-3", "iso15924": "iso15924"}
SCHEMA = pa.schema([(name, pa.string()) for name in (*ATTRIBUTES, "file", "part", "text")])


def read(root: Path) -> Iterator[pa.RecordBatch]:
    """Yield one batch a text: its key, ISO 639-3, ISO 15924 and file, and by paragraph its article and text."""
    for path in sorted(root.glob("udhr/udhr_*.xml")):
        yield pa.RecordBatch.from_pylist(list(_paragraphs(path)), SCHEMA)


def _paragraphs(path: Path) -> Iterator[dict[str, str | None]]:
    try:
        text = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        place = f"{path}, line {error.position[0]}"
        raise UserError(f"udhr: {place}: not XML: {error}; take the file as released") from None
    whole = {name: text.get(attribute) for name, attribute in ATTRIBUTES.items()} | {"file": str(path)}
    for part in text:
        for paragraph in part.iter(f"{NAMESPACE}para"):
            name = part.get("number") or part.tag.removeprefix(NAMESPACE)
            words = " ".join("".join(paragraph.itertext()).split())
            yield whole | {"part": name, "text": words}
