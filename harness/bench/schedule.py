"""How near the simulation of a plan is to a real run: how long a suite takes, and what its jobs' seconds say it should.

The seconds of each job are those of a run by one process, once the cache is warm. They are put on one device and on
two, and so is the suite: run by one process and by two, which share a fresh store, with a thread each.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.errors import UserError
from harness.schedule import longest_path, wall_time
from harness.store import Store

SUITE = ("quickstart", "--set", 'model="tiny"', "--set", "seeds=[0]", "--set", "threads=1", "--limit", "40")

Jobs = dict[str, dict[str, Any]]
"""Job → its row of `jobs`."""


def measure() -> list[dict[str, Any]]:
    """Return a row for one device and, where there are two cores, one for two; `ratio` is simulated over real seconds.

    Real are the seconds from the first job's begin to the last one's end; those of the whole `command` hold what it
    takes to start and to plan as well. `busy` is the share of the real time in which a device was at a job: a ratio
    below it says that the two, as parts of one machine, slow each other down.
    """
    with tempfile.TemporaryDirectory() as folder:
        _run(Path(folder) / "warm", 1)
        commands = {n: _run(Path(folder) / str(n), n) for n in range(1, min(2, os.cpu_count() or 1) + 1)}
        ran = {n: _jobs(Store(Path(folder) / str(n))) for n in commands}
    return [_row(n, ran[1], ran[n]) | {"command": commands[n]} for n in commands]


def _run(place: Path, processes: int) -> float:
    """Run the suite in a fresh store by so many processes at once; return the seconds until all have ended."""
    Store(place)
    began = time.perf_counter()
    command = [sys.executable, "-m", "harness.cli", "run", *SUITE, "--store", str(place), "--quiet"]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(processes)]
    said = [process.communicate()[1] for process in running]
    for process, words in zip(running, said, strict=True):
        if process.returncode:
            raise UserError(f"bench schedule: a run failed: {words.strip().splitlines()[-1]}")
    return time.perf_counter() - began


def _jobs(store: Store) -> Jobs:
    return {key: store.job(key) for key in store.finished()}


def _row(devices: int, alone: Jobs, ran: Jobs) -> dict[str, Any]:
    """Return what is simulated from the jobs of one process, beside what so many processes took."""
    parents = {key: job["parent"] for key, job in alone.items()}
    seconds = {key: float(job["seconds"]) for key, job in alone.items()}
    simulated, real = wall_time(parents, seconds, devices), _passed(ran)
    return {
        "devices": devices,
        "jobs": len(alone),
        "longest_path": longest_path(parents, seconds),
        "simulated": simulated,
        "real": real,
        "ratio": simulated / real,
        "busy": sum(job["seconds"] for job in ran.values()) / devices / real,
    }


def _passed(jobs: Jobs) -> float:
    """Return the seconds from the first job's begin to the last one's end."""
    begun = {key: datetime.fromisoformat(job["started"]).timestamp() for key, job in jobs.items()}
    return float(max(begun[key] + job["seconds"] for key, job in jobs.items()) - min(begun.values()))
