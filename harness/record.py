"""What a suite is to a store: its cells, what its arms saw, and the contrasts it declared, and when.

Written before the first job runs, so that a contrast's declaration is older than its first score.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from harness import schema
from harness.errors import UserError, unknown
from harness.plan import Missing, Plan
from harness.store import Store, writing_folder_errors
from harness.suite import Contrast, Suite


class _Recorded(msgspec.Struct):
    """What suite.json holds."""

    hash: str
    suite: Suite
    missing: list[Missing] = []


Declared = dict[str, datetime]
"""Hash of a contrast's declaration → when the store first saw it."""


def record(plan: Plan, store: Store) -> None:
    """Put a plan's draws and its suite's tables into the store; what an earlier plan declared keeps its time."""
    suite = plan.suite
    place = store.suite_folder(suite.name)
    before, now = _declared_before(place / "contrasts.parquet"), datetime.now(UTC).replace(tzinfo=None)
    contrasts = [_contrast_row(suite, contrast, before, now) for contrast in suite.contrasts]
    with writing_folder_errors(store.path):
        store.make()
        store.write(_draws(plan, store))
        store.plan_jobs({key: {"model": suite.model, "spec": plan.jobs[key]} for key in plan.todo})
        place.mkdir(exist_ok=True)
        tables: dict[str, list[tuple[Any, ...]]] = {
            "cells": [(suite.name, *cell) for cell in plan.cells],
            "seen": [(suite.name, *row) for row in plan.seen],
            "masked": [(suite.name, *row) for row in sorted(plan.masked)],
            "errata": [(suite.name, *place_of, *mark) for *place_of, mark in sorted(plan.marks)],
            "contrasts": contrasts,
        }
        store.write({place / f"{table}.parquet": _table(table, rows) for table, rows in tables.items()})
        store.write({place / "suite.json": msgspec.json.encode(_Recorded(suite.hash, suite, plan.missing))})


def recorded(store: Store, name: str) -> Suite:
    """Return a suite as it was planned into a store."""
    return _read(store, name).suite


def left_out(store: Store, name: str) -> list[Missing]:
    """Return what a smoke had no files for when it was planned."""
    return _read(store, name).missing


def _read(store: Store, name: str) -> _Recorded:
    path = store.suite_folder(name) / "suite.json"
    if not path.is_file():
        if not store.suites():
            raise UserError(f"{store.place}: no suite was run in this store; `stiltbench run SUITE` runs one")
        raise unknown("suite in the store", name, store.suites(), store.place)
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Recorded)
    except msgspec.DecodeError as e:
        raise UserError(f"{path}: damaged ({e}); remove its folder and run the suite again") from None


def _table(table: str, rows: list[tuple[Any, ...]]) -> bytes:
    """Return one table as a file; it takes the old one's place whole, so that a kill never loses what was declared."""
    wanted = schema.arrow(table)
    arrays = [pa.array([row[i] for row in rows], field.type) for i, field in enumerate(wanted)]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays, schema=wanted), sink)
    return bytes(sink.getvalue())


def _draws(plan: Plan, store: Store) -> dict[Path, bytes]:
    """Return the draws of a plan that the store does not have yet, each as its file."""
    found = {}
    for path, table in ((store.draw_path(digest), table) for digest, table in plan.draws.items()):
        if not path.is_file():
            sink = pa.BufferOutputStream()
            pq.write_table(table, sink, compression="zstd")
            found[path] = bytes(sink.getvalue())
    return found


def _contrast_row(suite: Suite, c: Contrast, before: Declared, now: datetime) -> tuple[Any, ...]:
    declared = before.get(c.hash, now)
    return (suite.name, c.name, c.a, c.b, c.targets, c.role, c.by, c.margin, c.hash, declared)


def _declared_before(path: Path) -> Declared:
    """Return when each contrast of a suite was first declared in this store; older tables have no hash of it yet."""
    rows = pq.read_table(path).to_pylist() if path.is_file() else []
    fields = ("a", "b", "targets", "role", "by", "margin")
    hashes = (r.get("hash") or Contrast(name=r["contrast"], **{f: r.get(f) for f in fields}).hash for r in rows)
    return dict(zip(hashes, (r["declared"] for r in rows), strict=True))
