"""What a store holds, read from its folders: how far each suite is, and what no suite names any more."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from harness.lease import held
from harness.store import Store


def named(store: Store, suite: str) -> dict[str, str]:
    """Return job → phase for every job that a suite's cells name."""
    cells = pq.read_table(store.path / "suites" / suite / "cells.parquet", columns=["job", "phase"])
    return dict(zip(cells["job"].to_pylist(), cells["phase"].to_pylist(), strict=True))


def status(store: Store) -> list[dict[str, Any]]:
    """Return a row per suite and phase: its jobs, and how many are done, running, failed, and left to do."""
    running, failed = set(held(store)), set(failures(store))
    rows = []
    for suite in store.suites():
        by_phase: dict[str, list[str]] = {}
        for job, phase in named(store, suite).items():
            by_phase.setdefault(phase, []).append(job)
        for phase, jobs in by_phase.items():
            left = [job for job in jobs if not store.done(job)]
            counts = {"running": len(running & set(left)), "failed": len(failed & set(left))}
            row = {"suite": suite, "phase": phase, "jobs": len(jobs), "done": len(jobs) - len(left)}
            rows.append({**row, **counts, "left": len(left) - sum(counts.values())})
    return rows


def failures(store: Store) -> dict[str, Path]:
    """Return job → log of every job that failed and was not done since."""
    logs = {path.name.partition(".")[0]: path for path in sorted(store.work().glob("*.failed.txt"))}
    return {job: path for job, path in logs.items() if not store.done(job)}


def unnamed(store: Store) -> list[dict[str, Any]]:
    """Return what no suite names, with its size in bytes: finished jobs, draws, plans of jobs, and what kills left."""
    kept = {job for suite in store.suites() for job in named(store, suite)}
    declared = [store.job(job) if store.done(job) else store.planned(job) for job in kept]
    draws = {task["draw"] for found in declared if found for task in found["spec"].get("tasks", ())}
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
    rows += [
        {"what": "planned", "name": key, "bytes": (store.path / "planned" / f"{key}.json").stat().st_size}
        for key in store.planned_keys()
        if key not in kept
    ]
    running = set(held(store))
    rows += [
        {"what": "leftover", "name": path.name, "bytes": sum(f.stat().st_size for f in path.rglob("*") if f.is_file())}
        for path in sorted(store.work().iterdir())
        if path.is_dir() and not path.name.endswith(".resume") and path.name.partition(".")[0] not in running
    ]
    return rows


def collect(store: Store, rows: list[dict[str, Any]]) -> int:
    """Remove what :func:`unnamed` listed; return the bytes freed."""
    for row in rows:
        if row["what"] == "job":
            store.remove(row["name"])
        elif row["what"] == "leftover":
            shutil.rmtree(store.work() / row["name"], ignore_errors=True)
        elif row["what"] == "draw":
            store.draw_path(row["name"]).unlink(missing_ok=True)
        else:
            (store.path / "planned" / f"{row['name']}.json").unlink(missing_ok=True)
    return sum(row["bytes"] for row in rows)
