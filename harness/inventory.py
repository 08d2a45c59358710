"""What a store holds, read from its folders: how far each suite is, and what no suite names any more."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow.parquet as pq

from harness.store import Store


def named(store: Store, suite: str) -> dict[str, str]:
    """Return job → phase for every job that a suite's cells name."""
    cells = pq.read_table(store.path / "suites" / suite / "cells.parquet", columns=["job", "phase"])
    return dict(zip(cells["job"].to_pylist(), cells["phase"].to_pylist(), strict=True))


def status(store: Store) -> list[dict[str, Any]]:
    """Return a row per suite and phase: jobs, how many of them are done, and how many are left."""
    rows = []
    for suite in store.suites():
        jobs = named(store, suite)
        total, done = Counter(jobs.values()), Counter(p for j, p in jobs.items() if store.done(j))
        for phase, count in total.items():
            rows.append(
                {
                    "suite": suite,
                    "phase": phase,
                    "jobs": count,
                    "done": done[phase],
                    "left": count - done[phase],
                }
            )
    return rows


def unnamed(store: Store) -> list[dict[str, Any]]:
    """Return the finished jobs and draws that no suite names, with their size in bytes."""
    kept = {job for suite in store.suites() for job in named(store, suite)}
    draws = {store.job(job)["spec"].get("draw") for job in kept if store.done(job)}
    rows = [
        {"what": "job", "name": key, "bytes": sum(f.stat().st_size for f in store.folder(key).iterdir())}
        for key in store.finished()
        if key not in kept
    ]
    rows += [
        {"what": "draw", "name": path.stem, "bytes": path.stat().st_size}
        for path in sorted((store.path / "draws").glob("*.parquet"))
        if path.stem not in draws
    ]
    return rows


def collect(store: Store, rows: list[dict[str, Any]]) -> int:
    """Remove what :func:`unnamed` listed; return the bytes freed."""
    for row in rows:
        if row["what"] == "job":
            store.remove(row["name"])
        else:
            store.draw_path(row["name"]).unlink(missing_ok=True)
    return sum(row["bytes"] for row in rows)
