"""Every table's columns: type, meaning, unit and whether a value may be missing, in one place.

Types are DuckDB's names, so that SQL can make an empty view without importing anything else;
:func:`arrow` gives the same table as an Arrow schema. ``DICT`` is a dictionary-encoded string.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import unknown

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
"""Version of the tables and of the store's layout. A store of a higher version is refused."""

TASK_KINDS = {
    # kind: the columns of `examples` that must be filled in every row
    "classification": ("text", "label"),
    "tagging": ("tokens", "tags"),
    "span": ("text", "text_pair", "answers"),
    "choice": ("text", "choices", "label"),
    "retrieval": ("text",),
    "translation": ("text",),
    "mlm": ("text",),
}
"""Task kind → the example columns that it needs filled."""


@dataclass(frozen=True)
class Column:
    """One column: its name, DuckDB type, meaning, unit ("" if none) and whether NULL is allowed."""

    name: str
    type: str
    meaning: str
    null: bool = False
    unit: str = ""


def _columns(*rows: tuple[str, ...]) -> tuple[Column, ...]:
    """Rows are (name, type, meaning[, unit]); a type that ends in ``?`` allows NULL."""
    return tuple(
        Column(name, kind.removesuffix("?"), meaning, kind.endswith("?"), unit[0] if unit else "")
        for name, kind, meaning, *unit in rows
    )


