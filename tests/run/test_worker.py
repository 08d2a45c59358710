"""On a machine with several GPUs each has a process; here they are pretended, and every process computes on the CPU."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from harness.errors import UserError
from harness.plan import make_plan
from harness.record import record
from harness.run.local import run
from harness.run.worker import Worker, WorkerEnded, cuda_devices
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from tests.run.test_local import PART_JOBS, assert_sound, assert_whole, results
from tests.small import PART, Declare

TWO = ["0", "GPU-1"]


Python = Callable[[str], Path]


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Python:
    """Put a program in the place of Python, which says in a file who was started on which device."""

    def instead(command: str) -> Path:
        program, seen = tmp_path / "python", tmp_path / "seen"
        program.write_text(f'#!/bin/sh\necho "$$ $CUDA_VISIBLE_DEVICES" >> {seen}\n{command}\n')
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))
        return seen

    return instead


def worker_that(code: str) -> str:
    """A shell's command that runs a worker after some Python; what it is given stays behind."""
    return f"shift 2\nexec {sys.executable} -c '{code}\nimport harness.run.worker\nharness.run.worker.main()' \"$@\""


def started(seen: Path) -> list[list[str]]:
    return [line.split() for line in seen.read_text().splitlines()]


def runs(process: str) -> bool:
    said = subprocess.run(["ps", "-o", "stat=", "-p", process], capture_output=True, text=True).stdout
    return said.strip()[:1] not in ("", "Z")


# -- which devices there are


@pytest.mark.parametrize(("chosen", "devices"), [("2, GPU-a1,-1,0", ["2", "GPU-a1"]), ("", [])])
def test_the_devices_are_those_that_cuda_itself_would_see(
    monkeypatch: pytest.MonkeyPatch, chosen: str, devices: list[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert cuda_devices() == devices


LISTED = """GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5ebe9f43-ac33)
  MIG 1g.5gb      Device  0: (UUID: MIG-8f9a)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-02348a17-a2ba)
"""


def test_where_nothing_is_said_the_driver_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cuda_devices() == []
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n[ $1 = -L ] && echo '{LISTED}'\n")
    tool.chmod(0o755)
    assert cuda_devices() == ["GPU-5ebe9f43-ac33", "GPU-02348a17-a2ba"]
    tool.write_text("#!/bin/sh\necho no driver\nexit 9\n")
    assert cuda_devices() == []


# -- a run on two


def test_two_processes_make_the_bytes_that_one_makes(
    part: Suite, store: Store, small_store: Store, python: Python
) -> None:
    seen = python(f'exec {sys.executable} "$@"')
    ran = run(part, store, devices=TWO, quiet=True)
    assert (len(ran.did), ran.found, ran.failed, ran.lost) == (PART_JOBS, 0, {}, {})
    assert_whole(store, small_store)
    assert sorted(device for _, device in started(seen)) == TWO
    assert not any(runs(process) for process, _ in started(seen))


DIES_AT_ITS_SECOND_CHECKPOINT = """
import os, signal, sys
import harness.train.loop
harness.train.loop.CHECKPOINT_SECONDS = -1
left = 2
def count(event, arguments):
    global left
    if event == "os.rename" and ".resume/" in str(arguments[0]):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
"""


def test_the_job_of_a_killed_process_is_taken_up_where_it_was(
    part: Suite, store: Store, small_store: Store, python: Python, tmp_path: Path
) -> None:
    first = f'mkdir {tmp_path}/once 2> /dev/null || exec {sys.executable} "$@"'
    seen = python(f"{first}\n{worker_that(DIES_AT_ITS_SECOND_CHECKPOINT)}")
    ran = run(part, store, devices=TWO, quiet=True)
    assert (len(ran.did), ran.failed) == (PART_JOBS, {})
    [(lost, reason)] = ran.lost.items()
    assert reason.endswith("ended with -9")
    assert store.job(lost)["phase"] in ("intermediate", "target")
    assert store.finished() == sorted(ran.did)
    for key in store.finished():
        assert results(store, key) == results(small_store, key) != {}
    assert len(started(seen)) in (2, 3)


def test_a_job_that_ends_its_process_twice_is_a_failed_one(part: Suite, store: Store, python: Python) -> None:
    python("read key; kill -9 $$")
    ran = run(part, store, devices=TWO, quiet=True)
    plan = make_plan(part, store)
    roots = {key for key, spec in plan.jobs.items() if spec["parent"] is None}
    assert set(ran.lost) == roots
    assert {key for key in ran.failed if ran.failed[key].endswith("ended with -9")} == roots
    assert (ran.did, len(ran.failed)) == ([], PART_JOBS)


def test_a_mistake_that_a_person_can_mend_stops_every_process(part: Suite, store: Store, python: Python) -> None:
    answer = """'["mend", "free some space"]'"""
    seen = python(f'[ "$CUDA_VISIBLE_DEVICES" = 0 ] || exec sleep 60\nread key; sleep 1; echo {answer}')
    began = time.monotonic()
    with pytest.raises(UserError, match="free some space"):
        run(part, store, devices=TWO, quiet=True)
    assert time.monotonic() - began < 20
    assert not any(runs(process) for process, _ in started(seen))
    assert not list(store.work().iterdir())


def test_a_process_that_failed_a_job_is_followed_by_a_fresh_one(store: Store, python: Python) -> None:
    seen = python("""read key; echo '["step", [3, 4]]'; echo '["ended", "CUDA error"]'""")
    worker, told = Worker(store, None, "0"), []
    for key in ("a", "b"):
        assert worker.attempt(key, lambda *at: told.append(at)) == "CUDA error"
    worker.stop()
    assert len(started(seen)) == 2
    assert told == [(3, 4), (3, 4)]
    with pytest.raises(WorkerEnded, match="stopped"):
        worker.attempt("c", lambda *_: None)


def begin(path: Path, store: Store) -> subprocess.Popen[str]:
    """Begin a run on two devices, and wait until it has something done."""
    command = ["-m", "harness.cli", "run", str(path), "--store", str(store.path)]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a test run in the background may ignore Ctrl-C
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ",".join(TWO)}
    process = subprocess.Popen(
        [sys.executable, *command], stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=heard
    )
    while len(store.finished()) < 3 and process.poll() is None:
        time.sleep(0.01)
    return process


def workers_of(process: int) -> list[str]:
    said = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True).stdout
    return said.split()


