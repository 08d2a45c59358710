"""What a suite is to a store: its cells, what its arms saw, and the contrasts it declared, and when.

Written before the first job runs, so that a contrast's declaration is older than its first score.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from harness import schema
from harness.errors import UserError, unknown
from harness.plan import Plan
from harness.store import Store, writing_folder_errors
from harness.suite import Contrast, Suite


class _Recorded(msgspec.Struct):
    """What suite.json holds."""

    hash: str
    suite: Suite


def record(plan: Plan, store: Store) -> None:
    """Put a plan's draws and its suite's tables into the store; what an earlier plan declared keeps its time."""
    suite = plan.suite
    declared = _declared_before(store, suite.name)
    now = datetime.now(UTC).replace(tzinfo=None)
    contrasts = [_contrast_row(suite, c, declared.get(_identity(c), now)) for c in suite.contrasts]
    with writing_folder_errors(store.path):
        for digest, table in plan.draws.items():
            _write_draw(store.draw_path(digest), table)
        made = Path(tempfile.mkdtemp(prefix="suite.", dir=store.work()))
        try:
            (made / "suite.json").write_bytes(msgspec.json.encode(_Recorded(suite.hash, suite)))
            _write("cells", [(suite.name, *cell) for cell in plan.cells], made)
            _write("seen", [(suite.name, *row) for row in plan.seen], made)
            _write("contrasts", contrasts, made)
            _swap(made, store.path / "suites" / suite.name)
        finally:
            shutil.rmtree(made, ignore_errors=True)


def recorded(store: Store, name: str) -> Suite:
    """Return a suite as it was planned into a store."""
    path = store.path / "suites" / name / "suite.json"
    if not path.is_file():
        if not store.suites():
            raise UserError(f"{store.path}: no suite was run in this store; `stiltbench run SUITE` runs one")
        raise unknown("suite in the store", name, store.suites(), str(store.path))
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Recorded).suite
    except msgspec.DecodeError as e:
        raise UserError(f"{path}: damaged ({e}); remove its folder and run the suite again") from None


def _swap(made: Path, target: Path) -> None:
    """Put a new folder where an old one may stand."""
    old = Path(f"{made}.old")
    if target.exists():
        target.replace(old)
    made.replace(target)
    shutil.rmtree(old, ignore_errors=True)


def _write(table: str, rows: list[tuple[Any, ...]], made: Path) -> None:
    wanted = schema.arrow(table)
    arrays = [pa.array([row[i] for row in rows], field.type) for i, field in enumerate(wanted)]
    pq.write_table(pa.table(arrays, schema=wanted), made / f"{table}.parquet")


def _write_draw(path: Path, table: pa.Table) -> None:
    if not path.is_file():
        fresh = path.with_suffix(f".{id(table)}.new")
        pq.write_table(table, fresh, compression="zstd")
        fresh.replace(path)


def _identity(contrast: Contrast) -> bytes:
    """What makes two declarations the same one."""
    return msgspec.json.encode(contrast, order="deterministic")


def _contrast_row(suite: Suite, contrast: Contrast, declared: datetime) -> tuple[Any, ...]:
    c = contrast
    return (suite.name, c.name, c.a, c.b, c.targets, c.role, c.by, declared)


def _declared_before(store: Store, name: str) -> dict[bytes, datetime]:
    """Return when each contrast of the suite was first declared in this store."""
    folder = store.path / "suites" / name
    if not (folder / "suite.json").is_file():
        return {}
    times = pq.read_table(folder / "contrasts.parquet", columns=["declared"])["declared"].to_pylist()
    return {_identity(c): t for c, t in zip(recorded(store, name).contrasts, times, strict=True)}
