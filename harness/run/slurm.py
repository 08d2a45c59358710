"""Runs a plan on Slurm, which owns the graph: arrays of tasks through plain `sbatch`, and nobody needs to wait.

A task runs `stiltbench job STORE KEY`. Jobs that stand at the same place below the tasks of one array become an array
too, each with the number of its parent, so that it waits for its own parent alone (`aftercorr`: `afterok`, task by
task): what fails stops what starts from it and no cousin, and a plan of thousands of jobs is a few dozen arrays. What
the store holds is done, what is in the queue is not submitted twice; all else may be submitted again without harm.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import UserError
from harness.inventory import SUBMITTED, last_line, queued
from harness.plan import Plan, make_plan
from harness.record import record
from harness.run.local import drop_weights
from harness.run.progress import step
from harness.run.site import Resources, Site
from harness.store import Spec, Store, job_key, writing_folder_errors
from harness.suite import Suite

LARGEST_ARRAY = 1001
"""Tasks of an array at most, where no cluster says otherwise: Slurm's own default."""


@dataclass(frozen=True, eq=False)
class Array:
    """Jobs of one phase that Slurm takes as one: the number of each task → the key of its job.

    A task waits for the task of its number in the array ``after``, or for the one task that Slurm calls that.
    """

    phase: str
    after: Array | str | None
    keys: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """What Slurm is to run: arrays, each after what it waits for; a script for each phase; the folder of its files."""

    suite: str
    folder: Path
    arrays: list[Array]
    scripts: dict[str, str]
    at_once: int | None
    waiting: int
    """Jobs to do that are in the queue already."""

    @property
    def jobs(self) -> int:
        """Count the jobs of all arrays."""
        return sum(len(array.keys) for array in self.arrays)

    def command(self, number: int, ids: Mapping[Array, str]) -> list[str]:
        """Return the command that submits an array, given what Slurm called those before it."""
        array = self.arrays[number]
        keys = self.folder / f"{number}.keys"
        wait = f"aftercorr:{ids[array.after]}" if isinstance(array.after, Array) else f"afterok:{array.after}"
        return [
            *("sbatch", "--parsable", f"--job-name={self.suite} {self.folder.name}/{keys.name}"),
            f"--array={_numbers(array.keys)}{f'%{self.at_once}' if self.at_once else ''}",
            *([f"--dependency={wait}"] if array.after else []),
            *(str(self.folder / f"{array.phase}.sh"), str(keys)),
        ]

    def text(self) -> str:
        """Return scripts and commands as a person reads them; what Slurm will call array N is ARRAY_N here."""
        ids = {array: f"ARRAY_{number}" for number, array in enumerate(self.arrays)}
        scripts = [f"# {self.folder / phase}.sh\n{script}" for phase, script in self.scripts.items()]
        commands = [
            f"# {ids[array]}: {array.phase}, {len(array.keys)} jobs\n{shlex.join(self.command(number, ids))}\n"
            for number, array in enumerate(self.arrays)
        ]
        return "\n".join([*scripts, *commands])


def submit(
    suite: Suite,
    store: Store,
    site: Site,
    data: Path | None = None,
    *,
    only: str | None = None,
    quiet: bool = False,
) -> Submission:
    """Hand to Slurm all jobs of a suite (or of its arm ``only``) that are neither done nor in its queue, and return.

    Where everything is done, weights that nobody needs any more go, as at the end of a local run.

    :raises UserError: where there is no `sbatch`, or it refuses; what it took before is run all the same
    """
    if not shutil.which("sbatch"):
        raise UserError("run --on slurm: no sbatch on PATH; run it where jobs are submitted, or see them with --print")
    with step(f"planning {suite.name}", quiet):
        plan = make_plan(suite, store, data)
        record(plan, store)
    made = arranged(plan, store, site, data, only)
    if not (plan.todo or suite.keep_weights):
        drop_weights(plan, store)
    if made.arrays:
        with writing_folder_errors(store.path):
            _write(made)
    ids: dict[Array, str] = {}
    for number, array in enumerate(made.arrays):
        ids[array] = _sbatch(made.command(number, ids), f"{number} of {len(made.arrays)} arrays were submitted")
    return made