def test_ctrl_c_stops_all_processes(declare: Declare, store: Store, small_store: Store) -> None:
    path = declare(*PART)
    process = begin(path, store)
    workers = workers_of(process.pid)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("stiltbench: interrupted; what was finished is in the store, run again")
    # What a signal meets inside a library's `__del__`, Python tells and drops; the worker is told again.
    assert "Traceback" not in re.sub(r"Exception ignored in.*?SystemExit: 1\n", "", said, flags=re.DOTALL)
    assert len(workers) == 2
    assert not any(map(runs, workers))
    assert_sound(store)
    assert len(store.finished()) < PART_JOBS
    run(load(path), store, quiet=True)
    assert_whole(store, small_store)


DROPS_THE_FIRST = """
import harness.run.worker, os, signal, time
harness.run.worker.LEAVE_SECONDS = 1
class Library:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(100):
            time.sleep(0.01)
def attempt(*given):
    Library()
    print(\"at work\", flush=True)
    time.sleep(60)
harness.run.worker.attempt = attempt
"""


def test_a_process_whose_library_drops_the_first_request_ends_at_the_next(
    store: Store, part: Suite, python: Python, capfd: pytest.CaptureFixture[str]
) -> None:
    python(worker_that(DROPS_THE_FIRST))
    plan = make_plan(part, store)
    record(plan, store)
    began = time.monotonic()
    with pytest.raises(WorkerEnded, match="ended with 1"):
        Worker(store, None, "0").attempt(next(iter(plan.jobs)), lambda *_: None)
    assert time.monotonic() - began < 30
    told = capfd.readouterr()
    assert "at work" in told.err
    assert "Exception ignored in" in told.err


def test_processes_end_when_their_parent_is_killed(declare: Declare, store: Store) -> None:
    process = begin(declare(*PART), store)
    workers = workers_of(process.pid)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while any(map(runs, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(workers) == 2
    assert not any(map(runs, workers))
