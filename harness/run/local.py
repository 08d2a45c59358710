"""Runs a plan's jobs: in this process, or on a machine with several GPUs in one process on each.

What is done is what the store holds, nothing else. Several runners may work on one store: each takes the lease of a job
before it runs it, passes over jobs that another holds, and waits for those at the end. GPUs are such runners too.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.inventory import named
from harness.lease import held, leased
from harness.plan import Plan, make_plan
from harness.record import record, recorded
from harness.resources import DEVICE_MAP
from harness.run.job import WAIT_SECONDS, Tick, attempt
from harness.run.progress import Progress, reporting, step
from harness.run.worker import Worker, WorkerEnded, cuda_devices
from harness.store import Spec, Store
from harness.suite import Suite

GIVE_UP_ROUNDS = 5
"""Rounds without work here and without a runner elsewhere after which what is left is given up."""

Attempt = Callable[[str, Tick], str | None]
"""Runs the job of a key; returns why it failed, or None."""


@dataclass
class Ran:
    """What a run did: jobs done now, jobs found done, and those that failed, each with its reason.

    ``lost`` are jobs that took another try because the process that was at them ended.
    """

    did: list[str] = field(default_factory=list)
    found: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@contextmanager
def running(
    suite: Suite, store: Store, data: Path | None, only: str | None, quiet: bool
) -> Iterator[tuple[Plan, list[str], Ran]]:
    """Plan a suite, give what is to be run, parents first, and drop the weights that nobody needs once that is done.

    The engine inside notes what it did in what is given last.
    """
    began = time.monotonic()
    with step(f"planning {suite.name}", quiet):
        plan = make_plan(suite, store, data)
        record(plan, store)
    todo = plan.todo if only is None else plan.todo_of(only)
    out = Ran(found=len(plan.jobs) - len(plan.todo))
    yield plan, todo, out
    out.found += len(todo) - len(out.did) - len(out.failed)
    if not (out.failed or only or suite.keep_weights):
        drop_weights(plan, store)
    out.seconds = time.monotonic() - began


def run(
    suite: Suite,
    store: Store,
    data: Path | None = None,
    *,
    only: str | None = None,
    quiet: bool = False,
    devices: Sequence[str] | None = None,
) -> Ran:
    """Bring a store to where it holds every job of a suite (or of its arm ``only``); a second call does nothing.

    A job that fails is named in ``failed``; what does not need it goes on. ``devices`` are CUDA devices, all that this
    process may use if it is None; with several, each has a process of its own.
    """
    with running(suite, store, data, only, quiet) as (plan, todo, out):
        if todo:
            if devices is None:
                # A model that is spread over all devices needs one process.
                devices = [] if DEVICE_MAP in os.environ else cuda_devices()
            with reporting(len(todo), quiet) as progress:
                shift = _Shift(plan, store, out, progress, dict.fromkeys(todo))
                if len(devices) > 1:
                    _work_on(shift, [Worker(store, data, device) for device in devices])
                else:
                    shift.work(lambda key, tick: attempt(store, plan.model, data, key, plan.jobs[key], tick))
    return out


def _work_on(shift: _Shift, workers: Sequence[Worker]) -> None:
    """Let all workers settle jobs until none is left; what ends one of them ends all."""

    def work(worker: Worker) -> None:
        with closing(worker):
            shift.work(worker.attempt)

    with ThreadPoolExecutor(len(workers)) as pool:
        try:
            for ended in as_completed([pool.submit(work, worker) for worker in workers]):
                ended.result()
        finally:
            shift.left.clear()
            for worker in workers:
                worker.stop()


@dataclass
class _Shift:
    """What the runners of one process share: what is ``left`` of a plan, in order, and what came of the rest."""

    plan: Plan
    store: Store
    out: Ran
    progress: Progress
    left: dict[str, None]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, attempt: Attempt) -> None:
        """Settle jobs until none is left, or nobody is at what is left."""
        idle = 0
        while self.left:
            settled = [key for key in list(self.left) if self._settle(key, attempt)]
            idle = 0 if settled or held(self.store) else idle + 1
            if idle == GIVE_UP_ROUNDS:
                for key in list(self.left):
                    self._end(key, "waits for a job that nobody works on; run again")
            elif not settled:
                time.sleep(WAIT_SECONDS)

    def _settle(self, key: str, attempt: Attempt) -> bool:
        """Run a job if nothing stands in its way; tell whether it is behind us: done, here or elsewhere, or failed."""
        spec = self.plan.jobs[key]
        if spec["parent"] in self.out.failed:
            return self._end(key, f"its parent {spec['parent']} failed")
        if not (self._stands(key) or self._parent_ready(spec)):
            return False  # another runner is at it
        with leased(self.store, key) as ours:
            if not ours or key not in self.left:
                return False
            if self._stands(key):
                return self._end(key)
            label = f"{spec['phase']} {key}"
            self.progress.start(label)
            try:
                reason = attempt(key, partial(self.progress.tick, label))
            except WorkerEnded as e:
                if key not in self.out.lost:  # perhaps not the job's fault: it may be tried once more
                    self.out.lost[key] = str(e)
                    return False
                reason = str(e)
            if reason is None:
                self.out.did.append(key)
            return self._end(key, reason)

    def _end(self, key: str, reason: str | None = None) -> bool:
        """Put a job behind us, with the reason if it failed; once, whoever comes to it."""
        with self.lock:
            if key in self.left:
                del self.left[key]
                if reason:
                    self.out.failed[key] = reason
                self.progress.finish(f"{self.plan.jobs[key]['phase']} {key}")
        return True

    def _stands(self, key: str) -> bool:
        return self.store.done(key) and (key not in self.plan.reopened or self.store.has_weights(key))

    def _parent_ready(self, spec: Spec) -> bool:
        parent = spec["parent"]
        if parent is None:
            return True
        return self.store.done(parent) and (spec["phase"] == "score" or self.store.has_weights(parent))


def drop_weights(plan: Plan, store: Store) -> None:
    """Remove the weights of targets whose predictions stand, unless some suite of the store keeps them."""
    keepers = [name for name in store.suites() if recorded(store, name).keep_weights]
    kept = {key for name in keepers for key in named(store, name)}
    store.drop_weights(key for key, spec in plan.jobs.items() if spec["phase"] == "target" and key not in kept)
