"""A suite on Slurm ends with the bytes of a local run, whatever happens to its tasks; what fails stops its own line."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import UserError
from harness.inventory import collect, failures, queued, status, unnamed
from harness.plan import make_plan
from harness.run.local import run
from harness.run.site import Site
from harness.run.slurm import Array, arranged, arrays, submit
from harness.store import Spec, Store
from harness.suite import Suite
from harness.suite_file import load
from tests.cluster.conftest import queue_is_empty, slurm, until
from tests.run.test_local import PART_JOBS, results
from tests.small import PART, Declare

Told = tuple[str, str | None, dict[int, str]]
"""An array as a test tells it: phase, the first key of the array or the task that it waits for, keys."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a 'store', 100%")


@pytest.fixture
def part(declare: Declare) -> Suite:
    return load(declare(*PART))


def counts(store: Store) -> dict[str, int]:
    """Sum what `status` says over phases."""
    rows = status(store)
    return {column: sum(row[column] for row in rows) for column in ("done", "running", "pending", "failed", "left")}


def remove(store: Store, phase: str, target: str, number: int) -> list[str]:
    """Remove some finished jobs of a phase of a target; return their keys."""
    cells = make_plan(load(store.path.parent / "small.toml"), store).cells
    keys = list(dict.fromkeys(c.job for c in cells if (c.phase, c.target) == (phase, target)))[:number]
    assert len(keys) == number
    for key in keys:
        store.remove(key)
    return keys


def told(found: list[Array]) -> list[Told]:
    def name(after: Array | str | None) -> str | None:
        return after.keys[min(after.keys)] if isinstance(after, Array) else after

    return [(array.phase, name(array.after), array.keys) for array in found]


# -- what is submitted


def specs(**parents: str | None) -> dict[str, Spec]:
    """Jobs named by phase and number: child → parent."""
    phases = {"t": "target", "p": "predict", "s": "score", "i": "intermediate"}
    return {key: {"phase": phases[key[0]], "parent": parent} for key, parent in parents.items()}


def test_each_task_waits_for_the_task_of_its_number_alone() -> None:
    jobs = specs(i0=None, i1=None, p0="i0", p1="i1", t0="i1", s0="p0", p2="t0", s1="p1", s2="p2", t1="i1")
    assert told(arrays(jobs, jobs, {}, 1001)) == [
        ("intermediate", None, {0: "i0", 1: "i1"}),
        ("predict", "i0", {0: "p0", 1: "p1"}),
        ("target", "i0", {1: "t0"}),
        ("target", "i0", {1: "t1"}),
        ("score", "p0", {0: "s0", 1: "s1"}),
        ("predict", "t0", {1: "p2"}),
        ("score", "p2", {1: "s2"}),
    ]


def test_what_starts_from_finished_jobs_waits_for_nothing() -> None:
    jobs = specs(p0="i0", p1="i1", p2="i1", s0="p2")
    assert told(arrays(jobs, jobs, {}, 1001)) == [
        ("predict", None, {0: "p0", 1: "p1", 2: "p2"}),
        ("score", "p0", {2: "s0"}),
    ]


def test_what_starts_from_a_job_in_the_queue_waits_for_its_task() -> None:
    jobs = specs(p0="i0", p1="i1", p2="i1", s0="p2")
    assert told(arrays(jobs, jobs, {"i1": "7_3"}, 1001)) == [
        ("predict", None, {0: "p0"}),
        ("predict", "7_3", {0: "p1", 1: "p2"}),
        ("score", "p1", {1: "s0"}),
    ]


def test_no_array_is_larger_than_the_cluster_takes() -> None:
    jobs = specs(p0="i0", p1="i0", p2="i0", s0="p0", s1="p1", s2="p2")
    assert told(arrays(jobs, jobs, {}, 2)) == [
        ("predict", None, {0: "p0", 1: "p1"}),
        ("predict", None, {0: "p2"}),
        ("score", "p0", {0: "s0", 1: "s1"}),
        ("score", "p2", {0: "s2"}),
    ]


def without_slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


