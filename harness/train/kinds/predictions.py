"""What was said of some rows, as the table `predictions`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from harness import schema


def table(job: str, rows: pa.Table, said: Sequence[str], **fixed: Any) -> pa.Table:
    """Return `predictions` of rows [n] and what was said of each; ``fixed`` are columns of one value."""
    wanted, n = schema.arrow("predictions"), len(rows)
    columns = []
    for column in wanted:
        if column.name in rows.column_names:
            columns.append(rows[column.name].combine_chunks().cast(column.type))
        else:
            values = {"job": [job] * n, "prediction": said}.get(column.name, [fixed.get(column.name)] * n)
            columns.append(pa.array(values).cast(column.type) if n else pa.array([], column.type))
    return pa.table(columns, schema=wanted)