def arranged(plan: Plan, store: Store, site: Site, data: Path | None = None, only: str | None = None) -> Submission:
    """Arrange what is to be submitted of a plan; nothing is written."""
    queue = {key: task.task for key, task in queued(store).items()}
    todo = plan.todo if only is None else plan.todo_of(only)
    found = arrays(plan.jobs, [key for key in todo if key not in queue], queue, _largest_array())
    digest = job_key({"arrays": [list(array.keys.items()) for array in found]})
    folder = store.work().resolve() / f"{SUBMITTED}{digest}"
    run = [sys.executable, "-m", "harness.cli", "job", store.anywhere]
    last = ["--data", str(data.resolve())] if data else []
    task = f'exec {shlex.join(run)} "$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$1")" {shlex.join(last)}'.rstrip()
    log = f"--output={str(folder).replace('%', '%%')}/%A_%a.log"
    scripts = {
        phase: _script(site.resources(phase), plan.suite.threads, log, task)
        for phase in dict.fromkeys(array.phase for array in found)
    }
    waiting = sum(key in queue for key in todo)
    return Submission(plan.suite.name, folder, found, scripts, site.at_once, waiting)


def arrays(jobs: Mapping[str, Spec], todo: Iterable[str], queue: Mapping[str, str], largest: int) -> list[Array]:
    """Group jobs, given parents first, into arrays of at most ``largest`` tasks.

    ``queue`` names the tasks at which jobs are already.
    """
    groups: dict[tuple[str, Array | str | None], list[Array]] = {}
    places: dict[str, tuple[Array, int]] = {}
    for key in todo:
        phase, parent = jobs[key]["phase"], jobs[key]["parent"]
        after, at = places.get(parent, (queue.get(parent), None))
        group = groups.setdefault((phase, after), [])
        free = (a for a in group if (len(a.keys) < largest if at is None else at not in a.keys))
        array = next(free, None)
        if array is None:
            array = Array(phase, after)
            group.append(array)
        number = len(array.keys) if at is None else at
        array.keys[number] = key
        places[key] = array, number
    return [array for group in groups.values() for array in group]


def _script(asked: Resources, threads: int, log: str, task: str) -> str:
    """Return what Slurm runs as a task of a phase; its argument is the file of keys."""
    options = {
        "partition": asked.partition,
        "account": asked.account,
        "time": asked.time,
        "gpus": asked.gpus or None,
        "cpus-per-task": asked.cpus or threads,
        "mem": asked.memory,
    }
    lines = [f"--{name}={value}" for name, value in options.items() if value is not None]
    always = [shlex.quote(log), "--open-mode=append", "--requeue", "--kill-on-invalid-dep=yes"]
    asks = [f"#SBATCH {line}" for line in (*lines, *(asked.sbatch or ()), *always)]
    return "\n".join(["#!/bin/bash", *asks, *(asked.environment or ()), task, ""])


def _write(made: Submission) -> None:
    """Write the scripts, and the keys of each array by line, for the task of that number."""
    made.folder.mkdir(exist_ok=True)
    for phase, script in made.scripts.items():
        (made.folder / f"{phase}.sh").write_text(script, encoding="utf-8")
    for number, array in enumerate(made.arrays):
        lines = [array.keys.get(task, "") for task in range(max(array.keys) + 1)]
        (made.folder / f"{number}.keys").write_text("\n".join(lines), encoding="utf-8")


def _sbatch(command: list[str], so_far: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise UserError(f"{last_line(ran.stderr)}; {so_far}: mend the cause, as in the site's file, and run again")
    return ran.stdout.strip().partition(";")[0]


def _numbers(keys: Iterable[int]) -> str:
    found = sorted(keys)
    whole = len(found) == found[-1] - found[0] + 1
    return f"{found[0]}-{found[-1]}" if whole else ",".join(map(str, found))


def _largest_array() -> int:
    """Return how many tasks an array may have on this cluster."""
    if not shutil.which("scontrol"):
        return LARGEST_ARRAY
    said = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", said, re.MULTILINE)
    return int(found[1]) if found else LARGEST_ARRAY
