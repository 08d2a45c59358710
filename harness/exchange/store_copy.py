"""A suite's finished jobs into another store, which then answers as this one does.

What stands there stays: a job is the same wherever it was run, since its key says all that it declares. Jobs appear
whole, so that an export that is cut short goes on where it stopped.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from harness.errors import UserError
from harness.inventory import named
from harness.record import recorded
from harness.remote import open_store
from harness.store import WEIGHTS, Store, writing_folder_errors

DECLARED = "contrasts.parquet"
"""The one table of a suite in which two stores may differ: each keeps when it first saw a declaration."""

LAST = "suite.json"
"""By it a store knows the suite."""


def copy(store: Store, suite: str, place: str) -> list[dict[str, Any]]:
    """Copy a suite's tables, plans of jobs, draws and finished jobs to the store at a place, as `--store` names one.

    Return a row for each of these: how many were `copied`, `there`, or are `unfinished`.

    :raises UserError: where the other store knows the suite, and otherwise: no table of it is replaced
    """
    recorded(store, suite)
    other, keys = open_store(place), sorted(named(store, suite))
    done = [key for key in keys if store.done(key)]
    plans = {key: plan for key in keys if (plan := store.planned(key))}
    specs = [*(store.job(key)["spec"] for key in done), *(plan["spec"] for plan in plans.values())]
    draws = sorted({task["draw"] for spec in specs for task in spec.get("tasks", ())})
    known = set(other.planned_keys())
    with writing_folder_errors(other.path):
        tables = _copy_tables(store, suite, other)
        other.plan_jobs(plans)
        return [
            _row("table", tables),
            _row("plan", [key not in known for key in plans]),
            _row("draw", [_copy_file(store.draw_path(d), other, other.draw_path(d)) for d in draws]),
            _row("job", [_copy_job(store, other, key) for key in done], len(keys) - len(done)),
        ]


def _row(what: str, copied: list[bool], unfinished: int = 0) -> dict[str, Any]:
    return {"what": what, "copied": sum(copied), "there": len(copied) - sum(copied), "unfinished": unfinished}


def _copy_tables(store: Store, suite: str, other: Store) -> list[bool]:
    here, there = store.suite_folder(suite), other.suite_folder(suite)
    files = sorted(here.iterdir(), key=lambda path: (path.name == LAST, path.name))
    for file in files:
        standing = there / file.name
        if file.name != DECLARED and standing.is_file() and standing.read_bytes() != file.read_bytes():
            raise UserError(
                f"{other.place}: {file.name} of {suite} is not the one of {store.place}: it was planned otherwise "
                "there; plan it alike by `stiltbench run`, or export to another store"
            )
    there.mkdir(exist_ok=True)
    return [_copy_file(file, other, there / file.name) for file in files]


def _copy_file(file: Path, other: Store, copied: Path) -> bool:
    """Copy a file, unless it stands there."""
    if copied.is_file():
        return False
    other.write({copied: file.read_bytes()})
    return True


def _copy_job(store: Store, other: Store, key: str) -> bool:
    if other.done(key):
        return False
    files = {path.name: path for path in store.folder(key).iterdir()}
    if store.has_weights(key):
        files[WEIGHTS] = store.weights(key)
    with other.finishing(key) as made:
        for name, path in files.items():
            shutil.copyfile(path, made / name)
    return True