_DATA = (
    ("dataset", "DICT", "data set, as its card and adapter are named"),
    ("edition", "DICT", "state of the data set: as-released or errata"),
    ("split", "DICT", "split of the data set"),
    ("language", "DICT", "FLORES code of the language; outside FLORES ISO 639-3 + script"),
)
_TESTED = (
    ("job", "DICT", "job that made the row"),
    *_DATA[:3],
    ("language", "DICT", "language under test"),
    ("other", "DICT?", "pivot or second language"),
    ("direction", "DICT?", "to or from the pivot"),
    ("layer", "INTEGER?", "encoder layer that was read; 0 is the embedding output"),
    ("id", "VARCHAR", "id of the example; equal across languages when parallel"),
    ("block", "VARCHAR?", "what is resampled together: paragraph, article, URL"),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "examples": _columns(
        *_DATA,
        ("id", "VARCHAR", "id, unique in a data set's split and language; parallel items share it"),
        ("source", "VARCHAR?", "what the example says, whatever its language: flores200:devtest:17"),
        ("block", "VARCHAR?", "what is resampled together: paragraph, article, URL"),
        ("text", "VARCHAR?", "text, or the question"),
        ("text_pair", "VARCHAR?", "second text, or the context that answers point into"),
        ("tokens", "VARCHAR[]?", "words of a tagged sentence"),
        ("label", "DICT?", "gold class, or the position of the right choice"),
        ("tags", "VARCHAR[]?", "gold tag of each word, BIO where spans are meant"),
        ("choices", "VARCHAR[]?", "texts to choose from"),
        ("answers", "ANSWERS?", "gold spans of text_pair: text, start", "code points"),
        ("family", "DICT?", "top-level Glottolog family"),
        ("cluster", "DICT?", "cluster of every claim across languages: docs/statistics.md"),
        ("macroarea", "DICT?", "Glottolog macro-area"),
        ("script", "DICT?", "ISO 15924 script"),
        ("nllb_resource", "DICT?", "high or low, by NLLB's bitext count"),
        ("joshi_class", "DICT?", "resource class 0 to 5 of Joshi et al. 2020"),
        ("word_order", "DICT?", "order of subject, object and verb: WALS 81A"),
    ),
    "predictions": _columns(
        *_TESTED,
        ("prediction", "VARCHAR", "what the model said; JSON text where structured"),
    ),
    "example_scores": _columns(
        *_TESTED,
        ("metric", "DICT", "name of the metric"),
        ("value", "DOUBLE?", "score of this example, where the metric is a mean over examples", "ratio"),
        ("stats", "DOUBLE[]?", "sufficient statistics, where the metric is of the whole corpus", "counts"),
    ),
    "jobs": _columns(
        ("job", "VARCHAR", "key: hash of what the job declares"),
        ("phase", "VARCHAR", "pretrain, intermediate, target, predict or score"),
        ("parent", "VARCHAR?", "job whose result this one starts from"),
        ("model", "VARCHAR", "model, as the suite names it"),
        ("data", "VARCHAR", "data sets, splits and languages read; JSON"),
        ("seed", "BIGINT?", "training seed; NULL where nothing is random"),
        ("started", "TIMESTAMP", "start", "UTC"),
        ("seconds", "DOUBLE", "wall time", "s"),
        ("device", "VARCHAR", "device and precision"),
        ("threads", "INTEGER", "threads that torch was pinned to"),
        ("examples", "BIGINT", "examples read, repeated by epoch"),
        ("tokens", "BIGINT", "real tokens put through the model"),
        ("tokens_per_second", "DOUBLE?", "real tokens a second of model time", "1/s"),
        ("padding", "DOUBLE?", "share of the positions that were padding", "ratio"),
        ("flops", "DOUBLE?", "floating-point operations of the model's matrix products", "FLOP"),
        ("versions", "VARCHAR", "libraries and machine; JSON"),
    ),
    "curves": _columns(
        ("job", "VARCHAR", "training job"),
        ("step", "BIGINT", "optimizer step, from 1"),
        ("loss", "DOUBLE", "mean loss of the step's batch", "nats"),
        ("learning_rate", "DOUBLE", "learning rate of the step"),
    ),
    "cells": _columns(
        ("suite", "VARCHAR", "suite"),
        ("arm", "VARCHAR", "arm"),
        ("target", "VARCHAR", "target; 'intermediate' is the arm's own task, on its check split"),
        ("seed", "BIGINT", "seed"),
        ("phase", "VARCHAR", "phase of the job; beside: a score in the edition that is not the suite's"),
        ("job", "VARCHAR", "job that fills the cell"),
    ),
    "seen": _columns(
        ("suite", "VARCHAR", "suite"),
        ("arm", "VARCHAR", "arm"),
        ("target", "VARCHAR", "target"),
        ("language", "VARCHAR", "language"),
        ("seen", "VARCHAR?", "target or intermediate: what trained on the language; selected: its dev chose the model"),
    ),
    "masked": _columns(
        ("suite", "VARCHAR", "suite"),
        ("target", "VARCHAR", "target"),
        ("dataset", "VARCHAR", "data set of the test items"),
        ("split", "VARCHAR", "split of the test items"),
        ("id", "VARCHAR", "item that some arm's training has met, in any language: no arm is scored on it"),
    ),
    "errata": _columns(
        ("suite", "VARCHAR", "suite"),
        ("target", "VARCHAR", "target"),
        ("dataset", "VARCHAR", "data set of the test items"),
        ("split", "VARCHAR", "split of the test items"),
        ("language", "VARCHAR", "language under test"),
        ("effect", "VARCHAR", "in the errata edition: drop (not scored), same (one for another is right), note (none)"),
        ("ids", "VARCHAR[]", "items that are marked"),
        ("evidence", "VARCHAR", "what can be seen in the files"),
    ),
    "scores": _columns(
        ("suite", "VARCHAR", "suite"),
        ("arm", "VARCHAR", "arm"),
        ("target", "VARCHAR", "target"),
        ("seed", "BIGINT", "seed"),
        *_TESTED[1:8],
        ("metric", "VARCHAR", "name of the metric"),
        ("n", "BIGINT", "examples scored"),
        ("value", "DOUBLE?", "score; NULL if 0/0; of bits_per_byte and pseudo_perplexity less is better", "ratio"),
        ("stats", "DOUBLE[]?", "sums of the sufficient statistics, where the metric is of the whole corpus", "counts"),
    ),
    "gains": _columns(
        ("suite", "VARCHAR", "suite"),
        ("contrast", "VARCHAR", "name of the contrast; one that differs by its `by` alone stands for all such"),
        ("target", "VARCHAR", "target"),
        ("dataset", "DICT", "data set"),
        ("split", "DICT", "split of the data set"),
        ("metric", "DICT", "name of the metric"),
        ("direction", "DICT?", "to or from the pivot; NULL is the mean of all"),
        ("layer", "INTEGER?", "encoder layer that was read"),
        ("language", "DICT", "language under test"),
        ("unit", "VARCHAR?", "language that the code is one script or standard of"),
        ("cluster", "VARCHAR?", "cluster of every claim across languages: docs/statistics.md"),
        ("gain", "DOUBLE", "mean over seeds of arm a's scores less that of arm b's", "ratio"),
        ("n", "BIGINT", "examples scored in each seed, of the arm and seed that has fewest"),
        ("seen", "VARCHAR?", "target, intermediate or selected, of either arm: as in the table seen; else NULL"),
    ),
    "intermediate": _columns(
        ("suite", "VARCHAR", "suite"),
        ("arm", "VARCHAR", "arm"),
        ("language", "VARCHAR", "language that the arm's intermediate training names"),
    ),
    "distances": _columns(
        ("a", "VARCHAR", "code of a language"),
        ("b", "VARCHAR", "code of a language; every ordered pair stands here, a language with itself too"),
        ("syntactic", "DOUBLE?", "1 - cosine of URIEL's syntactic features", "ratio"),
        ("phonological", "DOUBLE?", "1 - cosine of URIEL's phonological features", "ratio"),
        ("inventory", "DOUBLE?", "1 - cosine of URIEL's phoneme inventories", "ratio"),
        ("featural", "DOUBLE?", "1 - cosine of all of URIEL's features", "ratio"),
        ("genetic", "DOUBLE?", "1 - the shared part of the paths in Glottolog's tree", "ratio"),
        ("geographic_km", "DOUBLE?", "great circle", "km"),
        ("same_family", "BIGINT", "1 or 0: one top-level Glottolog family"),
        ("same_script", "BIGINT", "1 or 0: one script"),
    ),
    "contrasts": _columns(
        ("suite", "VARCHAR", "suite"),
        ("contrast", "VARCHAR", "name of the contrast"),
        ("a", "VARCHAR", "arm whose gain is asked for"),
        ("b", "VARCHAR", "arm that it is compared with"),
        ("targets", "VARCHAR[]", "targets compared"),
        ("role", "VARCHAR", "primary, secondary or exploratory"),
        ("by", "VARCHAR?", "column of languages whose interaction is declared"),
        ("margin", "DOUBLE?", "declared difference below which the arms count as equivalent", "points"),
        ("hash", "VARCHAR", "hash of the declaration: of the columns before it but the suite, and of `differ`"),
        ("declared", "TIMESTAMP", "when the store first saw this declaration", "UTC"),
    ),
}
"""Table name → its columns. `languages` is described by its own card."""


def columns(table: str) -> tuple[Column, ...]:
    """Return the columns of ``table``; an unknown name is a :class:`UserError`."""
    if table not in TABLES:
        raise unknown("table", table, TABLES)
    return TABLES[table]


def sql_type(column: Column) -> str:
    """Return the type as DuckDB writes it."""
    named = {"DICT": "VARCHAR", "ANSWERS": 'STRUCT("text" VARCHAR, "start" INTEGER)[]'}
    return named.get(column.type, column.type)


def arrow(table: str) -> pa.Schema:
    """Return the Arrow schema of ``table``, each field with its meaning as metadata."""
    import pyarrow as pa

    types = {
        "VARCHAR": pa.string(),
        "DICT": pa.dictionary(pa.int32(), pa.string()),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "TIMESTAMP": pa.timestamp("us"),
        "VARCHAR[]": pa.list_(pa.string()),
        "DOUBLE[]": pa.list_(pa.float64()),
        "ANSWERS": pa.list_(pa.struct([("text", pa.string()), ("start", pa.int32())])),
    }
    return pa.schema(
        [
            pa.field(c.name, types[c.type], nullable=c.null, metadata={"meaning": c.meaning, "unit": c.unit})
            for c in columns(table)
        ]
    )