def test_scripts_are_shown_without_slurm_and_nothing_is_written(
    part: Suite, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_slurm(monkeypatch)
    before = sorted(store.path.rglob("*"))
    site = Site(partition="long", gpus=1, environment=["module load cuda"], sbatch=["--exclusive"], at_once=3)
    made = arranged(make_plan(part, store), store, site)
    assert (made.jobs, made.waiting) == (PART_JOBS, 0)
    assert list(made.scripts) == ["predict", "score", "target", "intermediate"]
    lines = made.scripts["target"].splitlines()
    asked = {"--partition=long", "--gpus=1", "--cpus-per-task=1", "--exclusive", "--requeue"}
    assert lines[0] == "#!/bin/bash"
    assert {f"#SBATCH {option}" for option in asked} < set(lines)
    assert lines[-2] == "module load cuda"
    assert "#SBATCH --gpus=1" not in made.scripts["score"]
    text = made.text()
    assert text.count("\nsbatch --parsable ") == len(made.arrays) == 13  # one arm and seed: arrays of one task
    assert text.count("--dependency=aftercorr:ARRAY_") == 13 - 3  # english, and two jobs of `none`, wait for nothing
    assert "--array=0-0%3 " in text
    assert sorted(store.path.rglob("*")) == before


@pytest.mark.parametrize(("number", "key"), [(0, "first"), (2, "third")])
def test_a_task_runs_the_job_of_its_line(part: Suite, store: Store, tmp_path: Path, number: int, key: str) -> None:
    told = f"exec() {{ printf '%s\\n' \"$@\" > '{tmp_path}/told'; }}"
    made = arranged(make_plan(part, store), store, Site(environment=[told]), tmp_path)
    (tmp_path / "0.keys").write_text("first\n\nthird")
    (tmp_path / "task.sh").write_text(made.scripts["target"])
    task = {**os.environ, "SLURM_ARRAY_TASK_ID": str(number)}
    subprocess.run(["bash", tmp_path / "task.sh", tmp_path / "0.keys"], env=task, check=True)
    arguments = [sys.executable, "-m", "harness.cli", "job", str(store.path), key, "--data", str(tmp_path)]
    assert (tmp_path / "told").read_text().splitlines() == arguments


def test_without_sbatch_a_run_says_where_to_start_it(
    part: Suite, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_slurm(monkeypatch)
    with pytest.raises(UserError, match="no sbatch on PATH"):
        submit(part, store, Site())
    assert store.suites() == []


def answering(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a queue in place of Slurm's."""
    (folder / "squeue").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_of_the_queue_only_what_this_store_submitted_counts(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["7|N/A|R|bash", "8_0|0|PD|small slurm.other/0.keys", "9_2|2|PD|small slurm.ours/1.keys"]
    answering(tmp_path, monkeypatch, "\n".join(f"echo '{line}'" for line in lines))
    assert queued(store) == {}
    (store.work() / "slurm.ours").mkdir()
    (store.work() / "slurm.ours" / "1.keys").write_text("first\n\nthird")
    assert queued(store) == {"third": ("9_2", False, "slurm.ours")}


def test_a_queue_that_does_not_answer_is_asked_again_later(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(tmp_path, monkeypatch, "echo 'slurm_load_jobs error: Unable to contact' >&2; exit 1")
    assert status(store) == []  # nothing was submitted: Slurm is not asked
    (store.work() / "slurm.ours").mkdir()
    with pytest.raises(UserError, match=r"^squeue: slurm_load_jobs error: Unable to contact; .* ask again"):
        status(store)


# -- on a real cluster


@pytest.mark.usefixtures("cluster")
def test_what_slurm_refuses_is_one_sentence(part: Suite, store: Store) -> None:
    with pytest.raises(
        UserError, match=r"^sbatch: .*Invalid partition.*; 0 of 13 arrays were submitted: mend .* and run again$"
    ):
        submit(part, store, Site(partition="none"))


@pytest.mark.usefixtures("cluster")
def test_a_suite_ends_with_the_bytes_of_a_local_run(declare: Declare, store: Store, small_store: Store) -> None:
    suite = load(declare(*PART, ("keep_weights = true", "keep_weights = false")))
    assert submit(suite, store, Site()).jobs == PART_JOBS
    again = submit(suite, store, Site())
    assert (again.jobs, again.arrays, again.scripts) == (0, [], {})
    assert again.waiting == PART_JOBS - counts(store)["done"]
    assert counts(store) == {**counts(store), "failed": 0, "left": 0}
    assert [row for row in unnamed(store) if row["name"].startswith("slurm.")] == []
    until(queue_is_empty, "all jobs done", 240)
    assert store.finished() == sorted(key for key in small_store.finished() if key in make_plan(suite, store).jobs)
    for key in store.finished():
        assert results(store, key) == results(small_store, key) != {}
    targets = [key for key in store.finished() if store.job(key)["phase"] == "target"]
    assert submit(suite, store, Site()).jobs == 0
    assert not any(store.weights(key).is_file() for key in targets)
    collect(store, unnamed(store))
    assert not list(store.work().iterdir())


@pytest.mark.usefixtures("cluster")
def test_a_failing_job_stops_no_cousin_and_another_run_mends_it(
    declare: Declare, copied: Store, small_store: Store
) -> None:
    suite = load(declare())
    scores = remove(copied, "score", "phrases", 6)
    damaged = copied.folder(make_plan(suite, copied).jobs[scores[2]]["parent"]) / "predictions.parquet"
    damaged.write_bytes(b"PAR1")
    first = submit(suite, copied, Site(at_once=4))
    assert [len(array.keys) for array in first.arrays] == [5, 1]  # the cluster takes five tasks in an array
    until(queue_is_empty, "all jobs ended", 120)
    assert list(failures(copied)) == [scores[2]]
    assert counts(copied) == {"done": 39, "running": 0, "pending": 0, "failed": 1, "left": 0}
    assert f"failed: {scores[2]}: ArrowInvalid" in "".join(p.read_text() for p in first.folder.glob("*.log"))
    shutil.copy(small_store.folder(damaged.parent.name) / damaged.name, damaged)
    assert submit(suite, copied, Site()).jobs == 1
    until(queue_is_empty, "the last job done", 60)
    for key in scores:
        assert results(copied, key) == results(small_store, key)
    assert failures(copied) == {}


def holder(store: Store, key: str) -> int | None:
    """Return the process at work on a job."""
    said = "".join(lease.read_text() for lease in store.work().glob(f"{key}.lease.*"))
    return int(said.split()[1]) if said else None


def restarts(task: str) -> int:
    return int(slurm("scontrol", "show", "job", task).partition("Restarts=")[2].split()[0])


@pytest.mark.usefixtures("cluster")
def test_a_preempted_job_runs_again_and_a_killed_one_at_the_next_run(
    declare: Declare, copied: Store, small_store: Store, tmp_path: Path
) -> None:
    suite, gate = load(declare()), tmp_path / "gate"
    scores, predicted = remove(copied, "score", "retrieval", 2), remove(copied, "predict", "retrieval", 2)
    gate.touch()
    submit(suite, copied, Site(environment=[f"while [ -e {gate} ]; do sleep 0.1; done"]))
    until(lambda: counts(copied)["running"] == 2, "both predictions begun")
    tasks = [queued(copied)[key].task for key in predicted]
    slurm("sbatch", "--wait", "--partition=high", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=true")
    gate.unlink()
    assert [restarts(task) for task in tasks] == [1, 1]
    at_work = until(lambda: holder(copied, predicted[0]), "the first prediction under way")
    assert at_work
    os.kill(at_work, signal.SIGKILL)
    until(queue_is_empty, "all jobs ended", 120)
    assert [copied.done(key) for key in (*predicted, *scores)] == [False, True, False, True]
    assert counts(copied) == {"done": 38, "running": 0, "pending": 0, "failed": 0, "left": 2}
    assert submit(suite, copied, Site()).jobs == 2
    until(queue_is_empty, "what was killed is done", 120)
    for key in (*predicted, *scores):
        assert results(copied, key) == results(small_store, key) != {}


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_the_quickstart_ends_with_the_bytes_of_a_local_run(store: Store, tmp_path: Path) -> None:
    suite, undisturbed = load("quickstart", 8, ['model="tiny"', "seeds=[0]"]), Store(tmp_path / "local")
    assert submit(suite, store, Site(at_once=3)).jobs == 37
    run(suite, undisturbed, quiet=True)
    until(queue_is_empty, "all jobs done", 900)
    assert store.finished() == undisturbed.finished()
    for key in store.finished():
        assert results(store, key) == results(undisturbed, key) != {}
