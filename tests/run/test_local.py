"""What is done is not done again, and whatever cuts a run off, the next one ends with the same bytes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from harness.errors import UserError
from harness.inventory import collect, failures, status, unnamed
from harness.plan import Plan, make_plan
from harness.run import job as jobs
from harness.run import local
from harness.run.job import job
from harness.run.local import run
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from tests.small import PART, Declare, stiltbench

RESULTS = ("model.safetensors", "predictions.parquet", "example_scores.parquet")
PART_JOBS = 13  # english once; check 2, retrieval 2 + 2, phrases 3 + 3


def results(store: Store, key: str) -> dict[str, bytes]:
    return {name: (store.folder(key) / name).read_bytes() for name in RESULTS if (store.folder(key) / name).is_file()}


def assert_whole(store: Store, small_store: Store, count: int = PART_JOBS) -> None:
    """The store holds its jobs with the bytes of the undisturbed run, and nothing half made."""
    assert len(store.finished()) == count
    for key in store.finished():
        assert results(store, key) == results(small_store, key) != {}
    assert not list(store.work().iterdir())


def assert_sound(store: Store) -> None:
    """Whatever is there is finished; nothing stands under `jobs` that is not."""
    assert [p.name for p in sorted((store.path / "jobs").iterdir())] == store.finished()
    for key in store.finished():
        store.job(key)


# -- what is done


def test_a_second_run_does_nothing_and_soon_says_so(small: Suite, small_store: Store) -> None:
    before = {path: path.stat().st_mtime_ns for path in (small_store.path / "jobs").rglob("*")}
    ran = run(small, small_store, quiet=True)
    assert (ran.did, ran.found, ran.failed) == ([], 40, {})
    assert ran.seconds < 2
    assert {path: path.stat().st_mtime_ns for path in (small_store.path / "jobs").rglob("*")} == before


def test_a_lost_prediction_is_one_job_of_the_same_bytes(small: Suite, copied: Store) -> None:
    plan = make_plan(small, copied)
    lost = next(c.job for c in plan.cells if (c.arm, c.target, c.phase) == ("diverse", "phrases", "predict"))
    before = results(copied, lost)
    copied.remove(lost)
    assert run(small, copied, quiet=True).did == [lost]
    assert results(copied, lost) == before


def test_a_new_language_costs_its_own_predictions(copied: Store, declare: Declare, small_store: Store) -> None:
    suite = load(declare(*PART, ('"nno_Latn"]', '"nno_Latn", "swe_Latn"]')))
    ran = run(suite, copied, quiet=True)
    assert len(ran.did) == 8  # retrieval for `none` and `english`, phrases for both: a prediction and a score each
    for key in ran.did:
        assert copied.job(key)["phase"] in ("predict", "score")
        assert list(copied.job(key)["spec"]["data"]["languages"]) == ["swe_Latn"]
    for key in small_store.finished():
        assert results(copied, key) == results(small_store, key)


def test_weights_of_targets_go_once_their_predictions_stand(declare: Declare, store: Store, small_store: Store) -> None:
    suite = load(declare(*PART, ("keep_weights = true", "keep_weights = false")))
    run(suite, store, quiet=True)
    phases = {key: store.job(key)["phase"] for key in store.finished()}
    assert {phases[key] for key in phases if store.weights(key).is_file()} == {"intermediate"}
    assert run(suite, store, quiet=True).did == []
    plan = make_plan(suite, store)
    lost = next(c.job for c in plan.cells if (c.arm, c.target, c.phase) == ("english", "phrases", "predict"))
    store.remove(lost)
    assert run(suite, store, quiet=True).did == [plan.jobs[lost]["parent"], lost]
    assert results(store, lost) == results(small_store, lost)
    assert not store.weights(plan.jobs[lost]["parent"]).exists()


def test_weights_that_another_suite_keeps_stay(declare: Declare, copied: Store, small_store: Store) -> None:
    other = load(declare(*PART, ("keep_weights = true", "keep_weights = false"), ('name = "small"', 'name = "other"')))
    assert run(other, copied, quiet=True).did == []
    assert all(results(copied, key) == results(small_store, key) for key in small_store.finished())


def test_one_arm_alone_is_run_with_what_it_starts_from(part: Suite, store: Store, small_store: Store) -> None:
    ran = run(part, store, only="none", quiet=True)
    assert len(ran.did) == 2 + 3
    assert run(part, store, only="none", quiet=True).did == []
    assert len(run(part, store, quiet=True).did) == PART_JOBS - 5
    assert_whole(store, small_store)


def test_a_limited_run_is_a_suite_of_its_own(small_file: Path, store: Store) -> None:
    suite = load(small_file, limit=3, changes=["seeds=[0]"])
    run(suite, store, only="none", quiet=True)
    assert store.suites() == ["small@seeds=[0]@limit=3"]
    scored = [key for key in store.finished() if store.job(key)["phase"] == "score"]
    for key in scored:
        assert len(set(pq.read_table(store.folder(key) / "example_scores.parquet")["id"].to_pylist())) <= 3


# -- what fails


def test_a_loss_that_is_no_number_fails_its_jobs_and_no_others(declare: Declare, store: Store) -> None:
    recipe = "[recipes.wild]\nepochs = 1\nbatch_tokens = 64\nlearning_rate = 1e30\ntrainable_layers = 1\n\n"
    path = declare(
        *PART,
        ("[intermediate]", f"{recipe}[intermediate]"),
        ('examples = 24\nrecipe = "short"', 'examples = 24\nrecipe = "wild"'),
    )
    ran = stiltbench("run", path, "--store", store.path, "--quiet")
    assert (ran.returncode, ran.stdout) == (1, "")
    said = ran.stderr.splitlines()
    plan = make_plan(load(path), store)
    base = next(c.job for c in plan.cells if c.phase == "intermediate")
    assert said[0].startswith("small: 5 jobs run, 0 found done")
    assert said[1].startswith(f"failed: {base}: TrainingFailed: loss is nan at step ")
    assert all(line.endswith("failed") for line in said[2:])
    assert len(said) == 2 + 7
    arms = {c.job: c.arm for c in plan.cells}
    assert {arms[key] for key in store.finished()} == {"none"}


def test_a_job_that_breaks_leaves_its_log_until_it_succeeds(
    part: Suite, store: Store, small_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("no\nway")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "score_job", broken)
        ran = run(part, store, quiet=True)
    assert len(ran.did) == 3 + 5
    assert {reason.partition(" (log")[0] for reason in ran.failed.values()} == {"ZeroDivisionError: no"}
    assert set(failures(store)) == set(ran.failed)
    assert sum(row["failed"] for row in status(store)) == 5
    assert all("Traceback" in log.read_text() for log in failures(store).values())
    assert sorted(run(part, store, quiet=True).did) == sorted(ran.failed)
    assert_whole(store, small_store)


def test_a_mistake_that_a_person_can_mend_stops_the_run(
    part: Suite, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise UserError("mend this")

    monkeypatch.setattr(jobs, "score_job", refuse)
    with pytest.raises(UserError, match="mend this"):
        run(part, store, quiet=True)
    assert_sound(store)
    assert not list(store.work().iterdir())


def run_where_files_stay_small(suite: Path, store: Store) -> subprocess.CompletedProcess[str]:
    """Run a suite in a shell where no file may grow beyond 100 KiB: a disk that is full for what is larger."""
    script = f"ulimit -f 100; exec {sys.executable} -m harness.cli run {suite} --store {store.path} --quiet"
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True)


def test_a_full_disk_is_a_sentence_and_the_next_run_goes_on(declare: Declare, store: Store, small_store: Store) -> None:
    path = declare(*PART)
    ran = run_where_files_stay_small(path, store)
    assert ran.returncode == 2
    assert ran.stderr.splitlines() == [
        f"stiltbench: {store.path}: cannot write (File too large); free space or name another folder, then run again"
    ]
    assert_sound(store)
    assert 0 < len(store.finished()) < PART_JOBS  # weights need 135 KiB, predictions and scores less
    run(load(path), store, quiet=True)
    assert_whole(store, small_store)


def test_a_full_cache_is_a_sentence_and_leaves_nothing_half_written(
    declare: Declare, store: Store, own_cache: Path
) -> None:
    ran = run_where_files_stay_small(declare(*PART), store)
    assert ran.returncode == 2
    assert ran.stderr.splitlines() == [
        f"stiltbench: {own_cache}/states: cannot write (File too large); free space, or set STILTBENCH_CACHE"
    ]
    assert not list((own_cache / "states").iterdir())


# -- what cuts a run off


class _Stop:
    """Raises at the n-th job that trains or predicts."""

    def __init__(self, at: int) -> None:
        self.left, self.execute = at, jobs._execute

    def __call__(self, *given: Any) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        self.execute(*given)


@pytest.mark.parametrize("at", [1, 5])
def test_an_interrupt_leaves_what_is_finished(
    part: Suite, store: Store, small_store: Store, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "_execute", _Stop(at))
        with pytest.raises(KeyboardInterrupt):
            run(part, store, quiet=True)
    assert_sound(store)
    assert len([key for key in store.finished() if store.job(key)["phase"] != "score"]) == at - 1
    assert not list(store.work().iterdir())
    run(part, store, quiet=True)
    assert_whole(store, small_store)


def test_ctrl_c_ends_with_130_and_an_intact_store(declare: Declare, store: Store, small_store: Store) -> None:
    path = declare(*PART)
    command = [sys.executable, "-m", "harness.cli", "run", str(path), "--store", str(store.path)]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a test run in the background may ignore Ctrl-C
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heard)
    while len(store.finished()) < 3 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("stiltbench: interrupted; what was finished is in the store, run again")
    assert "Traceback" not in said
    assert_sound(store)
    assert 3 <= len(store.finished()) < PART_JOBS
    run(load(path), store, quiet=True)
    collect(store, [row for row in unnamed(store) if row["what"] == "leftover"])  # a signal can come between two steps
    assert_whole(store, small_store)


@pytest.mark.usefixtures("fast_leases")
def test_two_runners_share_a_store_and_do_each_job_once(declare: Declare, store: Store, small_store: Store) -> None:
    command = [sys.executable, "-m", "harness.cli", "run", str(declare(*PART)), "--store", str(store.path), "--quiet"]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(int(line.split(": ")[1].split(" jobs run")[0]) for line in said) == PART_JOBS
    assert_whole(store, small_store)


def test_a_runner_that_planned_earlier_sees_what_another_finished_and_dropped(
    declare: Declare, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = load(declare(*PART, ("keep_weights = true", "keep_weights = false")))
    early = make_plan(suite, store)
    run(suite, store, quiet=True)

    def stale(*_: Any) -> Plan:
        return early

    monkeypatch.setattr(local, "make_plan", stale)
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("waits for nobody"))
    ran = run(suite, store, quiet=True)
    assert (ran.did, ran.failed, ran.found) == ([], {}, PART_JOBS)


# -- one job by its key


def test_a_job_is_run_by_its_key_alone(part: Suite, store: Store, small_store: Store) -> None:
    from harness.record import record

    plan = make_plan(part, store)
    record(plan, store)
    first = next(iter(plan.jobs))
    later = next(key for key, spec in plan.jobs.items() if spec["parent"])
    with pytest.raises(UserError, match=f"job {later} starts from .*, which is not done; run that one first"):
        job(store, later)
    for key in plan.jobs:
        assert job(store, key) is None
    assert_whole(store, small_store)
    before = store.folder(first).stat().st_mtime_ns
    assert job(store, first) is None
    assert store.folder(first).stat().st_mtime_ns == before
    with pytest.raises(UserError, match="unknown planned job 'ffffffffffffffff'"):
        job(store, "f" * 16)


def test_what_waits_for_a_job_that_nobody_works_on_is_given_up(
    part: Suite, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift = local._Shift
    ready = shift._parent_ready
    monkeypatch.setattr(local, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(shift, "_parent_ready", lambda self, spec: spec["phase"] != "score" and ready(self, spec))
    ran = run(part, store, quiet=True)
    assert len(ran.failed) == 5  # the scores
    assert set(ran.failed.values()) == {"waits for a job that nobody works on; run again"}
    assert len(ran.did) == PART_JOBS - 5
