"""Known defects of data sets (`datacards/errata.csv`), and what the errata edition of a suite makes of them.

Examples stay as released, and so do predictions: an edition is a way to draw rows and to score what was predicted. A
mark names what its rows say (`source`), so that it holds in every data set that carries them on.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from harness.data.cards import DatasetCard
from harness.resources import folder

if TYPE_CHECKING:
    import pyarrow as pa

DROP, SAME, NOTE = "drop", "same", "note"
"""Not scored and not drawn; one text, so that retrieving one for another is right; without effect."""


class Mark(NamedTuple):
    """Rows of one split and language, by id: what the errata edition makes of them, and why."""

    language: str
    effect: str
    ids: tuple[str, ...]
    evidence: str = ""


@cache
def table() -> list[dict[str, str]]:
    """Return the rows of `errata.csv`, whose card says what its columns are."""
    with (folder("datacards") / "errata.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines(text: str) -> Iterator[int]:
    """Yield the numbers that a cell of `lines` lists: ``102-104 152`` are 102, 103, 104 and 152."""
    for part in text.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def marks(card: DatasetCard, sources: Mapping[str, set[str]], languages: Collection[str]) -> list[Mark]:
    """Return what is marked in a split of a data set; ``sources`` are the ids of its rows by source.

    Rows that say the same matter in retrieval alone.
    """
    found = []
    for row in table():
        known = card.name in row["datasets"].split() and row["language"] in languages
        if known and (row["effect"] != SAME or card.kind == "retrieval"):
            said = (sources.get(f"{row['source']}:{line}", ()) for line in lines(row["lines"]))
            ids = tuple(item for items in said for item in sorted(items))
            found.append(Mark(row["language"], row["effect"], ids, row["evidence"]))
    return [mark for mark in found if len(mark.ids) > (mark.effect == SAME)]


def editions(
    languages: Mapping[str, str], found: Iterable[Mark], own: str
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield (phase, edition, languages) of what is to be scored: marked languages in both editions, the others once.

    What the suite's ``own`` edition counts is of phase `score`, the other edition of phase `beside`.
    """
    touched = {mark.language for mark in found}
    other = "errata" if own == "as-released" else "as-released"
    for phase, edition, marked in (("score", "as-released", False), ("score", own, True), ("beside", other, True)):
        part = {code: mark for code, mark in languages.items() if (code in touched) == marked}
        if part:
            yield phase, edition, part


def dropped(found: Iterable[Mark]) -> set[tuple[str, str]]:
    """Return (language, id) of the rows that the errata edition does without."""
    return {(mark.language, item) for mark in found if mark.effect == DROP for item in mark.ids}


def applied(found: Collection[Mark], predictions: pa.Table) -> pa.Table:
    """Return predictions as the errata edition reads them.

    Dropped rows are left out, and a retrieved row that says the same as the right one is the right one.
    """
    import pyarrow as pa

    gone, same = dropped(found), _same(found)
    places = list(zip(predictions["language"].to_pylist(), predictions["id"].to_pylist(), strict=True))
    kept = [i for i, place in enumerate(places) if place not in gone]
    said = predictions["prediction"].take(kept).to_pylist()
    read = [places[i][1] if it in same.get(places[i], ()) else it for i, it in zip(kept, said, strict=True)]
    columns = {"prediction": read, "edition": ["errata"] * len(kept)}
    out = predictions.take(kept)
    for name, values in columns.items():
        at = out.schema.get_field_index(name)
        out = out.set_column(at, out.schema.field(at), pa.array(values, pa.string()).cast(out.schema.field(at).type))
    return out


def _same(found: Iterable[Mark]) -> dict[tuple[str, str], set[str]]:
    """Return (language, id) → the ids that say the same."""
    out: dict[tuple[str, str], set[str]] = {}
    for mark in found:
        for item in mark.ids if mark.effect == SAME else ():
            out.setdefault((mark.language, item), set()).update(mark.ids)
    return out
