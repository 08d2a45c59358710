"""What a store holds, read from its folders: how far each suite is, and what no suite names any more."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from harness.errors import UserError
from harness.lease import held
from harness.store import Store

SUBMITTED = "slurm."
"""How the folders of what was submitted to Slurm begin, in the store's work folder: keys, scripts and logs."""


def named(store: Store, suite: str) -> dict[str, str]:
    """Return job → phase for every job that a suite's cells name."""
    cells = pq.read_table(store.suite_folder(suite) / "cells.parquet", columns=["job", "phase"])
    return dict(zip(cells["job"].to_pylist(), cells["phase"].to_pylist(), strict=True))


class Queued(NamedTuple):
    """A task of Slurm's: its name there, whether it has begun, and the folder that it was submitted from."""

    task: str
    running: bool
    folder: str


def queued(store: Store) -> dict[str, Queued]:
    """Return job → task for all that the user has in Slurm's queue for this store; empty where there is no Slurm.

    :raises UserError: where jobs were submitted from this store, and the queue does not answer
    """
    if not shutil.which("squeue") or not any(store.work().glob(f"{SUBMITTED}*")):
        return {}
    asked = ["squeue", "--me", "--array", "--noheader", "--states=PD,CF,R,S", "--format=%i|%K|%t|%j"]
    ran = subprocess.run(asked, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise UserError(
            f"squeue: {last_line(ran.stderr)}; it may hold jobs of {store.place}, ask again when it answers"
        )
    found = {}
    for line in ran.stdout.splitlines():
        task, number, state, name = line.split("|", 3)
        keys = store.work() / name.rpartition(" ")[2]  # of a job that is not ours, no such file
        if keys.is_file():
            key = keys.read_text(encoding="utf-8").splitlines()[int(number)]
            found[key] = Queued(task, state != "PD", keys.parent.name)
    return found


def last_line(text: str) -> str:
    """Return the last thing that a program said."""
    return (text.strip() or "no message").splitlines()[-1]


def status(store: Store) -> list[dict[str, Any]]:
    """Return a row per suite and phase: its jobs, how many are done, running, pending in Slurm, failed, and left."""
    queue = queued(store)
    running = {*held(store), *(job for job, task in queue.items() if task.running)}
    pending, failed = queue.keys() - running, failures(store).keys() - running - queue.keys()
    finished = set(store.finished())
    rows = []
    for suite in store.suites():
        by_phase: dict[str, list[str]] = {}
        for job, phase in named(store, suite).items():
            by_phase.setdefault(phase, []).append(job)
        for phase, jobs in by_phase.items():
            left = set(jobs) - finished
            counts = {"running": len(running & left), "pending": len(pending & left), "failed": len(failed & left)}
            row = {"suite": suite, "phase": phase, "jobs": len(jobs), "done": len(jobs) - len(left)}
            rows.append({**row, **counts, "left": len(left) - sum(counts.values())})
    return rows


def failures(store: Store) -> dict[str, Path]:
    """Return job → log of every job that failed and was not done since."""
    logs = {path.name.partition(".")[0]: path for path in store.failure_logs()}
    return {job: path for job, path in logs.items() if not store.done(job)}


def unnamed(store: Store) -> list[dict[str, Any]]:
    """Return what no suite names, with its size in bytes: finished jobs, draws, plans of jobs, and what kills left."""
    kept, finished = {job for suite in store.suites() for job in named(store, suite)}, set(store.finished())
    declared = [store.job(job) if job in finished else store.planned(job) for job in kept]
    draws = {task["draw"] for found in declared if found for task in found["spec"].get("tasks", ())}
    jobs = {key: size for key, size in store.sizes("jobs").items() if key in finished}
    found = {
        "job": (jobs, kept),
        "draw": (store.sizes("draws"), draws),
        "planned": (store.sizes("planned"), kept),
    }
    rows = [
        {"what": what, "name": name, "bytes": size}
        for what, (sizes, named_ones) in found.items()
        for name, size in sizes.items()
        if name not in named_ones
    ]
    running = {*held(store), *(task.folder for task in queued(store).values())}
    rows += [
        {"what": "leftover", "name": name, "bytes": size}
        for name, size in store.leftovers().items()
        if running.isdisjoint((name, name.partition(".")[0]))
    ]
    return rows


def collect(store: Store, rows: list[dict[str, Any]]) -> int:
    """Remove what :func:`unnamed` listed; return the bytes freed."""
    for row in rows:
        if row["what"] == "job":
            store.remove(row["name"])
        elif row["what"] == "leftover":
            store.remove_leftover(row["name"])
        elif row["what"] == "draw":
            store.discard(store.path / "draws" / f"{row['name']}.parquet")
        else:
            store.discard(store.path / "planned" / f"{row['name']}.json")
    return sum(row["bytes"] for row in rows)
