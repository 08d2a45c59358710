"""The examples that a job reads, as they were when it was planned: those of its draw, or a test split's."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from harness.data import adapt, draw
from harness.data.adapt import Adapted
from harness.errors import UserError
from harness.store import Spec, Store


def drawn(part: Spec, store: Store, data: Path | None) -> pa.Table:
    """Return the examples of a training task, in the order of its draw."""
    return draw.rows_of(pq.read_table(store.draw_path(part["draw"])), _unchanged(part["data"], data))


def tested(spec: Spec, data: Path | None) -> pa.Table:
    """Return the examples of a test split, and those of its pivot; a limit keeps the first items of each language."""
    part, task = spec["data"], spec["task"]
    pivot = {task["pivot"]: task["pivot_digest"]} if "pivot" in task else {}
    elsewhere = task.get("pivot_data")
    rows = _rows(part | {"languages": part["languages"] | ({} if elsewhere else pivot)}, data)
    if elsewhere:
        rows = pa.concat_tables([rows, _rows(part | {"dataset": elsewhere, "languages": pivot}, data)])
    return limited(rows, part["languages"], spec["limit"])


def limited(rows: pa.Table, spoken: Collection[str], limit: int | None) -> pa.Table:
    """Keep the first ``limit`` items of each of some languages, and in others, the pivot's, those items; None: all."""
    if not limit:
        return rows
    pairs = list(zip(rows["language"].to_pylist(), rows["id"].to_pylist(), strict=True))
    kept = draw.first_rows([pair for pair in pairs if pair[0] in spoken], limit)
    items = {item for _, item in kept}
    return rows.filter(pa.array([p in kept or (p[0] not in spoken and p[1] in items) for p in pairs]))


def _rows(part: Spec, data: Path | None) -> pa.Table:
    return _unchanged(part, data).rows(part["split"], part["languages"])


def _unchanged(part: Spec, data: Path | None) -> Adapted:
    """Return an adapted data set whose rows are those that a job was planned with."""
    adapted = adapt.adapted(part["dataset"], data=data)
    for code, wanted in part["languages"].items():
        if adapted.parts[part["split"], code].digest != wanted:
            raise UserError(
                f"{part['dataset']} {part['split']} {code}: changed since the suite was planned; plan again"
            )
    return adapted
