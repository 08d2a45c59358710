"""A snapshot of a Hub data set as the relation `raw`: each row of its configurations and splits, read by `datasets`.

Only Parquet, JSON and CSV are read; `datasets` runs no code of a repository from version 4 on. Class labels are given
by name, and -1 (no label) as NULL.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import cache
from harness.data.cards import Hub
from harness.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa


def rows(hub: Hub, root: Path) -> pa.Table:
    """Return the table with `config`, `split`, `row` (counted from 0 in its split) and the columns of the data set.

    :raises UserError: where `datasets` is missing, or cannot read the snapshot
    """
    try:
        import datasets
    except ModuleNotFoundError:
        raise UserError(f"{hub.id}: datasets is not installed; pip install 'stiltbench[hub]'") from None
    import pyarrow as pa

    datasets.disable_progress_bars()
    scratch = cache.root()
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hub.", dir=scratch) as kept:
        try:
            parts = list(_parts(datasets, hub, root, kept))
        except (ValueError, OSError, RuntimeError, KeyError, datasets.exceptions.DatasetsError) as error:
            raise UserError(f"{root}: datasets cannot read it ({_cause(error)}); fetch it again") from None
        # In memory: the files of the scratch folder go with it.
        return pa.concat_tables(parts, promote_options="default").combine_chunks()


def _parts(datasets: Any, hub: Hub, root: Path, kept: str) -> Iterator[pa.Table]:
    import pyarrow as pa

    for config in hub.configs or datasets.get_dataset_config_names(str(root)):
        for split, found in datasets.load_dataset(str(root), config, cache_dir=kept, keep_in_memory=True).items():
            table = _named(datasets, found)
            n = len(table)
            place = {"config": pa.array([config] * n), "split": pa.array([str(split)] * n), "row": pa.array(range(n))}
            for i, (name, column) in enumerate(place.items()):
                if name in table.column_names:  # the data set's own column of that name says something else
                    table = table.rename_columns([f"own_{c}" if c == name else c for c in table.column_names])
                table = table.add_column(i, name, column)
            yield table


def _named(datasets: Any, found: Any) -> pa.Table:
    """Return the rows with each class label as its name, in columns and in lists of labels."""
    import pyarrow as pa

    table = found.data.table.replace_schema_metadata()
    for i, (name, feature) in enumerate(found.features.items()):
        inner = getattr(feature, "feature", None)
        if isinstance(feature, datasets.ClassLabel):
            table = table.set_column(i, name, _names(table[name].combine_chunks(), feature.names))
        elif isinstance(inner, datasets.ClassLabel):
            lists = table[name].combine_chunks()
            values = _names(lists.values, inner.names)
            table = table.set_column(i, name, pa.ListArray.from_arrays(lists.offsets, values, mask=lists.is_null()))
    return table


def _names(codes: pa.Array, names: list[str]) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pa.array(names, pa.string()).take(pc.if_else(pc.less(codes, 0), None, codes))


def _cause(error: BaseException) -> str:
    """Return the first line of the error at the bottom: `datasets` wraps what Arrow says in its own."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
